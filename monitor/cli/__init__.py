"""The command `monitor`: one file a command group. Bad input exits 2 with one clear line."""

import sys
from importlib import import_module

import click

from monitor.errors import MonitorError

COMMANDS = {
    "bench": "bench:bench_command",
    "clock": "clock:clock_command",
    "demo": "demo:demo_command",
    "doctor": "admin:doctor_command",
    "i18n": "catalogues:i18n_commands",
    "instrument": "rules:instrument_command",
    "migrate": "admin:migrate_command",
    "outcomes": "outcomes:outcomes_command",
    "pathway": "pathways:pathway_commands",
    "replay": "replay:replay_command",
    "score": "rules:score_command",
    "serve": "serve:serve_command",
    "staff": "people:staff_commands",
    "team": "people:team_commands",
    "tick": "admin:tick_command",
    "worker": "worker:worker_command",
}


class Program(click.Group):
    """Imports a command when it is asked for: scoring a form must not wait for a web server's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None for a name that there is not."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(f"monitor.cli.{module}"), attribute)
        return command if isinstance(command, click.Command) else None


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stepped-care-monitor", message="%(version)s")
def program() -> None:
    """Run and look after a symptom monitor for stepped mental-health care."""


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
