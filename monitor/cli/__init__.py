"""The command `monitor`: one file a command group. Bad input exits 2 with one clear line."""

import sys

import click

from monitor.cli import admin, catalogues, people, rules
from monitor.errors import MonitorError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stepped-care-monitor", message="%(version)s")
def program() -> None:
    """Run and look after a symptom monitor for stepped mental-health care."""


for command in (
    rules.instrument_command,
    rules.score_command,
    admin.migrate_command,
    admin.tick_command,
    admin.doctor_command,
    people.team_commands,
    people.staff_commands,
    catalogues.i18n_commands,
):
    program.add_command(command)


def main() -> None:
    """Run one command; whatever a person can mend is one line on standard error and exit 2."""
    try:
        status = program.main(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        status = leaving.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        status = 130
    except (click.ClickException, MonitorError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"monitor: {message}", err=True)
        status = 2
    sys.exit(status if isinstance(status, int) else 0)
