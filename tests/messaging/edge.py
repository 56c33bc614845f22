"""The edge to the provider: one service with its web application, and the stand-in that calls it without a wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from monitor import Surface, create_app
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.demo.phone_network_calls import signed
from monitor.messaging import hooks
from monitor.messaging.delivery import claim
from monitor.messaging.followers import Followers
from monitor.messaging.models import DeliveryEvent, InboundText, Message, MessageState, RefusedCall, Understood
from monitor.messaging.statuses import hold
from tests.messaging.outbox_setting import WallClock, add_patient, queue_text, wanted
from tests.messaging.stand_in import ACCOUNT, NUMBER, TOKEN, PhoneNetwork, settings_for

STATUS, TEXT = "/hooks/twilio/status", "/hooks/twilio/text"
PATIENTS_NUMBER = "+447700900123"
SID = "SM" + "a" * 32


def status_form(status: str, sid: str = SID, **more: str) -> dict[str, str]:
    """What Twilio says about a text."""
    form = {"MessageSid": sid, "MessageStatus": status, "SmsSid": sid, "SmsStatus": status, "AccountSid": ACCOUNT}
    return form | {"From": NUMBER, "To": PATIENTS_NUMBER, "ApiVersion": "2010-04-01"} | more


def text_form(body: str, sid: str = SID, sender: str = PATIENTS_NUMBER, **more: str) -> dict[str, str]:
    """What Twilio says about a text from somebody."""
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": sender, "To": NUMBER, "Body": body}
    return form | {"NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01"} | more


@dataclass
class Edge:
    """A service that notes what it is told and does nothing else about it."""

    sessions: Sessions
    clock: WallClock = field(default_factory=WallClock)
    settings: Settings = field(default_factory=lambda: settings_for("http://127.0.0.1:9"))
    news: list[tuple[str, UUID]] = field(default_factory=list)
    """What the followers were told: `sent` or the state of a text that was lost, and the text."""
    received: list[UUID] = field(default_factory=list)
    failing: bool = False

    def __post_init__(self) -> None:
        self.app = create_app(self.settings, Surface.PATIENT, sessions=self.sessions, clock=self.clock)
        followers = Followers(guard=wanted, on_sent=self._sent, on_lost=self._lost)
        hooks.prepare(self.app, followers=followers, receive=self._receive)
        self.network = PhoneNetwork(clock=self.clock, post=self._post)
        self.network.inbound_url = f"{self.settings.base_url}{TEXT}"

    def call(
        self, path: str, form: Mapping[str, str], *, secret: str = TOKEN, algorithm: str = "HMAC_SHA1", **changed: Any
    ) -> TestResponse:
        """Call with a good signature, unless what is changed after the signing makes it a bad one."""
        headers = signed(secret, f"{self.settings.base_url}{path}", form, algorithm)
        how: dict[str, Any] = {"data": urlencode(form), "content_type": headers.pop("Content-Type")}
        how |= {"base_url": self.settings.base_url, "headers": headers} | changed
        return self.app.test_client().post(path, **how)

    def report(self, message_id: UUID, status: str, sid: str = SID, **more: str) -> int:
        """Report where a text stands; return the status that comes back."""
        return self.call(f"{STATUS}?m={message_id}", status_form(status, sid, **more)).status_code

    def text_in_flight(self, *, sid: str | None = SID, **known: Any) -> UUID:
        """A text whose intent is committed: the provider has it, and said so unless there is no `sid`."""
        with unit_of_work(self.sessions) as session:
            patient = add_patient(session, **{"number": PATIENTS_NUMBER} | known)
            message_id = queue_text(session, patient).id
            assert message_id in claim(session, message_id, self.clock())
            message = hold(session, message_id)
            message.intent_at, message.sent_to, message.body = self.clock(), patient.number, "Riverside: hello."
            message.state = MessageState.SENDING
            if sid:
                message.state, message.provider_id, message.provider_status = MessageState.SENT, sid, "queued"
                message.sent_at = self.clock()
        return message_id

    def message(self, message_id: UUID) -> Message:
        """Read a text."""
        with self.sessions() as session:
            return session.get_one(Message, message_id)

    def events(self) -> list[tuple[str, bool]]:
        """Every status that was kept, in order, and whether it moved its text."""
        with self.sessions() as session:
            rows = session.scalars(sa.select(DeliveryEvent).order_by(DeliveryEvent.received_at, DeliveryEvent.id))
            return [(row.status, row.applied) for row in rows]

    def inbound(self) -> list[InboundText]:
        """Every text from somebody, with its patient."""
        with self.sessions() as session:
            rows = list(session.scalars(sa.select(InboundText).order_by(InboundText.received_at, InboundText.id)))
            assert all(row.patient or True for row in rows)
            return rows

    def refused(self) -> dict[tuple[str, str], int]:
        """How many calls were refused, by hook and reason, as far as that is written down."""
        with self.sessions() as session:
            days = sa.select(RefusedCall.hook, RefusedCall.why, sa.func.sum(RefusedCall.count))
            rows = session.execute(days.group_by(RefusedCall.hook, RefusedCall.why))
            return {(hook, why): int(count) for hook, why, count in rows}

    def _post(self, url: str, headers: Mapping[str, str], body: str) -> int:
        place = urlsplit(url)
        path = f"{place.path}?{place.query}" if place.query else place.path
        return (
            self.app.test_client()
            .post(path, base_url=f"{place.scheme}://{place.netloc}", headers=headers, data=body)
            .status_code
        )

    def _sent(self, session: Session, message: Message, now: object) -> None:
        self._told("sent", message)

    def _lost(self, session: Session, message: Message, now: object) -> None:
        self._told(message.state, message)

    def _told(self, what: str, message: Message) -> None:
        if self.failing:
            raise RuntimeError("Riverside: hello.")
        self.news.append((what, message.id))

    def _receive(self, session: Session, inbound: InboundText, now: Any) -> Understood:
        if self.failing:
            raise RuntimeError(str(inbound.body))
        self.received.append(inbound.id)
        inbound.understood_as, inbound.handled_at = Understood.ANSWER, now
        return Understood.ANSWER
