"""Reviews for staff: which are overdue, which come next, and the page on which one is decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import note_reads, viewer
from monitor.audit import record as write_down
from monitor.care.kinds import DeviationReason, Preference, Step
from monitor.care.models import CloseReason, Episode
from monitor.care.scope import patient_in_scope
from monitor.care.staff_words import step_label
from monitor.db import reading, unit_of_work
from monitor.flags.due import Due, Reader, due
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed
from monitor.people.teams import teams_of
from monitor.progress.review_page import HeldReview, change_in_words, held_in_words, review_page
from monitor.relapse.kinds import Guardrail
from monitor.reviews.kinds import CHANGES_STEP, Decision, Lack
from monitor.reviews.listing import Filter, Upcoming, listing
from monitor.reviews.seen import Seen
from monitor.reviews.service import DecisionRefused, FactsChanged, ReviewTaken, Wanted, decide
from monitor.reviews.words import kind_label

reviews = Blueprint("reviews", __name__)
reviewing = Blueprint("reviewing", __name__)

DECISION_OWED = N_("Choose what is decided.")
OWED: Mapping[Lack, tuple[str, str]] = {
    Lack.WORDS: ("words", N_("Write at least a sentence: why this, in your own words.")),
    Lack.DEVIATION_REASON: ("deviation", N_("Choose why you depart from what the criteria propose.")),
    Lack.TO_STEP: ("decision", N_("The pathway has no such step in that direction.")),
    Lack.NEXT_REVIEW: ("next_review", N_("Choose the date of the next review. It is never left open.")),
    Lack.NEXT_REVIEW_NOT_AHEAD: ("next_review", N_("Choose a date after today.")),
    Lack.NEXT_REVIEW_TOO_LATE: ("next_review", N_("Choose an earlier date: %(date)s at the latest.")),
    Lack.CLOSE_REASON: ("decision", N_("Choose why care ends.")),
    Lack.SAFETY_FLAG_OPEN: ("decision", N_("A safety answer is still open. Settle it first; then care can end.")),
    Lack.GUARDRAILS: ("decision", N_("Guardrails are missing. They are named at the top, each with a link.")),
    Lack.CARE_HAS_ENDED: ("decision", N_("Care has ended, so there is nothing to decide.")),
}


class Row(NamedTuple):
    """One review of the list in words."""

    patient_id: UUID
    name: str
    language: str
    step: str
    kind: str
    owner: str | None
    due: Due


class Refusal(NamedTuple):
    """Why a decision was not taken: somebody else's, what is new since the page was opened, or missing guardrails."""

    taken: HeldReview | None = None
    changed: tuple[str, ...] = ()
    missing: tuple[Guardrail, ...] = ()


@reviews.get("/reviews")
def page() -> ResponseReturnValue:
    """List the reviews that are overdue and those of the week, by owner and step."""
    there, who = runtime(), viewer()
    now = there.clock()
    with reading(there.sessions) as session:
        found = listing(session, who, Filter(_owner(), _step()), now)
        teams = teams_of(session, who)
        zone = teams[0].zone if teams else "UTC"
        lanes = [
            ("breached", [_row(each, now, who.language) for each in found.breached]),
            ("week", [_row(each, now, who.language) for each in found.this_week]),
        ]
    note_reads("viewed reviews", "care_team", who.team_ids)
    return render_template(
        "staff/reviews.html",
        found=found,
        lanes=lanes,
        next_day=_reader(zone).date(found.next_at, "EEEEdMMMM") if found.next_at else None,
        step_name=lambda step: step_label(step, who.language),
    )


@reviewing.get("/patients/<uuid:patient_id>/review", endpoint="page")
def one(patient_id: UUID) -> ResponseReturnValue:
    """Show what is known and what may be decided."""
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        chosen = Typed(MultiDict({"decision": request.args.get("decision", "")}))
        body = _shown(session, patient_in_scope(session, who, patient_id), chosen)
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@reviewing.post("/patients/<uuid:patient_id>/review")
def held(patient_id: UUID) -> ResponseReturnValue:
    """Decide; or say who has decided meanwhile, what is new, or what is owed."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    wanted = _wanted(form)
    refusal, latest = None, None
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        reader = _reader(episode.care_team.time_zone)
        member = session.get_one(StaffMember, who.staff_member_id)
        try:
            if wanted is not None and not form.faults:
                read_to = Seen.from_text(form.text("read_to"))
                decide(session, episode.id, wanted, by=member, now=there.clock(), read_to=read_to)
        except ReviewTaken as error:
            refusal = Refusal(taken=held_in_words(error.review, there.clock(), reader))
        except FactsChanged as error:
            refusal = Refusal(changed=tuple(change_in_words(each, there.clock(), reader) for each in error.changed))
        except DecisionRefused as error:
            latest, refusal = error.latest, Refusal(missing=error.missing)
            for lack in error.lacks:
                field, message = OWED[lack]
                form.fault(field, message, date=latest.isoformat() if latest else "")
        if refusal or form.faults:
            write_down(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _shown(session, episode, form, refusal), 422 if form.faults else 409
    flash(N_("Decided. The next date stands, and what waited for the review is closed."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _wanted(form: Typed) -> Wanted | None:
    """Read what a person decides; what it owes is the service's to say."""
    name, _, target = form.text("decision").partition(":")
    if name not in set(Decision):
        form.fault("decision", DECISION_OWED)
    deviations = {"": None, **{each.value: each for each in DeviationReason}}
    deviation = form.one_of("deviation", deviations)
    preference = form.one_of("preference", {each.value: each for each in Preference})
    words, on = form.maybe("words") or "", form.day("next_review", missing=None)
    if form.faults or preference is None:
        return None
    decision = Decision(name)
    return Wanted(
        decision=decision,
        words=words,
        to_step=Step(target) if decision in CHANGES_STEP and target in set(Step) else None,
        next_review_on=on,
        deviation_reason=deviation,
        preference=preference,
        understood=form.ticked("understood"),
        close_reason=CloseReason(target) if decision is Decision.DISCHARGE and target in set(CloseReason) else None,
    )


def _shown(session: Session, episode: Episode, form: Typed, refusal: Refusal | None = None) -> str:
    there, who = runtime(), viewer()
    reader = _reader(episode.care_team.time_zone)
    session.expire_all()
    shown = review_page(session, patient_in_scope(session, who, episode.patient_id), there.clock(), reader)
    return render_template("staff/review.html", page=shown, form=form, refusal=refusal)


def _row(each: Upcoming, now: datetime, language: str) -> Row:
    episode = each.episode
    return Row(
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        step=step_label(each.step, language),
        kind=kind_label(each.kind, language),
        owner=episode.accountable.name if episode.accountable else None,
        due=_countdown(each.at, now, _reader(episode.care_team.time_zone)),
    )


def _countdown(at: datetime, now: datetime, reader: Reader) -> Due:
    """Return the clock of a review: on the days before it, how many are left."""
    clock, days = due(at, now, reader), (reader.local(at).date() - reader.local(now).date()).days
    return (
        replace(clock, second=reader.ngettext("%(count)s day left", "%(count)s days left", days)) if days > 0 else clock
    )


def _reader(zone: str) -> Reader:
    return Reader(viewer().language, runtime().settings.default_region, zone)


def _owner() -> UUID | None:
    asked = request.args.get("owner", "")
    if asked == "mine":
        return viewer().staff_member_id
    try:
        return UUID(asked)
    except ValueError:
        return None  # an unknown one shows everybody, never an empty list


def _step() -> Step | None:
    asked = request.args.get("step", "")
    return Step(asked) if asked in set(Step) else None
