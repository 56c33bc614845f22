"""What somebody needs in order to be reached and understood: asked, dated, never lost, and there when they are rung."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Patient, Role
from monitor.people.needs import NOTHING_SAID, Needs, history, needs_of, needs_of_all, state_needs
from monitor.people.needs_models import ContactNeeds, TimeOfDay
from monitor.people.needs_words import MARKS, in_short
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp, words

DAY = timedelta(days=1)
ALL = Needs(TimeOfDay.MORNING, interpreter=True, large_text=True, audio=True, paper=True, words="Speaks softly.")


class Ward:
    """Noor and Mateo of the North team, Maren who asks them."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, team)
            a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
            sven = a_staff_member(session, other, "sven@example.org", name="Sven Lund")
            self.noor = a_patient(session, team, self.maren, language="ar")
            self.mateo = a_patient(session, team, self.maren, name="Mateo", number="+447700900002")
            self.theirs = a_patient(session, other, sven, name="Ines", number="+447700900003")

    def says(self, care: InCare, needs: Needs, at: int = 0) -> bool:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, care.patient.id)
            return state_needs(session, patient, needs, by=self.maren.id, now=NOW + at * DAY)

    def now_of(self, care: InCare) -> Needs:
        with self.sessions() as session:
            return needs_of(session, care.patient.id)


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    return Ward(sessions)


def test_where_nobody_has_asked_nothing_is_needed_and_any_time_suits(ward: Ward) -> None:
    found = ward.now_of(ward.noor)

    assert found == NOTHING_SAID
    assert (found.best_time, found.large_text, found.any, found.from_at) == (TimeOfDay.ANY, False, False, None)


def test_the_newest_statement_counts_and_every_one_stays(ward: Ward) -> None:
    ward.says(ward.noor, ALL)
    ward.says(ward.noor, Needs(TimeOfDay.EVENING), at=1)

    found = ward.now_of(ward.noor)
    assert (found.best_time, found.interpreter, found.words) == (TimeOfDay.EVENING, False, None)
    assert found.any
    with ward.sessions() as session:
        told = history(session, ward.noor.patient.id)
        assert [(needs.words, by.name) for needs, by in told] == [
            (None, "Maren Okafor"),
            ("Speaks softly.", "Maren Okafor"),
        ]
        assert [needs.from_at for needs, _ in told] == [NOW + DAY, NOW]


def test_of_two_statements_of_one_moment_the_later_one_counts(ward: Ward) -> None:
    ward.says(ward.noor, ALL)
    ward.says(ward.noor, Needs(paper=True))

    assert ward.now_of(ward.noor).paper
    assert not ward.now_of(ward.noor).audio


def test_to_say_the_same_again_writes_nothing(ward: Ward) -> None:
    assert ward.says(ward.noor, ALL)
    assert not ward.says(ward.noor, ALL, at=1)
    with ward.sessions() as session:
        assert session.scalar(sa.select(sa.func.count(ContactNeeds.id))) == 1


def test_that_nothing_is_needed_can_be_written_down_too(ward: Ward) -> None:
    assert ward.says(ward.noor, Needs())

    assert ward.now_of(ward.noor).from_at == NOW
    assert not ward.now_of(ward.noor).any


def test_many_are_looked_up_at_once_and_nobody_gets_anothers(ward: Ward) -> None:
    ward.says(ward.noor, ALL)
    ids = (ward.noor.patient.id, ward.mateo.patient.id)

    with ward.sessions() as session:
        found = needs_of_all(session, ids)

    assert set(found) == set(ids)
    assert found[ids[0]].audio
    assert found[ids[1]] == NOTHING_SAID


def test_the_words_are_sealed(ward: Ward) -> None:
    ward.says(ward.noor, ALL)

    with ward.sessions() as session:
        assert b"softly" not in (session.scalar(sa.text("SELECT words FROM contact_needs")) or b"")


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_need_has_a_word(language: str) -> None:
    assert len(in_short(ALL, "ar", language).split(" · ")) == len(MARKS) + 1
    assert in_short(Needs(), "ar", language) == ""


def test_an_interpreter_is_named_with_their_language() -> None:
    assert in_short(Needs(interpreter=True), "pt_BR", "en") == "Interpreter for Portuguese (Brazil)"


# ---- on the pages ----


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> tuple[Ward, StaffApp, Browser]:
    ward = Ward(sqlite_sessions)
    app = StaffApp(settings, sqlite_sessions)
    return ward, app, app.browser("maren@example.org")


Desk = tuple[Ward, StaffApp, Browser]


def test_what_is_written_down_stands_on_the_page_the_record_and_the_sheet(desk: Desk) -> None:
    ward, app, maren = desk
    path = f"/patients/{ward.noor.patient.id}"

    fields = {"best_time": "morning", "interpreter": "yes", "large_text": "yes", "words": "Her son may pick up."}
    assert maren.post(f"{path}/needs", **fields).status_code == 303

    assert "Counts now. Interpreter for Arabic · Large text · In the morning Her son may pick up." in maren.text(
        f"{path}/needs"
    )
    assert "Tue 24 Nov, 10:00 Counts now." in maren.text(f"{path}/needs")
    short = "Interpreter for Arabic · Large text · In the morning Her son may pick up."
    assert f"What makes it easier for them: {short}" in maren.text(path)
    assert f"What they need: {short}" in maren.text(f"{path}/before")
    assert [entry.subject_id for entry in app.audit("contact needs stated")] == [ward.noor.patient.id]


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "Choose when a call suits them."), ({"best_time": "any", "words": "x" * 2001}, "At most 2000 characters")],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(desk: Desk, fields: dict[str, str], said: str) -> None:
    ward, app, maren = desk
    before = app.rows()

    page = maren.post(f"/patients/{ward.noor.patient.id}/needs", paper="yes", **fields)

    assert page.status_code == 422
    assert said in words(page)
    assert 'name="paper" value="yes" checked' in page.text
    assert app.rows() == before


def test_the_list_is_of_the_viewers_own_teams_and_tells_of_whom_nobody_has_asked(desk: Desk) -> None:
    ward, _, maren = desk
    ward.says(ward.noor, Needs(TimeOfDay.MIDDAY, paper=True))
    ward.says(ward.theirs, ALL)

    said = maren.text("/needs")
    assert "Anything 1 Interpreter 0 Large text 0 Read aloud 0 On paper 1 Not asked yet 1" in said
    assert "Noor Arabic · North team On paper Around midday" in said
    assert "Mateo" in maren.text("/needs", need="never")
    assert "Noor" not in maren.text("/needs", need="never")
    assert "Nobody here." in maren.text("/needs", need="interpreter")
    assert "Ines" not in said


def test_a_manager_reads_and_does_not_write(desk: Desk) -> None:
    ward, app, _ = desk
    boss = app.browser("boss@example.org")
    path = f"/patients/{ward.noor.patient.id}/needs"

    assert "Save" not in boss.text(path)
    assert boss.post(path, best_time="any").status_code == 404


def test_another_teams_patient_is_not_there(desk: Desk) -> None:
    ward, app, maren = desk
    before = app.rows()

    assert maren.get(f"/patients/{ward.theirs.patient.id}/needs").status_code == 404
    assert maren.post(f"/patients/{ward.theirs.patient.id}/needs", best_time="any").status_code == 404
    assert app.rows() == before
