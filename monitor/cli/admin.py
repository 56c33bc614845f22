"""Looking after a deployment: migrations, one tick by hand, what is wrong with the set-up."""

import json
from datetime import UTC, datetime

import click
import sqlalchemy as sa
from alembic import command
from alembic.util import CommandError

from monitor import clock
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.errors import DatabaseUnavailable, MigrationPending
from monitor.startup import alembic_config, open_database, unlock


@click.command("migrate")
@click.option("--database", metavar="URL", help="Instead of MONITOR_DATABASE_URL.")
def migrate_command(database: str | None) -> None:
    """Bring the database to this program's tables. Safe to run again; all of it happens or nothing."""
    if database is None:
        settings = load_settings()
        unlock(settings)
        database = settings.database_url
    try:
        command.upgrade(alembic_config(database), "head")
    except CommandError:
        raise MigrationPending("the database is newer than this program; update the program") from None
    except sa.exc.OperationalError:
        place = sa.make_url(database).render_as_string(hide_password=True)
        raise DatabaseUnavailable(f"the database at {place} does not answer") from None
    click.echo("The database is ready.")


@click.command("tick")
@click.option("--at", metavar="TIME", help="As if it were then: 2026-12-01T09:00 (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tick_command(at: str | None, as_json: bool) -> None:
    """Run every job once: plan check-ins, send what is due, close what is over and look at the rules.

    Safe to run at any time and any number of times: each job does only what is left to do.
    """
    from monitor.worker import make_courier, tick

    moment = _moment(at) if at else None
    settings = load_settings()
    courier = make_courier(settings, open_database(settings), (lambda: moment) if moment else clock.now)
    report = tick(courier)
    if as_json:
        click.echo(json.dumps({"at": courier.clock().isoformat(), **report.as_dict()}))
        return
    texts = report.texts
    click.echo(f"planned {report.planned} check-ins, closed {report.closed}")
    click.echo(
        f"texts: {texts.sent} sent, {texts.skipped} skipped, {texts.postponed} postponed, "
        f"{texts.failed} failed, {texts.unknown} unknown"
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--at: {text!r} is not a time; write it as 2026-12-01T09:00+00:00") from None
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
