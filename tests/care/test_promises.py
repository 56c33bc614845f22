"""What a team can keep, as its calendar and its people stand."""

from datetime import time

import pytest
import sqlalchemy as sa

from monitor.access import Viewer
from monitor.care.promises import has_cover
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people import roster
from monitor.people.models import SafetyCover
from monitor.people.roster import UnknownStaffMember
from monitor.people.teams import teams_of
from tests.builders import NOW, a_staff_member, a_team


def test_a_team_is_covered_by_a_person_who_still_works_here(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        team = a_team(session, covered=False)
        member = a_staff_member(session, team)
        assert not has_cover(session, team)
        roster.set_cover(session, team.name, member.email, weekdays=(0, 1), opens=time(9), closes=time(17), now=NOW)
        assert has_cover(session, team)

        roster.end_staff_member(session, member.email, now=NOW)
        session.flush()

        assert session.scalar(sa.select(sa.func.count()).select_from(SafetyCover)) == 2
        assert not has_cover(session, team)
        viewer = Viewer(member.id, new_id(), member.role, (team.id,), "en", "Maren Okafor", "token")
        assert [each.covered for each in teams_of(session, viewer)] == [False]
        with pytest.raises(UnknownStaffMember, match="has ended"):
            roster.set_cover(session, team.name, member.email, weekdays=(2,), opens=time(9), closes=time(17), now=NOW)
