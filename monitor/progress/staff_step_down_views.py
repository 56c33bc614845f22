"""The page before help becomes less, what people do about its guardrails, and the way on to the review."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record as write_down
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags.due import Reader
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed
from monitor.progress.step_down_page import StepDownPage, step_down_page
from monitor.relapse.guardrail_words import FAULTS
from monitor.relapse.guardrails import ActFault, ActRefused, confirm, countersign, let_go, withdraw
from monitor.relapse.kinds import Guardrail

step_down = Blueprint("step_down", __name__)
guarding = Blueprint("guarding", __name__)

BESIDE: Mapping[ActFault, str] = {ActFault.DATE: "on_date", ActFault.DATE_AHEAD: "on_date"}
"""The field beside which a fault stands; any other stands by the words."""
CHOOSE_WHAT = N_("Choose what you record.")
ENDS = "end"


@step_down.get("/patients/<uuid:patient_id>/step-down")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the eleven guardrails and what the answers say of stability."""
    with reading(runtime().sessions) as session:
        body = _shown(session, patient_in_scope(session, viewer(), patient_id))
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@guarding.post("/patients/<uuid:patient_id>/step-down")
def ask(patient_id: UUID) -> ResponseReturnValue:
    """Lead on to the review with the step-down chosen, or name every guardrail that is missing."""
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        shown = _page(session, episode)
        if not shown.decision or not shown.is_open or shown.standing < len(shown.rows):
            _note(session, patient_id)
            return render_template("staff/step_down.html", page=shown, form=Typed(MultiDict()), was_asked=True), 422
    return redirect(url_for("reviewing.page", patient_id=patient_id, decision=shown.decision), 303)


@guarding.post("/patients/<uuid:patient_id>/step-down/<guardrail>")
def act(patient_id: UUID, guardrail: str) -> ResponseReturnValue:
    """Confirm a guardrail, let it go with a reason, sign for that, or take it back."""
    if guardrail not in set(Guardrail):
        raise OutOfScope("guardrail", None)
    form = Typed(request.form)
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        refused = _act(session, episode, Guardrail(guardrail), form)
        if refused is not None or form.faults:
            _note(session, patient_id)
            body = _shown(session, episode, form, at=guardrail, newest=_last_act(refused, episode))
            is_stale = refused is not None and refused.fault is ActFault.NOTHING_TO_SIGN
            return body, 409 if is_stale else 422
    flash(N_("Recorded."))
    return redirect(url_for("step_down.page", patient_id=patient_id, to=_to() or None, _anchor=guardrail), 303)


def _act(session: Session, episode: Episode, guardrail: Guardrail, form: Typed) -> ActRefused | None:
    """Do what the form says; note what is wrong with it beside its field."""
    now, by = runtime().clock(), session.get_one(StaffMember, viewer().staff_member_id)
    words, on_date = form.maybe("words") or "", form.day("on_date", missing=None)
    does = form.text("do")
    if form.faults:
        return None
    try:
        match does:
            case "confirm":
                confirm(session, episode, guardrail, words, by=by, now=now, on_date=on_date)
            case "let_go":
                let_go(session, episode, guardrail, words, by=by, now=now)
            case "sign" if (exception := _id(form.text("exception"))) is not None:
                countersign(session, episode, guardrail, exception, by=by, now=now)
            case "take_back":
                withdraw(session, episode, guardrail, by=by, now=now, words=words)
            case _:
                form.fault("words", CHOOSE_WHAT)
    except ActRefused as refused:
        form.fault(BESIDE.get(refused.fault, "words"), FAULTS[refused.fault])
        return refused
    return None


def _last_act(refused: ActRefused | None, episode: Episode) -> tuple[str, str] | None:
    """Return who did the last thing about a guardrail, and when, for somebody who came too late."""
    if refused is None or refused.newest is None:
        return None
    newest, reader = refused.newest, _reader(episode)
    return newest.staff_member.name, reader.day_and_time(newest.at, runtime().clock())


def _shown(
    session: Session,
    episode: Episode,
    form: Typed | None = None,
    *,
    at: str | None = None,
    newest: tuple[str, str] | None = None,
) -> str:
    form = form or Typed(MultiDict())
    return render_template(
        "staff/step_down.html", page=_page(session, episode), form=form, at=at, newest=newest, was_asked=False
    )


def _page(session: Session, episode: Episode) -> StepDownPage:
    return step_down_page(session, episode, viewer(), runtime().clock(), _reader(episode), care_ends=_to() == ENDS)


def _reader(episode: Episode) -> Reader:
    return Reader(viewer().language, runtime().settings.default_region, episode.care_team.time_zone)


def _to() -> str:
    """Return whether the page is about the end of care: `end`, or nothing for a lighter step."""
    return ENDS if request.values.get("to") == ENDS else ""


def _note(session: Session, patient_id: UUID) -> None:
    write_down(session, viewer().actor, "viewed patient", "patient", patient_id, now=runtime().clock())


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
