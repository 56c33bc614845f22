"""Whom texts do not reach: one row a patient, why, since when and what to do, and nobody of another team."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag
from monitor.messaging.models import MessageState
from monitor.people.models import Channel, Party, Patient, StaffMember
from monitor.people.service import prefer
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team, a_text
from tests.staff_browser import StaffApp, words

PATH = "/contact-problems"


class Reach:
    """The North team with Maren, the South team with Sven."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.count = sessions, 0
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.sven = a_staff_member(session, self.other, "sven@example.org", name="Sven Lund")
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def patient(self, name: str = "Noor", *, here: bool = True, **values: Any) -> InCare:
        self.count += 1
        with unit_of_work(self.sessions) as session:
            team, owner = (self.team, self.maren) if here else (self.other, self.sven)
            return a_patient(session, team, owner, name=name, number=f"+4477009{self.count:05}", **values)

    def change(self, care: InCare, **values: Any) -> None:
        with unit_of_work(self.sessions) as session:
            session.execute(sa.update(Patient).where(Patient.id == care.patient.id).values(**values))

    def raise_flag(self, care: InCare, kind: FlagKind, at: datetime = NOW) -> None:
        evidence = (Evidence(EvidenceCode.TEXTS_NOT_ARRIVING, {"count": 2}),)
        with unit_of_work(self.sessions) as session:
            service.raise_flags(session, care.episode, [Finding(kind, Rule.U1, Severity.HIGH, evidence)], now=at)

    def opt_out(self, care: InCare, said_by: Party = Party.PATIENT) -> None:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, care.patient.id)
            workflows.opt_out(session, patient, said_by=said_by, now=NOW - timedelta(days=2))

    def text(self, care: InCare, state: MessageState, at: datetime = NOW - timedelta(days=1)) -> None:
        with unit_of_work(self.sessions) as session:
            session.add(a_text(care.patient.id, at, state))

    def said(self) -> str:
        return self.maren_s.text(PATH)


@pytest.fixture
def reach(sqlite_sessions: Sessions, settings: Settings) -> Reach:
    return Reach(sqlite_sessions, settings)


def test_nobody_is_on_the_list_whom_texts_reach(reach: Reach) -> None:
    care = reach.patient()
    reach.text(care, MessageState.DELIVERED)
    reach.raise_flag(care, FlagKind.MISSED_CHECK_INS)

    assert "No text that went out lately is known to be lost." in reach.said()
    assert "0 contact problems" in reach.maren_s.text("/")


def test_a_number_that_does_not_work_is_to_be_checked(sessions: Sessions, settings: Settings) -> None:
    reach = Reach(sessions, settings)
    care = reach.patient()
    reach.change(care, number_failed_at=NOW - timedelta(days=5))
    reach.raise_flag(care, FlagKind.UNREACHABLE)

    said = reach.said()

    assert "Noor English · North team Number does not work Thu 19 Nov 5 days Maren Okafor" in said
    assert "Check the number, with them or on their file, and change it on their record." in said
    assert "Texts do not arrive" not in said, "the number says it already"
    assert "Call +44 7700 900001" in said
    assert "1 contact problem " in reach.maren_s.text("/")


@pytest.mark.parametrize(("language", "start"), [("en", "text the word START"), ("es", "START"), ("ar", "START")])
def test_whoever_stopped_our_texts_is_told_how_to_start_them_in_their_language(
    reach: Reach, language: str, start: str
) -> None:
    reach.opt_out(reach.patient(language=language))

    page = reach.maren_s.get(PATH)

    assert "Asked us to stop" in words(page)
    assert "agree another way to keep in touch" in words(page)
    quoted = page.text.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert f'lang="{language}"' in quoted
    assert start in quoted


def test_what_staff_wrote_down_staff_can_write_down_again(reach: Reach) -> None:
    reach.opt_out(reach.patient(), Party.STAFF)

    said = reach.said()

    assert "If they want texts again, write that down on their record." in said
    assert "START" not in said


