"""Pages that only the demonstration has: where to begin, the texts as phones show them, a patient's own phone."""

from dataclasses import dataclass
from datetime import datetime

import pyotp
import sqlalchemy as sa
from flask import Blueprint, Flask, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from monitor.db import reading, unit_of_work
from monitor.demo.guide import guide, patient_by_device_token, roster
from monitor.demo.lives import PIN
from monitor.demo.storage import holds_demo
from monitor.http import mount, runtime
from monitor.i18n import LANGUAGES, SOURCE_LANGUAGE, Language
from monitor.messaging.links import PATH, check_in_token
from monitor.messaging.models import Message
from monitor.people import devices
from monitor.people.phone import remember

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

TEXTS_SHOWN = 60


@dataclass(frozen=True)
class ShownText:
    """A text as its patient's phone shows it; the link is made anew, since the address may have changed."""

    first_name: str
    language: Language
    at: datetime
    zone: str
    words: str
    link: str


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
    codes = {login.email: pyotp.TOTP(login.totp_secret).at(now) for login in document.staff}
    return render_template("demo/start.html", guide=document, names=names, codes=codes, known=LANGUAGES)


@blueprint.get("/texts")
def texts() -> ResponseReturnValue:
    """Show the latest texts."""
    with reading(runtime().sessions) as session:
        rows = session.scalars(
            sa.select(Message)
            .where(Message.sent_at.is_not(None), Message.check_in_id.is_not(None))
            .order_by(Message.sent_at.desc(), Message.id.desc())
            .limit(TEXTS_SHOWN)
            .options(joinedload(Message.patient))
        )
        return render_template("demo/texts.html", texts=[_shown(row) for row in rows])


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


def _shown(message: Message) -> ShownText:
    patient = message.patient
    if message.check_in_id is None or message.sent_at is None:
        raise ValueError("only texts that went out for a check-in are shown")
    return ShownText(
        first_name=_first(patient.preferred_name),
        language=LANGUAGES[message.language],
        at=message.sent_at,
        zone=patient.time_zone,
        words=message.body.rpartition("\n")[0],
        link=PATH + check_in_token(message.check_in_id, patient.link_generation),
    )


def _first(name: str) -> str:
    return name.split()[0]
