"""The phone in a patient's hand, as a request sees it: the cookie that knows it, and whether its PIN was given lately.

The cookie is signed, not stored: a GET can move the idle clock on without writing a row.
"""

from datetime import datetime

from flask import Response, after_this_request, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.db import reading
from monitor.http import runtime, speak
from monitor.people.devices import UNLOCKED_FOR, is_locked, known_device
from monitor.people.models import Device
from monitor.people.needs import needs_of

_TOKEN, _UNTIL = "device", "until"


def remember(token: str, now: datetime) -> None:
    """Make this browser a patient's known phone, unlocked for now. What another one had kept in it goes."""
    forget()
    cookie.permanent = True
    cookie[_TOKEN] = token
    keep_open(now)


def keep_open(now: datetime) -> None:
    """Start the idle clock anew."""
    cookie[_UNTIL] = int((now + UNLOCKED_FOR).timestamp())


def forget() -> None:
    """Drop the cookie, and whatever this browser keeps of a patient's pages for when there is no connection."""
    cookie.clear()

    @after_this_request
    def empty(response: Response) -> Response:
        response.headers["Clear-Site-Data"] = '"storage"'
        return response


def has_cookie() -> bool:
    """Whether this request may come from a known phone at all: without it there is nothing to look up."""
    return _TOKEN in cookie


def this_phone(session: Session) -> Device | None:
    """Return the known phone that this request comes from, open or not."""
    return known_device(session, cookie.get(_TOKEN))


def is_this_phone_of(session: Session, patient_id: object) -> bool:
    """Return whether this request comes from the known phone of just this patient: handsets are shared."""
    device = this_phone(session)
    return device is not None and device.patient_id == patient_id


def unlocked_phone() -> ResponseReturnValue | None:
    """Let a known phone in whose PIN was given in the last 15 minutes; ask any other for it."""
    now = runtime().clock()
    with reading(runtime().sessions) as session:
        device = this_phone(session)
        if device is None:
            return redirect(url_for("phone.set_up"), 303)
        speak(device.patient.language)
        if is_locked(device) or cookie.get(_UNTIL, 0) < now.timestamp():
            status = 200 if request.method in ("GET", "HEAD") else 403
            return pin_page(device, next_page=f"{request.blueprint}.show"), status
        g.device_id, g.large_text = device.id, needs_of(session, device.patient_id).large_text
    keep_open(now)
    return None


def pin_page(device: Device, *, next_page: str | None, wrong: bool = False) -> str:
    """Return the page that asks for the PIN, or says who can help once the tries are used up."""
    return render_template(
        "patient/pin.html",
        locked=is_locked(device),
        wrong=wrong,
        next_page=next_page,
        country=device.patient.region,
    )
