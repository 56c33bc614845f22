"""The pathways of a service: which is in force, whether a file is sound, what it would do, and putting it in force."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import clock
from monitor.care import pathways, publication
from monitor.care.pathway import Pathway
from monitor.care.pathway_loading import InvalidPathway, read
from monitor.care.pathway_models import PathwayVersion
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.db import reading, unit_of_work
from monitor.people import roster
from monitor.people.models import StaffMember
from monitor.startup import open_database

if TYPE_CHECKING:
    from monitor.flags.trial import Trial

SHORTEST_VERSION = 8
"""So many letters of a version's id are shown, and so many at least are asked for."""

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_DAYS = click.option("--days", default=90, show_default=True, type=click.IntRange(7, 366))


@click.group("pathway")
def pathway_commands() -> None:
    """Look at the pathways, check and try a file, put one in force."""


@pathway_commands.command("list")
def list_command() -> None:
    """Show which version of each pathway is in force, and since when."""
    with _reading() as session:
        for code in pathways.shipped_codes():
            click.echo(f"{code:24} {_in_force(session, code)}")


@pathway_commands.command("show")
@click.argument("code")
@click.option("--version", "wanted", help=f"The first {SHORTEST_VERSION} letters of its id, or more.")
def show_command(code: str, wanted: str | None) -> None:
    """Print the file of a pathway: the version in force, or an earlier one."""
    with _reading() as session:
        click.echo(_text(session, code, wanted), nl=False)


@pathway_commands.command("check")
@_FILE
def check_command(file: Path) -> None:
    """Say what is wrong with a FILE: every fault, with its line, its part and the mend. Needs no database."""
    pathway = _sound(_content(file), file)
    steps, rules = len(pathway.steps), len(pathway.intake)
    click.echo(f"{file.name} is sound: {pathway.code}, {steps} steps, {rules} intake rules")


@pathway_commands.command("trial")
@_FILE
@_DAYS
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def trial_command(file: Path, days: int, as_json: bool) -> None:
    """Replay the service's own last days under a FILE, and under the version in force. Changes nothing.

    \b
    The JSON document:
      code      of the pathway
      days      looked back
      episodes  that were replayed
      rules     for each rule: {"in_force": flags raised, "file": flags raised}
    """
    text = _content(file)
    _sound(text, file)
    with _reading() as session:
        found = _trial(session, text, days, clock.now())
    click.echo(_trial_document(text, days, found) if as_json else "\n".join(_trial_lines(days, found)))


@pathway_commands.command("publish")
@_FILE
@_DAYS
@click.option("--by", required=True, metavar="E-MAIL", help="Who made the change.")
@click.option("--signed-off-by", required=True, metavar="E-MAIL", help="A second person: a supervisor or a manager.")
@click.option("--words", required=True, help="What is changed and why. Nothing about a person.")
@click.option("--yes", is_flag=True, help="Put it in force; without it nothing happens but the trial.")
def publish_command(file: Path, days: int, by: str, signed_off_by: str, words: str, yes: bool) -> None:
    """Put a FILE in force for every decision from now on. Shows first what it would have done."""
    text, now = _content(file), clock.now()
    _sound(text, file)
    sessions = open_database(load_settings())
    with unit_of_work(sessions) if yes else reading(sessions) as session:
        author, signer = _member(session, "--by", by), _member(session, "--signed-off-by", signed_off_by)
        proposed = publication.Proposed(text, author, signer, words, file.name)
        publication.check(session, proposed)
        lines = _trial_lines(days, _trial(session, text, days, now))
        if yes:
            done = publication.publish(session, proposed, now)
            said = f"In force from now on: {done.code}, version {_short(done.version_id)}."
        else:
            said = "Nothing is published. To put it in force, give the same command with --yes."
    click.echo("\n".join([*lines, said]))


def _member(session: Session, option: str, email: str) -> StaffMember:
    try:
        return roster.by_email(session, email)
    except roster.UnknownStaffMember as error:
        raise BadInput(f"{option}: {error}") from None


def _reading() -> AbstractContextManager[Session]:
    return reading(open_database(load_settings()))


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise BadInput(f"{file.name}:{line}: this is not UTF-8; save the file as UTF-8") from None


def _sound(text: str, file: Path) -> Pathway:
    """Return the pathway, or print every fault on a line of its own and exit 2."""
    try:
        pathway = read(text, file.name)
    except InvalidPathway as error:
        click.echo(str(error), err=True)
        count = len(error.faults)
        raise BadInput(f"{'1 fault' if count == 1 else f'{count} faults'} in {file.name}") from None
    publication.check_code(pathway)
    return pathway


def _trial(session: Session, text: str, days: int, now: datetime) -> "Trial":
    from monitor.flags.trial import trial

    return trial(session, read(text), until=now, days=days)


def _trial_document(text: str, days: int, found: "Trial") -> str:
    rules = {rule: {"in_force": before, "file": after} for rule, (before, after) in found.per_rule.items()}
    return json.dumps({"code": read(text).code, "days": days, "episodes": found.episodes, "rules": rules})


def _trial_lines(days: int, found: "Trial") -> Sequence[str]:
    what = f"The last {days} days of {found.episodes} {'episode' if found.episodes == 1 else 'episodes'}"
    if not found.per_rule:
        return [f"{what}: no rule raised anything under either.", ""]
    return [
        f"{what}, flags raised by rule:",
        "",
        "rule  in force  file",
        *(f"{rule:4}  {before:8}  {after:4}" for rule, (before, after) in found.per_rule.items()),
        "",
    ]


def _text(session: Session, code: str, wanted: str | None) -> str:
    shipped = pathways.shipped_text(code)
    kept = sa.select(PathwayVersion.id, PathwayVersion.text).where(PathwayVersion.code == code)
    texts: dict[UUID, str] = {pathways.version_id(shipped): shipped}
    texts |= {version: text for version, text in session.execute(kept)}
    if wanted is None:
        last = publication.newest(session, code)  # not `in_force`: a file that cannot be read is to be mended
        return texts[last.version_id] if last else shipped
    found = [text for each, text in texts.items() if str(each).startswith(wanted.lower())]
    if len(wanted) < SHORTEST_VERSION or len(found) != 1:
        known = ", ".join(_short(each) for each in texts)
        raise BadInput(f"--version: {wanted!r} is not a version of {code}; known are {known}")
    return found[0]


def _in_force(session: Session, code: str) -> str:
    last = publication.newest(session, code)
    if last is None:
        return f"{_short(pathways.shipped(code).version_id)}  comes with the program"
    return f"{_short(last.version_id)}  since {last.at:%Y-%m-%d %H:%M} UTC: {last.words}"


def _short(version: UUID) -> str:
    return str(version)[:SHORTEST_VERSION]
