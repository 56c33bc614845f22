"""Somebody rings who has stepped down: they come back, or they notice a sign of their plan. Staff write it down."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags.due import Reader
from monitor.flags.kinds import AttemptOutcome, FlagKind
from monitor.flags.reviewed import open_flag
from monitor.flags.service import record_attempt
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed
from monitor.relapse.kinds import How
from monitor.relapse.reentry import NotSteppedDown, come_back
from monitor.relapse.returning import returning
from monitor.relapse.watching import NotTheirSign, notice_sign

coming_back = Blueprint("coming_back", __name__)

WHO_OWED = N_("Write who called and what they said. Without that nothing is written down.")
NOT_THEIR_SIGN = N_("The plan has changed since this page was opened. Tick the signs again.")
NOT_NOW = N_("They have not stepped down, or came back meanwhile. Nothing was written down.")


@coming_back.get("/patients/<uuid:patient_id>/coming-back")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the way back of a patient who has stepped down, before anybody takes it."""
    there = runtime()
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        body = _page(session, episode, Typed(MultiDict()), there.clock())
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@coming_back.post("/patients/<uuid:patient_id>/coming-back")
def take(patient_id: UUID) -> ResponseReturnValue:
    """Write down that they asked to come back: the step, the review, the check-ins and the flag follow at once."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    words, now = form.words("words", missing=WHO_OWED), there.clock()
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        if form.faults:
            return _faulty(session, episode, form, now), 422
        try:
            come_back(session, episode, How.CALL, now=now, taken_by=who.staff_member_id, words=words)
        except NotSteppedDown:
            flash(NOT_NOW)
    return redirect(url_for("record.page", patient_id=patient_id, returned=1), 303)


@coming_back.post("/patients/<uuid:patient_id>/noticed-sign")
def notice(patient_id: UUID) -> ResponseReturnValue:
    """Write down that they named a sign of their plan in a call; the words stand with the flag as a talk together."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    said, now = form.words("said", missing=WHO_OWED), there.clock()
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        signs = _ids(request.form.getlist("sign"))
        if signs is None:
            form.fault("said", NOT_THEIR_SIGN)
        if form.faults or signs is None:
            return _faulty(session, episode, form, now), 422
        try:
            is_noticed = notice_sign(session, episode, now, by="call", signs=signs, taken_by=who.staff_member_id)
        except NotTheirSign:
            form.fault("said", NOT_THEIR_SIGN)
            return _faulty(session, episode, form, now), 422
        flag = open_flag(session, episode, FlagKind.RELAPSE_SIGNAL)
        if is_noticed and flag is not None:
            by = session.get_one(StaffMember, who.staff_member_id)
            record_attempt(session, flag, by, AttemptOutcome.SPOKE_NOT_SETTLED, said, now)
        flash(N_("Written down. The flag stays open.") if is_noticed else NOT_NOW)
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _ids(typed: list[str]) -> tuple[UUID, ...] | None:
    """Return the ids of the ticked signs; None for what no page of ours sends."""
    try:
        return tuple(UUID(each) for each in typed)
    except ValueError:
        return None


def _faulty(session: Session, episode: Episode, form: Typed, now: datetime) -> str:
    """Show the forms again with what was typed and what is owed."""
    record(session, viewer().actor, "viewed patient", "patient", episode.patient_id, now=now)
    return _page(session, episode, form, now)


def _page(session: Session, episode: Episode, form: Typed, now: datetime) -> str:
    settings = runtime().settings
    reader = Reader(viewer().language, settings.default_region, episode.care_team.time_zone)
    return render_template(
        "staff/coming_back.html",
        back=returning(session, episode, now, reader),
        form=form,
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        spoken=episode.patient.language,
    )
