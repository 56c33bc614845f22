"""One flag on a page of its own, and what staff do with it."""

from collections.abc import Callable
from datetime import datetime, time
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags import service
from monitor.flags.beside import beside
from monitor.flags.detail import details
from monitor.flags.due import Reader
from monitor.flags.kinds import DECLINABLE, AttemptOutcome
from monitor.flags.last_answers import last_answers
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.taking import CAN_BE_UNDONE
from monitor.flags.whom import colleagues, person
from monitor.flags.worklist import flag_in_scope, flags_in_scope
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_utc
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed

one_flag = Blueprint("flag", __name__)
flags = Blueprint("flags", __name__)

REASON_OWED = N_("Write why this settles it: what was said or done. Without a reason the flag stays open.")
OUTCOME_OWED = N_("Choose what happened.")
TO_WHOM = N_("Choose a colleague of this team.")
READ_FIRST = N_("Something new came in while this page was open. Read it first; the flag stays open.")
WHY_LATER = N_("Write why it can wait. Without a reason it stays where it is.")
UNTIL_WHEN = N_("Choose the day on which it comes back: after today, and not later than the form offers.")
TOO_LATE = N_("This cannot be undone any more: somebody has done something since, or ten minutes are over.")
WORDS_OWED = N_("Write what they said. Nothing was written down.")
TICK_FIRST = N_("Nobody was ticked, so nothing was written down.")
MOST_AT_ONCE = 100

Step = Callable[[Session, Flag, StaffMember, Typed], FlagEvent | None]


@one_flag.get("/flags/<uuid:flag_id>")
def page(flag_id: UUID) -> ResponseReturnValue:
    """Show one flag: why, what was tried, the last answers, and what may be done."""
    there = runtime()
    with reading(there.sessions) as session:
        flag = flag_in_scope(session, viewer(), flag_id)
        patient_id, body = flag.patient_id, _flag_page(session, flag, None)
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@flags.post("/flags/<uuid:flag_id>/seen")
def seen(flag_id: UUID) -> ResponseReturnValue:
    """Note that the viewer has read why."""
    return _step(flag_id, N_("Marked as seen."), _seen)


@flags.post("/flags/<uuid:flag_id>/attempt")
def attempt(flag_id: UUID) -> ResponseReturnValue:
    """Record what was tried; the flag stays open."""
    return _step(flag_id, N_("Recorded. The flag stays open."), _attempt)


@flags.post("/flags/<uuid:flag_id>/close")
def close(flag_id: UUID) -> ResponseReturnValue:
    """Close a flag with an outcome and a reason."""
    return _step(flag_id, N_("Closed."), _close)


@flags.post("/flags/<uuid:flag_id>/hand-over")
def hand_over(flag_id: UUID) -> ResponseReturnValue:
    """Give a flag to a colleague of the same team."""
    return _step(flag_id, N_("Handed over. It stays open with its new owner."), _hand_over)


@flags.post("/flags/<uuid:flag_id>/take")
def take(flag_id: UUID) -> ResponseReturnValue:
    """Make the viewer the owner of a flag."""
    return _step(flag_id, N_("It is yours now."), _take)


@flags.post("/flags/<uuid:flag_id>/snooze")
def snooze(flag_id: UUID) -> ResponseReturnValue:
    """Set a flag aside until a day, with a reason."""
    return _step(flag_id, N_("Set aside. It comes back on that day, or with the next answer that raises it."), _snooze)


@flags.post("/flags/<uuid:flag_id>/undo")
def undo(flag_id: UUID) -> ResponseReturnValue:
    """Take back the last thing that the viewer did to a flag."""
    return _step(flag_id, N_("Undone."), _undo)


@flags.post("/patients/<uuid:patient_id>/contact-again")
def contact_again(patient_id: UUID) -> ResponseReturnValue:
    """Write down that a patient wants contact again on a topic that they had declined."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    topic = form.one_of("topic", {each.value: each for each in DECLINABLE})
    words = form.words("words")
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        if topic is not None and not form.faults:
            by = session.get_one(StaffMember, who.staff_member_id)
            service.withdraw_decline(session, episode, topic, by, words, there.clock())
    flash(WORDS_OWED if form.faults else N_("Written down. Flags about it are opened again."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


@flags.post("/flags/attempts")
def attempts() -> ResponseReturnValue:
    """Record the same try for several patients with missed check-ins."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    outcome = form.one_of("outcome", {each.value: each for each in AttemptOutcome})
    ids = [_id(text) for text in request.form.getlist("flag")][:MOST_AT_ONCE]
    if outcome is None or not ids:
        flash(OUTCOME_OWED if ids else TICK_FIRST)
        return redirect(_back(form, None), 303)
    with unit_of_work(there.sessions) as session:
        chosen = flags_in_scope(session, who, ids)
        member = session.get_one(StaffMember, who.staff_member_id)
        try:
            closed = service.bulk_attempt(session, chosen, member, outcome, "", there.clock())
        except service.NotInBulk:
            raise OutOfScope("flag", None) from None
    flash(f"{len(chosen) - len(closed)} {len(closed)}", "bulk")
    return redirect(_back(form, None), 303)


