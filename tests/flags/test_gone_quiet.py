"""Gone quiet after worsening: for the same day, and above silence or worsening alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.facts import Evidence, Finding
from monitor.flags.gather import standing_of
from monitor.flags.kinds import EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag
from tests.builders import NOW, InCare, a_check_in, a_flag, a_patient, a_staff_member, a_team

WORSE = Finding(
    FlagKind.DETERIORATING, Rule.N1, Severity.HIGH, (Evidence(EvidenceCode.ROSE, {"measure": "phq9", "last": 19}),)
)


@pytest.fixture
def session(sessions: Sessions):
    with unit_of_work(sessions) as session:
        yield session


@pytest.fixture
def add(session: Session) -> Callable[[], InCare]:
    team = a_team(session)
    clinician = a_staff_member(session, team)
    numbers = iter(range(10))
    return lambda: a_patient(session, team, clinician, number=f"+44770090000{next(numbers)}")


def worsen(session: Session, care: InCare) -> None:
    service.raise_flags(session, care.episode, [WORSE], now=NOW - timedelta(hours=1))


def go_quiet(session: Session, care: InCare) -> None:
    for weeks in (2, 1):
        due_at = NOW - timedelta(weeks=weeks + 1)
        a_check_in(session, care, due_at=due_at, missed_at=due_at + timedelta(weeks=1))
    service.evaluate(session, care.episode, now=NOW)


def flags_of(session: Session, care: InCare) -> dict[FlagKind, Flag]:
    return {flag.kind: flag for flag in session.scalars(sa.select(Flag).where(Flag.episode_id == care.episode.id))}


def test_silence_after_worsening_stands_above_either_alone(session: Session, add: Callable[[], InCare]) -> None:
    both, quiet, worse = add(), add(), add()
    worsen(session, both)
    worsen(session, worse)
    go_quiet(session, both)
    go_quiet(session, quiet)

    after_worsening = flags_of(session, both)[FlagKind.MISSED_CHECK_INS]
    alone = [flags_of(session, quiet)[FlagKind.MISSED_CHECK_INS], flags_of(session, worse)[FlagKind.DETERIORATING]]

    assert after_worsening.severity is Severity.URGENT
    assert {flag.severity for flag in alone} == {Severity.REVIEW, Severity.HIGH}
    assert all(after_worsening.due_at < flag.due_at for flag in alone)  # the worklist is in the order of its clocks
    assert after_worsening.due_at.date() == NOW.date()


@pytest.mark.parametrize("since", [FlagKind.REVIEW_DUE, FlagKind.NOT_IMPROVING, FlagKind.CALL_REQUESTED])
def test_another_flag_beside_it_does_not_hide_open_worsening(
    session: Session, add: Callable[[], InCare], since: FlagKind
) -> None:
    care = add()
    worsen(session, care)
    session.add(a_flag(care, since))

    assert standing_of(session, care.episode).last_flag is FlagKind.DETERIORATING


@pytest.mark.parametrize("came", [FlagKind.REVIEW_DUE, FlagKind.FIRST_CONTACT_DUE, FlagKind.REVIEW_REQUESTED])
def test_a_date_that_came_or_a_wish_does_not_make_settled_worsening_forgotten(
    session: Session, add: Callable[[], InCare], came: FlagKind
) -> None:
    care = add()
    worsen(session, care)
    flag = flags_of(session, care)[FlagKind.DETERIORATING]
    service.close(session, flag, care.clinician, Outcome.CONTINUED_WITH_REASON, "A hard month; we go on.", NOW)
    session.add(a_flag(care, came))

    assert standing_of(session, care.episode).last_flag is FlagKind.DETERIORATING


def test_settled_worsening_is_followed_by_what_the_rules_found_later(
    session: Session, add: Callable[[], InCare]
) -> None:
    care = add()
    worsen(session, care)
    flag = flags_of(session, care)[FlagKind.DETERIORATING]
    service.close(session, flag, care.clinician, Outcome.CARE_CHANGED, "Stepped up.", NOW)
    session.add(a_flag(care, FlagKind.NOT_IMPROVING))

    assert standing_of(session, care.episode).last_flag is FlagKind.NOT_IMPROVING
