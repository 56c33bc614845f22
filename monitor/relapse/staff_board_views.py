"""The board of relapse plans: which are triggered, due, missing, drafted and agreed."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.access import note_reads, viewer
from monitor.care.staff_words import step_label
from monitor.db import reading
from monitor.flags.due import Reader
from monitor.http import runtime
from monitor.i18n import format_date
from monitor.relapse.board import Row, board
from monitor.relapse.kinds import Standing
from monitor.relapse.staff_words import standing_label

plans = Blueprint("plans", __name__)


class Line(NamedTuple):
    """One row in words. Dates that are not known are None."""

    patient_id: UUID
    name: str
    language: str
    step: str
    standing: Standing
    signs: int
    watched: int
    newer_draft: bool
    owner: str | None
    review_on: date | None
    review: str | None
    last_check_in: str | None
    next_check_in: str | None
    stepped_down: str | None


@plans.get("/plans")
def page() -> ResponseReturnValue:
    """Show one row a patient, the ones that wait for a person first."""
    there, who = runtime(), viewer()
    now = there.clock()
    with reading(there.sessions) as session:
        found = board(session, who, now, _owner())
        lanes = [
            (standing, standing_label(standing, who.language), count, [_line(row, now) for row in rows])
            for standing, count, rows in found.lanes
        ]
    note_reads("viewed plans", "care_team", who.team_ids)
    return render_template("staff/plans.html", found=found, lanes=lanes, mine=who.staff_member_id)


def _line(row: Row, now: datetime) -> Line:
    patient = row.episode.patient
    reader = Reader(viewer().language, runtime().settings.default_region, row.episode.care_team.time_zone)
    review_on = row.plan.review_on if row.plan else None
    return Line(
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        step=step_label(row.step, reader.language),
        standing=row.standing,
        signs=row.signs,
        watched=row.watched,
        newer_draft=row.newer_draft,
        owner=row.owner,
        review_on=review_on,
        review=_day(review_on, reader) if review_on else None,
        last_check_in=reader.day_and_time(row.last_check_in, now) if row.last_check_in else None,
        next_check_in=reader.day_and_time(row.next_check_in, now) if row.next_check_in else None,
        stepped_down=_day(reader.local(row.stepped_down_at).date(), reader) if row.stepped_down_at else None,
    )


def _day(on: date, reader: Reader) -> str:
    return format_date(on, reader.language, "yMMMMd", reader.region)


def _owner() -> UUID | None:
    asked = request.args.get("owner", "")
    if asked == "mine":
        return viewer().staff_member_id
    try:
        return UUID(asked)
    except ValueError:
        return None  # an unknown one shows everybody, never an empty list
