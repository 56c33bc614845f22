"""What "My step" says once somebody has stepped down, and once they have come back."""

from datetime import timedelta

import pytest

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import Outcome
from monitor.flags.models import Flag
from monitor.flags.service import close
from monitor.i18n import LANGUAGES
from monitor.people.models import SafetyCover, StaffMember
from monitor.progress import patient_step_words as words
from monitor.relapse.kinds import How
from monitor.relapse.reentry import FIRED, come_back
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.phones import Phone
from tests.plans import stepped_down
from tests.progress.test_patient_step import own_phone, text


@pytest.fixture
def care(sqlite_sessions: Sessions) -> InCare:
    """Somebody who stepped down a week ago."""
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team))
        stepped_down(session, care)
    return care


@pytest.fixture
def phone(sqlite_sessions: Sessions, settings: Settings, care: InCare) -> Phone:
    """Their own phone, with its PIN given."""
    return own_phone(sqlite_sessions, settings, care)


def comes_back(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        come_back(session, session.get_one(Episode, care.episode.id), How.PAGE, now=NOW)


def test_whoever_has_stepped_down_reads_what_goes_on_and_that_the_way_back_is_open(phone: Phone) -> None:
    page = text(phone)

    assert "Afterwards" in page
    assert "You can come back at any time. You need no new referral." in page
    assert "When several stay unanswered, somebody from your team tries to reach you." in page
    assert 'href="/plan' in phone.get("/me/step").text


def test_whoever_has_come_back_reads_which_step_and_who_rings_by_when(
    sqlite_sessions: Sessions, care: InCare, phone: Phone
) -> None:
    comes_back(sqlite_sessions, care)

    page = text(phone)

    assert "You are coming back" in page
    assert "Your step is now: Guided self-help. You need no new referral." in page
    assert "Maren Okafor rings you by Tuesday 1 December, 17:00." in page
    assert "You asked to come back, and this is the help that was agreed for it." in page
    assert "You can come back at any time." not in page


def test_a_call_that_has_not_come_is_admitted_with_a_number_to_ring(
    sqlite_sessions: Sessions, care: InCare, phone: Phone
) -> None:
    comes_back(sqlite_sessions, care)
    with unit_of_work(sqlite_sessions) as session:
        flag = session.query(Flag).one()
        flag.due_at = NOW - timedelta(days=4)

    assert "A call was due by Friday 20 November, 10:00 and has not come." in text(phone)


def test_where_nobody_is_named_to_read_no_time_is_promised(
    sqlite_sessions: Sessions, care: InCare, phone: Phone
) -> None:
    comes_back(sqlite_sessions, care)
    with unit_of_work(sqlite_sessions) as session:
        for cover in session.query(SafetyCover):
            session.delete(cover)

    page = text(phone)

    assert "We cannot promise when they ring." in page
    assert "rings you by" not in page


def test_once_they_have_spoken_the_page_is_like_everybodys(
    sqlite_sessions: Sessions, care: InCare, phone: Phone
) -> None:
    comes_back(sqlite_sessions, care)
    with unit_of_work(sqlite_sessions) as session:
        flag = session.query(Flag).one()
        by = session.get_one(StaffMember, care.clinician.id)
        close(session, flag, by, Outcome.FIRST_CONTACT_HELD, "We spoke.", NOW, read_to=NOW)

    page = text(phone)

    assert "You are coming back" not in page
    assert words.name(Step.TWO, "en") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reason_and_the_whole_page_open_in_every_language(
    sqlite_sessions: Sessions, care: InCare, phone: Phone, language: str
) -> None:
    assert all(words.reason(FIRED, language))
    assert phone.get("/me/step", query_string={"lang": language}).status_code == 200
    comes_back(sqlite_sessions, care)
    assert phone.get("/me/step", query_string={"lang": language}).status_code == 200
