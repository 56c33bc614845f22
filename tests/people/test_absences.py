"""Whoever is away has somebody who stands in for them; and where that ends, there is a lead."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.db import Sessions, unit_of_work
from monitor.people.absences import (
    CoverFault,
    CoverNotPossible,
    cancel,
    coming_absences,
    lead_of,
    manager_of,
    record_absence,
    standing_in,
)
from monitor.people.models import Absence, CareTeam, Role, StaffMember, TeamMembership
from tests.builders import NOW, a_staff_member, a_team

DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Staff:
    """A team with three clinicians, and whoever else comes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.team = a_team(session, covered=False)
        self.maren, self.sam, self.robin = (self.joins(name) for name in ("Maren", "Sam", "Robin"))

    def joins(self, name: str, role: Role = Role.CLINICIAN, team: CareTeam | None = None) -> StaffMember:
        return a_staff_member(self.session, team or self.team, f"{name.lower()}@example.org", name=name, role=role)

    def away(
        self, who: StaffMember, cover: StaffMember, from_at: datetime = NOW - DAY, until_at: datetime = NOW + WEEK
    ) -> Absence:
        return record_absence(self.session, who, from_at, until_at, cover, cover, NOW)

    def leaves(self, who: StaffMember) -> None:
        who.ended_at = NOW - DAY
        for each in self.session.scalars(sa.select(TeamMembership).where(TeamMembership.staff_member_id == who.id)):
            each.until_at = NOW - DAY
        self.session.flush()

    def does_the_work_of(self, who: StaffMember, at: datetime = NOW) -> UUID:
        return standing_in(self.session, who.id, at, self.team.id)


@pytest.fixture
def staff(sessions: Sessions) -> Iterator[Staff]:
    """The staff of a team, in a transaction of the test's own."""
    with unit_of_work(sessions) as session:
        yield Staff(session)


def test_whoever_is_there_does_their_own_work(staff: Staff) -> None:
    staff.away(staff.sam, staff.robin)

    assert staff.does_the_work_of(staff.maren) == staff.maren.id


@pytest.mark.parametrize(
    ("at", "is_away"), [(-1, False), (0, True), (WEEK.total_seconds() - 1, True), (WEEK.total_seconds(), False)]
)
def test_an_absence_begins_and_ends_to_the_second(staff: Staff, at: float, is_away: bool) -> None:
    staff.away(staff.maren, staff.sam, NOW, NOW + WEEK)

    does = staff.does_the_work_of(staff.maren, NOW + timedelta(seconds=at))

    assert does == (staff.sam.id if is_away else staff.maren.id)


def test_who_stands_in_may_be_away_too(staff: Staff) -> None:
    staff.away(staff.maren, staff.sam)
    staff.away(staff.sam, staff.robin)

    assert staff.does_the_work_of(staff.maren) == staff.robin.id


def test_two_who_stand_in_for_each_other_leave_the_work_to_the_lead(staff: Staff) -> None:
    lead = staff.joins("Ines", Role.SUPERVISOR)
    staff.away(staff.maren, staff.sam)
    staff.away(staff.sam, staff.maren)

    assert staff.does_the_work_of(staff.maren) == staff.does_the_work_of(staff.sam) == lead.id


def test_after_somebody_has_left_the_lead_does_their_work_and_what_they_stood_in_for(staff: Staff) -> None:
    lead = staff.joins("Ines", Role.SUPERVISOR)
    staff.away(staff.maren, staff.sam)
    staff.leaves(staff.sam)

    assert staff.does_the_work_of(staff.sam) == staff.does_the_work_of(staff.maren) == lead.id
    assert standing_in(staff.session, staff.sam.id, NOW) == lead.id, "of the team that they were in last"


def test_where_everybody_is_away_the_work_is_still_somebodys(staff: Staff) -> None:
    staff.away(staff.maren, staff.sam)
    staff.away(staff.sam, staff.robin)
    staff.away(staff.robin, staff.maren)

    assert staff.does_the_work_of(staff.sam) in {staff.maren.id, staff.sam.id, staff.robin.id}


