"""A staff member's browser, over the real staff application with a clock that the test holds."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any, ClassVar

import pyotp
import sqlalchemy as sa
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from monitor import Surface, create_app
from monitor.audit import AuditEntry
from monitor.config import Settings
from monitor.db import Base, Sessions, reading
from tests.builders import NOW, PASSWORD, TOTP_SECRET

AUDIT = {"audit_entries", "audit_head"}


class Compiled(BytecodeCache):
    """Templates compiled once for the whole run: each test has an application of its own."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what another test compiled."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


class StaffApp:
    """The application, its database and its clock."""

    def __init__(self, settings: Settings, sessions: Sessions, now: datetime = NOW) -> None:
        self.sessions = sessions
        self.now = now
        self.flask: Flask = create_app(settings, Surface.STAFF, sessions=sessions, clock=lambda: self.now)
        self.flask.testing = True

    def browser(self, email: str | None = None) -> "Browser":
        """A fresh browser, signed in when an e-mail is given."""
        browser = Browser(self)
        if email is not None:
            page = browser.sign_in(email)
            assert page.status_code == 303, page.text
        return browser

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the database but the audit trail."""
        with reading(self.sessions) as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name not in AUDIT]
            return {table.name: sorted(map(repr, session.execute(sa.select(table)))) for table in tables}

    def audit(self, action: str) -> list[AuditEntry]:
        """The audit entries of one action, in order."""
        with self.sessions() as session:
            found = sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
            return list(session.scalars(found))


class Browser:
    """One browser with its cookies."""

    def __init__(self, app: StaffApp) -> None:
        self.app = app
        self.client = app.flask.test_client()

    def get(self, path: str, **query: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, query_string=query or None)

    def text(self, path: str, **query: str) -> str:
        """What a page says, without its markup."""
        page = self.get(path, **query)
        assert page.status_code == 200, page.status
        return words(page)

    def post(self, path: str, /, **fields: Any) -> TestResponse:
        """Send a form with the token that our pages put into it."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """The token of this browser's forms."""
        page = self.client.get("/sign-in", follow_redirects=True).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def sign_in(
        self, email: str = "maren@example.org", password: str = PASSWORD, code: str | None = None, **environ: Any
    ) -> TestResponse:
        """Send the sign-in form, with the present code unless another is given."""
        fields = {"email": email, "password": password, "code": a_code(self.app.now) if code is None else code}
        data = {"csrf_token": self.token(), **fields}
        return self.client.post("/sign-in", data=data, environ_overrides=environ)


def a_code(at: datetime) -> str:
    """The one-time code of a moment."""
    return pyotp.TOTP(TOTP_SECRET).at(at)


def words(page: TestResponse) -> str:
    """The text of a page in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
