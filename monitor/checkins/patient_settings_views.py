"""A patient's own settings, behind the PIN: when texts come, breaks, the language, this phone, and the end of texts."""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.checkins.planning import open_episode
from monitor.checkins.settings_forms import times_and_language, weeks_of_break
from monitor.checkins.wishes import BREAKS, HOURS, Wishes, after_a_break, wish, wishes_of
from monitor.db import reading, unit_of_work
from monitor.http import runtime, speak
from monitor.people import devices, sharing
from monitor.people.devices import Unlock
from monitor.people.models import Device, Party, Purpose
from monitor.people.patient_forms import NewPin, digits
from monitor.people.phone import forget
from monitor.people.service import has_consent

blueprint = Blueprint("settings", __name__)

Faults = dict[str, str]


@blueprint.get("/me/settings")
def show() -> ResponseReturnValue:
    """Show what is set."""
    now = runtime().clock()
    with reading(runtime().sessions) as session:
        return _page(session, session.get_one(Device, g.device_id), now)


@blueprint.post("/me/settings")
def change() -> ResponseReturnValue:
    """Do the one thing whose button was pressed."""
    now, wanted = runtime().clock(), request.form.get("do")
    with unit_of_work(runtime().sessions) as session:
        device = session.get_one(Device, g.device_id)
        speak(device.patient.language)
        if wanted == "forget":
            devices.remove(session, device, now)
            forget()
            return render_template("patient/removed.html", country=device.patient.region)
        if wanted == "stop":
            workflows.opt_out(session, device.patient, said_by=Party.PATIENT, now=now)
        elif wanted == "start":
            workflows.opt_in(session, device.patient, said_by=Party.PATIENT, now=now)
        elif wanted == "unshare":
            sharing.withdraw(session, device.patient, now)
        elif wanted == "pin":
            faults = _change_pin(session, device, now)
            return _page(session, device, now, faults=faults, done=not faults), 422 if faults else 200
        else:
            wishes = _wishes(session, device, wanted, now)
            if wishes is None:
                return _page(session, device, now, faults={"form": "choice"}), 422
            wish(session, device.patient, wishes, now)
            speak(device.patient.language)
        return _page(session, device, now, done=True)


def _wishes(session: Session, device: Device, wanted: str | None, now: datetime) -> Wishes | None:
    before = wishes_of(session, device.patient, now)
    if wanted == "save":
        return times_and_language(request.form, before)
    if wanted == "resume":
        return replace(before, paused_until_on=None)
    if wanted != "pause":
        abort(400)
    weeks = weeks_of_break(request.form)
    return after_a_break(device.patient, before, weeks, now) if weeks else None


def _change_pin(session: Session, device: Device, now: datetime) -> Faults:
    form = NewPin.parse(request.form, device.patient.birth_year)
    if form.faults:
        return form.faults
    result = devices.change_pin(session, device, digits(request.form.get("current", "")), form.pin, now)
    return {} if result is Unlock.OPEN else {"current": "wrong"}


def _page(session: Session, device: Device, now: datetime, *, faults: Faults | None = None, done: bool = False) -> str:
    patient = device.patient
    episode = open_episode(session, patient.id)
    return render_template(
        "patient/settings.html",
        wishes=wishes_of(session, patient, now),
        hours=HOURS,
        breaks=BREAKS,
        texts=has_consent(session, patient.id, Purpose.TEXTS),
        shares=sharing.may_be_shared(session, patient.id),
        enrolled_on=device.enrolled_at.date(),
        team=episode.care_team.name if episode else None,
        clinician=episode.accountable.name if episode and episode.accountable else None,
        country=episode.care_team.country if episode else patient.region,
        faults=faults or {},
        done=done,
    )
