"""What a patient has said about each purpose, in words for staff: dated, and by whom it was written down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.flags.due import Reader
from monitor.i18n import N_, format_date
from monitor.people.models import Party, Purpose
from monitor.people.sharing import Asked, Statement

PURPOSES: Mapping[Purpose, tuple[str, str]] = {
    Purpose.CHECK_INS: (N_("Agreed to check-ins"), N_("Ended check-ins")),
    Purpose.TEXTS: (N_("Agreed to texts"), N_("Stopped texts")),
    Purpose.PRIMARY_CARE: (N_("Agreed that their doctor may be told"), N_("Does not want their doctor to be told")),
}
ASKED: Mapping[Asked, str] = {
    Asked.VISIT: N_("asked at a visit"),
    Asked.PHONE: N_("asked by phone"),
    Asked.VIDEO: N_("asked by video"),
    Asked.PAPER: N_("asked on paper"),
}
THEMSELVES = N_("by themselves")
TOLD_STAFF = N_("told the team")
STAFF_SAID = N_("written down by staff")


@dataclass(frozen=True)
class StatementLine:
    """One statement: when, what, how it came about and who wrote it down."""

    at: datetime
    day: str
    what: str
    how: str
    by: str | None
    about_sharing: bool
    """Whether it is about their own doctor."""


def lines(statements: Iterable[Statement], reader: Reader) -> tuple[StatementLine, ...]:
    """Return statements in words, in their order."""
    return tuple(_line(each, reader) for each in statements)


def asked_choices(reader: Reader) -> list[tuple[str, str]]:
    """Return how somebody can be asked, for a form."""
    return [(each.value, reader.say(words)) for each, words in ASKED.items()]


def _line(statement: Statement, reader: Reader) -> StatementLine:
    agreed, ended = PURPOSES[statement.purpose]
    return StatementLine(
        at=statement.at,
        day=format_date(reader.local(statement.at).date(), reader.language, "yMMMd", reader.region),
        what=reader.say(agreed if statement.granted else ended),
        how=reader.say(_how(statement)),
        by=statement.by,
        about_sharing=statement.purpose is Purpose.PRIMARY_CARE,
    )


def _how(statement: Statement) -> str:
    if statement.asked is not None:
        return ASKED[statement.asked]
    if statement.said_by is Party.STAFF:
        return STAFF_SAID
    return THEMSELVES if statement.by is None else TOLD_STAFF
