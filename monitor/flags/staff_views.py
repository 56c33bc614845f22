"""The worklist, and what staff do with a flag."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.access import Action, OutOfScope, note_reads, viewer
from monitor.audit import record
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags import service
from monitor.flags.contact_problems import count_contact_problems
from monitor.flags.counts import counts
from monitor.flags.detail import Choice, FlagDetail, Person, colleagues, details, open_flags_of, person
from monitor.flags.due import Reader
from monitor.flags.kinds import CLOSES, AttemptOutcome, FlagKind
from monitor.flags.models import Flag
from monitor.flags.sending_news import sending_news, unsent_texts
from monitor.flags.worklist import View, flag_in_scope
from monitor.flags.worklist import worklist as load_worklist
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed

worklist = Blueprint("worklist", __name__)
flags = Blueprint("flags", __name__)

REASON_OWED = N_("Write why this settles it: what was said or done. Without a reason the flag stays open.")
OUTCOME_OWED = N_("Choose what happened.")
TO_WHOM = N_("Choose a colleague of this team.")
READ_FIRST = N_("Something new came in while this page was open. Read it first; the flag stays open.")
CLOSED_MEANWHILE = N_("Somebody has closed this flag already. What you wrote was not saved.")

Step = Callable[[Session, Flag, StaffMember, Typed], None]


@dataclass(frozen=True)
class Opened:
    """What the opened row shows."""

    person: Person
    flags: tuple[FlagDetail, ...]
    team: tuple[Choice, ...]


@worklist.get("/")
def page() -> ResponseReturnValue:
    """Show the worklist; somebody without patients sees counts, or that there is nothing here for them."""
    who, there = viewer(), runtime()
    now = there.clock()
    if request.args.get("view") == "counts" or not (who.team_ids and who.may(Action.SEE_PATIENTS)):
        return _counts()
    view = View(_whose(who.team_ids), _reason())
    with reading(there.sessions) as session:
        found = load_worklist(session, who, view, now=now, region=there.settings.default_region)
        news = sending_news(session, who, now, Reader(who.language, there.settings.default_region, found.zone))
        unreached = count_contact_problems(session, who, now)
        opened = _opened(session)
    note_reads("viewed worklist", "care_team", who.team_ids)
    if opened:
        note_reads("viewed patient", "patient", (opened.person.patient_id,))
    return render_template("staff/worklist.html", list=found, now=now, opened=opened, news=news, unreached=unreached)


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


def _step(flag_id: UUID, done: str, step: Step) -> ResponseReturnValue:
    """Do one thing to a flag and go back to where the form stood; with faults, show the flag and all that was typed."""
    who, there, form = viewer(), runtime(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        flag = flag_in_scope(session, who, flag_id)
        try:
            step(session, flag, session.get_one(StaffMember, who.staff_member_id), form)
        except service.FlagClosed:
            form.fault("outcome", CLOSED_MEANWHILE)
        if form.faults:
            return _flag_page(session, flag, form), 422
    flash(done)
    return redirect(_back(form, flag.patient_id), 303)


def _seen(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> None:
    service.mark_seen(session, flag, staff_member, runtime().clock())


def _attempt(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> None:
    outcome = form.one_of("outcome", {each.value: each for each in AttemptOutcome}, missing=OUTCOME_OWED)
    words = form.maybe("reason")
    if outcome and not form.faults:
        service.record_attempt(session, flag, staff_member, outcome, words or "", runtime().clock())


def _close(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> None:
    outcome = form.one_of("outcome", {each.value: each for each in CLOSES[flag.kind]}, missing=OUTCOME_OWED)
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


def _hand_over(session: Session, flag: Flag, staff_member: StaffMember, form: Typed) -> None:
    team = {each.value: UUID(each.value) for each in colleagues(session, flag.episode.care_team_id, viewer())}
    to = form.one_of("to", team, missing=TO_WHOM)
    words = form.maybe("words")
    if to and not form.faults:
        service.hand_over(session, flag, staff_member, session.get_one(StaffMember, to), words or "", runtime().clock())


def _flag_page(session: Session, flag: Flag, form: Typed) -> str:
    """Show one flag with its form as it was typed."""
    there = runtime()
    record(session, viewer().actor, "viewed patient", "patient", flag.patient_id, now=there.clock())
    reader = Reader(viewer().language, there.settings.default_region, flag.episode.care_team.time_zone)
    return render_template(
        "staff/flag.html",
        flag=details(session, [flag], there.clock(), reader)[0],
        form=form,
        team=colleagues(session, flag.episode.care_team_id, viewer()),
        person=person(flag.patient, viewer().language),
    )


def _opened(session: Session) -> Opened | None:
    """Return what the opened row shows; a patient out of scope is out of scope here too."""
    asked = request.args.get("open")
    if not asked:
        return None
    try:
        patient_id = UUID(asked)
    except ValueError:
        raise OutOfScope("patient", None) from None
    there = runtime()
    episode = patient_in_scope(session, viewer(), patient_id)
    reader = Reader(viewer().language, there.settings.default_region, episode.care_team.time_zone)
    return Opened(
        person(episode.patient, viewer().language),
        details(session, open_flags_of(session, episode), there.clock(), reader),
        colleagues(session, episode.care_team_id, viewer()),
    )


def _whose(team_ids: tuple[UUID, ...]) -> str:
    """Return the view that is asked for; an unknown one shows everybody, never an empty list."""
    asked = request.args.get("view", "all")
    return asked if asked in ("mine", *map(str, team_ids)) else "all"


def _reason() -> FlagKind | None:
    asked = request.args.get("reason")
    return FlagKind(asked) if asked in set(FlagKind) else None


def _counts() -> ResponseReturnValue:
    there, now = runtime(), runtime().clock()
    rows = unsent = None
    if viewer().may(Action.SEE_COUNTS):
        with reading(there.sessions) as session:
            rows = counts(session, now)
            unsent = unsent_texts(session, now, Reader(viewer().language, there.settings.default_region, "UTC"))
    return render_template("staff/counts.html", rows=rows, unsent=unsent, now=now)


def _back(form: Typed, patient_id: UUID) -> str:
    """Return where the form stood; only our own pages, and never an address that was sent to us."""
    if form.text("back") == "patient":
        return url_for("record.page", patient_id=patient_id)
    view, reason = form.text("view") or None, form.text("in_reason") or None
    return url_for("worklist.page", view=view, reason=reason)