def test_a_stop_that_was_settled_with_them_is_no_problem_any_more(reach: Reach) -> None:
    reach.opt_out(reach.patient())
    with unit_of_work(reach.sessions) as session:
        flag = session.scalars(sa.select(Flag)).one()
        member = session.get_one(StaffMember, reach.maren.id)
        service.close(session, flag, member, Outcome.OTHER_CHANNEL_AGREED, "We ring on Mondays.", NOW)

    assert "Asked us to stop" not in reach.said()


def test_a_text_that_nobody_could_confirm_is_one_until_a_later_one_has_gone(reach: Reach) -> None:
    care = reach.patient()
    reach.text(care, MessageState.DELIVERED, NOW - timedelta(days=3))
    reach.text(care, MessageState.ABANDONED, NOW - timedelta(days=2))
    assert "Text not confirmed Sun 22 Nov 2 days no flag" in reach.said()

    reach.text(care, MessageState.SENT, NOW - timedelta(days=1))

    assert "Text not confirmed" not in reach.said()


def test_an_old_text_that_nobody_could_confirm_is_forgotten(reach: Reach) -> None:
    reach.text(reach.patient(), MessageState.ABANDONED, NOW - timedelta(days=15))

    assert "Text not confirmed" not in reach.said()


def test_nobody_has_written_down_whether_they_agree(reach: Reach) -> None:
    reach.patient(consent=False)

    said = reach.said()

    assert "No way agreed" in said
    assert "Ask them whether they agree to texts" in said


def _called(reach: Reach) -> None:
    care = reach.patient(consent=False)
    with unit_of_work(reach.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        prefer(session, patient, weekday=0, at=time(10), channel=Channel.PHONE, set_by=Party.STAFF, now=NOW)
    reach.change(care, number_failed_at=NOW)


def _ended(reach: Reach) -> None:
    care = reach.patient()
    reach.change(care, number_failed_at=NOW)
    with unit_of_work(reach.sessions) as session:
        session.execute(sa.text("UPDATE episodes SET closed_at = opened_at, close_reason = 'completed'"))


def _of_another_team(reach: Reach) -> None:
    care = reach.patient(here=False)
    reach.change(care, number_failed_at=NOW)
    reach.raise_flag(care, FlagKind.UNREACHABLE)
    reach.text(care, MessageState.ABANDONED)
    reach.opt_out(care)


@pytest.mark.parametrize("life", [_called, _ended, _of_another_team])
def test_these_are_not_on_the_list(reach: Reach, life: Callable[[Reach], None]) -> None:
    life(reach)

    assert "Noor" not in reach.said()
    assert "0 contact problems" in reach.maren_s.text("/")


def test_one_row_a_patient_whatever_is_wrong_and_the_longest_first(reach: Reach) -> None:
    several = reach.patient("Several")
    reach.change(several, number_failed_at=NOW - timedelta(days=1))
    reach.opt_out(several)
    reach.text(several, MessageState.ABANDONED)
    longer = reach.patient("Longer")
    reach.raise_flag(longer, FlagKind.UNREACHABLE, NOW - timedelta(days=9))

    said = reach.said()

    assert said.count("Several") == 1
    assert said.index("Longer") < said.index("Several")
    assert "Number does not work Asked us to stop" in said
    assert "2 contact problems" in reach.maren_s.text("/")


def test_fifty_rows_cost_as_many_statements_as_one(reach: Reach) -> None:
    def problem() -> None:
        reach.opt_out(reach.patient())

    def statements() -> int:
        seen: list[str] = []
        engine = reach.sessions.kw["bind"]
        sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        reach.maren_s.get(PATH)
        return len(seen)

    problem()
    one = statements()
    for _ in range(20):
        problem()

    assert statements() == one


def test_looking_leaves_a_trail(reach: Reach) -> None:
    before = reach.app.rows()

    reach.maren_s.get(PATH)

    assert reach.app.rows() == before
    assert [entry.subject_id for entry in reach.app.audit("viewed contact problems")] == [reach.team.id]


def test_newest_word_counts_and_not_the_first(reach: Reach) -> None:
    care = reach.patient()
    reach.opt_out(care)
    with unit_of_work(reach.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        workflows.opt_in(session, patient, said_by=Party.STAFF, now=NOW)

    said = reach.said()

    assert "START" not in said, "they have texts again; only the flag waits for a person"
    assert "Asked us to stop" in said
