"""What identifies or reveals is unreadable without the key, and cannot be moved from one row to another."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.checkins.models import Mode, Submission
from monitor.checkins.service import Delivery, find_open
from monitor.crypto import Keyring, Unreadable, new_data_key, seal, unseal
from monitor.db import Sessions, configure_keys, unit_of_work
from monitor.flags import service as flags
from monitor.flags.kinds import AttemptOutcome, Outcome
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.models import Message
from monitor.people.models import Patient
from monitor.worker import make_courier, tick
from monitor.workflows import complete_check_in
from tests.builders import NOW, TOTP_SECRET, InCare, a_check_in, a_patient, a_staff_member, a_team, answers, token_of
from tests.conftest import KEYS

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
ROW, OTHER_ROW = new_id(), new_id()
COLUMN = "patients.preferred_name"


@pytest.fixture
def own_keys() -> Iterator[None]:
    """Leave the keys of the other tests as they were."""
    yield
    configure_keys(KEYS)


# ---- one value ----


@pytest.mark.parametrize("text", ["Noor", "", "Олександра ‎نور 🌱", "x" * 5000])
def test_what_is_sealed_opens_again(text: str) -> None:
    assert unseal(KEY, COLUMN, ROW, seal(KEY, COLUMN, ROW, text)) == text


def test_the_same_words_never_look_the_same_twice() -> None:
    assert len({seal(KEY, COLUMN, ROW, "yes") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("key", "column", "row"),
    [(OTHER_KEY, COLUMN, ROW), (KEY, "patients.number", ROW), (KEY, COLUMN, OTHER_ROW)],
    ids=["with another person's key", "in another column", "in another row"],
)
def test_a_sealed_value_opens_nowhere_else(key: bytes, column: str, row: object) -> None:
    sealed = seal(KEY, COLUMN, ROW, "Noor")

    with pytest.raises(Unreadable) as refused:
        unseal(key, column, row, sealed)  # type: ignore[arg-type]

    assert "Noor" not in str(refused.value)


def test_a_sealed_value_that_was_changed_cut_or_never_sealed_does_not_open() -> None:
    sealed = seal(KEY, COLUMN, ROW, "Noor")
    spoilt = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]

    for value in (*spoilt, *cut, b"Noor", sealed + b"\x00"):
        with pytest.raises(Unreadable):
            unseal(KEY, COLUMN, ROW, value)


# ---- the service's keys ----


def test_the_newest_key_seals_and_the_older_ones_still_open() -> None:
    old = Keyring({"k1": KEY}, bytes(32))
    both = Keyring({"k2": OTHER_KEY, "k1": KEY}, bytes(32))
    data_key = new_data_key()

    assert both.unwrap(old.wrap(data_key)) == data_key
    assert both.wrap(data_key).startswith(b"k2:")
    assert both.unwrap(both.wrap(data_key)) == data_key


def test_a_data_key_does_not_open_without_the_service_key_that_sealed_it() -> None:
    wrapped = Keyring({"k1": KEY}, bytes(32)).wrap(new_data_key())
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])

    for keyring, value in (
        (Keyring({"k2": OTHER_KEY}, bytes(32)), wrapped),
        (Keyring({"k1": OTHER_KEY}, bytes(32)), wrapped),
        (Keyring({"k1": KEY}, bytes(32)), changed),
        (Keyring({"k1": KEY}, bytes(32)), wrapped[:9]),
        (Keyring({"k1": KEY}, bytes(32)), b""),
    ):
        with pytest.raises(Unreadable):
            keyring.unwrap(value)


def test_a_keyed_hash_depends_on_key_purpose_and_value() -> None:
    hashes = {
        Keyring({"k1": KEY}, lookup).digest(purpose, value)
        for lookup in (bytes(32), KEY)
        for purpose in ("number", "email")
        for value in ("+447700900001", "+447700900002")
    }

    assert len(hashes) == 8
    assert Keyring({"k1": KEY}, KEY).links not in (KEY, bytes(32))


def test_after_a_key_change_old_and_new_patients_can_be_read(sqlite_sessions: Sessions, own_keys: None) -> None:
    lookup = bytes(range(32, 64))
    configure_keys(Keyring({"k1": KEY}, lookup))
    first = patient_of(sqlite_sessions, "+447700900001")
    configure_keys(Keyring({"k2": OTHER_KEY, "k1": KEY}, lookup))
    second = patient_of(sqlite_sessions, "+447700900002")

    with sqlite_sessions() as session:
        assert [session.get_one(Patient, each).preferred_name for each in (first, second)] == ["Noor", "Noor"]
        wrapped = session.execute(sa.text("SELECT data_key FROM patients ORDER BY id")).scalars().all()
        assert [key[:3] for key in wrapped] == [b"k1:", b"k2:"]

    configure_keys(Keyring({"k2": OTHER_KEY}, lookup))
    with sqlite_sessions() as session:
        assert session.get_one(Patient, second).preferred_name == "Noor"
        with pytest.raises(Unreadable):
            session.get_one(Patient, first)


# ---- in the tables ----


def test_a_value_moved_over_another_one_does_not_open(sessions: Sessions) -> None:
    first, second = patient_of(sessions, "+447700900001"), patient_of(sessions, "+447700900002")
    with unit_of_work(sessions) as session:
        swap = "UPDATE patients SET {0} = (SELECT {1} FROM patients WHERE id = :source) WHERE id = :target"
        rows = sa.bindparam("source", type_=sa.Uuid()), sa.bindparam("target", type_=sa.Uuid())
        another_row = sa.text(swap.format("preferred_name", "preferred_name")).bindparams(*rows)
        another_column = sa.text(swap.format("preferred_name", "number")).bindparams(*rows)
        session.execute(another_row, {"source": first, "target": second})
        session.execute(another_column, {"source": first, "target": first})

    with sessions() as session:
        for patient_id in (first, second):
            with pytest.raises(Unreadable, match=r"patients\.preferred_name"):
                _ = session.get_one(Patient, patient_id).preferred_name


def test_after_erasure_nothing_about_the_person_opens_and_the_error_says_so(sessions: Sessions, settings) -> None:
    with unit_of_work(sessions) as session:
        care = a_full_record(session, settings)
        care.patient.data_key = None

    with sessions() as session:
        patient = session.get_one(Patient, care.patient.id)
        flag = session.scalars(sa.select(Flag)).one()
        submission = session.scalars(sa.select(Submission)).one()
        for row, name in ((patient, "preferred_name"), (patient, "number"), (flag, "reason"), (submission, "note")):
            with pytest.raises(Unreadable, match="erased"):
                getattr(row, name)
        assert patient.record_number is None, "what was never there is not an error"
        with pytest.raises(Unreadable, match="erased"):
            patient.preferred_name = "Noor"


CANARIES = {
    "name": "Quillfeather",
    "number": "+447700900987",
    "record number": "RN-777-QX",
    "year of birth": "1929",
    "access needs": "large-print-lighthouse",
    "note": "my-marmalade-note",
    "reason": "reason-of-the-heron",
    "words": "words-of-the-wren",
    "link": "http://127.0.0.1:8000/c/",
    "e-mail": "gannet@example.org",
    "staff name": "Kestrel Albatross",
    "one-time-code secret": TOTP_SECRET,
}


def test_the_database_file_holds_none_of_it_in_the_clear(sqlite_sessions: Sessions, settings) -> None:
    with unit_of_work(sqlite_sessions) as session:
        a_full_record(session, settings)
    tick(make_courier(settings, sqlite_sessions, lambda: NOW + timedelta(days=7, minutes=5)))
    with sqlite_sessions() as session:
        texts = session.scalars(sa.select(Message.__table__.c.body)).all()
        path = Path(str(sqlite_sessions.kw["bind"].url.database))

    assert any(texts), "a text went out, so its body is in the file"
    raw = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    found = [what for what, canary in CANARIES.items() if canary.encode() in raw or canary.encode("utf-16-le") in raw]
    assert found == []


def patient_of(sessions: Sessions, number: str) -> object:
    """Add a patient of that number, and a team for them."""
    with unit_of_work(sessions) as session:
        team = a_team(session, f"team of {number}", covered=False)
        clinician = a_staff_member(session, team, f"{number}@example.org")
        return a_patient(session, team, clinician, number=number).patient.id


def a_full_record(session, settings) -> InCare:
    """A patient about whom something is written in every sealed column."""
    team = a_team(session)
    clinician = a_staff_member(session, team, CANARIES["e-mail"], name=CANARIES["staff name"])
    care = a_patient(
        session,
        team,
        clinician,
        name=CANARIES["name"],
        number=CANARIES["number"],
        weekday=1,
        planned_until=NOW,
    )
    care.patient.birth_year, care.patient.access_needs = CANARIES["year of birth"], CANARIES["access needs"]
    check_in = find_open(session, token_of(a_check_in(session, care)), NOW)
    assert check_in is not None
    delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False, note=CANARIES["note"])
    given = answers(phq9=14, gad7=6, item9=1)
    complete_check_in(session, check_in, given, delivery, settings=settings, now=NOW)
    flag = session.scalars(sa.select(Flag)).one()
    flags.record_attempt(session, flag, clinician, AttemptOutcome.LEFT_MESSAGE, CANARIES["words"], NOW)
    flags.close(session, flag, clinician, Outcome.SPOKE, CANARIES["reason"], NOW)
    return care
