"""The whole program at a local address, with a clock that tests set, and browsers that watch it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pyotp
import sqlalchemy as sa
from flask import Flask, request, template_rendered
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from pydantic import HttpUrl
from werkzeug.serving import make_server

from monitor import compose
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.demo.clinic import PASSWORD, STAFF
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message
from monitor.people.devices import begin_enrolment
from monitor.people.models import Patient
from monitor.worker import make_courier, tick
from tests.builders import NOW
from tests.demo.running_demo import a_free_port

DRAWS = os.environ.get("MONITOR_SCREENSHOTS") == "write"
"""Whether the README's pictures are drawn anew."""
PHONE = {"width": 360, "height": 640}
SMALLEST = {"width": 320, "height": 568}
DESK = {"width": 1280, "height": 800}
PIN = "314159"
PATIENCE = 10_000
"""Milliseconds: every page is made in a fraction of that, also on a busy machine."""

REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What the browser notes of a page that says 4xx: our error pages do so on purpose."""


@dataclass
class Service:
    """Both surfaces at one address."""

    address: str
    sessions: Sessions
    settings: Settings
    now: datetime = NOW
    shown: list[tuple[str, str | None]] = field(default_factory=list)
    """The template, without its ending, and the endpoint of every page that was made, in order."""
    signed_in: dict[str, Any] = field(default_factory=dict)
    """The cookies of those who have signed in, since a one-time code is good for one sign-in."""

    def tick(self) -> None:
        """Let every job run once, as it does each minute."""
        tick(make_courier(self.settings, self.sessions, lambda: self.now, RecordingGateway()))

    def link_to(self, first_name: str) -> str:
        """The address in the latest text to a patient, once what is due has gone out."""
        self.tick()
        with reading(self.sessions) as session:
            newest = sa.select(Message).where(Message.sent_at.is_not(None)).order_by(Message.sent_at.desc(), Message.id)
            patient = self.patient(session, first_name)
            texts = session.scalars(newest.where(Message.patient_id == patient.id))
            link = next(text.body for text in texts if text.body).splitlines()[-1]
        return self.address + urlsplit(link).path

    def patient(self, session: Any, first_name: str) -> Patient:
        """The patient of a first name."""
        return next(each for each in session.scalars(sa.select(Patient)) if each.preferred_name.startswith(first_name))

    def set_up(self, page: Page, patient_id: Any) -> None:
        """Make a browser a patient's own phone, by the QR code that staff would show."""
        with unit_of_work(self.sessions) as session:
            invitation = begin_enrolment(session, session.get_one(Patient, patient_id), None, self.now)
        page.goto(f"{self.address}/set-up/{invitation.token}")
        page.fill("#pin", PIN)
        page.fill("#again", PIN)
        page.click("main form .btn")
        page.wait_for_url("**/me")

    def sign_in(self, page: Page, first_name: str) -> None:
        """Sign a staff member of the demonstration in."""
        member = next(each for each in STAFF if each.name.startswith(first_name))
        page.goto(f"{self.address}/staff/")
        page.fill("#email", member.email)
        page.fill("#password", PASSWORD)
        page.fill("#code", pyotp.TOTP(member.totp_secret).at(self.now))
        page.click(".go")
        page.wait_for_url("**/staff/")


@contextmanager
def served(sessions: Sessions, settings: Settings) -> Iterator[Service]:
    """Serve both surfaces from a thread, under the address that their links carry."""
    port = a_free_port()
    address = f"http://127.0.0.1:{port}"
    service = Service(address, sessions, settings.model_copy(update={"public_base_url": HttpUrl(address)}))
    application = compose(service.settings, sessions=sessions, clock=lambda: service.now)
    apps: list[Flask] = [application.app, *application.mounts.values()]  # type: ignore[attr-defined]
    server = make_server("127.0.0.1", port, application, threaded=True)

    def note(sender: Flask, template: Any, **_: Any) -> None:
        in_the_background = template.name == "patient/offline.html" and request.headers.get("Sec-Fetch-Dest") == "empty"
        if any(sender is app for app in apps) and not in_the_background:
            service.shown.append((template.name.removesuffix(".html"), request.endpoint))

    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    with template_rendered.connected_to(note):
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def browsing(chromium: Browser, service: Service, *, expected: str = "nothing", **options: Any) -> Iterator[Page]:
    """A browser of its own. It ends the test when a script fails, a policy is broken or another host is asked.

    `expected` stands in the faults that the test itself brings about.
    """
    context = chromium.new_context(**{"viewport": PHONE, "locale": "en", "reduced_motion": "reduce", **options})
    context.set_default_timeout(PATIENCE)
    faults = watched(context, service)
    yield context.new_page()
    context.close()
    assert [fault for fault in faults if expected not in fault] == []


def watched(context: BrowserContext, service: Service) -> list[str]:
    """What went wrong in a browser so far."""
    faults: list[str] = []

    def spoken(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            faults.append(message.text)

    def asked(sent: Request) -> None:
        if not sent.url.startswith((service.address + "/", "data:", "about:")):
            faults.append(f"asked another host: {sent.url}")

    context.on("console", spoken)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("request", asked)
    return faults
