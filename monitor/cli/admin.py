"""Looking after a deployment: migrations, one tick by hand, what is wrong with the set-up."""

import json
import sys
from contextlib import nullcontext, redirect_stdout
from datetime import UTC, datetime

import click
import sqlalchemy as sa
from alembic.util import CommandError

from monitor import clock
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.errors import DatabaseUnavailable, MigrationPending
from monitor.startup import migrate, open_database, unlock

DATABASES = ("sqlite", "postgresql")
YEARS = range(2000, 2200)
"""A moment outside of them is a slip of the pen, and deadlines counted from it could be beyond any calendar."""


@click.command("migrate")
@click.option("--database", metavar="URL", help="Instead of MONITOR_DATABASE_URL.")
def migrate_command(database: str | None) -> None:
    """Bring the database to this program's tables. Safe to run again; all of it happens or nothing."""
    if database is None:
        settings = load_settings()
        unlock(settings)
        database = settings.database_url
    place = _place(database)
    try:
        migrate(database)
    except CommandError:
        raise MigrationPending("the database is newer than this program; update the program") from None
    except sa.exc.DBAPIError as error:
        if error.statement is None:  # it failed while connecting
            raise DatabaseUnavailable(f"the database at {place} does not answer") from None
        what = f"the database at {place} refuses to be migrated ({type(error.orig).__name__}) and is as it was"
        raise MigrationPending(what) from None
    click.echo("The database is ready.")


def _place(database: str) -> str:
    """Return an address without its password."""
    try:
        url = sa.make_url(database)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in DATABASES:
        raise BadInput("--database: write it as sqlite:///monitor.db or postgresql://NAME@HOST/DATABASE")
    return url.render_as_string(hide_password=True)


@click.command("tick")
@click.option("--at", metavar="TIME", help="As if it were then: 2026-12-01T09:00 (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tick_command(at: str | None, as_json: bool) -> None:
    """Run every job once: plan check-ins, send what is due, close what is over and look at the rules.

    Safe to run at any time and any number of times: each job does only what is left to do.
    """
    from monitor.worker import make_courier, make_dispatch, tick

    moment = None if at is None else _moment(at)
    settings = load_settings()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():  # where texts that are only printed go
        courier = make_courier(settings, open_database(settings), (lambda: moment) if moment else clock.now)
    report = tick(courier, make_dispatch(settings))
    if as_json:
        click.echo(json.dumps({"at": courier.clock().isoformat(), **report.as_dict()}))
        return
    texts = report.texts
    click.echo(f"planned {report.planned} check-ins, closed {report.closed}")
    if texts.handed_over:
        click.echo(f"texts: {texts.handed_over} handed over to the workers")
    click.echo(
        f"texts: {texts.sent} sent, {texts.skipped} skipped, {texts.postponed} postponed, "
        f"{texts.failed} failed, {texts.unknown} unknown"
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--at: {text!r} is not a time; write it as 2026-12-01T09:00+00:00") from None
    if moment.year not in YEARS:
        raise BadInput(f"--at: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor_command(as_json: bool) -> None:
    """Say what is misconfigured, missing or stale. Exits 1 when something must be mended before patients are asked."""
    from monitor.doctor import examine

    settings = load_settings()
    findings = examine(settings, open_database(settings), clock.now())
    if as_json:
        click.echo(json.dumps([{"state": finding.state.value, "what": finding.what} for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{finding.state.value:<8}{finding.what}")
    if any(finding.state.value == "mend" for finding in findings):
        raise click.exceptions.Exit(1)
