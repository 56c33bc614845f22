"""Languages, messages, dates and numbers: bare Babel, and the little that a Flask application needs around it."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as _babel_date
from babel.dates import format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal as _babel_decimal
from markupsafe import Markup, escape

from monitor.config import RESOURCES

log = logging.getLogger(__name__)

TRANSLATIONS: Path = RESOURCES / "translations"


@dataclass(frozen=True)
class Language:
    """One language of the program: its tag in code, in HTML, and its own name for itself."""

    tag: str
    name: str
    rtl: bool = False

    @property
    def html(self) -> str:
        """The BCP 47 tag."""
        return self.tag.replace("_", "-")

    @property
    def comma(self) -> str:
        """What stands between two things in a row."""
        return "، " if self.rtl else ", "

    @property
    def direction(self) -> str:
        """The value of HTML's `dir`."""
        return "rtl" if self.rtl else "ltr"


LANGUAGES: dict[str, Language] = {
    language.tag: language
    for language in (
        Language("en", "English"),
        Language("ar", "العربية", rtl=True),
        Language("de", "Deutsch"),
        Language("es", "Español"),
        Language("fr", "Français"),
        Language("it", "Italiano"),
        Language("nl", "Nederlands"),
        Language("pl", "Polski"),
        Language("pt_BR", "Português"),
        Language("uk", "Українська"),
    )
}
STAFF_LANGUAGES = ("en", "es")
SOURCE_LANGUAGE = "en"


def known_language(tag: str | None) -> str | None:
    """Return the tag as the program writes it ('pt-br' gives 'pt_BR'), or None for a language that it has not."""
    if not tag or len(tag) > 16:
        return None
    wanted = tag.replace("-", "_").lower()
    return next((known for known in LANGUAGES if known.lower() == wanted), None)


def best_language(accepted: Iterable[str], default: str) -> str:
    """Return the first language that a browser asks for and the program has, else `default`."""
    for tag in accepted:
        found = known_language(tag) or known_language(tag.split("-")[0]) or ("pt_BR" if tag[:2] == "pt" else None)
        if found:
            return found
    return default


@lru_cache(maxsize=64)
def catalogue(language: str, domain: str) -> Catalog:
    """Read one catalogue. Without the file, or with one that cannot be read, it is empty: the source text is shown."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"
    empty = Catalog(locale=language if language in LANGUAGES else None)
    if language not in LANGUAGES or not path.is_file():
        return empty
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, domain=domain)
    except (ValueError, LookupError) as error:
        log.error("catalogue %s/%s cannot be read: %s", language, domain, type(error).__name__)
        return empty


@lru_cache(maxsize=16384)
def _lookup(language: str, domain: str, message: str) -> str:
    """Return the translation if there is a sound one: a text must not lose its link to a slip in a catalogue."""
    found = catalogue(language, domain).get(message)
    if found is None or found.fuzzy or not found.string:
        return message
    text = found.string if isinstance(found.string, str) else found.string[0]
    return message if not text or placeholder_faults(message, text) else text


@lru_cache(maxsize=1024)
def _lookup_plural(language: str, domain: str, singular: str, plural: str, count: int) -> str:
    translations = catalogue(language, domain)
    found = translations.get(singular)
    source = singular if count == 1 else plural
    if found is None or found.fuzzy or not isinstance(found.string, tuple):
        return source
    try:
        index = int(c2py(translations.plural_expr)(count))
    except (ValueError, ArithmeticError):  # a header that is no plural rule
        return source
    return (found.string[index] if index < len(found.string) else "") or source


def _fill(text: str, source: str, params: dict[str, Any]) -> str:
    """Put the parameters in; a translation that asks for others gives way to the source text."""
    try:
        return text % params
    except (KeyError, ValueError, TypeError):
        return source % params


def translate(language: str, message: str, domain: str = "messages", **params: object) -> str:
    """Return `message` in `language` as plain text, with its named parameters filled in."""
    text = _lookup(language, domain, message)
    return _fill(text, message, params) if params else text.replace("%%", "%")


def translate_plural(
    language: str, singular: str, plural: str, count: int, domain: str = "messages", **params: object
) -> str:
    """Return the form of the message that `count` takes in `language`; `%(count)s` is filled in."""
    text = _lookup_plural(language, domain, singular, plural, count)
    source = singular if count == 1 else plural
    return _fill(text, source, {"count": format_number(count, language), **params})


def markup(language: str, message: str, domain: str = "messages", **params: object) -> Markup:
    """As `translate`, for a page: the translation is text, and so is each parameter unless it is Markup."""
    text = escape(_lookup(language, domain, message))
    if not params:
        return Markup(str(text).replace("%%", "%"))  # noqa: S704  # escaped above
    escaped = {name: escape(value) for name, value in params.items()}
    return Markup(_fill(str(text), str(escape(message)), escaped))  # noqa: S704  # both parts are escaped


def N_(message: str) -> str:  # gettext's own name for "mark for translation"
    """Mark a message for the catalogues without translating it yet."""
    return message


@lru_cache(maxsize=128)
def locale(language: str, region: str | None = None) -> Locale:
    """Return Babel's locale for a language of the program and a region ('ar', 'EG').

    English without a region is the British (24 November), where CLDR's plain `en` is the one of the United States.
    """
    base = Locale.parse("en_GB" if language == "en" and region is None else language)
    if region is None or base.territory:
        return base
    try:
        return Locale(base.language, territory=region)
    except (ValueError, UnknownLocaleError):  # Polish as in Britain: CLDR has no such locale, and many have such lives
        return base


_SKELETONS = {"dMMMM": "MMMMd", "EEEdMMM": "MMMEd", "dMMM": "MMMd"}
"""The names that people write for a skeleton, and CLDR's own order of its fields."""


