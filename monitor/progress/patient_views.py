"""A patient's own trajectory, behind the PIN of their own phone, and what they note beside it."""

import unicodedata
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.checkins.next_one import next_one
from monitor.checkins.planning import open_episode
from monitor.db import reading, unit_of_work
from monitor.http import language, runtime
from monitor.messaging.quiet_hours import to_local
from monitor.people import life_events
from monitor.people.models import Device
from monitor.progress.patient_chart import WEEKS
from monitor.progress.patient_course import course
from monitor.progress.patient_happened import events
from monitor.progress.patient_noticing import safety_lately, worth_noticing
from monitor.progress.patient_progress import patient_progress

blueprint = Blueprint("progress", __name__)


@blueprint.route("/me", methods=("GET", "POST"))
def show() -> ResponseReturnValue:
    """Show the trajectory of the episode that is open, the last half year or all of it; keep what they note beside it.

    A form that was sent twice has been heeded once, and whoever is not in care notes nothing.
    """
    now = runtime().clock()
    if request.method == "POST":
        return _do(now)
    with reading(runtime().sessions) as session:
        return _page(session, now)


def _do(now: datetime) -> ResponseReturnValue:
    wanted = request.form.get("do")
    if wanted not in ("add", "remove"):
        abort(400)
    with unit_of_work(runtime().sessions) as session:
        patient = session.get_one(Device, g.device_id).patient
        episode = open_episode(session, patient.id)
        if wanted == "remove":
            life_events.remove(session, patient, _id(request.form.get("event", "")), now)
        elif episode is not None:
            first, today = (to_local(moment, patient.time_zone).date() for moment in (episode.opened_at, now))
            try:
                words = request.form.get("words", "")
                life_events.add(session, patient, _day(), words, first=first, today=today, now=now)
            except life_events.NotNoted as fault:
                return _page(session, now, fault=fault.why), 422
    lang, everything = request.args.get("lang"), request.args.get("all")
    return redirect(url_for("progress.show", done=wanted, lang=lang, all=everything), 303)


def _page(session: Session, now: datetime, *, fault: str | None = None) -> str:
    patient = session.get_one(Device, g.device_id).patient
    found, tag = course(session, patient.id), language().tag
    episode = None if found.trajectories else open_episode(session, patient.id)
    today = to_local(now, patient.time_zone).date()
    return render_template(
        "patient/progress.html",
        progress=patient_progress(
            found.trajectories,
            tag,
            events=[event for event in events(found.happened, tag) if event.on <= today],
            weeks=None if "all" in request.args else WEEKS,
        ),
        noticed=worth_noticing(found, tag),
        calm=safety_lately(found),
        next_one=next_one(session, episode, now) if episode else None,
        zone=patient.time_zone,
        typed={"words": request.form.get("words", ""), "on": request.form.get("on", today.isoformat())},
        fault=fault,
        done=request.args.get("done"),
        first=found.since,
        today=today,
        longest=life_events.LONGEST,
        most=life_events.MOST,
        country=found.country or patient.region,
    )


def _day() -> date | None:
    """Return the day that was chosen, or typed on a phone that has no way to choose one, in whatever digits."""
    typed = request.form.get("on", "").strip()
    try:
        return date.fromisoformat("".join(str(unicodedata.digit(each, each)) for each in typed))
    except ValueError:
        return None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(400)
