"""Pages around the phone itself: who to call, setting it up, and the PIN that opens it."""

from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import i18n
from monitor.assets import script
from monitor.db import reading, unit_of_work
from monitor.http import language, runtime, speak
from monitor.people import devices
from monitor.people.devices import Unlock
from monitor.people.help_lines import ELSEWHERE, countries
from monitor.people.models import DeviceEnrolment
from monitor.people.patient_forms import NewPin, digits, spoken_code
from monitor.people.phone import empty, forget, keep_open, lock, pin_page, remember, this_phone

help_pages = Blueprint("help", __name__)
phone = Blueprint("phone", __name__)

BEHIND_THE_PIN = ("progress.show", "step.show", "plan.show", "settings.show")
"""The pages that a PIN may lead to: a closed list, so that no form can send anybody elsewhere."""


EMPTY = (
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>.</title>'
    '<meta http-equiv="refresh" content="0;url=about:blank"></html>'
)
"""An empty page that goes on to the browser's own, so that not even our address stays."""


@help_pages.get("/help")
def show() -> ResponseReturnValue:
    """Show who answers now, in the service's country or the one that was chosen.

    What a known phone keeps for when there is no connection comes from here too: it says nothing about anyone.
    """
    if "worker" in request.args:
        return Response(script("worker"), mimetype="text/javascript")
    known = countries()
    asked = request.args.get("country", runtime().settings.default_region)
    if "offline" in request.args:
        return render_template("patient/offline.html", country=asked, kept_at=True)
    names = i18n.locale(language().tag).territories
    return render_template(
        "patient/help.html",
        country=asked if asked in known else ELSEWHERE,
        choices=sorted(((code, names[code]) for code in known), key=lambda choice: choice[1]),
    )


@phone.get("/set-up")
def set_up() -> ResponseReturnValue:
    """Ask for the code that staff have spoken, and for a PIN."""
    return _set_up_page({}, by_code=True)


@phone.post("/set-up")
def set_up_by_code() -> ResponseReturnValue:
    """Set up this phone by a spoken code. Wrong codes are counted, since eight digits can be guessed."""
    now, address = runtime().clock(), request.remote_addr or ""
    with unit_of_work(runtime().sessions) as session:
        if devices.too_many_codes(session, address, now):
            return render_template("patient/error.html", code=429, reference=None), 429
        code = spoken_code(request.form)
        invitation = devices.invited_by_code(session, code, now) if code else None
        if invitation is None:
            devices.count_wrong_code(session, address, now)
            return _set_up_page({"code": "code"}, by_code=True), 422
        return _enrol(session, invitation, now, by_code=True)


@phone.get("/set-up/<token>")
def choose_pin(token: str) -> ResponseReturnValue:
    """Ask for a PIN on the phone that has just read the QR code. Opening it uses nothing up."""
    with reading(runtime().sessions) as session:
        invitation = devices.invited_by_token(session, token, runtime().clock())
        if invitation is None:
            return render_template("patient/set_up_closed.html"), 404
        speak(invitation.patient.language)
        return _set_up_page({}, by_code=False, country=invitation.patient.region)


@phone.post("/set-up/<token>")
def set_up_by_token(token: str) -> ResponseReturnValue:
    """Set up the phone that has read the QR code."""
    now = runtime().clock()
    with unit_of_work(runtime().sessions) as session:
        invitation = devices.invited_by_token(session, token, now)
        if invitation is None:
            return render_template("patient/set_up_closed.html"), 404
        return _enrol(session, invitation, now, by_code=False)


@phone.post("/me/unlock")
def unlock() -> ResponseReturnValue:
    """Open the patient's own pages by PIN, leave them, or take them off a phone that is not theirs."""
    if request.form.get("do") == "leave":
        return _leave()
    now = runtime().clock()
    with unit_of_work(runtime().sessions) as session:
        device = this_phone(session)
        if device is None:
            return redirect(url_for("phone.set_up"), 303)
        speak(device.patient.language)
        if request.form.get("do") == "forget":
            devices.remove(session, device, now)
            forget()
            return render_template("patient/removed.html", country=device.patient.region)
        asked = request.form.get("next")
        next_page = asked if asked in BEHIND_THE_PIN else BEHIND_THE_PIN[0]
        result = devices.unlock(session, device, digits(request.form.get("pin", "")), now)
        if result is not Unlock.OPEN:
            return pin_page(device, next_page=next_page, wrong=result is Unlock.WRONG), 422
    keep_open(now)
    return redirect(url_for(next_page), 303)


def _leave() -> ResponseReturnValue:
    """Answer with a page that has nothing of ours on it, whatever browser asks and whether the database answers or not.

    The phone stays known and asks for the PIN; what it kept is gone. With script the page is left before this arrives.
    """
    lock()
    empty("cache", "storage")
    return Response(EMPTY, mimetype="text/html")


def _enrol(session: Session, invitation: DeviceEnrolment, now: datetime, *, by_code: bool) -> ResponseReturnValue:
    speak(invitation.patient.language)
    form = NewPin.parse(request.form, invitation.patient.birth_year)
    if form.faults:
        return _set_up_page(form.faults, by_code=by_code, country=invitation.patient.region), 422
    secret = devices.enrol(session, invitation, form.pin, now)
    if secret is None:
        return render_template("patient/set_up_closed.html"), 404
    remember(secret, now)
    return redirect(url_for(BEHIND_THE_PIN[0]), 303)


def _set_up_page(faults: dict[str, str], *, by_code: bool, country: str | None = None) -> str:
    return render_template("patient/set_up.html", faults=faults, by_code=by_code, country=country)
