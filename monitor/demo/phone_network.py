"""A stand-in for Twilio and the phones behind it, which Twilio's own client can talk to; faults included.

It remembers every text that it took and, like Twilio, takes the same one as often as it is asked to. What it does by
chance depends on its seed alone; its time is whatever clock it is given, and what happens of itself happens in `step`.

    with running() as network:            # served on 127.0.0.1, in a thread; network.url is its address
        network.numbers[number] = 30003   # or 21610, 21211 ...: what becomes of texts to a number
        network.then(LOST_RECEIPT)        # how the next request to send is answered
        network.step()                    # what is due by the clock happens: statuses change, callbacks are made
        network.text_from(number, "2")    # a patient writes
"""

import base64
import binascii
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import count
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from monitor import clock as _clock
from monitor.clock import Clock
from monitor.demo.phone_network_calls import Post, call, post
from monitor.demo.phone_network_server import CONNECTION, listening
from monitor.demo.phone_network_texts import TakenText, fault_in, page_of
from monitor.demo.phone_network_words import (
    ACCEPTED,
    KEYWORDS,
    LOST_RECEIPT,
    TOO_MANY,
    UNAVAILABLE,
    Manners,
    Reply,
    refusal,
)
from monitor.demo.timeline import Timeline

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT, TOKEN = "AC" + "0" * 32, "t" * 32
NUMBER = "+447700900000"
STOPPED = 21610
NOT_TAKEN = range(20000, 30000)
"""Twilio's codes for what it does not take; those from 30000 on are for what did not arrive."""
REMEMBERED = 5000
"""Requests and calls."""
Call = tuple[str, dict[str, str], int | None]


