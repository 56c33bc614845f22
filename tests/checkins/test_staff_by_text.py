"""Staff put the questions themselves into texts for a patient whose phone opens no links, and back."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import ContactPreference, Party, Patient, Role
from monitor.people.service import preference
from tests.builders import NOW, a_patient, a_staff_member, a_team
from tests.staff_browser import StaffApp, words


class Clinic:
    """Noor of the North team, and the browser of Maren, who looks after her."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.team_id, self.maren = team.id, a_staff_member(session, team)
            self.noor = a_patient(session, team, self.maren).patient.id
            a_staff_member(session, a_team(session, "South team"), "sven@example.org", name="Sven Lund")
            a_staff_member(session, team, "mina@example.org", name="Mina Haddad", role=Role.MANAGER)
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def by_text(self, patient_id: UUID | None = None) -> ContactPreference:
        with unit_of_work(self.app.sessions) as session:
            row = preference(session, patient_id or self.noor)
            assert row is not None
            return row


@pytest.fixture
def clinic(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    return Clinic(sqlite_sessions, settings)


def test_by_text_and_back_to_a_link(sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sessions, settings)
    record, path = f"/patients/{clinic.noor}", f"/patients/{clinic.noor}/by-text"
    assert "Questions through a link" in clinic.maren_s.text(record)

    assert clinic.maren_s.post(path, by_text="yes").status_code == 303

    chosen = clinic.by_text()
    assert (chosen.by_text, chosen.set_by, chosen.staff_member_id) == (True, Party.STAFF, clinic.maren.id)
    assert "Questions by text" in clinic.maren_s.text(record)
    assert len(clinic.app.audit("changed preferences")) == 1
    clinic.app.wait(minutes=1)
    clinic.maren_s.post(path)
    assert clinic.by_text().by_text is False


def test_a_pause_leaves_the_choice_alone(clinic: Clinic) -> None:
    clinic.maren_s.post(f"/patients/{clinic.noor}/by-text", by_text="yes")
    clinic.app.wait(minutes=1)

    clinic.maren_s.post(f"/patients/{clinic.noor}/pause", until="2026-12-10")

    assert clinic.by_text().paused_until_on is not None
    assert clinic.by_text().by_text is True


def test_the_same_choice_twice_is_one(clinic: Clinic) -> None:
    for _ in range(2):
        clinic.maren_s.post(f"/patients/{clinic.noor}/by-text", by_text="yes")
        clinic.app.wait(minutes=1)

    with unit_of_work(clinic.app.sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ContactPreference)) == 2


@pytest.mark.parametrize(("who", "status"), [("sven@example.org", 404), ("mina@example.org", 404)])
def test_only_those_who_enrol_in_their_own_team_choose(clinic: Clinic, who: str, status: int) -> None:
    page = clinic.app.browser(who).post(f"/patients/{clinic.noor}/by-text", by_text="yes")

    assert page.status_code == status
    assert clinic.by_text().by_text is False


@pytest.mark.parametrize(("texts", "by_text"), [(True, True), (True, False), (False, True)])
def test_it_can_be_agreed_from_the_start(clinic: Clinic, texts: bool, by_text: bool) -> None:
    """Without texts there is nothing to choose."""
    ticked = {"agrees_to_texts": texts, "by_text": by_text}
    page = clinic.maren_s.post(
        "/patients/new",
        **{
            "preferred_name": "Sam",
            "number": "07400 123456",
            "region": "GB",
            "time_zone": "Europe/London",
            "language": "en",
            "team": str(clinic.team_id),
            "accountable": str(clinic.maren.id),
            "pathway": "common_mental_health",
            "measures": ["phq9", "gad7"],
            "every_weeks": "2",
            "weekday": "3",
            "at": "18:30",
            "agrees_to_check_ins": "yes",
            "consented_on": NOW.date().isoformat(),
        },
        **{name: "yes" for name, is_ticked in ticked.items() if is_ticked},
    )

    assert page.status_code == 303, words(page)
    with unit_of_work(clinic.app.sessions) as session:
        added = session.scalars(sa.select(Patient.id).where(Patient.id != clinic.noor)).one()
    assert clinic.by_text(added).by_text is (texts and by_text)
