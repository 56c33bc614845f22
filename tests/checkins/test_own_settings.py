"""What patients set for themselves, behind their PIN; and what their own phone tells them after a check-in."""

from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.checkins.models import CancelReason, CheckIn, MeasureState, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.messaging.gateway import RecordingGateway
from monitor.people import devices
from monitor.people.models import ContactPreference, Device, Party, Patient, Purpose, Role, TextSize
from monitor.people.needs import Needs, state_needs
from monitor.people.service import newest_consent, preference
from monitor.people.sharing import Asked as HowAsked
from monitor.people.sharing import may_be_shared, write_down
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_check_in, a_staff_member, token_of
from tests.phones import Asked, Phone, an_open_check_in, every_row

PIN = "284915"


def test_the_day_the_hour_and_the_language_are_the_patients_to_choose(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sessions, settings)
    with unit_of_work(sessions) as session:
        planned = a_check_in(session, asked.care, due_at=NOW + timedelta(days=1))

    page = phone.post("/me/settings", {"do": "save", "day": "4", "hour": "18:00", "language": "ar"})

    assert page.status_code == 200
    assert '<html lang="ar" dir="rtl">' in page.text
    with unit_of_work(sessions) as session:
        row = preference(session, asked.care.patient.id)
        assert row is not None
        assert (row.weekday, row.at, row.set_by) == (4, time(18), Party.PATIENT)
        assert session.get_one(Patient, asked.care.patient.id).language == "ar"
        assert session.get_one(CheckIn, planned.id).cancel_reason is CancelReason.PLAN_CHANGED
        assert session.scalars(sa.select(AuditEntry.action)).all()[-1] == "changed_preferences"


def test_whether_the_questions_themselves_come_by_text_is_the_patients_to_choose(
    sessions: Sessions, settings: Settings
) -> None:
    """And the page says who else may read them then. A break, and its end, leave the choice alone."""
    asked, phone = an_own_phone(sessions, settings)
    chosen = {"do": "save", "day": "4", "hour": "18:00", "language": "en"}

    def by_text() -> bool:
        with unit_of_work(sessions) as session:
            row = preference(session, asked.care.patient.id)
            assert row is not None
            return row.by_text

    page = phone.post("/me/settings", chosen | {"by": "text"})
    assert '<option value="text" selected>' in page.text
    assert "where others who use this phone can read them" in page.text
    for step in ({"do": "pause", "pause": "2"}, {"do": "resume"}, chosen):
        phone.wait(minutes=1)
        assert by_text()
        phone.post("/me/settings", step)
    assert by_text(), "a form that does not ask changes nothing"

    phone.wait(minutes=1)
    assert '<option value="link" selected>' in phone.post("/me/settings", chosen | {"by": "link"}).text
    assert not by_text()


@pytest.mark.parametrize(
    "fields",
    [
        {"day": "7", "hour": "10:00", "language": "en"},
        {"day": "0", "hour": "03:00", "language": "en"},
        {"day": "0", "hour": "20:00", "language": "en"},
        {"day": "0", "hour": "10:00", "language": "tlh"},
        {"day": "", "hour": "", "language": ""},
        {"day": "0", "hour": "10:00", "language": "en", "by": "pigeon"},
        {},
    ],
)
def test_what_is_not_on_offer_is_not_taken(
    sqlite_sessions: Sessions, settings: Settings, fields: dict[str, str]
) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)

    page = phone.post("/me/settings", {"do": "save", **fields})

    assert page.status_code == 422
    assert "Please choose a day, a time and a language" in page.text
    assert count(sqlite_sessions, ContactPreference) == 1


def test_a_break_begins_and_ends_when_the_patient_says(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sessions, settings)

    page = phone.post("/me/settings", {"do": "pause", "pause": "2"})

    assert "You are on a break" in page.text
    with unit_of_work(sessions) as session:
        assert preference(session, asked.care.patient.id).paused_until_on == date(2026, 12, 8)
    assert "Take a break" in phone.post("/me/settings", {"do": "resume"}).text
    with unit_of_work(sessions) as session:
        assert preference(session, asked.care.patient.id).paused_until_on is None
    assert phone.post("/me/settings", {"do": "pause", "pause": "52"}).status_code == 422


def test_a_break_that_is_over_needs_no_ending(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)
    phone.post("/me/settings", {"do": "pause", "pause": "1"})
    phone.wait(days=8)
    phone.post("/me/unlock", {"pin": PIN})

    assert "Take a break" in phone.get("/me/settings").text


def test_the_texts_stop_at_once_and_start_again(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sessions, settings)

    stopped = phone.post("/me/settings", {"do": "stop"})

    assert "The texts have stopped" in stopped.text
    assert phone.get(asked.path).status_code == 404
    with unit_of_work(sessions) as session:
        assert newest_consent(session, asked.care.patient.id, Purpose.TEXTS) is False
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.OPTED_OUT]
    phone.wait(minutes=1)
    assert "Stop the texts" in phone.post("/me/settings", {"do": "start"}).text
    with unit_of_work(sessions) as session:
        assert newest_consent(session, asked.care.patient.id, Purpose.TEXTS) is True


