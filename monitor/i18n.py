"""Languages, messages, dates and numbers: bare Babel, and the little that a Flask application needs around it."""

import logging
import re
from collections.abc import Iterable, Iterator
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
from babel.messages.catalog import Catalog, Message
from babel.numbers import format_decimal as _babel_decimal
from markupsafe import Markup, escape

from monitor import translation_files
from monitor.config import RESOURCES
from monitor.translation_rules import breaks

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
DOMAINS = ("messages", "staff", "texts")
"""The catalogues of a language: patients' pages, staff pages, texts."""
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


def _path(language: str, domain: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"


@lru_cache(maxsize=64)
def catalogue(language: str, domain: str) -> Catalog:
    """Read one catalogue. Without the file, or with one that cannot be read, it is empty: the source text is shown."""
    if language not in LANGUAGES or language == SOURCE_LANGUAGE:
        return Catalog()
    found, fault = _read(language, domain)
    if fault:
        log.error("catalogue %s/%s: %s", language, domain, fault)
    return found


def unread(language: str, domain: str) -> str:
    """Return what of a catalogue cannot be read, in words; empty for a whole one."""
    return _read(language, domain)[1]


def _read(language: str, domain: str) -> tuple[Catalog, str]:
    try:
        found, lost = translation_files.read(_path(language, domain), language, domain)
    except OSError as error:
        return Catalog(locale=language), f"cannot be read: {type(error).__name__}"
    return found, f"{lost} entries cannot be read" if lost else ""


@lru_cache(maxsize=16384)
def _lookup(language: str, domain: str, message: str) -> str:
    """Return the translation if there is a sound one: a text must not lose its link to a slip in a catalogue."""
    found = catalogue(language, domain).get(message)
    if found is None or found.fuzzy or not found.string:
        return message
    text = found.string if isinstance(found.string, str) else found.string[0]
    return text if _is_sound(language, domain, message, breaks(message, text)) else message


@lru_cache(maxsize=1024)
def _lookup_plural(language: str, domain: str, singular: str, plural: str, count: int) -> str:
    translations = catalogue(language, domain)
    found = translations.get(singular)
    source = singular if count == 1 else plural
    forms = found.string if found and not found.fuzzy and isinstance(found.string, tuple) else ()
    if not any(forms):
        return source
    try:
        text = forms[int(c2py(translations.plural_expr)(count))]
    except (ValueError, ArithmeticError, IndexError):  # a header that is no plural rule, or a form that is not there
        text = ""
    return text if _is_sound(language, domain, singular, breaks(plural, text, counts=True)) else source


_broken: set[tuple[str, str, str]] = set()
"""The translations that this process found broken. Each is logged once, however often somebody reads it."""


def _is_sound(language: str, domain: str, message: str, faults: list[str]) -> bool:
    """Return whether a translation can be shown; says in the log which cannot, by the first words of the English."""
    key = (language, domain, message)
    if faults and key not in _broken:
        _broken.add(key)
        log.error("translation %s/%s %r is broken, the %s. of this process", *key[:2], opening(message), len(_broken))
    return not faults


def opening(message: str) -> str:
    """Return the first words of a message, by which a list names it."""
    words = message.split()
    return " ".join(words[:6]) + (" …" if len(words) > 6 else "")


def broken(language: str, domain: str) -> list[str]:
    """Return what is wrong with one catalogue as it is read: the messages that patients or staff get in English."""
    return [
        f"{opening(source)} ({', '.join(faults)})"
        for message in catalogue(language, domain)
        if message.id and not message.fuzzy
        for source, faults in _faults(message)
        if faults
    ]


def _faults(message: Message) -> Iterator[tuple[str, list[str]]]:
    """Yield the English of a message with the faults of its translation. One that is not there yet has none."""
    if isinstance(message.id, str):
        yield message.id, breaks(message.id, str(message.string)) if message.string else []
        return
    forms = message.string if isinstance(message.string, tuple) else ("",)
    if any(forms):
        each = [fault for form in forms for fault in breaks(message.id[1], form, counts=True)]
        yield message.id[0], list(dict.fromkeys(each))


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


def is_draft(language: str, domain: str = "messages") -> bool:
    """Return whether a catalogue says of itself that no native speaker has reviewed it, or does not exist."""
    path = _path(language, domain)
    return not path.is_file() or "X-Review: draft" in path.read_text(encoding="utf-8", errors="replace")[:2000]
