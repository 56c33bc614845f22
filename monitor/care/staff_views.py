"""Finding a patient of one's own teams."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.access import note_reads, viewer
from monitor.care.finding import SHOWN, find
from monitor.db import reading
from monitor.http import runtime

finding = Blueprint("finding", __name__)


@finding.get("/find")
def page() -> ResponseReturnValue:
    """Search for what stands in the address; our own form posts, since a name does not belong in one."""
    return _answer(request.args.get("q", ""))


@finding.post("/find")
def search() -> ResponseReturnValue:
    """Search for what was typed."""
    return _answer(request.form.get("q", ""))


def _answer(typed: str) -> ResponseReturnValue:
    wanted, who = typed.strip(), viewer()
    if not wanted:
        return render_template("staff/find.html", wanted="", found=())
    with reading(runtime().sessions) as session:
        found = find(session, who, wanted, who.language)
    note_reads("searched patients", "care_team", who.team_ids)
    return render_template("staff/find.html", wanted=wanted, found=found, limit=SHOWN)
