"""The viewer's teams: who works there, what waits, who is away and who stands in, and whom nobody sees to."""

from datetime import date, datetime, time
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record
from monitor.db import reading, unit_of_work
from monitor.flags.team import team_page
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_utc
from monitor.people import absences
from monitor.people.absences import CoverFault, CoverNotPossible
from monitor.people.models import Absence, CareTeam, StaffMember
from monitor.people.staff_forms import Typed
from monitor.people.teams import carers

team = Blueprint("team", __name__)
absent = Blueprint("absent", __name__)

FAULTS: dict[CoverFault, tuple[str, str]] = {
    CoverFault.TIMES: ("until", N_("This must be a day to come, and after the first day away.")),
    CoverFault.SAME_PERSON: ("cover", N_("Choose somebody else than the person who is away.")),
    CoverFault.OVERLAPS: ("from", N_("They are away at that time already. Cancel that absence first.")),
    CoverFault.COVER_HAS_LEFT: ("cover", N_("This login has ended. Choose somebody else.")),
    CoverFault.COVER_CANNOT: ("cover", N_("Whoever stands in must work in each of the same teams.")),
}


@team.get("/team")
def page() -> ResponseReturnValue:
    """Show the viewer's teams."""
    with reading(runtime().sessions) as session:
        body = _page(session, Typed(MultiDict()))
    note_reads("viewed team", "care_team", viewer().team_ids)
    return body


@absent.post("/team/absences")
def add() -> ResponseReturnValue:
    """Record that a colleague is away, and who stands in."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        people = {str(each.id): each.id for each in carers(session, who.team_ids)}
        away, cover = form.one_of("who", people), form.one_of("cover", people)
        first, back = form.day("from"), form.day("until")
        if away and cover and first and back:
            _record(session, form, away, cover, _midnight(session, away, first), _midnight(session, away, back))
        if form.faults:
            for team_id in who.team_ids:
                record(session, who.actor, "viewed team", "care_team", team_id, now=there.clock())
            return _page(session, form), 422
    flash(N_("Recorded. Flags that fall due meanwhile go to whoever stands in."))
    return redirect(url_for("team.page"), 303)


@absent.post("/team/absences/<uuid:absence_id>/cancel")
def cancel(absence_id: UUID) -> ResponseReturnValue:
    """Take an absence back, or end one that has begun."""
    there, who = runtime(), viewer()
    with unit_of_work(there.sessions) as session:
        found = session.get(Absence, absence_id)
        if found is None or found.staff_member_id not in {each.id for each in carers(session, who.team_ids)}:
            raise OutOfScope("absence", absence_id)
        absences.cancel(session, found, session.get_one(StaffMember, who.staff_member_id), there.clock())
    flash(N_("Cancelled. What was handed over meanwhile stays where it is."))
    return redirect(url_for("team.page"), 303)


def _record(session: Session, form: Typed, away: UUID, cover: UUID, from_at: datetime, until_at: datetime) -> None:
    member, stand_in, by = (session.get_one(StaffMember, each) for each in (away, cover, viewer().staff_member_id))
    try:
        absences.record_absence(session, member, from_at, until_at, stand_in, by, runtime().clock())
    except CoverNotPossible as error:
        form.fault(*FAULTS[error.fault])


def _midnight(session: Session, staff_member_id: UUID, on: date) -> datetime:
    """Return the moment at which a day begins where somebody works."""
    mine = viewer().team_ids
    team_id = next(each.team_id for each in carers(session, mine) if each.id == staff_member_id)
    return to_utc(on, time.min, session.get_one(CareTeam, team_id).time_zone)


def _page(session: Session, form: Typed) -> str:
    there, who = runtime(), viewer()
    people = {str(each.id): each.name for each in carers(session, who.team_ids)}
    return render_template(
        "staff/team.html",
        page=team_page(session, who, there.clock(), there.settings.default_region),
        people=tuple(people.items()),
        form=form,
    )
