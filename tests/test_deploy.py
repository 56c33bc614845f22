"""The units in deploy/ start commands that there are, with settings that there are, and hold no secret."""

import configparser
import shlex
from pathlib import Path

import click
import pytest

from monitor.cli import program
from monitor.config import Settings

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def unit(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # systemd minds the case
    parser.read(path)
    return dict(parser["Service"])


def commands() -> list[tuple[str, str]]:
    lines = (DEPLOY / "README.md").read_text().splitlines()
    by_hand = [line.strip().removeprefix("MONITOR_CLOCK=no ") for line in lines if line.startswith("    ")]
    return [
        *((path.name, unit(path)["ExecStart"]) for path in UNITS),
        *(("README.md", line) for line in by_hand if line.startswith("monitor ")),
    ]


def variables() -> dict[str, str]:
    lines = (DEPLOY / "monitor.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))  # type: ignore[misc]


def test_there_is_a_unit_for_each_kind_of_process() -> None:
    assert [path.name for path in UNITS] == ["monitor-clock.service", "monitor-web.service", "monitor-worker@.service"]


@pytest.mark.parametrize(("where", "line"), commands())
def test_what_is_started_exists_with_its_options(where: str, line: str) -> None:
    executable, name, *arguments = shlex.split(line)
    context = click.Context(program)
    command = program.get_command(context, name)

    assert Path(executable).name == "monitor", where
    assert command is not None, where
    command.make_context(name, arguments)  # raises UsageError for an option that there is not


def test_web_processes_do_not_keep_time() -> None:
    web = unit(DEPLOY / "monitor-web.service")

    assert web["Environment"] == "MONITOR_CLOCK=no"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_reads_the_same_settings_and_comes_back(path: Path) -> None:
    assert unit(path)["EnvironmentFile"] == "/etc/monitor/monitor.env"
    assert unit(path)["Restart"] == "always"


def test_the_example_names_settings_that_there_are_and_gives_away_none() -> None:
    known = {f"MONITOR_{name.upper()}" for name in Settings.model_fields}

    assert variables().keys() <= known
    assert not any(variables()[name] for name in variables() if "KEY" in name or "TOKEN" in name or "SID" in name)
