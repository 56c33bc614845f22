"""The first teams and logins of a service; patients are added on the staff pages."""

from contextlib import AbstractContextManager
from datetime import time

import click
from sqlalchemy.orm import Session

from monitor import clock
from monitor.care.service_hours import WEEKDAYS, ServiceHours
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.db import unit_of_work
from monitor.i18n import STAFF_LANGUAGES
from monitor.people import roster
from monitor.people.models import Role
from monitor.startup import open_database

WORKING_WEEK = "monday,tuesday,wednesday,thursday,friday"

LONGEST_NAME, LONGEST_PHONE = 80, 32
MOST_SLOTS = 200


def _work() -> AbstractContextManager[Session]:
    return unit_of_work(open_database(load_settings()))


def _weekdays(text: str) -> tuple[int, ...]:
    names = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in names if name not in WEEKDAYS]
    if unknown:
        raise BadInput(f"--weekdays: {unknown[0]!r} is not a weekday; write {WORKING_WEEK}")
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def _hours(text: str) -> tuple[time, time]:
    opens, _, closes = text.partition("-")
    try:
        return time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError:
        raise BadInput(f"--hours: {text!r} is not an opening and a closing time; write 09:00-17:00") from None


def _calendar(weekdays: str, hours: str, zone: str = "UTC") -> ServiceHours:
    """Return the week that the options describe. Raises InvalidServiceHours, UnknownZone."""
    return ServiceHours(dict.fromkeys(_weekdays(weekdays), _hours(hours)), frozenset(), zone)


def _check_length(what: str, text: str, longest: int) -> None:
    if not text.strip() or len(text) > longest:
        raise BadInput(f"{what}: write 1 to {longest} characters")


@click.group("team")
def team_commands() -> None:
    """Add care teams and say who reads their safety answers."""


@team_commands.command("add")
@click.argument("name")
@click.option("--zone", required=True, help="Time zone, as in Europe/London.")
@click.option("--country", required=True, metavar="GB", help="For the help lines that its patients see.")
@click.option("--phone", required=True, help="The team's own number, shown to patients.")
@click.option("--weekdays", default=WORKING_WEEK, show_default=True)
@click.option("--hours", default="09:00-17:00", show_default=True)
def add_team_command(name: str, zone: str, country: str, phone: str, weekdays: str, hours: str) -> None:
    """Add a care team with its service hours."""
    _check_length("NAME", name, LONGEST_NAME)
    _check_length("--phone", phone, LONGEST_PHONE)
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise BadInput(f"--country: {country!r} is not two letters; write it as GB")
    calendar = _calendar(weekdays, hours, zone)
    with _work() as session:
        roster.add_team(session, name, country=country.upper(), phone=phone, hours=calendar.to_json(), now=clock.now())
    click.echo(f"Added {name}. Nothing with a safety item goes out until: monitor team cover {name!r} E-MAIL")


@team_commands.command("cover")
@click.argument("name")
@click.argument("email")
@click.option("--weekdays", default=WORKING_WEEK, show_default=True)
@click.option("--hours", default="09:00-17:00", show_default=True)
def cover_command(name: str, email: str, weekdays: str, hours: str) -> None:
    """Name the staff member who reads a team's safety answers on these weekdays."""
    week = _calendar(weekdays, hours).week
    [(opens, closes)] = set(week.values())
    with _work() as session:
        roster.set_cover(session, name, email, weekdays=tuple(week), opens=opens, closes=closes, now=clock.now())
    click.echo(f"Safety answers of {name} have a reader.")


@team_commands.command("slots")
@click.argument("name")
@click.option("--protected", required=True, type=click.IntRange(0, MOST_SLOTS), help="Kept for the middle step.")
@click.option("--open", "open_to_all", required=True, type=click.IntRange(0, MOST_SLOTS), help="Not kept for it.")
def slots_command(name: str, protected: int, open_to_all: int) -> None:
    """Say how many slots of the middle step a team has. A slot in use is never withdrawn, and no number used again."""
    from monitor.care.middle_slots import SlotsInUse, set_slots, slots

    try:
        with _work() as session:
            team = roster.team_called(session, name)
            set_slots(session, team, protected=protected, open_to_all=open_to_all, now=clock.now())
            numbers = ", ".join(str(each.number) for each in slots(session, (team.id,)))
    except SlotsInUse as error:
        raise BadInput(f"{error}; end what they are used for first") from None
    click.echo(
        f"Slots of {name}: {protected} protected, {open_to_all} open." + (f" Numbers {numbers}." if numbers else "")
    )


@click.group("staff")
def staff_commands() -> None:
    """Add staff members and end their logins."""


@staff_commands.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--team", "teams", multiple=True, help="May be given more than once.")
@click.option("--language", default="en", show_default=True, type=click.Choice(STAFF_LANGUAGES))
def add_staff_command(email: str, name: str, role: str, teams: tuple[str, ...], language: str) -> None:
    """Add a staff member. Prints the password and the one-time-code secret: once, and nowhere else."""
    if "@" not in email:
        raise BadInput("EMAIL: this is not an e-mail address")
    each_once = tuple(dict.fromkeys(teams))
    with _work() as session:
        login = roster.add_staff_member(
            session, email, name=name, role=Role(role), teams=each_once, language=language, now=clock.now()
        )
    click.echo(f"password     {login.password}\nTOTP secret  {login.totp_secret}")


@staff_commands.command("end")
@click.argument("email")
@click.option(
    "--hand-over-to", metavar="EMAIL", help="Who takes over their patients and open flags: of the same teams."
)
def end_staff_command(email: str, hand_over_to: str | None) -> None:
    """End a login and all its sessions at once. Patients and open flags go to a colleague, or it does not end."""
    from monitor.flags.departures import WorkLeft, leave

    try:
        with _work() as session:
            work = leave(session, email, hand_over_to, clock.now())
    except WorkLeft as error:
        left = _counted(error.work.episodes, error.work.flags)
        raise BadInput(f"{left}: name somebody else of the same teams with --hand-over-to EMAIL") from None
    if hand_over_to is not None:
        click.echo(f"Handed over: {_counted(work.episodes, work.flags)}.")
    click.echo("The login has ended.")


def _counted(episodes: int, flags: int) -> str:
    patients = "1 patient" if episodes == 1 else f"{episodes} patients"
    return f"{patients} and {'1 open flag' if flags == 1 else f'{flags} open flags'}"