def test_the_pin_can_be_changed_by_who_knows_it(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)
    new = {"do": "pin", "pin": "730264", "again": "730264"}

    assert phone.post("/me/settings", new | {"current": "111111"}).status_code == 422
    assert phone.post("/me/settings", new | {"current": PIN, "again": "730265"}).status_code == 422
    assert phone.post("/me/settings", new | {"current": PIN}).status_code == 200

    phone.wait(minutes=16)
    assert phone.post("/me/unlock", {"pin": PIN}).status_code == 422
    assert phone.post("/me/unlock", {"pin": "730264"}).status_code == 303


def test_this_phone_can_be_removed(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)

    assert "This phone is removed" in phone.post("/me/settings", {"do": "forget"}).text

    assert phone.get("/me/settings").location == "/set-up"
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Device.ended_at)).one() is not None


def test_an_unknown_wish_changes_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)
    before = every_row(sqlite_sessions)

    assert phone.post("/me/settings", {"do": "delete everything"}).status_code == 400
    assert phone.post("/me/settings", {}).status_code == 400

    assert every_row(sqlite_sessions) == before


def test_the_page_says_who_reads_the_answers(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)

    page = phone.get("/me/settings").text

    assert "Maren Okafor" in page
    assert "Team 0" in page
    assert "Noor" not in page  # the patient's own name stays off a screen that others may see


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (12, 12, "About the same. Ups and downs this size are normal."),
        (12, 7, "About the same"),
        (12, 6, "Lighter than last time."),
        (12, 17, "About the same"),
        (12, 18, "Heavier than last time. Your team sees this too."),
    ],
)
def test_a_known_phone_says_how_it_compares_with_last_time(
    sqlite_sessions: Sessions, settings: Settings, before: int, now: int, said: str
) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings, instruments=("phq9",))
    phone.post(asked.path, a_total_of(phone, asked.path, before))
    phone.wait(days=7)

    page = phone.post(path := next_check_in(sqlite_sessions, asked, phone), a_total_of(phone, path, now))

    assert said in page.text
    assert 'href="/me"' in page.text
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Submission.known_device)).all() == [True, True]


def test_the_first_check_in_is_compared_with_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings)

    assert "Since last time" not in phone.post(asked.path, phone.fill_in(asked.path)).text


def test_a_check_in_without_a_score_is_compared_with_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings, instruments=("phq9",))
    for _ in range(2):
        phone.post(asked.path, phone.fill_in(asked.path))
        phone.wait(days=7)
        asked = Asked(asked.care, next_check_in(sqlite_sessions, asked, phone))

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_2=""))

    assert "Your answers are in" in page.text
    assert "Since last time" not in page.text


@pytest.mark.parametrize("whose", ["nobody's", "another patient's"])
def test_any_other_phone_shows_nothing_of_the_past(sqlite_sessions: Sessions, settings: Settings, whose: str) -> None:
    asked, own = an_own_phone(sqlite_sessions, settings)
    own.post(asked.path, own.fill_in(asked.path))
    other = Phone(sqlite_sessions, settings) if whose == "nobody's" else an_own_phone(sqlite_sessions, settings)[1]
    other.wait(days=7)
    path = next_check_in(sqlite_sessions, asked, other)

    page = other.post(path, other.fill_in(path))

    assert "Since last time" not in page.text
    assert "See my chart" not in page.text
    assert "Set up this phone" in page.text
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalar(sa.select(MeasureState.count).where(MeasureState.instrument == "phq9")) == 2
        newest = sa.select(Submission.known_device).order_by(Submission.submitted_at.desc()).limit(1)
        assert session.scalar(newest) is False


def an_own_phone(
    sessions: Sessions, settings: Settings, patient: dict[str, Any] | None = None, **asked: object
) -> tuple[Asked, Phone]:
    found, phone = an_open_check_in(sessions, asked=asked, **(patient or {})), Phone(sessions, settings)
    with unit_of_work(sessions) as session:
        token = devices.begin_enrolment(session, found.care.patient, None, phone.now).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    return found, phone


def next_check_in(sessions: Sessions, asked: Asked, phone: Phone) -> str:
    with unit_of_work(sessions) as session:
        due = phone.now - timedelta(hours=1)
        return f"/c/{token_of(a_check_in(session, asked.care, due_at=due, instruments=('phq9',)))}"


def a_total_of(phone: Phone, path: str, total: int) -> dict[str, str]:
    heavy, rest = divmod(total, 3)
    answers = dict.fromkeys((f"phq9_{item}" for item in range(1, heavy + 1)), "3") | {f"phq9_{heavy + 1}": str(rest)}
    return phone.fill_in(path, **answers)


def count(sessions: Sessions, table: type) -> int:
    with unit_of_work(sessions) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# ---- how large the letters are ----


