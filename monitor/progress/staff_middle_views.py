"""The middle step on pages: its slots and who waits; for one patient the wait, the burst and what may be done."""

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.access import note_reads, viewer
from monitor.audit import record as write_down
from monitor.care.kinds import RequestEnd
from monitor.care.middle_slots import HasASlot, NoSuchSlot, SlotTaken
from monitor.care.middle_step import (
    AlreadyWaiting,
    CannotBeAsked,
    NobodyWaits,
    ask,
    end_request,
    request_of,
)
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.scope import patient_in_scope
from monitor.checkins.closing import hold
from monitor.db import reading, unit_of_work
from monitor.errors import MonitorError
from monitor.flags.due import Reader
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.progress.middle_one import asked_in_words, middle_one, taken_in_words
from monitor.progress.middle_page import middle_page
from monitor.progress.staff_middle_forms import MiddleForm
from monitor.reviews.bursts import (
    AlreadyLengthened,
    BurstRefused,
    NoBurst,
    NotAClinician,
    begin,
    borrow,
    give_back,
    lengthen,
)

middle = Blueprint("middle", __name__)
bursting = Blueprint("bursting", __name__)

CHANGED: Mapping[type[MonitorError], str] = {
    NoSuchSlot: N_("The team has no such slot any more."),
    NobodyWaits: N_("The wait has ended meanwhile, or nobody has asked."),
    NoBurst: N_("The slot was given back or the burst ended meanwhile."),
    CannotBeAsked: N_("Their step or their care does not allow this."),
    NotAClinician: N_("A burst is lengthened by a clinician."),
}
REFUSED: tuple[type[MonitorError], ...] = (SlotTaken, HasASlot, AlreadyWaiting, AlreadyLengthened, *CHANGED)


@middle.get("/middle-step")
def page() -> ResponseReturnValue:
    """Show the slots, who has one and who waits."""
    with reading(runtime().sessions) as session:
        body = _page(session, MiddleForm(request.args))
    note_reads("viewed the middle step", "care_team", viewer().team_ids)
    return body


@middle.get("/patients/<uuid:patient_id>/middle-step")
def one(patient_id: UUID) -> ResponseReturnValue:
    """Show one patient's wait or burst."""
    with reading(runtime().sessions) as session:
        body = _one(session, patient_in_scope(session, viewer(), patient_id), MiddleForm(request.args))
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@bursting.post("/middle-step/borrow")
def lend() -> ResponseReturnValue:
    """Borrow a slot for a patient on another step, in the viewer's name."""
    there, who, form = runtime(), viewer(), MiddleForm(request.form)
    refusal = None
    with unit_of_work(there.sessions) as session:
        wanted = form.borrowing()
        if wanted is not None:
            slot_id, patient_id, until, words = wanted
            episode = patient_in_scope(session, who, patient_id)
            try:
                borrow(session, episode, slot_id, until, words, by=_member(session), now=there.clock())
            except BurstRefused as error:
                form.owes(error.owed)
            except REFUSED as error:
                refusal = _in_words(error, _reader(episode))
        if refusal or form.faults:
            write_down(session, who.actor, "viewed the middle step", "care_team", None, now=there.clock())
            return _page(session, form, refusal), 409 if refusal else 422
    flash(N_("Borrowed in your name."))
    return redirect(url_for("middle.page"), 303)


@bursting.post("/patients/<uuid:patient_id>/middle-step")
def act(patient_id: UUID) -> ResponseReturnValue:
    """Ask, end the wait, begin, lengthen or give back; or say what is owed, or who was first."""
    there, who, form = runtime(), viewer(), MiddleForm(request.form)
    refusal, done = None, None
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        do = form.one_of("do", ACTS)
        try:
            done = do(session, episode, form) if do else None
        except BurstRefused as error:
            form.owes(error.owed, error.ahead)
        except REFUSED as error:
            refusal = _in_words(error, _reader(episode))
        if refusal or form.faults or done is None:
            write_down(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _one(session, episode, form, refusal), 409 if refusal else 422
    flash(done)
    return redirect(url_for("middle.one", patient_id=patient_id), 303)


def _ask(session: Session, episode: Episode, form: MiddleForm) -> str | None:
    wanted = form.asking()
    if wanted is None:
        return None
    _hold(session, episode)
    pathway = in_force(session, episode.pathway).pathway
    ask(session, episode, *wanted, pathway=pathway, by=viewer().staff_member_id, now=runtime().clock())
    return N_("Asked for. They stand in the queue.")


def _decline(session: Session, episode: Episode, form: MiddleForm) -> str:
    _hold(session, episode)
    waits = request_of(session, episode.id)
    if waits is None:
        raise NobodyWaits("somebody has ended the wait")
    end_request(session, waits, RequestEnd.DECLINED, by=viewer().staff_member_id, now=runtime().clock())
    return N_("The wait has ended: they want something else.")


def _begin(session: Session, episode: Episode, form: MiddleForm) -> str | None:
    new = form.burst()
    if new is None:
        return None
    begin(session, episode, new, by=_member(session), now=runtime().clock())
    return N_("The burst has begun. Its contacts and its review are set.")


def _lengthen(session: Session, episode: Episode, form: MiddleForm) -> str | None:
    wanted = form.longer()
    if wanted is None:
        return None
    lengthen(session, episode, *wanted, by=_member(session), now=runtime().clock())
    return N_("Lengthened.")


def _give_back(session: Session, episode: Episode, form: MiddleForm) -> str:
    give_back(session, episode, by=_member(session), now=runtime().clock())
    return N_("Given back.")


ACTS: Mapping[str, Callable[[Session, Episode, MiddleForm], str | None]] = {
    "ask": _ask,
    "decline": _decline,
    "begin": _begin,
    "lengthen": _lengthen,
    "give_back": _give_back,
}


def _hold(session: Session, episode: Episode) -> None:
    hold(session, episode.id)
    session.refresh(episode)
    session.expire(episode, ["steps"])


def _in_words(error: MonitorError, reader: Reader) -> str:
    """Return why something was not done: who was first, and when."""
    now = runtime().clock()
    if isinstance(error, SlotTaken | HasASlot):
        return taken_in_words(error.booking, viewer().team_ids, now, reader)
    if isinstance(error, AlreadyWaiting):
        return asked_in_words(error.request, now, reader)
    if isinstance(error, AlreadyLengthened):
        when = reader.day_and_time(error.extension.at, now)
        return reader.say(
            N_("Lengthened before, by %(name)s, %(when)s."), name=error.extension.decided_by.name, when=when
        )
    return reader.say(CHANGED[type(error)])


def _page(session: Session, form: MiddleForm, refusal: str | None = None) -> str:
    there, who = runtime(), viewer()
    teams = middle_page(session, who, there.clock(), there.settings.default_region)
    return render_template("staff/middle_step.html", teams=teams, form=form, refusal=refusal)


def _one(session: Session, episode: Episode, form: MiddleForm, refusal: str | None = None) -> str:
    session.expire_all()
    shown = middle_one(session, episode, viewer().role, runtime().clock(), _reader(episode))
    return render_template("staff/middle_one.html", page=shown, form=form, refusal=refusal)


def _reader(episode: Episode) -> Reader:
    return Reader(viewer().language, runtime().settings.default_region, episode.care_team.time_zone)


def _member(session: Session) -> StaffMember:
    return session.get_one(StaffMember, viewer().staff_member_id)