@dataclass
class PhoneNetwork:
    """One account, the phones that it can reach, and what it is to answer next. A WSGI application."""

    seed: int = 0
    clock: Clock = _clock.now
    account: str = ACCOUNT
    token: str = TOKEN
    signing_secret: str | None = None
    """What calls are signed with instead of the token: a shared key."""
    own_number: str = NUMBER
    inbound_url: str | None = None
    """Where texts from phones are reported."""
    manners: Manners = field(default_factory=Manners)
    numbers: dict[str, int] = field(default_factory=dict)
    """Error codes by number: texts to it are not taken (below 30000) or do not arrive (from 30000 on)."""
    silent: set[str] = field(default_factory=set)
    """Numbers from which no word comes back: `sent` is the last that is known."""
    usual: Reply = ACCEPTED
    replies: deque[Reply] = field(default_factory=deque)
    look_ups: deque[Reply] = field(default_factory=deque)
    post: Post = post
    url: str = ""
    taken: dict[str, TakenText] = field(default_factory=dict)
    """Every text that was taken, by its id, oldest first."""
    stopped: set[str] = field(default_factory=set)
    """The numbers that have told this sender to stop."""
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Every call that was made: address, form, and the status that came back, None if nobody answered."""

    def __post_init__(self) -> None:
        self._numbers, self._to_come = count(1), Timeline()
        self._chance = Random(self.seed)  # noqa: S311  # faults that a seed repeats, and no secret in them
        self._requests: deque[WSGIEnvironment] = deque(maxlen=REMEMBERED)
        self._lock, self._stepping = threading.RLock(), threading.RLock()

    # ---- what it is told and asked ----

    def then(self, *replies: Reply) -> None:
        """Answer the next requests to send so, one each; the usual way after that."""
        self.replies.extend(replies)

    def then_to_look_ups(self, *replies: Reply) -> None:
        """Answer the next requests to fetch or to list so."""
        self.look_ups.extend(replies)

    @property
    def requests(self) -> list["WSGIEnvironment"]:
        """The latest requests of our side, oldest first."""
        return list(self._requests)

    @property
    def accepted(self) -> list[dict[str, str]]:
        """The forms of the texts that were taken."""
        return [dict(text.form) for text in self.taken.values()]

    def references(self) -> list[str]:
        """The senders' own ids of the texts that were taken."""
        return [text.reference for text in self.taken.values() if text.reference]

    def texts_to(self, number: str) -> list[TakenText]:
        """Return the texts to a number, oldest first."""
        with self._lock:
            return [text for text in self.taken.values() if text.to == number]

    def step(self) -> None:
        """Let everything happen that is due by the clock."""
        with self._stepping:
            self._to_come.run(self.clock(), lambda moment: None)

    def settle(self) -> None:
        """Let everything happen that is foreseen, whenever that would be."""
        with self._stepping:
            self._to_come.run(datetime.max.replace(tzinfo=UTC), lambda moment: None)

    def text_from(self, number: str, body: str, *, sid: str | None = None) -> int | None:
        """Let a phone write, and report it; return the status that came back. The `sid` of another makes it a copy."""
        return self.report(self.hear(number, body, sid=sid))

    def hear(self, number: str, body: str, *, sid: str | None = None) -> dict[str, str]:
        """Take a text from a phone, obey it if it is STOP or START, and return what there is to report."""
        word = body.strip().upper()
        keyword = next((keyword for keyword, words in KEYWORDS.items() if word in words), None)
        with self._lock:
            if keyword == "STOP":
                self.stopped.add(number)
            elif keyword == "START":
                self.stopped.discard(number)
            sid = sid or self._new_sid()
        form = self._about(sid, number, self.own_number) | {"Body": body, "NumMedia": "0", "NumSegments": "1"}
        if keyword and self.manners.answers_stop:
            form["OptOutType"] = keyword
        return form

    def report(self, form: dict[str, str]) -> int | None:
        """Report a text from a phone, if anybody wants to know; return the status that came back."""
        status = None
        for _ in range(1 + self._by_chance(self.manners.doubled)):
            status = self._call(self.inbound_url, form) if self.inbound_url else None
        return status

    # ---- what happens of itself ----

    def _foresee_course(self, text: TakenText) -> None:
        sent_at = text.taken_at + timedelta(seconds=self.manners.sent_after)
        ends_at = text.taken_at + timedelta(seconds=self.manners.delivered_after)
        if text.to in self.stopped:
            return self._to_come.at(sent_at, partial(self._change, text, "failed", STOPPED))
        self._to_come.at(sent_at, partial(self._change, text, "sent", None))
        if text.to not in self.silent:
            code = self.numbers.get(text.to)
            self._to_come.at(ends_at, partial(self._change, text, "undelivered" if code else "delivered", code))

    def _change(self, text: TakenText, status: str, code: int | None, now: datetime) -> None:
        with self._lock:
            text.become(status, code, now)
            if text.callback is None or self._by_chance(self.manners.lost_calls):
                return
            form = self._about(text.sid, self.own_number, text.to) | {"MessageStatus": status, "SmsStatus": status}
            if code:
                form["ErrorCode"] = str(code)
            if status == "delivered":
                form["RawDlrDoneDate"] = f"{now:%y%m%d%H%M}"
            for _ in range(1 + self._by_chance(self.manners.doubled)):
                late = timedelta(seconds=self._chance.uniform(0, self.manners.late))
                self._to_come.at(now + late, partial(self._report, text.callback, form))

    def _report(self, url: str, form: dict[str, str], now: datetime) -> None:
        self._call(url, form)

    def _call(self, url: str, form: dict[str, str]) -> int | None:
        secret = self.signing_secret or self.token
        status = call(self.post, secret, url, form, self.manners.algorithm)
        self.calls.append((url, form, status))
        return status

    def _about(self, sid: str, sender: str, to: str) -> dict[str, str]:
        return {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": self.account,
            "From": sender,
            "To": to,
            "ApiVersion": "2010-04-01",
        }

    def _by_chance(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    def _new_sid(self) -> str:
        return f"SM{self.seed:016x}{next(self._numbers):016x}"

    # ---- what our side asks of it ----

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        with self._lock:
            self._requests.append(environ)
            reply, said = self._answer(environ, {name: values[0] for name, values in parse_qs(body).items()})
        time.sleep(reply.after_seconds)
        if reply.drops:
            environ[CONNECTION].shutdown(socket.SHUT_RDWR)
        start_response(f"{int(reply.status)} As Told", [("Content-Type", "application/json")])
        return [(json.dumps(said) if reply.body is None else reply.body).encode()]

    def _answer(self, environ: "WSGIEnvironment", form: dict[str, str]) -> tuple[Reply, object]:
        prefix = f"/2010-04-01/Accounts/{self.account}/Messages"
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if not self.is_ours(environ):
            return _error(refusal(HTTPStatus.UNAUTHORIZED, 20003))
        if method == "POST" and path == f"{prefix}.json":
            return self._take(form)
        if method == "GET" and path.startswith(prefix):
            return self._look_up(path.removeprefix(prefix).strip("/").removesuffix(".json"), environ["QUERY_STRING"])
        return _error(refusal(HTTPStatus.NOT_FOUND, 20404))

    def is_ours(self, environ: "WSGIEnvironment") -> bool:
        """Return whether a request gives the account and its token."""
        try:
            given = base64.b64decode(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Basic ")).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return given == f"{self.account}:{self.token}"

    def _take(self, form: dict[str, str]) -> tuple[Reply, object]:
        reply = self.replies.popleft() if self.replies else self._usual_reply(form)
        if not reply.accepts:
            return _error(reply, form.get("To"))
        now = self.clock()
        first = "accepted" if "MessagingServiceSid" in form else "queued"
        text = TakenText(self._new_sid(), self.account, form, now, first, now)
        self.taken[text.sid] = text
        self._foresee_course(text)
        return (reply, text.as_resource()) if reply.code is None else _error(reply, text.to)

    def _usual_reply(self, form: dict[str, str]) -> Reply:
        if fault := fault_in(form):
            return fault
        code = self.numbers.get(form["To"])
        if code is None and "From" in form and form["To"] in self.stopped:
            code = STOPPED  # a messaging service takes it, and it fails
        if code in NOT_TAKEN:
            return refusal(HTTPStatus.BAD_REQUEST, code)
        manners = self.manners
        faults = {LOST_RECEIPT: manners.lost_receipts, TOO_MANY: manners.too_many, UNAVAILABLE: manners.unavailable}
        return next((reply for reply, share in faults.items() if self._by_chance(share)), self.usual)

    def _look_up(self, sid: str, query: str) -> tuple[Reply, object]:
        reply = self.look_ups.popleft() if self.look_ups else Reply(HTTPStatus.OK)
        if not reply.accepts:
            return _error(reply)
        if not sid:
            shown_until = self.clock() - timedelta(seconds=self.manners.list_lag)
            shown = (text for text in reversed(self.taken.values()) if text.taken_at <= shown_until)
            return reply, page_of(shown, self.account, query)
        text = self.taken.get(sid)
        return (reply, text.as_resource()) if text else _error(refusal(HTTPStatus.NOT_FOUND, 20404))


def _error(reply: Reply, to: str | None = None) -> tuple[Reply, object]:
    """Return an error in Twilio's form; its own quote the number, so ours do too."""
    message = f"The number {to} is no good" if to else "No"
    return reply, {"code": reply.code, "message": message, "status": int(reply.status)}


@contextmanager
def running(
    tls: ssl.SSLContext | None = None, *, network: PhoneNetwork | None = None, port: int = 0
) -> Iterator[PhoneNetwork]:
    """Serve a network, a new one if none is given, on 127.0.0.1 in a thread; over TLS if a context is given."""
    network = network or PhoneNetwork()
    with listening(network, port, tls) as network.url:
        yield network
