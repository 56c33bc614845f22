"""After several flags about it a patient may want no more contact on a topic; never on safety or worsening."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.declines import declined_topics, may_decline, withdraw_decline, write_decline
from monitor.flags.kinds import DECLINABLE, FlagKind, Outcome, Severity
from monitor.flags.models import Flag, TopicDecline
from monitor.flags.service import OutcomeNotAllowed
from monitor.people.models import StaffMember
from tests.builders import NOW
from tests.flags.ward import DAY, HOUR, WEEK, Ward

SILENT = FlagKind.MISSED_CHECK_INS


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    """Somebody in care, and the clinician."""
    return Ward(sessions)


def had_before(ward: Ward, count: int, kind: FlagKind = SILENT, outcome: Outcome = Outcome.SPOKE) -> None:
    """Let there have been that many flags of a kind, each closed."""
    for number in range(count):
        at = NOW - (count - number) * WEEK
        ward.has(kind, opened_at=at)
        ward.does(lambda session, flag, by, at=at: service.close(session, flag, by, outcome, "Spoke.", at))


def declines(ward: Ward, kind: FlagKind = SILENT, at: datetime = NOW) -> None:
    ward.has(kind, opened_at=at - HOUR)
    ward.does(
        lambda session, flag, by: service.close(session, flag, by, Outcome.NO_CONTACT_WANTED, "Not about this.", at)
    )


def declined(ward: Ward) -> set[FlagKind]:
    with ward.sessions() as session:
        return set(declined_topics(session, ward.care.episode.id))


def falls_silent(ward: Ward, at: datetime, times: int = 2) -> None:
    for number in range(times):
        ward.misses(at - (times - 1 - number) * WEEK)
    ward.look(at)


@pytest.mark.parametrize(("before", "holds"), [(0, False), (1, False), (2, True), (3, True)])
def test_no_more_contact_holds_once_there_have_been_enough_flags(ward: Ward, before: int, holds: bool) -> None:
    had_before(ward, before)

    declines(ward)

    assert declined(ward) == ({SILENT} if holds else set())


def test_then_no_flag_is_opened_about_it_and_nothing_is_written(ward: Ward) -> None:
    had_before(ward, 2)
    declines(ward)
    flags = len(ward.flags)

    falls_silent(ward, NOW + 3 * WEEK)

    assert len(ward.flags) == flags
    with ward.sessions() as session:
        said = session.scalars(sa.select(TopicDecline)).one()
        assert (said.words, said.staff_member_id, said.at) == ("Not about this.", ward.care.clinician.id, NOW)
        assert "topic declined" in session.scalars(sa.select(AuditEntry.action)).all()


def test_silence_after_a_safety_answer_is_never_declined(ward: Ward) -> None:
    had_before(ward, 2)
    declines(ward)
    ward.stands(baseline=10, last=10, best=10, worst=10, safety_answer=1, count=1)

    falls_silent(ward, NOW + 3 * WEEK)

    assert (ward.flags[-1].kind, ward.flags[-1].severity) == (SILENT, Severity.URGENT)
    assert ward.flags[-1].closed_at is None
    with ward.sessions() as session:
        assert may_decline(session, session.get_one(Flag, ward.flags[-1].id)) is False


def test_every_other_reason_still_opens_its_flag(ward: Ward) -> None:
    had_before(ward, 2)
    declines(ward)
    ward.stands(baseline=8, last=16, best=8, worst=16)

    ward.look(NOW + DAY, call_requested=True)
    ward.answers_item_9(1, NOW + DAY)

    opened = {flag.kind for flag in ward.flags if flag.closed_at is None}
    assert opened == {FlagKind.DETERIORATING, FlagKind.CALL_REQUESTED, FlagKind.SAFETY}


def test_whoever_wants_contact_again_is_flagged_again(ward: Ward) -> None:
    had_before(ward, 2)
    declines(ward)
    with unit_of_work(ward.sessions) as session:
        by = session.get_one(StaffMember, ward.care.clinician.id)
        episode = session.merge(ward.care.episode)
        assert withdraw_decline(session, episode, SILENT, by, "Do ring.", NOW + DAY) is not None
        assert withdraw_decline(session, episode, SILENT, by, "Do ring.", NOW + DAY) is None

    falls_silent(ward, NOW + 3 * WEEK)

    assert declined(ward) == set()
    assert ward.flags[-1].closed_at is None


def test_a_score_that_does_not_fall_needs_a_decision_until_the_topic_can_be_declined(ward: Ward) -> None:
    kind = FlagKind.NOT_IMPROVING
    had_before(ward, 1, kind, Outcome.CONTINUED_WITH_REASON)
    with pytest.raises(OutcomeNotAllowed):
        declines(ward, kind)
    ward.closes(Outcome.CARE_CHANGED)

    declines(ward, kind, NOW + DAY)

    assert declined(ward) == {kind}
    ward.stands(baseline=14, last=14, second_last=14, third_last=15, best=14, worst=15)
    ward.look(NOW + 5 * WEEK)
    assert all(flag.closed_at for flag in ward.flags)


def test_a_flag_recorded_in_error_does_not_count(ward: Ward) -> None:
    had_before(ward, 2, outcome=Outcome.RECORDED_IN_ERROR)

    declines(ward)

    assert declined(ward) == set()


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - DECLINABLE))
def test_the_database_itself_refuses_any_other_topic(ward: Ward, kind: FlagKind) -> None:
    def write(session: Session) -> None:
        by = session.get_one(StaffMember, ward.care.clinician.id)
        write_decline(session, session.merge(ward.care.episode), kind, by, "No.", NOW)

    with pytest.raises(sa.exc.IntegrityError):
        ward.run(write)
