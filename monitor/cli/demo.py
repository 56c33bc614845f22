"""The demonstration on the command line: build it, say how to get in, serve it."""

import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

import click
import pyotp
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress

from monitor import STAFF_PATH, clock
from monitor.cli.rules import BadInput
from monitor.cli.serve import HOST, PORT, SURFACES, Address, free_address, serve
from monitor.config import Settings, load_settings
from monitor.db import Sessions, reading
from monitor.demo.clinic import PASSWORD, SENDER, SERVICE
from monitor.demo.guide import Guide, guide
from monitor.demo.keys import fresh_keys, keep_keys, keys_path, read_keys
from monitor.demo.lives import PIN
from monitor.demo.phone_network_control import network_process
from monitor.demo.storage import build, open_empty_or_demo

PREFIX = "MONITOR_"
OWN_NUMBER, TEXT_HOOK = "+441632960199", "/hooks/twilio/text"


@click.command("demo")
@click.option("--host", default=HOST, show_default=True, help="The interface to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--database", metavar="URL", help="Keep it here: an empty database, or one that holds the demonstration.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--no-serve", is_flag=True, help="Build it and say how to get in, without serving.")
def demo_command(host: str, port: int, database: str | None, as_json: bool, no_serve: bool) -> None:
    """Run a fictional service, Riverside Talking Support, with nine months behind it.

    3 care teams, 10 staff and 60 patients in every language, each of them invented. Texts go to a stand-in for the
    phone network, and the page /demo/texts shows the phones; it can write on them, too. Without --database everything
    is gone when it stops.

    \b
    The JSON document:
      base_url  where it is served
      staff     role, team, email, password, totp_secret (for one-time codes)
      patients  id, language, course, check_in_url (null while none is open),
                device_url (makes a browser the patient's known phone; PIN 246810)
    """
    with ExitStack() as stack:
        stack.enter_context(_leaving_in_order())
        address = Address(host, host, port) if no_serve else free_address(host, port)
        url = _database_url(database) if database else _passing_database(stack)
        keys = read_keys(keys_path(url)) or fresh_keys()
        environment = _environment(url, address.base_url, keys)
        if not no_serve:
            environment |= _phone_network(stack, address.base_url)
        stack.enter_context(_only(environment))
        document = _document(load_settings(), url, keys if database else None)
        if no_serve:
            return _say(document, as_json)

        def ready() -> None:
            _say(document, as_json)
            click.echo("Stop with Ctrl-C.", err=True)

        serve(environment, address, workers=1, ready=ready)


def _database_url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise BadInput("--database: not an address; write it as sqlite:///demo.db or postgresql://...") from None
    if url.get_backend_name() == "postgresql":
        return url
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise BadInput("--database: a file, as in sqlite:///demo.db, or a PostgreSQL database")
    return url.set(database=str(Path(str(url.database)).absolute()))


def _passing_database(stack: ExitStack) -> sa.URL:
    """Return the address of a database in a folder that goes when this process does."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-demo-"))
    return sa.URL.create("sqlite", database=str(Path(folder) / "demo.db"))


def _environment(url: sa.URL, base_url: str, keys: Mapping[str, str]) -> dict[str, str]:
    return {
        **keys,
        "MONITOR_ENVIRONMENT": "demo",
        "MONITOR_DATABASE_URL": url.render_as_string(hide_password=False),
        "MONITOR_PUBLIC_BASE_URL": base_url,
        "MONITOR_SERVICE_NAME": SERVICE,
        "MONITOR_SENDER_NAME": SENDER,
        "MONITOR_GATEWAY": "console",
        SURFACES: "patient,staff",
    }


def _phone_network(stack: ExitStack, base_url: str) -> dict[str, str]:
    """Start the phone network and return the settings that lead to it. Its numbers are kept for fiction (Ofcom)."""
    account, token = f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
    network = stack.enter_context(
        network_process(
            account=account,
            token=token,
            own_number=OWN_NUMBER,
            inbound_url=f"{base_url}{TEXT_HOOK}",
            seed=secrets.randbits(63),
        )
    )
    return {
        "MONITOR_GATEWAY": "twilio",
        "MONITOR_TWILIO_ACCOUNT_SID": account,
        "MONITOR_TWILIO_AUTH_TOKEN": token,
        "MONITOR_TWILIO_FROM": OWN_NUMBER,
        "MONITOR_TWILIO_BASE_URL": network.url,
    }


@contextmanager
def _only(environment: Mapping[str, str]) -> Iterator[None]:
    """Let these be the only settings in the environment: those of a real service nearby must not leak in."""
    before = dict(os.environ)
    try:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            del os.environ[name]
        os.environ.update(environment)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _leaving_in_order() -> Iterator[None]:
    """Turn SIGTERM into an exit that removes the passing database on its way."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _document(settings: Settings, url: sa.URL, to_keep: Mapping[str, str] | None) -> Guide:
    """Open the demonstration, built first where there is none yet, and return how to get in."""
    sessions, is_empty = open_empty_or_demo(settings)
    if is_empty:
        if to_keep is not None and not keys_path(url).exists():  # they are there when an earlier build broke off
            keep_keys(keys_path(url), to_keep)
        _build(sessions, settings)
    with reading(sessions) as session:
        document = guide(session, settings.base_url, clock.now())
    sessions.kw["bind"].dispose()  # no connection may live through the fork of the server
    return document


def _build(sessions: Sessions, settings: Settings) -> None:
    """Build with a progress bar, where somebody looks: months go by on it."""
    now = clock.now()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{SERVICE}: the months before today", total=None)
        begun: list[datetime] = []

        def passed(moment: datetime) -> None:
            begun.append(moment) if not begun else None
            progress.update(task, total=(now - begun[0]).total_seconds(), completed=(moment - begun[0]).total_seconds())

        build(sessions, settings, now, passed=passed)


def _say(document: Guide, as_json: bool) -> None:
    click.echo(json.dumps(document.as_dict()) if as_json else "\n".join(_lines(document)))


def _lines(document: Guide) -> Iterator[str]:
    address, now = document.base_url, clock.now()
    yield f"{SERVICE} at {address}: a fictional service, every person in it is invented."
    yield ""
    yield f"Staff sign in at {address}{STAFF_PATH}/ with the password {PASSWORD} and a one-time code."
    for login in document.staff:
        code = pyotp.TOTP(login.totp_secret).at(now)
        yield f"  {login.role:<14}{login.team or '-':<7}{login.email:<26}code {code} now, secret {login.totp_secret}"
    yield ""
    to_try = {
        "An English check-in": _open_check_in(document, "en"),
        "An Arabic check-in": _open_check_in(document, "ar"),
        "A patient's own phone": f"{document.patients[0].device_url} (PIN {PIN})",
        "The texts": f"{address}/demo/texts",
        "New codes, all patients": f"{address}/demo/",
    }
    for what, link in to_try.items():
        yield f"{what:<25}{link}"


def _open_check_in(document: Guide, language: str) -> str:
    links = (patient.check_in_url for patient in document.patients if patient.language == language)
    return next(filter(None, links), "none is open now")
