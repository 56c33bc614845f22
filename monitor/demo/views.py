"""Pages that only the demonstration has: where to begin, the texts as phones show them, a patient's own phone."""

import pyotp
from flask import Blueprint, Flask, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor.db import reading, unit_of_work
from monitor.demo.guide import guide, patient_by_device_token, roster
from monitor.demo.lives import PIN
from monitor.demo.phones import latest_phones, network_of, number_of
from monitor.demo.storage import holds_demo
from monitor.demo.tour import stops
from monitor.http import mount, runtime
from monitor.i18n import LANGUAGES, SOURCE_LANGUAGE
from monitor.people import devices
from monitor.people.phone import remember

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

LONGEST_TEXT = 160


def register(app: Flask) -> None:
    """Give the patient surface of a demonstration these pages."""
    mount(app, blueprint, where_everybody_is_invented)


def where_everybody_is_invented() -> None:
    """Let everybody in where the demonstration's own people are, and nobody where others might be."""
    g.language = SOURCE_LANGUAGE
    with reading(runtime().sessions) as session:
        if not holds_demo(session):
            abort(404)


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """Show how staff sign in, with the one-time codes of this half minute, and every patient's links."""
    now = runtime().clock()
    with reading(runtime().sessions) as session:
        document = guide(session, request.url_root.rstrip("/"), now)
        names = {str(patient.id): patient.preferred_name for _, patient in roster(session)}
        tour = stops(session)
    codes = {login.email: pyotp.TOTP(login.totp_secret).at(now) for login in document.staff}
    return render_template("demo/start.html", guide=document, names=names, tour=tour, codes=codes, known=LANGUAGES)


@blueprint.get("/texts")
def texts() -> ResponseReturnValue:
    """Show the phones with the latest texts."""
    can_write = network_of(runtime().settings) is not None
    with reading(runtime().sessions) as session:
        return render_template("demo/texts.html", phones=latest_phones(session), can_write=can_write)


@blueprint.post("/texts/<token>")
def write(token: str) -> ResponseReturnValue:
    """Write a text on a patient's phone: it goes to the phone network, which reports it as it would any other."""
    network = network_of(runtime().settings) or abort(404)
    with reading(runtime().sessions) as session:
        number = number_of(session, token) or abort(404)
    network.text_from(number, request.form.get("body", "")[:LONGEST_TEXT])
    return redirect(url_for("demo.texts"), 303)


@blueprint.get("/device/<token>")
def device(token: str) -> ResponseReturnValue:
    """Offer to make this browser a patient's known phone."""
    with reading(runtime().sessions) as session:
        patient = patient_by_device_token(session, token) or abort(404)
        return render_template("demo/device.html", name=_first(patient.preferred_name), pin=PIN)


@blueprint.post("/device/<token>")
def become(token: str) -> ResponseReturnValue:
    """Make this browser a patient's known phone, by way of an invitation like any other."""
    now = runtime().clock()
    with unit_of_work(runtime().sessions) as session:
        patient = patient_by_device_token(session, token) or abort(404)
        invited = devices.begin_enrolment(session, patient, None, now)
        invitation = devices.invited_by_token(session, invited.token, now) or abort(409)
        device_token = devices.enrol(session, invitation, PIN, now) or abort(409)
    remember(device_token, now)
    return redirect(url_for("progress.show"), 303)


def _first(name: str) -> str:
    return name.split()[0]