def _step(flag_id: UUID, done: str, step: Step) -> ResponseReturnValue:
    """Do one thing to a flag and go back to where the form stood; with faults, show the flag and all that was typed."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        flag = flag_in_scope(session, who, flag_id)
        try:
            event = step(session, flag, session.get_one(StaffMember, who.staff_member_id), form)
        except service.FlagClosed:
            record(session, who.actor, "viewed patient", "patient", flag.patient_id, now=there.clock())
            return _flag_page(session, flag, form), 409
        if form.faults:
            record(session, who.actor, "viewed patient", "patient", flag.patient_id, now=there.clock())
            return _flag_page(session, flag, form), 422
        session.flush()
        if event is not None and event.kind in CAN_BE_UNDONE:
            flash(f"{flag_id} {event.id}", "undo")
    flash(done)
    return redirect(_back(form, flag.patient_id), 303)


def _seen(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    return service.mark_seen(session, flag, staff_member, runtime().clock())


def _take(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    return service.take(session, flag, staff_member, runtime().clock())


def _attempt(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    outcome = form.one_of("outcome", {each.value: each for each in AttemptOutcome}, missing=OUTCOME_OWED)
    words = form.maybe("reason")
    if outcome is None or form.faults:
        return None
    return service.record_attempt(session, flag, staff_member, outcome, words or "", runtime().clock())


def _close(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> None:
    allowed = {each.value: each for each in service.closings(session, flag)}
    outcome = form.one_of("outcome", allowed, missing=OUTCOME_OWED)
    reason = form.words("reason", missing=REASON_OWED)
    if outcome and not form.faults:
        try:
            service.close(
                session, flag, staff_member, outcome, reason, runtime().clock(), read_to=_moment(form.text("read_to"))
            )
        except service.EvidenceSince:
            form.fault("outcome", READ_FIRST)


def _moment(text: str) -> datetime | None:
    """Return the moment that our own form carried; a form without one was sent by no page of ours, and says nothing."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _hand_over(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    team = {each.value: UUID(each.value) for each in colleagues(session, flag.episode.care_team_id, viewer())}
    to = form.one_of("to", team, missing=TO_WHOM)
    words = form.maybe("words")
    if to is None or form.faults:
        return None
    taker = session.get_one(StaffMember, to)
    return service.hand_over(session, flag, staff_member, taker, words or "", runtime().clock())


def _snooze(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    until, now = form.day("until", missing=UNTIL_WHEN), runtime().clock()
    morning = to_utc(until, time(), flag.episode.care_team.time_zone) if until else None
    if morning and not service.may_sleep_until(session, flag, morning, now):
        form.fault("until", UNTIL_WHEN)
    why = form.words("why", missing=WHY_LATER)
    if morning is None or form.faults:
        return None
    try:
        return service.snooze(session, flag, staff_member, morning, why, now)
    except service.SnoozeNotAllowed:
        form.fault("until", UNTIL_WHEN)
        return None


def _undo(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> FlagEvent | None:
    try:
        return service.undo(session, flag, staff_member, _id(form.text("event")), runtime().clock())
    except service.UndoNotAllowed:
        form.fault("outcome", TOO_LATE)
        return None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise OutOfScope("flag", None) from None


def _flag_page(session: Session, flag: Flag, form: Typed | None) -> str:
    """Show one flag, with its form as it was typed where something was wrong with it."""
    there, who = runtime(), viewer()
    reader = Reader(who.language, there.settings.default_region, flag.episode.care_team.time_zone)
    now = there.clock()
    return render_template(
        "staff/flag.html",
        flag=details(session, [flag], now, reader, who.staff_member_id)[0],
        answers=last_answers(session, flag.episode, now, reader),
        beside=beside(session, flag, reader),
        form=form,
        team=colleagues(session, flag.episode.care_team_id, who),
        person=person(session, flag.patient, who.language),
    )


def _back(form: Typed, patient_id: UUID | None) -> str:
    """Return where the form stood; only our own pages, and never an address that was sent to us."""
    if form.text("back") == "patient" and patient_id:
        return url_for("record.page", patient_id=patient_id)
    view, reason = form.text("view") or None, form.text("in_reason") or None
    lane, after = form.text("lane") or None, form.text("after") or None
    anchor = f"p-{patient_id}" if patient_id else None
    return url_for("worklist.page", view=view, reason=reason, lane=lane, after=after, _anchor=anchor)
