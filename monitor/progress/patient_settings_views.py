"""A patient's own settings, behind the PIN: texts, letters, breaks, this phone, their data, and the end of it all."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.audit import Actor, record
from monitor.checkins.planning import open_episode
from monitor.checkins.settings_forms import times_and_language, weeks_of_break
from monitor.checkins.wishes import BREAKS, HOURS, Wishes, after_a_break, wish, wishes_of
from monitor.db import reading, unit_of_work
from monitor.http import language, runtime, speak
from monitor.people import devices, sharing
from monitor.people.devices import Unlock
from monitor.people.models import MONITORING, Device, Party, Purpose, TextSize
from monitor.people.patient_forms import NewPin, digits
from monitor.people.phone import LETTERS, forget, text_size, write_in
from monitor.people.service import has_consent, newest_consent
from monitor.progress.own_data import FILE_NAME, own_data
from monitor.progress.who_sees import who_sees

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
    now, wanted = runtime().clock(), request.form.get("do", "")
    with unit_of_work(runtime().sessions) as session:
        device = session.get_one(Device, g.device_id)
        speak(device.patient.language)
        if wanted == "forget":
            return _forget(session, device, now)
        if wanted == "download":
            return _download(session, device, now)
        if wanted in PLAIN:
            PLAIN[wanted](session, device, now)
            return _page(session, device, now, done=wanted)
        if wanted == "letters":
            return _letters(session, device, now)
        if wanted == "pin":
            faults = _change_pin(session, device, now)
            return _page(session, device, now, faults=faults, done=wanted), 422 if faults else 200
        wishes = _wishes(session, device, wanted, now)
        if wishes is None:
            return _page(session, device, now, faults={"form": "choice"}), 422
        wish(session, device.patient, wishes, now)
        speak(device.patient.language)
        return _page(session, device, now, done=wanted)


def _stop(session: Session, device: Device, now: datetime) -> None:
    workflows.opt_out(session, device.patient, said_by=Party.PATIENT, now=now)


def _withdraw(session: Session, device: Device, now: datetime) -> None:
    """End check-ins of any kind. What was answered stays in the care record, and care goes on."""
    workflows.opt_out(session, device.patient, said_by=Party.PATIENT, now=now, purposes=MONITORING)
    record(session, Actor("patient", device.patient_id), "ended check-ins", "patient", device.patient_id, now=now)


def _start(session: Session, device: Device, now: datetime) -> None:
    workflows.opt_in(session, device.patient, said_by=Party.PATIENT, now=now)


def _unshare(session: Session, device: Device, now: datetime) -> None:
    sharing.withdraw(session, device.patient, now)


PLAIN: Mapping[str, Callable[[Session, Device, datetime], None]] = {
    "stop": _stop,
    "withdraw": _withdraw,
    "start": _start,
    "unshare": _unshare,
}
"""What needs nothing but the press of its button."""


def _forget(session: Session, device: Device, now: datetime) -> ResponseReturnValue:
    devices.remove(session, device, now)
    forget()
    return render_template("patient/removed.html", country=device.patient.region)


def _download(session: Session, device: Device, now: datetime) -> ResponseReturnValue:
    """Hand out everything that is the patient's, under a name that says nothing of what it is."""
    patient = device.patient
    file = own_data(session, patient, language().tag, now)
    record(session, Actor("patient", patient.id), "took own data along", "patient", patient.id, now=now)
    name = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    return Response(file, content_type="application/json; charset=utf-8", headers=name)


def _letters(session: Session, device: Device, now: datetime) -> ResponseReturnValue:
    """Choose how large the letters are on every page of this phone."""
    asked = request.form.get("letters")
    if asked not in set(TextSize):
        return _page(session, device, now, faults={"form": "choice"}), 422
    device.text_size = TextSize(asked)
    write_in(device.text_size)
    record(session, Actor("patient", device.patient_id), "chose letters", "device", device.id, now=now)
    return _page(session, device, now, done="letters")


def _wishes(session: Session, device: Device, wanted: str, now: datetime) -> Wishes | None:
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


def _page(session: Session, device: Device, now: datetime, *, faults: Faults | None = None, done: str = "") -> str:
    patient = device.patient
    episode = open_episode(session, patient.id)
    return render_template(
        "patient/settings.html",
        wishes=wishes_of(session, patient, now),
        hours=HOURS,
        breaks=BREAKS,
        text_size=text_size(),
        sizes=LETTERS,
        texts=has_consent(session, patient.id, Purpose.TEXTS),
        check_ins=newest_consent(session, patient.id, Purpose.CHECK_INS) is not False,
        shares=sharing.may_be_shared(session, patient.id),
        enrolled_on=device.enrolled_at.date(),
        readers=who_sees(session, episode, language().tag, now) if episode else (),
        country=episode.care_team.country if episode else patient.region,
        faults=faults or {},
        done=done,
    )
