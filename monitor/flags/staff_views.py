"""The worklist."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.access import Action, OutOfScope, note_reads, viewer
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags import notices
from monitor.flags.beside import beside
from monitor.flags.coming import coming
from monitor.flags.contact_problems import count_contact_problems
from monitor.flags.counts import counts
from monitor.flags.detail import FlagDetail, details, open_flags_of
from monitor.flags.due import Reader
from monitor.flags.kinds import AttemptOutcome, FlagKind
from monitor.flags.sending_news import sending_news, unsent_texts
from monitor.flags.waiting import EVERYBODY, MINE, Lane, Place, View
from monitor.flags.whom import Choice, Person, colleagues, person
from monitor.flags.words import outcome_label
from monitor.flags.worklist import worklist as load_worklist
from monitor.http import runtime
from monitor.people.models import StaffMember

worklist = Blueprint("worklist", __name__)


@dataclass(frozen=True)
class Opened:
    """What the opened row shows."""

    person: Person
    flags: tuple[FlagDetail, ...]
    team: tuple[Choice, ...]
    beside: Mapping[UUID, object]
    """What stands beside each flag; None where there is nothing."""


@worklist.get("/")
def page() -> ResponseReturnValue:
    """Show the worklist; somebody without patients sees counts, or that there is nothing here for them."""
    who, there = viewer(), runtime()
    now = there.clock()
    if request.args.get("view") == "counts" or not (who.team_ids and who.may(Action.SEE_PATIENTS)):
        return _counts()
    view = _view(who.team_ids)
    with reading(there.sessions) as session:
        found = load_worklist(session, who, view, now=now, region=there.settings.default_region)
        unreached = count_contact_problems(session, who, now)
        opened = _opened(session)
        reader = Reader(who.language, there.settings.default_region, found.zone)
        news = sending_news(session, who, now, reader)
        next_up = None if found.shown else coming(session, who, now, reader)
    note_reads("viewed worklist", "care_team", who.team_ids)
    if opened:
        note_reads("viewed patient", "patient", (opened.person.patient_id,))
    return render_template(
        "staff/worklist.html",
        list=found,
        now=now,
        opened=opened,
        news=news,
        unreached=unreached,
        coming=next_up,
        tries=[Choice(each.value, outcome_label(each, who.language)) for each in AttemptOutcome],
    )


@worklist.post("/keys")
def keys() -> ResponseReturnValue:
    """Turn the viewer's single keys on or off, for good."""
    who, there = viewer(), runtime()
    with unit_of_work(there.sessions) as session:
        session.get_one(StaffMember, who.staff_member_id).uses_keys = request.form.get("keys") == "on"
    return redirect(url_for("worklist.page", _anchor="keys"), 303)


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
    flags = open_flags_of(session, episode)
    return Opened(
        person(session, episode.patient, viewer().language),
        details(session, flags, there.clock(), reader, viewer().staff_member_id),
        colleagues(session, episode.care_team_id, viewer()),
        {flag.id: beside(session, flag, reader) for flag in flags},
    )


def _view(team_ids: tuple[UUID, ...]) -> View:
    """Return the view that is asked for; an unknown one shows everybody, never an empty list."""
    asked = request.args
    whose, reason, lane = asked.get("view"), asked.get("reason"), asked.get("lane")
    return View(
        whose=whose if whose in (MINE, *map(str, team_ids)) else EVERYBODY,
        reason=FlagKind(reason) if reason in set(FlagKind) else None,
        lane=Lane(lane) if lane in set(Lane) else None,
        after=Place.read(asked.get("after", "")),
    )


def _counts() -> ResponseReturnValue:
    there, now = runtime(), runtime().clock()
    rows = unsent = given_up = None
    if viewer().may(Action.SEE_COUNTS):
        with reading(there.sessions) as session:
            rows, given_up = counts(session, now), notices.given_up(session)
            unsent = unsent_texts(session, now, Reader(viewer().language, there.settings.default_region, "UTC"))
    return render_template("staff/counts.html", rows=rows, unsent=unsent, given_up=given_up, now=now)
