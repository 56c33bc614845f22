"""A flag is always somebody's who is there: the accountable person's, who stands in for them, or the lead's."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.db import Sessions, unit_of_work
from monitor.flags.departures import WorkLeft, leave
from monitor.flags.jobs import keep_time
from monitor.flags.kinds import FlagKind, Severity
from monitor.flags.models import FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.people.models import Role, StaffMember
from tests.builders import NOW
from tests.flags.ward import DAY, HOUR, WEEK, Ward


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    """Somebody in care, and the clinician."""
    return Ward(sessions)


def ends(ward: Ward, who: object) -> None:
    with unit_of_work(ward.sessions) as session:
        session.get_one(StaffMember, who).ended_at = NOW - DAY


# ---- new flags ----


def test_what_comes_in_while_somebody_is_away_is_for_who_stands_in(ward: Ward) -> None:
    cover = ward.joins("Ravi")
    ward.is_away(ward.care.clinician.id, cover)

    ward.answers_item_9(1)

    assert ward.flag.owner_id == cover


def test_what_comes_in_after_somebody_has_left_is_for_the_lead(ward: Ward) -> None:
    lead = ward.joins("Ines", Role.SUPERVISOR)
    ends(ward, ward.care.clinician.id)

    ward.answers_item_9(1)

    assert ward.flag.owner_id == lead


def test_who_is_out_of_touch_is_the_coordinators_or_for_who_stands_in_for_them(ward: Ward) -> None:
    cora, ravi = ward.joins("Cora", Role.COORDINATOR), ward.joins("Ravi")
    ward.look(opted_out=True)
    assert ward.flag.owner_id == cora
    ward.closes(at=NOW)

    ward.is_away(cora, ravi)
    ward.look(NOW + HOUR, opted_out=True)

    assert [flag.owner_id for flag in ward.flags] == [cora, ravi]


# ---- an absence begins ----


@pytest.mark.parametrize(
    ("due_at", "goes"),
    [(NOW - DAY, True), (NOW + DAY, True), (NOW + WEEK - HOUR, True), (NOW + WEEK, False), (NOW + 2 * WEEK, False)],
)
def test_what_falls_due_while_somebody_is_away_is_handed_over_once_and_the_rest_waits(
    ward: Ward, due_at: datetime, goes: bool
) -> None:
    cover = ward.joins("Ravi")
    ward.has(FlagKind.NOT_IMPROVING, due_at=due_at, escalate_at=NOW + 3 * WEEK)
    ward.is_away(ward.care.clinician.id, cover, NOW, NOW + WEEK)

    keep_time(ward.sessions, lambda: NOW - HOUR)
    assert ward.flag.owner_id == ward.care.clinician.id
    for hours in range(3):
        keep_time(ward.sessions, lambda hours=hours: NOW + hours * HOUR)

    assert ward.flag.owner_id == (cover if goes else ward.care.clinician.id)
    assert len(ward.events(FlagEventKind.HANDED_OVER)) == goes
    for event in ward.events():
        assert (event.staff_member_id, event.outcome) == (None, str(ward.care.clinician.id))


def test_a_flag_that_wakes_while_its_owner_is_away_is_handed_over_then(ward: Ward) -> None:
    cover = ward.joins("Ravi")
    ward.has(FlagKind.NOT_IMPROVING, due_at=NOW - DAY, snoozed_until=NOW + 10 * DAY)
    ward.is_away(ward.care.clinician.id, cover, NOW, NOW + WEEK)
    keep_time(ward.sessions, lambda: NOW)
    assert ward.flag.owner_id == ward.care.clinician.id, "they are back before it wakes"

    ward.is_away(ward.care.clinician.id, cover, NOW + WEEK, NOW + 3 * WEEK)
    keep_time(ward.sessions, lambda: NOW + WEEK)

    assert ward.flag.owner_id == cover


def test_who_stands_in_is_told_of_what_is_for_the_same_day(ward: Ward) -> None:
    cover = ward.joins("Ravi")
    ward.has(FlagKind.SAFETY, due_at=NOW + HOUR, severity=Severity.URGENT)
    ward.is_away(ward.care.clinician.id, cover)

    keep_time(ward.sessions, lambda: NOW)

    with ward.sessions() as session:
        [notice] = session.scalars(sa.select(Notice).where(Notice.kind == NoticeKind.FLAG_WAITS))
        assert notice.staff_member_id == cover


def test_open_flags_of_an_ended_login_come_to_the_lead(ward: Ward) -> None:
    lead = ward.joins("Ines", Role.SUPERVISOR)
    ward.has(FlagKind.NOT_IMPROVING, due_at=NOW + DAY)
    ends(ward, ward.care.clinician.id)

    keep_time(ward.sessions, lambda: NOW)

    assert ward.flag.owner_id == lead


def test_where_nobody_can_stand_in_a_flag_stays_where_it_is_and_the_clock_goes_on(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        for member in session.scalars(sa.select(StaffMember)):
            member.ended_at = NOW - DAY
    ward.has(FlagKind.NOT_IMPROVING, due_at=NOW)

    keep_time(ward.sessions, lambda: NOW)

    assert (ward.flag.owner_id, ward.flag.escalation) == (ward.care.clinician.id, 1)


# ---- somebody leaves ----


def test_nobody_leaves_patients_or_flags_behind(ward: Ward) -> None:
    ward.has(FlagKind.NOT_IMPROVING)

    with pytest.raises(WorkLeft) as refused:
        ward.run(leave, "maren@example.org", None, NOW)

    assert (refused.value.work.episodes, refused.value.work.flags) == (1, 1)
    with ward.sessions() as session:
        assert session.get_one(StaffMember, ward.care.clinician.id).ended_at is None


def test_naming_themselves_hands_nothing_over(ward: Ward) -> None:
    with pytest.raises(WorkLeft):
        ward.run(leave, "maren@example.org", "Maren@example.org", NOW)


def test_flags_go_with_the_patients(ward: Ward) -> None:
    ravi = ward.joins("Ravi")
    ward.has(FlagKind.NOT_IMPROVING, due_at=NOW + timedelta(days=3))

    work = ward.run(leave, "maren@example.org", "ravi@example.org", NOW)

    assert (work.episodes, work.flags) == (1, 1)
    assert (ward.flag.owner_id, ward.flag.due_at) == (ravi, NOW + timedelta(days=3))
    [event] = ward.events()
    assert (event.kind, event.staff_member_id) == (FlagEventKind.HANDED_OVER, None)