def format_date(value: date, language: str, skeleton: str = "dMMMM", region: str | None = None) -> str:
    """Return a date by CLDR skeleton: dMMMM, yMMMMd, EEEEdMMMM, MMM ... in Latin digits."""
    found = locale(language, region)
    if skeleton == "yMMMMd":
        return _babel_date(value, "long", locale=found)
    if skeleton == "EEEEdMMMM":
        return _babel_date(value, _weekday_pattern(found), locale=found)
    return format_skeleton(_SKELETONS.get(skeleton, skeleton), value, locale=found, fuzzy=True)


@lru_cache(maxsize=64)
def _weekday_pattern(found: Locale) -> str:
    """Return weekday, day and month written out: most locales give the order only with the words cut short."""
    skeletons = found.datetime_skeletons
    name = next(name for name in ("MMMMEEEEd", "MMMMEd", "MMMEd") if name in skeletons)
    return re.sub("M+", "MMMM", re.sub("E+", "EEEE", skeletons[name].pattern))


def format_time(value: datetime | time, language: str, zone: tzinfo | str | None = None) -> str:
    """Return the wall time in `zone`, 24 hours, without a leading zero: 9:00."""
    if isinstance(value, datetime):
        value = _local(value, zone).timetz().replace(tzinfo=None)
    return f"{value.hour}:{value.minute:02}"


def format_moment(value: datetime, language: str, zone: tzinfo | str, region: str | None = None) -> str:
    """Return weekday, day, month and time of a moment in a zone."""
    local = _local(value, zone)
    day = format_date(local.date(), language, "EEEEdMMMM", region)
    return f"{day}{LANGUAGES[language].comma}{format_time(local, language)}"


def format_number(value: int | float, language: str) -> str:
    """Return a number in Latin digits with the language's separators."""
    return _babel_decimal(value, locale=locale(language), numbering_system="latn")


def weekday_name(weekday: int, language: str) -> str:
    """Return the name of a weekday, 0 for Monday, as it stands alone."""
    return str(locale(language).days["stand-alone"]["wide"][weekday])


def _local(value: datetime, zone: tzinfo | str | None) -> datetime:
    if zone is None:
        return value
    return value.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


PLACEHOLDER = re.compile(r"%(?:\((\w+)\)([a-zA-Z])|(.))", re.DOTALL)


def placeholder_faults(source: str, translation: str) -> list[str]:
    """Return what is wrong with the placeholders of a translation; empty when it is sound."""
    faults = []
    wanted = {name for name, _, _ in PLACEHOLDER.findall(source) if name}
    found = set()
    for name, conversion, bare in PLACEHOLDER.findall(translation):
        if bare and bare != "%":
            faults.append(f"a bare % before {bare!r}")
        if name:
            found.add(name)
            if conversion != "s":
                faults.append(f"%({name}){conversion} must be %({name})s")
    faults += [f"missing %({name})s" for name in sorted(wanted - found)]
    faults += [f"unknown %({name})s" for name in sorted(found - wanted)]
    return faults


def is_draft(language: str, domain: str = "messages") -> bool:
    """Return whether a catalogue says of itself that no native speaker has reviewed it, or does not exist."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"
    return not path.is_file() or "X-Review: draft" in path.read_text(encoding="utf-8")[:2000]