def test_the_lead_is_the_supervisor_or_else_who_has_been_here_longest(staff: Staff) -> None:
    first = staff.session.scalars(sa.select(TeamMembership).where(TeamMembership.staff_member_id == staff.robin.id))
    first.one().from_at = NOW - 1000 * DAY
    staff.joins("Cora", Role.COORDINATOR)
    elsewhere = a_team(staff.session, "South team", covered=False)
    staff.joins("Otto", Role.SUPERVISOR, elsewhere)

    assert lead_of(staff.session, staff.team.id, NOW) == staff.robin.id
    ines = staff.joins("Ines", Role.SUPERVISOR)
    assert lead_of(staff.session, staff.team.id, NOW) == ines.id
    staff.away(ines, staff.maren)
    assert lead_of(staff.session, staff.team.id, NOW) == staff.maren.id, "who stands in for the supervisor"
    staff.leaves(ines)
    assert lead_of(staff.session, staff.team.id, NOW) == staff.robin.id


def test_the_manager_is_the_teams_own_or_else_any_of_the_service(staff: Staff) -> None:
    assert manager_of(staff.session, staff.team.id, NOW) is None
    elsewhere = a_team(staff.session, "South team", covered=False)
    any_manager = staff.joins("Mia", Role.MANAGER, elsewhere)
    assert manager_of(staff.session, staff.team.id, NOW) == any_manager.id
    own = staff.joins("Max", Role.MANAGER)
    assert manager_of(staff.session, staff.team.id, NOW) == own.id
    staff.leaves(own)
    assert manager_of(staff.session, staff.team.id, NOW) == any_manager.id


@pytest.mark.parametrize(
    ("from_at", "until_at"),
    [(NOW + DAY, NOW + DAY), (NOW + 2 * DAY, NOW + DAY), (NOW - 2 * DAY, NOW), (NOW - 2 * DAY, NOW - DAY)],
)
def test_an_absence_ends_after_it_begins_and_not_in_the_past(
    staff: Staff, from_at: datetime, until_at: datetime
) -> None:
    with pytest.raises(CoverNotPossible) as refused:
        staff.away(staff.maren, staff.sam, from_at, until_at)

    assert refused.value.fault is CoverFault.TIMES


def test_nobody_stands_in_who_cannot_do_the_work(staff: Staff) -> None:
    manager = staff.joins("Mia", Role.MANAGER)
    stranger = staff.joins("Otto", Role.CLINICIAN, a_team(staff.session, "South team", covered=False))
    gone = staff.joins("Gus")
    staff.leaves(gone)
    faults = []

    for cover in (staff.maren, manager, stranger, gone):
        with pytest.raises(CoverNotPossible) as refused:
            staff.away(staff.maren, cover)
        faults.append(refused.value.fault)

    assert faults == [
        CoverFault.SAME_PERSON,
        CoverFault.COVER_CANNOT,
        CoverFault.COVER_CANNOT,
        CoverFault.COVER_HAS_LEFT,
    ]
    assert staff.does_the_work_of(staff.maren) == staff.maren.id


def test_somebody_is_away_once_at_a_time_but_a_cancelled_absence_does_not_count(staff: Staff) -> None:
    first = staff.away(staff.maren, staff.sam, NOW + DAY, NOW + 3 * DAY)
    staff.away(staff.maren, staff.robin, NOW + 3 * DAY, NOW + 4 * DAY)

    with pytest.raises(CoverNotPossible) as refused:
        staff.away(staff.maren, staff.robin, NOW + 2 * DAY, NOW + 3 * DAY)
    assert refused.value.fault is CoverFault.OVERLAPS

    cancel(staff.session, first, staff.sam, NOW)
    cancel(staff.session, first, staff.sam, NOW + DAY)
    staff.away(staff.maren, staff.robin, NOW + 2 * DAY, NOW + 3 * DAY)
    assert first.cancelled_at == NOW
    assert staff.does_the_work_of(staff.maren, NOW + 2 * DAY) == staff.robin.id
    trail = staff.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert trail == ["absence recorded", "absence recorded", "absence cancelled", "absence recorded"]


def test_the_absences_of_a_team_are_those_that_go_on_or_are_to_come(staff: Staff) -> None:
    later = staff.away(staff.maren, staff.sam, NOW + DAY, NOW + 3 * DAY)
    now = staff.away(staff.sam, staff.robin, NOW - DAY, NOW + DAY)
    cancel(staff.session, staff.away(staff.robin, staff.sam, NOW, NOW + DAY), staff.sam, NOW)

    assert list(coming_absences(staff.session, [staff.team.id], NOW)) == [now, later]
    assert list(coming_absences(staff.session, [staff.team.id], NOW + DAY)) == [later]
    assert list(coming_absences(staff.session, [], NOW)) == []
