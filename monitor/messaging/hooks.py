"""Where Twilio calls: what became of a text, and texts from patients. A call that is not believed changes nothing.

Each call is written down before it is answered, and answered soon: Twilio waits 15 seconds and tries a connection that
failed once more (Webhooks: Connection Overrides). Whatever is lost here for good, looking up texts finds again.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from monitor.db import reading, unit_of_work
from monitor.http import Runtime, runtime
from monitor.messaging.followers import Followers
from monitor.messaging.models import InboundText, Understood
from monitor.messaging.reports import RefusedCalls, StatusReport, TextReport, is_noted, keep_text, note_status
from monitor.messaging.signatures import SIGNATURE, SIGNED_HOW, Doubt, Signatures

log = logging.getLogger(__name__)

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks/twilio")

MAX_BODY_BYTES = 16 * 1024
"""A text has at most 1600 characters; with everything that Twilio says about it a call is under 8 kB."""
FORM = "application/x-www-form-urlencoded"
NOTHING_TO_SEND = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML: no text in reply. Ours go through the outbox, which counts them and keeps them."""
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_WORD = re.compile(r"[a-z_]{1,32}")
_CODE = re.compile(r"[0-9]{1,16}")
_ANSWERED = frozenset({"STOP", "START", "HELP"})

Receive = Callable[[Session, InboundText, datetime], Understood]
"""Understands a text and does what it asks for."""


@dataclass(frozen=True)
class Hooks:
    """What the calls of one service need."""

    signatures: Signatures
    followers: Followers
    receive: Receive
    refused: RefusedCalls


class Disbelieved(HTTPException):
    """A call that is refused, and why."""

    def __init__(self, doubt: Doubt, code: int = 403) -> None:
        super().__init__()
        self.doubt, self.code = doubt, code


def prepare(app: Flask, *, followers: Followers, receive: Receive) -> None:
    """Give an application, which has its runtime, what the calls need besides."""
    own: Runtime = app.extensions["monitor"]
    app.extensions["hooks"] = Hooks(Signatures.of(own.settings), followers, receive, RefusedCalls(own.sessions))


@blueprint.url_value_preprocessor
def limit(endpoint: str | None, values: object) -> None:
    """Read no more than a call can have: this comes before anything else looks at the form."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY_BYTES


def signed_by_twilio() -> None:
    """Let in what bears Twilio's signature over this very address and form."""
    if request.mimetype != FORM:
        raise Disbelieved(Doubt.MALFORMED, 400)
    doubt = _hooks().signatures.doubt(
        request.path,
        request.query_string.decode("latin-1"),
        request.form,
        signature=request.headers.get(SIGNATURE),
        how=request.headers.get(SIGNED_HOW),
    )
    if doubt is not None:
        raise Disbelieved(doubt)


@blueprint.post("/status", provide_automatic_options=False)
def status() -> ResponseReturnValue:
    """Take note of what became of a text."""
    report = StatusReport(
        reference=_reference(request.args.get("m")),
        provider_id=_field("MessageSid", _ID),
        status=_field("MessageStatus", _WORD),
        error_code=_field("ErrorCode", _CODE, optional=True) or None,
    )
    with reading(runtime().sessions) as session:
        is_copy = is_noted(session, report)
    if not is_copy:
        with unit_of_work(runtime().sessions) as session:
            note_status(session, _hooks().followers, report, runtime().clock())
    return "", 204


@blueprint.post("/text", provide_automatic_options=False)
def text() -> ResponseReturnValue:
    """Take a text from a patient: it is kept first, and understood in a transaction of its own."""
    opt_out = request.form.get("OptOutType", "").upper()
    report = TextReport(
        provider_id=_field("MessageSid", _ID),
        number=request.form.get("From") or abort(400),
        body=request.form.get("Body", ""),
        opt_out=opt_out if opt_out in _ANSWERED else None,
    )
    with unit_of_work(runtime().sessions) as session:
        inbound_id = keep_text(session, report, runtime().clock())
    if inbound_id is not None:
        _understand(inbound_id)
    return Response(NOTHING_TO_SEND, mimetype="text/xml")


def _understand(inbound_id: UUID) -> None:
    """Do what a text asks for; what fails leaves it waiting for the clock."""
    try:
        with unit_of_work(runtime().sessions) as session:
            inbound = session.get_one(InboundText, inbound_id)
            _hooks().receive(session, inbound, runtime().clock())
    except Exception as error:  # its message may quote the text
        log.error("text from a patient %s: not understood yet: %s", inbound_id, type(error).__name__)


@blueprint.errorhandler(HTTPException)
def refuse(error: HTTPException) -> ResponseReturnValue:
    """Count a call that is not taken; say no more than that."""
    code = error.code or 400
    by_code = Doubt.TOO_LARGE if code == 413 else Doubt.MALFORMED
    doubt = error.doubt if isinstance(error, Disbelieved) else by_code
    _hooks().refused.count((request.endpoint or "").removeprefix("hooks."), doubt, runtime().clock())
    return Response("", code, mimetype="text/plain")


def _hooks() -> Hooks:
    return cast(Hooks, current_app.extensions["hooks"])


def _field(name: str, form: re.Pattern[str], *, optional: bool = False) -> str:
    """Return a field of the form, if it looks as such a field does."""
    value = request.form.get(name, "")
    if not form.fullmatch(value) and not (optional and not value):
        abort(400)
    return value


def _reference(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(400)
