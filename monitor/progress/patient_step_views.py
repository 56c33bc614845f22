"""A patient's own step, behind the PIN of their own phone: why, what, until when; and asking for something else."""

from datetime import datetime

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.checkins.planning import open_episode
from monitor.db import reading, unit_of_work
from monitor.flags.wishes import Wish
from monitor.http import language, runtime
from monitor.people.models import Device
from monitor.people.words import dialled
from monitor.progress.patient_plan import newest_episode
from monitor.progress.patient_step import patient_step

blueprint = Blueprint("step", __name__)


@blueprint.get("/me/step")
def show() -> ResponseReturnValue:
    """Show the step of the episode that is open, and what has been asked for."""
    with reading(runtime().sessions) as session:
        return _page(session, runtime().clock())


@blueprint.post("/me/step")
def ask() -> ResponseReturnValue:
    """Take a wish to the team, once however often its button is pressed; the page then says by when they answer."""
    asked = request.form.get("wish", "")
    if asked not in set(Wish):
        abort(400)
    now = runtime().clock()
    with unit_of_work(runtime().sessions) as session:
        episode = open_episode(session, session.get_one(Device, g.device_id).patient_id)
        if episode is None:
            return _page(session, now)
        workflows.ask(session, episode, Wish(asked), now)
    return redirect(url_for("step.show", asked=1, lang=request.args.get("lang")), 303)


def _page(session: Session, now: datetime) -> str:
    patient = session.get_one(Device, g.device_id).patient
    newest = newest_episode(session, patient.id)
    episode = newest if newest and newest.closed_at is None else None
    settings = runtime().settings
    page = patient_step(session, episode, language().tag, now, settings.resources_file) if episode else None
    return render_template(
        "patient/step.html",
        page=page,
        team_phone=newest.care_team.phone if newest else None,
        team_phone_read=dialled(newest.care_team.phone) if newest else None,
        has_just_asked="asked" in request.args,
        zone=patient.time_zone,
        country=page.country if page else patient.region,
    )
