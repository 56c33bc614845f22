"""What the rules cost and bring, for those who answer for them."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.access import viewer
from monitor.db import reading
from monitor.flags.kinds import Rule
from monitor.flags.load import load
from monitor.flags.words import rule_line
from monitor.http import runtime

loading = Blueprint("load", __name__)

PERIODS = (28, 90)


@loading.get("/load")
def page() -> ResponseReturnValue:
    """Show the load of the whole service over the last 28 or 90 days. No patient is named, so no look is noted."""
    there = runtime()
    days = PERIODS[1] if request.args.get("days") == str(PERIODS[1]) else PERIODS[0]
    with reading(there.sessions) as session:
        found = load(session, there.clock(), days)
    return render_template(
        "staff/load.html",
        load=found,
        days=days,
        periods=PERIODS,
        names={each.rule: _name_and_source(each.rule) for each in found.rules},
    )


def _name_and_source(rule: Rule) -> tuple[str, str]:
    name, stop, source = rule_line(rule, viewer().language).partition(". ")
    return name + stop.strip(), source
