"""The phone in a patient's hand, as a request sees it: the cookie that knows it, and whether its PIN was given lately.

The cookie is signed, not stored: a GET can move the idle clock on without writing a row.
"""

from datetime import datetime

from flask import Response, after_this_request, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.db import reading
from monitor.http import allow_worker, runtime, speak
from monitor.people.devices import UNLOCKED_FOR, is_locked, known_device
from monitor.people.models import Device, TextSize
from monitor.people.needs import needs_of

_TOKEN, _UNTIL, _LETTERS = "device", "until", "letters"
LETTERS = {TextSize.USUAL: None, TextSize.LARGE: 125, TextSize.LARGEST: 150}
"""How large a page is drawn, in per cent of what the phone itself asks for; None: just as large."""


def remember(token: str, now: datetime) -> None:
    """Make this browser a patient's known phone, unlocked for now. What another one had kept in it goes."""
    forget()
    cookie.permanent = True
    cookie[_TOKEN] = token
    keep_open(now)


def keep_open(now: datetime) -> None:
    """Start the idle clock anew."""
    cookie[_UNTIL] = int((now + UNLOCKED_FOR).timestamp())


def lock() -> None:
    """Ask for the PIN before anything more is shown. A phone that is not known has nothing to lock."""
    cookie.pop(_UNTIL, None)


def forget() -> None:
    """Drop the cookie, and whatever this browser keeps of a patient's pages for when there is no connection."""
    cookie.clear()
    empty("storage")


def empty(*what: str) -> None:
    """Have the browser drop what it keeps of our pages: its `cache`, its `storage`. Never the cookie that knows it."""

    @after_this_request
    def clear(response: Response) -> Response:
        response.headers["Clear-Site-Data"] = ", ".join(f'"{each}"' for each in what)
        return response


def write_in(size: TextSize) -> None:
    """Have this browser's pages in letters of a size. The cookie knows it: no page waits for the database to tell."""
    if size is TextSize.USUAL:
        cookie.pop(_LETTERS, None)
    else:
        cookie[_LETTERS] = size.value


def text_size() -> TextSize:
    """Return how large the letters of this browser's pages are."""
    return TextSize(cookie.get(_LETTERS, TextSize.USUAL))


def letters() -> int | None:
    """Return the same in per cent; None for the usual ones."""
    return LETTERS[text_size()]


def text_size_of(session: Session, device: Device) -> TextSize:
    """Return how large the letters of a known phone are: as chosen on it, else as staff wrote down what is needed."""
    if device.text_size is not None:
        return device.text_size
    return TextSize.LARGE if needs_of(session, device.patient_id).large_text else TextSize.USUAL


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
        g.device_id = device.id
        write_in(text_size_of(session, device))
    keep_open(now)
    if request.method == "GET":
        allow_worker()  # which keeps one neutral page for when there is no connection
        g.shelf = f"{now:%G-%V}"
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
