"""Whom texts do not reach, for staff."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from monitor.access import note_reads, viewer
from monitor.db import reading
from monitor.flags.contact_problems import contact_problems
from monitor.flags.text_counts import text_counts
from monitor.http import runtime
from monitor.people.teams import first_team

reach = Blueprint("reach", __name__)


@reach.get("/contact-problems")
def page() -> ResponseReturnValue:
    """Show one row for each patient of the viewer's teams whom texts do not reach."""
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        found = contact_problems(session, who, now=there.clock(), region=there.settings.default_region)
        team = first_team(session, who.team_ids)
        counts = text_counts(session, who, there.clock(), team.time_zone if team else "UTC")
    note_reads("viewed contact problems", "care_team", who.team_ids)
    return render_template("staff/contact_problems.html", rows=found, counts=counts)
