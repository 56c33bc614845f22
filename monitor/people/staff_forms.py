"""Staff forms: read field by field; faults are collected beside their fields, and nothing that was typed is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeVar

import phonenumbers
from werkzeug.datastructures import MultiDict

from monitor.i18n import N_

T = TypeVar("T")

LONGEST_NAME = 80
LONGEST_WORDS = 2000

MISSING = N_("Fill this in.")
CHOOSE = N_("Choose one.")
TOO_LONG = N_("At most %(limit)s characters; this has %(count)s.")
NOT_A_DATE = N_("Write a date as year, month, day: 2026-11-24.")
NOT_A_TIME = N_("Write a time of day as 09:30.")
NOT_A_NUMBER = N_(
    "This is not a phone number of the chosen country. Write it as %(example)s, or with + and country code."
)
A_LANDLINE = N_("This is a landline, and landlines take no texts. Write a mobile number, or leave texts out.")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field and how to mend it: an English message and its parameters."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)


class Typed:
    """The fields of one form as they were typed, and the faults that were found while reading them."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        """Take the fields of a request."""
        self.values = values
        self.faults: dict[str, Fault] = {}

    def fault(self, name: str, message: str, **params: object) -> None:
        """Note what is wrong with a field; the first fault of a field stays."""
        self.faults.setdefault(name, Fault(message, params))

    def text(self, name: str) -> str:
        """Return a field without the blanks around it."""
        return self.values.get(name, "").strip()

    def words(self, name: str, *, limit: int = LONGEST_WORDS, missing: str = MISSING) -> str:
        """Return a field that must not be empty."""
        if not self.text(name):
            self.fault(name, missing)
        return self.maybe(name, limit=limit) or ""

    def maybe(self, name: str, *, limit: int = LONGEST_WORDS) -> str | None:
        """Return a field that may be empty."""
        typed = self.text(name)
        if len(typed) > limit:
            self.fault(name, TOO_LONG, limit=limit, count=len(typed))
        return typed or None

    def one_of(self, name: str, choices: Mapping[str, T], *, missing: str = CHOOSE) -> T | None:
        """Return what the chosen value stands for."""
        chosen = self.text(name)
        if chosen not in choices:
            self.fault(name, missing)
            return None
        return choices[chosen]

    def some_of(self, name: str, choices: Iterable[str]) -> tuple[str, ...]:
        """Return the ticked values, in the order of the choices."""
        ticked = set(self.values.getlist(name))
        return tuple(choice for choice in choices if choice in ticked)

    def ticked(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return bool(self.text(name))

    def day(self, name: str, *, missing: str | None = MISSING) -> date | None:
        """Return a date; None when it is empty, which is a fault unless `missing` is None."""
        typed = self.text(name)
        if not typed:
            if missing is not None:
                self.fault(name, missing)
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self.fault(name, NOT_A_DATE)
            return None

    def time_of_day(self, name: str) -> time | None:
        """Return a time of day, to the minute."""
        typed = self.text(name)
        try:
            return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.fault(name, NOT_A_TIME if typed else MISSING)
            return None

    def number(self, name: str, region: str, *, for_texts: bool) -> str:
        """Return a phone number as E.164.

        Its length is checked and not its range: new ranges are handed out faster than any list learns of them, and a
        number that takes no texts shows itself by the first one.
        """
        typed = self.words(name, limit=LONGEST_NAME)
        try:
            parsed = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is None or not phonenumbers.is_possible_number(parsed):
            self.fault(name, NOT_A_NUMBER, example=_example(region))
            return ""
        if for_texts and phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE:
            self.fault(name, A_LANDLINE)
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _example(region: str) -> str:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL) if number else "+44 7400 123456"


class SignIn(Typed):
    """The sign-in form."""

    email = password = code = ""

    @classmethod
    def empty(cls) -> "SignIn":
        """Return the form before anything is typed."""
        return cls(MultiDict())

    @classmethod
    def read(cls, values: MultiDict[str, str]) -> "SignIn":
        """Read the form; a password is taken as it is, blanks included."""
        form = cls(values)
        form.email = form.words("email", limit=254)
        form.code = form.words("code", limit=16)
        form.password = values.get("password", "")
        if not form.password:
            form.fault("password", MISSING)
        return form