@pytest.mark.parametrize(("size", "percent"), [("usual", None), ("large", 125), ("largest", 150)])
def test_the_letters_are_as_large_as_the_patient_says_on_every_page_of_the_phone(
    sqlite_sessions: Sessions, settings: Settings, size: str, percent: int | None
) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings)

    page = phone.post("/me/settings", {"do": "letters", "letters": size})

    assert "Saved." in page.text
    phone.wait(minutes=20)
    for path in ("/me", asked.path, "/help", "/nowhere", "/c/unknown"):  # the PIN page among them
        rule = f"html{{font-size:{percent}%}}" if percent else "html{font-size"
        assert (rule in phone.get(path).text) is bool(percent), path
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Device.text_size)).one() is TextSize(size)
        assert session.scalars(sa.select(AuditEntry.action)).all()[-1] == "chose letters"


def test_what_staff_wrote_down_holds_until_the_patient_chooses(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings)
    with unit_of_work(sqlite_sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        state_needs(session, patient, Needs(large_text=True), by=asked.care.clinician.id, now=NOW)

    assert "html{font-size:125%}" in phone.get("/me/settings").text
    assert "html{font-size:125%}" in phone.get(asked.path).text
    phone.post("/me/settings", {"do": "letters", "letters": "usual"})
    assert "html{font-size" not in phone.get(asked.path).text


def test_a_size_that_is_not_on_offer_is_not_taken(sqlite_sessions: Sessions, settings: Settings) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings)

    assert phone.post("/me/settings", {"do": "letters", "letters": "300%"}).status_code == 422
    assert "html{font-size" not in phone.get("/me/settings").text


# ---- ending it ----


@pytest.mark.parametrize("withdraws", [True, False])
def test_once_check_ins_have_ended_nothing_more_is_sent(
    sqlite_sessions: Sessions, settings: Settings, withdraws: bool
) -> None:
    _, phone = an_own_phone(sqlite_sessions, settings, {"planned_until": NOW})
    if withdraws:
        assert "Your check-ins have ended" in phone.post("/me/settings", {"do": "withdraw"}).text
    gateway = RecordingGateway()

    for _ in range(8):
        tick(make_courier(settings, sqlite_sessions, lambda: phone.now, gateway))
        phone.wait(days=1)

    assert bool(gateway.sent) is not withdraws


def test_ending_the_check_ins_cancels_what_waits_tells_the_team_and_leaves_care_as_it_is(
    sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_own_phone(sessions, settings)
    phone.post(asked.path, phone.fill_in(asked.path))
    phone.wait(days=7)
    path = next_check_in(sessions, asked, phone)
    phone.post("/me/unlock", {"pin": PIN})

    page = phone.post("/me/settings", {"do": "withdraw"})

    assert "Your answers so far stay in your care record." in page.text
    assert "Saved." not in page.text
    assert phone.get(path).status_code == 404
    with unit_of_work(sessions) as session:
        patient_id = asked.care.patient.id
        assert newest_consent(session, patient_id, Purpose.CHECK_INS) is False
        assert newest_consent(session, patient_id, Purpose.TEXTS) is False
        flag = session.scalars(sa.select(Flag)).one()
        assert flag.kind is FlagKind.OPTED_OUT
        assert flag.events[0].evidence == [{"code": "check_ins_ended", "params": {}}]
        assert flag.episode.closed_at is None
        assert session.scalars(sa.select(AuditEntry.action)).all()[-1] == "ended check-ins"
    assert count(sessions, Submission) == 1


def test_whoever_ended_the_check_ins_may_come_back(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings, {"planned_until": NOW})
    phone.post("/me/settings", {"do": "withdraw"})
    assert "Stop the texts" not in phone.get("/me/settings").text
    phone.wait(minutes=1)

    page = phone.post("/me/settings", {"do": "start"})

    assert "Your check-ins have ended" not in page.text
    assert "Stop the texts" in page.text
    with unit_of_work(sqlite_sessions) as session:
        assert newest_consent(session, asked.care.patient.id, Purpose.CHECK_INS) is True


# ---- who can see ----


def test_the_page_names_the_roles_of_those_who_can_see_and_of_nobody_else(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_own_phone(sqlite_sessions, settings)
    with unit_of_work(sqlite_sessions) as session:
        for role in (Role.MANAGER, Role.ADMINISTRATOR):
            a_staff_member(session, session.merge(asked.care.team), f"{role}@example.org", name=f"A {role}", role=role)

    page = phone.get("/me/settings").text

    assert "Your named clinician." in page
    assert "Your care team: clinicians, managers." in page
    assert "A manager" not in page
    assert "Administrators" not in page


# ---- who else may know ----


def test_a_patient_ends_that_their_doctor_is_told(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_own_phone(sessions, settings)
    patient_id = asked.care.patient.id
    assert "Your own doctor" not in phone.get("/me/settings").text, "where nobody has asked, there is nothing to end"
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, patient_id)
        write_down(session, patient, True, HowAsked.VISIT, staff_member_id=asked.care.clinician.id, now=NOW)
    assert "Stop telling my doctor" in phone.get("/me/settings").text

    phone.wait(minutes=1)
    page = phone.post("/me/settings", {"do": "unshare"})

    assert "Saved." in page.text
    assert "Stop telling my doctor" not in page.text
    with unit_of_work(sessions) as session:
        assert not may_be_shared(session, patient_id)
        assert newest_consent(session, patient_id, Purpose.TEXTS) is True
