"""Adding a patient, inviting them, setting up their phone, and keeping them reachable."""

from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.care.kinds import ReviewKind
from monitor.care.models import Episode, Step
from monitor.checkins.models import CheckIn, CheckInKind, MonitoringPlan
from monitor.checkins.service import find_open
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.messaging.models import Message
from monitor.messaging.texts import TextKind
from monitor.people.devices import invited_by_code, invited_by_token
from monitor.people.models import MONITORING, Channel, Consent, Party, Patient, Purpose, Role, TeamMembership
from monitor.people.service import newest_consent, preference
from tests.builders import NOW, a_check_in, a_patient, a_staff_member, a_team, token_of
from tests.staff_browser import Browser, StaffApp, words


class Clinic:
    """The North team with Maren and Inês, the South team with Sven, and the browser of Maren."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.ines = a_staff_member(
                session, self.team, "ines@example.org", name="Inês Carvalho", role=Role.COORDINATOR
            )
            self.sven = a_staff_member(session, self.other, "sven@example.org", name="Sven Lund")
        self.app = StaffApp(settings, sessions)
        self.maren_s: Browser = self.app.browser("maren@example.org")

    def fields(self, **changed: Any) -> dict[str, Any]:
        """A form that is filled in well, but for what is changed."""
        return {
            "preferred_name": "Noor",
            "number": "07400 123456",
            "region": "GB",
            "time_zone": "Europe/London",
            "language": "en",
            "birth_year": "1990",
            "record_number": "RTS-0042",
            "access_needs": "Rings back only after five",
            "team": str(self.team.id),
            "accountable": str(self.ines.id),
            "pathway": "common_mental_health",
            "measures": ["phq9", "gad7"],
            "every_weeks": "2",
            "weekday": "3",
            "at": "18:30",
            "before_appointments": "yes",
            "agrees_to_check_ins": "yes",
            "agrees_to_texts": "yes",
            "consented_on": NOW.date().isoformat(),
            **changed,
        }

    def add(self, **changed: Any) -> Patient:
        """Add a patient through the form."""
        page = self.maren_s.post("/patients/new", **self.fields(**changed))
        assert page.status_code == 303, words(page)
        with unit_of_work(self.app.sessions) as session:
            return session.scalars(sa.select(Patient).order_by(Patient.opened_at.desc(), Patient.id.desc())).first()


@pytest.fixture
def clinic(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    return Clinic(sqlite_sessions, settings)


def test_one_form_makes_person_consent_wishes_episode_step_and_plan(sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sessions, settings)

    patient = clinic.add()

    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, patient.id)
        assert (patient.preferred_name, patient.number) == ("Noor", "+447400123456")
        assert (patient.birth_year, patient.record_number) == ("1990", "RTS-0042")
        assert patient.access_needs == "Rings back only after five"
        consents = session.scalars(sa.select(Consent)).all()
        assert {each.purpose for each in consents} == set(MONITORING)
        assert {(each.said_by, each.staff_member_id) for each in consents} == {(Party.STAFF, clinic.maren.id)}
        wishes = preference(session, patient.id)
        assert wishes
        assert (wishes.weekday, wishes.at, wishes.channel) == (3, time(18, 30), Channel.TEXT)
        episode = session.scalars(sa.select(Episode)).one()
        assert (episode.care_team_id, episode.accountable_id) == (clinic.team.id, clinic.ines.id)
        assert (episode.next_review_at, episode.next_review_kind) == (NOW + timedelta(days=14), ReviewKind.FIRST)
        assert (episode.pathway, episode.step) == ("common_mental_health", Step.ONE)
        assert (episode.steps[0].proposed_step, episode.steps[0].reason) == (None, None)
        plan = session.scalars(sa.select(MonitoringPlan)).one()
        assert (plan.instruments, plan.every_weeks, plan.before_appointments) == (["phq9", "gad7"], 2, True)
    assert [entry.subject_id for entry in clinic.app.audit("enrolled patient")] == [patient.id]


def test_nothing_is_sent_until_somebody_sends_the_invitation(clinic: Clinic) -> None:
    patient = clinic.add()
    with unit_of_work(clinic.app.sessions) as session:
        assert session.scalars(sa.select(Message)).all() == []
    record = clinic.maren_s.text(f"/patients/{patient.id}")
    assert "Send the invitation" in record
    assert "This is Riverside." in record
    assert 'class="go">Send the invitation' in clinic.maren_s.get(f"/patients/{patient.id}").text

    clinic.maren_s.post(f"/patients/{patient.id}/invite")

    with unit_of_work(clinic.app.sessions) as session:
        message = session.scalars(sa.select(Message)).one()
        check_in = session.scalars(sa.select(CheckIn)).one()
        assert (message.purpose, message.check_in_id) == (TextKind.INVITATION, check_in.id)
        assert check_in.kind is CheckInKind.FIRST
    assert "Send a new link" in clinic.maren_s.text(f"/patients/{patient.id}")


def test_while_a_flag_is_open_the_invitation_is_not_the_next_right_thing(clinic: Clinic) -> None:
    patient = clinic.add()

    clinic.maren_s.post(f"/patients/{patient.id}/opt-out")

    record = clinic.maren_s.get(f"/patients/{patient.id}").text
    assert "Opted out" in record
    assert "<button>Send the invitation" in record


def test_a_second_press_sends_a_new_link_and_no_second_invitation(clinic: Clinic) -> None:
    patient = clinic.add()

    for _ in range(3):
        clinic.maren_s.post(f"/patients/{patient.id}/invite")

    with unit_of_work(clinic.app.sessions) as session:
        sent = sorted(session.scalars(sa.select(Message.purpose)))
        assert sent == [TextKind.INVITATION, TextKind.NEW_LINK]
        assert len(session.scalars(sa.select(CheckIn)).all()) == 1


def test_nobody_is_asked_for_a_step_before_the_intake_and_the_intake_comes_next(clinic: Clinic) -> None:
    assert 'name="step"' not in clinic.maren_s.get("/patients/new").text

    page = clinic.maren_s.post("/patients/new", **clinic.fields())

    patient_id = page.location.split("/")[-2]
    assert page.location == f"/patients/{patient_id}/intake"
    assert "14 days left" in clinic.maren_s.text(page.location)


@pytest.mark.parametrize(
    ("pathway", "step"), [("common_mental_health", Step.ONE), ("serious_mental_illness", Step.THREE)]
)
def test_they_stand_on_the_lightest_step_of_their_pathway(clinic: Clinic, pathway: str, step: Step) -> None:
    clinic.add(pathway=pathway)

    with unit_of_work(clinic.app.sessions) as session:
        assert session.scalars(sa.select(Episode)).one().step is step


def test_check_ins_come_as_often_as_the_step_says_unless_agreed_otherwise(clinic: Clinic) -> None:
    clinic.add(every_weeks="step")
    clinic.add(every_weeks="4", number="07400 123457")

    with unit_of_work(clinic.app.sessions) as session:
        assert sorted(session.scalars(sa.select(MonitoringPlan.every_weeks))) == [2, 4]


FAULTY = [
    ("preferred_name", "", "Fill this in"),
    ("preferred_name", "N" * 81, "At most 80 characters; this has 81"),
    ("number", "", "Fill this in"),
    ("number", "12", "Write it as 07400 123456"),
    ("number", "my phone", "Write it as 07400 123456"),
    ("number", "020 7946 0018", "landlines take no texts"),
    ("birth_year", "90", "four digits"),
    ("birth_year", "1850", "four digits"),
    ("birth_year", "٢٠٠٠", "four digits"),
    ("language", "vi", "Choose one"),
    ("region", "ZZ", "Choose one"),
    ("time_zone", "Europe/Riverside", "Choose one"),
    ("pathway", "../secret", "Choose one"),
    ("accountable", "", "Choose one"),
    ("measures", [], "at least one measure"),
    ("every_weeks", "5", "Choose one"),
    ("weekday", "7", "Choose one"),
    ("at", "03:00", "Choose one"),
    ("agrees_to_check_ins", "", "Without their consent"),
    ("consented_on", "", "Fill this in"),
    ("consented_on", "24.11.2026", "year, month, day"),
    ("consented_on", "2026-11-25", "lies ahead"),
]


@pytest.mark.parametrize(("name", "typed", "mend"), FAULTY)
def test_each_fault_is_named_with_its_mend_and_nothing_is_saved(
    clinic: Clinic, name: str, typed: object, mend: str
) -> None:
    before = clinic.app.rows()

    page = clinic.maren_s.post("/patients/new", **clinic.fields(**{name: typed}))

    assert page.status_code == 422
    assert f'<a href="#{name}">' in page.text, "the summary leads to the field"
    assert mend in words(page)
    assert "Rings back only after five" in page.text, "what was typed stays"
    assert 'value="RTS-0042"' in page.text
    assert clinic.app.rows() == before


def test_neither_a_rhythm_nor_appointments_is_no_plan(clinic: Clinic) -> None:
    page = clinic.maren_s.post("/patients/new", **clinic.fields(every_weeks="none", before_appointments=""))

    assert page.status_code == 422
    assert "Choose how often" in words(page)


def test_check_ins_can_come_before_appointments_alone(clinic: Clinic) -> None:
    clinic.add(every_weeks="none")

    with unit_of_work(clinic.app.sessions) as session:
        assert session.scalars(sa.select(MonitoringPlan.every_weeks)).one() is None


def test_a_measure_without_wording_in_the_language_is_refused_by_name(clinic: Clinic) -> None:
    page = clinic.maren_s.post("/patients/new", **clinic.fields(language="ar"))

    assert page.status_code == 422
    assert "GAD-7 is not offered in the chosen language" in words(page)
    assert clinic.add(language="ar", measures=["phq9"]).language == "ar"


def test_a_number_that_somebody_has_needs_a_tick(clinic: Clinic) -> None:
    clinic.add()

    page = clinic.maren_s.post("/patients/new", **clinic.fields(preferred_name="Samir", number="+44 7400 123456"))
    assert page.status_code == 422
    assert "Another patient in care has this number" in words(page)
    assert "Noor" not in page.text, "whose number it is stays with those who may know"

    shared = clinic.add(preferred_name="Samir", number_is_shared="yes")
    assert shared.number_is_shared


def test_a_team_that_is_not_ones_own_cannot_be_chosen(clinic: Clinic) -> None:
    page = clinic.maren_s.post(
        "/patients/new", **clinic.fields(team=str(clinic.other.id), accountable=str(clinic.sven.id))
    )

    assert page.status_code == 422
    assert "Sven Lund" not in page.text


def test_the_accountable_clinician_works_in_the_chosen_team(clinic: Clinic) -> None:
    with unit_of_work(clinic.app.sessions) as session:
        team = a_team(session, "West team")
        person = a_staff_member(session, team, "wim@example.org", name="Wim")
        session.add(TeamMembership(staff_member_id=clinic.maren.id, care_team_id=team.id, from_at=NOW))

    page = clinic.maren_s.post("/patients/new", **clinic.fields(accountable=str(person.id)))

    assert page.status_code == 422
    assert "somebody who works in the chosen team" in words(page)


def test_without_consent_to_texts_a_person_rings_and_nothing_is_sent(clinic: Clinic) -> None:
    patient = clinic.add(agrees_to_texts="", number="020 7946 0018")

    page = clinic.maren_s.client.post(
        f"/patients/{patient.id}/invite", data={"csrf_token": clinic.maren_s.token()}, follow_redirects=True
    )

    assert "Nothing was sent" in words(page)
    assert "Called, not texted" in words(page)
    with unit_of_work(clinic.app.sessions) as session:
        wishes = preference(session, patient.id)
        assert wishes
        assert wishes.channel is Channel.PHONE
        assert session.scalars(sa.select(Message)).all() == []


def test_the_preview_shows_the_text_in_their_language_and_saves_nothing(clinic: Clinic) -> None:
    before = clinic.app.rows()

    page = clinic.maren_s.post("/patients/preview", **clinic.fields(language="pl", preferred_name=""))

    assert page.status_code == 200
    assert 'lang="pl"' in page.text
    assert "/c/xxxxxxxxxxxxxxxxxxxxxx" in page.text
    assert "Sent as 1 text." in words(page)
    assert 'value="RTS-0042"' in page.text
    assert clinic.app.rows() == before


def test_the_preview_says_when_the_script_needs_more_room(clinic: Clinic) -> None:
    said = words(clinic.maren_s.post("/patients/preview", **clinic.fields(language="ar")))

    assert "Sent as 2 texts" in said
    assert "room for 70 letters" in said


def test_a_name_is_text_wherever_it_stands(clinic: Clinic) -> None:
    patient = clinic.add(preferred_name="<script>alert(1)</script>", access_needs="<img src=x>")

    for path in (f"/patients/{patient.id}", "/find?q=script"):
        page = clinic.maren_s.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    "typed", ["zielinski", "ZIELIŃ", "tomasz z", "rts-7"], ids=["plain", "accents", "both names", "record number"]
)
def test_a_patient_is_found_by_name_or_record_number(clinic: Clinic, typed: str) -> None:
    patient = clinic.add(preferred_name="Tomasz Zieliński", language="pl", record_number="RTS-7")
    clinic.add(preferred_name="Noor", number="07400 123457")

    said = words(clinic.maren_s.post("/find", q=typed))

    assert "Tomasz Zieliński" in said
    assert "Noor" not in said
    assert str(patient.id) in clinic.maren_s.get("/find", q=typed).text


def test_a_phone_is_set_up_by_a_square_or_by_eight_digits(clinic: Clinic) -> None:
    patient = clinic.add()

    page = clinic.maren_s.post(f"/patients/{patient.id}/device")

    code = "".join(part for part in words(page).split() if part.isdigit() and len(part) == 4)
    assert "<svg" in page.text
    with unit_of_work(clinic.app.sessions) as session:
        invited = invited_by_code(session, code, NOW + timedelta(minutes=9))
        assert invited
        assert invited.patient_id == patient.id
        assert invited_by_code(session, code, NOW + timedelta(minutes=10)) is None
        assert invited_by_token(session, code, NOW) is None


def test_a_new_number_kills_the_links_that_are_out_and_keeps_the_check_in(clinic: Clinic) -> None:
    with unit_of_work(clinic.app.sessions) as session:
        care = a_patient(session, clinic.team, clinic.maren)
        check_in = a_check_in(session, care)
        care.patient.number_failed_at = NOW - timedelta(days=1)

    clinic.maren_s.post(f"/patients/{care.patient.id}/number", number="07400 999999")

    with unit_of_work(clinic.app.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        assert (patient.number, patient.number_failed_at) == ("+447400999999", None)
        assert find_open(session, token_of(check_in), NOW) is None
        found = find_open(session, token_of(check_in, generation=2), NOW)
        assert found
        assert found.id == check_in.id
    assert len(clinic.app.audit("changed number")) == 1


def test_a_new_number_that_cannot_be_one_is_shown_again_as_typed(clinic: Clinic) -> None:
    patient = clinic.add()

    page = clinic.maren_s.post(f"/patients/{patient.id}/number", number="12")

    assert page.status_code == 422
    assert 'value="12"' in page.text
    assert "Write it as" in words(page)


def test_a_new_number_that_somebody_has_needs_a_tick(clinic: Clinic) -> None:
    clinic.add()
    samir = clinic.add(preferred_name="Samir", number="07400 123457")

    page = clinic.maren_s.post(f"/patients/{samir.id}/number", number="07400 123456")
    assert page.status_code == 422
    assert "Another patient in care has this number" in words(page)

    shared = clinic.maren_s.post(f"/patients/{samir.id}/number", number="07400 123456", number_is_shared="yes")
    assert shared.status_code == 303


def test_a_pause_lasts_until_its_day_and_an_empty_one_ends_it(clinic: Clinic) -> None:
    patient = clinic.add()
    until = NOW.date() + timedelta(days=21)

    clinic.maren_s.post(f"/patients/{patient.id}/pause", until=until.isoformat())
    assert "Paused until Tue 15 Dec" in clinic.maren_s.text(f"/patients/{patient.id}")
    app = clinic.app
    app.wait(minutes=1)
    clinic.maren_s.post(f"/patients/{patient.id}/pause", until="")

    with unit_of_work(app.sessions) as session:
        wishes = preference(session, patient.id)
        assert wishes
        assert (wishes.paused_until_on, wishes.weekday, wishes.at) == (None, 3, time(18, 30))


@pytest.mark.parametrize("until", [NOW.date(), NOW.date() + timedelta(days=93), date(1999, 1, 1)])
def test_a_pause_begins_after_today_and_ends_within_three_months(clinic: Clinic, until: date) -> None:
    patient = clinic.add()

    page = clinic.maren_s.post(f"/patients/{patient.id}/pause", until=until.isoformat())

    assert page.status_code == 422
    assert until.isoformat() in page.text


def test_texts_stop_on_their_word_and_the_team_knows(clinic: Clinic) -> None:
    with unit_of_work(clinic.app.sessions) as session:
        care = a_patient(session, clinic.team, clinic.maren)

    clinic.maren_s.post(f"/patients/{care.patient.id}/opt-out")

    with unit_of_work(clinic.app.sessions) as session:
        assert newest_consent(session, care.patient.id, Purpose.TEXTS) is False
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.OPTED_OUT]
    assert "Texts stopped, on their word" in clinic.maren_s.text(f"/patients/{care.patient.id}")

    clinic.app.wait(minutes=1)
    clinic.maren_s.post(f"/patients/{care.patient.id}/opt-in")
    with unit_of_work(clinic.app.sessions) as session:
        assert newest_consent(session, care.patient.id, Purpose.TEXTS) is True
