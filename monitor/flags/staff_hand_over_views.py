"""One patient is handed over to a colleague, in words that the colleague can start from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care.handing_over import CannotTakeOver, HandedOverMeanwhile, NothingToHandOver, Words, handoffs_of
from monitor.care.intake_models import Handoff
from monitor.care.kinds import HandoffReason
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags.due import Reader
from monitor.flags.handing_over import Shown, hand_over_patient, open_flags_that_go
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import CareTeam, StaffMember
from monitor.people.staff_forms import Typed
from monitor.people.teams import carers, teams_of

handing_over = Blueprint("handing_over", __name__)

LONGEST = 600
REASONS: Mapping[HandoffReason, str] = {
    HandoffReason.STEP_CHANGE: N_("The step changes"),
    HandoffReason.TEAM_CHANGE: N_("The team changes"),
    HandoffReason.LEAVE: N_("Leave or illness"),
    HandoffReason.DEPARTURE: N_("Somebody leaves the service"),
    HandoffReason.REQUEST: N_("The patient asked for it"),
    HandoffReason.CASELOAD: N_("Too many patients"),
}
QUESTIONS: Mapping[str, str] = {
    "stands": N_("Where things stand"),
    "open": N_("What is open"),
    "next": N_("What comes next"),
    "told": N_("What the patient has been told"),
}
ALREADY = N_("They are accountable already. Choose somebody else, or another team.")
CANNOT = N_("This colleague cannot take over: the login has ended, or the team is another.")
TO_WHOM = N_("Choose who takes over.")


@dataclass(frozen=True)
class Earlier:
    """A hand-over that has happened; `words` are a colleague's own."""

    at: datetime
    day: str
    who: str
    to: str
    by: str | None
    reason: str
    words: Words | None


@handing_over.get("/patients/<uuid:patient_id>/hand-over")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the form, and what was said at earlier hand-overs."""
    with reading(runtime().sessions) as session:
        body = _page(session, patient_in_scope(session, viewer(), patient_id), Typed(MultiDict()))
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@handing_over.post("/patients/<uuid:patient_id>/hand-over")
def submit(patient_id: UUID) -> ResponseReturnValue:
    """Hand the patient over with the open flags, or show what is missing or has changed."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        to = form.one_of("to", _whom(session), missing=TO_WHOM)
        reason = form.one_of("reason", {each.value: each for each in HandoffReason})
        words = Words(**{name: form.words(name, limit=LONGEST) for name in QUESTIONS})
        meanwhile = False
        if to and reason and not form.faults:
            member_id, team_id = to
            try:
                hand_over_patient(
                    session,
                    episode,
                    session.get_one(StaffMember, member_id),
                    session.get_one(CareTeam, team_id),
                    reason,
                    words,
                    session.get_one(StaffMember, who.staff_member_id),
                    there.clock(),
                    shown=Shown(_id(form.text("accountable")), _id(form.text("team"))),
                )
            except NothingToHandOver:
                form.fault("to", ALREADY)
            except CannotTakeOver:
                form.fault("to", CANNOT)
            except HandedOverMeanwhile:
                meanwhile = True
        if form.faults or meanwhile:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _page(session, episode, form, meanwhile=meanwhile), 409 if meanwhile else 422
    flash(N_("Handed over, and the open flags with it."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _page(session: Session, episode: Episode, form: Typed, *, meanwhile: bool = False) -> str:
    who, region = viewer(), runtime().settings.default_region
    reader = Reader(who.language, region, episode.care_team.time_zone)
    several = len(who.team_ids) > 1
    teams = {team.id: team.name for team in teams_of(session, who)}
    people = carers(session, who.team_ids)
    return render_template(
        "staff/hand_over.html",
        patient=episode.patient,
        episode=episode,
        flags=open_flags_that_go(session, episode),
        people=tuple(
            (_value(each.id, each.team_id), f"{each.name}, {teams[each.team_id]}" if several else each.name)
            for each in people
            if (each.id, each.team_id) != (episode.accountable_id, episode.care_team_id)
        ),
        reasons=REASONS,
        questions=QUESTIONS,
        longest=LONGEST,
        earlier=_earlier(session, episode, reader),
        meanwhile=meanwhile,
        form=form,
    )


def _whom(session: Session) -> Mapping[str, tuple[UUID, UUID]]:
    return {_value(each.id, each.team_id): (each.id, each.team_id) for each in carers(session, viewer().team_ids)}


def _value(staff_member_id: UUID, team_id: UUID) -> str:
    return f"{staff_member_id}:{team_id}"


def _earlier(session: Session, episode: Episode, reader: Reader) -> tuple[Earlier, ...]:
    found = handoffs_of(session, episode.id)
    names = {each: session.get_one(StaffMember, each).name for one in found for each in _people(one)}
    return tuple(
        Earlier(
            at=each.at,
            day=reader.date(each.at),
            who=names[each.from_id],
            to=names[each.to_id],
            by=names[each.decided_by_id] if each.decided_by_id else None,
            reason=reader.say(REASONS[each.reason]),
            words=Words.of(each),
        )
        for each in found
    )


def _people(handoff: Handoff) -> tuple[UUID, ...]:
    return tuple(each for each in (handoff.from_id, handoff.to_id, handoff.decided_by_id) if each is not None)


def _id(text: str) -> UUID | None:
    """Return the id that our own form carried; another text is of no page of ours, and matches nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
