"""Translations: collect the messages, bring the catalogues up to date, refuse a catalogue that would break a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from monitor import translation_files
from monitor.cli.catalogue_checks import Fault, catalogue_faults, text_faults
from monitor.cli.rules import BadInput
from monitor.config import PACKAGE, RESOURCES
from monitor.i18n import DOMAINS, LANGUAGES, SOURCE_LANGUAGE, STAFF_LANGUAGES, TRANSLATIONS

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "translate_plural": (2, 3)}
TEXTS = ("messaging/texts.py", "messaging/replies.py", "checkins/appointment_texts.py")
FOR_PATIENTS = (
    "checkins/sign_questions.py",
    "i18n.py",
    "people/start_word.py",
    "progress/own_data.py",
    "progress/who_sees.py",
    "progress/words.py",
)
"""Read by patients, and not named for them. Whatever else of the package is not named for patients is for staff."""
MOST_LINES = 40


@click.group("i18n")
def i18n_commands() -> None:
    """Look after the translations."""


@i18n_commands.command("update")
def update_command() -> None:
    """Collect every message from code and templates and bring each catalogue up to date. Keeps translations."""
    for domain, language, wanted in _catalogues():
        path = _path(language, domain)
        catalogue = _read(path, language, domain) if path.is_file() else Catalog(locale=language, domain=domain)
        opening = _opening(path)
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        _write(path, catalogue, opening)
    click.echo("The catalogues are up to date.")


@i18n_commands.command("check")
def check_command() -> None:
    """Exit 2 when a catalogue is stale, incomplete or unsafe; says which message and why."""
    faults = list(every_fault())
    for fault in faults[:MOST_LINES]:
        click.echo(str(fault), err=True)
    if faults:
        raise BadInput(f"{len(faults)} faults in the catalogues; after mending: monitor i18n update")
    click.echo("Every catalogue is complete and sound.")


def collect(domain: str) -> Catalog:
    """Return the messages of a domain as code and templates have them now."""
    catalogue = Catalog(domain=domain, fuzzy=False)
    for found in _extracted():
        if found.domain == domain:
            catalogue.add(found.message, None, [], auto_comments=found.comments, context=found.context)
    return catalogue


@dataclass(frozen=True)
class _Found:
    domain: str
    message: str | tuple[str, ...]
    comments: list[str]
    context: str | None


@cache
def _extracted() -> tuple[_Found, ...]:
    """Read code and templates once for every domain: that takes seconds."""
    return tuple(
        _Found(domain_of(folder, Path(name)), message, comments, context)
        for folder, methods in (
            (PACKAGE, [("**.py", "python")]),
            (RESOURCES / "templates", [("**.html", "jinja2")]),
        )
        for name, _line, message, comments, context in extract_from_dir(
            str(folder), methods, {"**.html": {"trimmed": "true"}}, KEYWORDS, comment_tags=("Translators:",)
        )
    )


def domain_of(folder: Path, name: Path) -> str:
    """Say which catalogue a file's messages belong to. Words on charts are read by patients and by staff."""
    place = name.as_posix()
    if place.endswith(TEXTS):
        return "texts"
    if folder == PACKAGE:
        staff = "patient" not in name.stem and place not in FOR_PATIENTS
    else:
        staff = place.startswith("staff/") or "staff" in name.name
    return "staff" if staff else "messages"


def _catalogues() -> Iterator[tuple[str, str, Catalog]]:
    for domain in DOMAINS:
        wanted = collect(domain)
        languages = STAFF_LANGUAGES if domain == "staff" else tuple(LANGUAGES)
        for language in languages:
            if language != SOURCE_LANGUAGE:
                yield domain, language, wanted


def every_fault() -> Iterator[Fault]:
    """Yield whatever is wrong with any catalogue, and with the texts that they make."""
    for domain, language, wanted in _catalogues():
        path = _path(language, domain)
        if not path.is_file():
            yield Fault(f"{language}/{domain}", "there is no catalogue")
            continue
        have, lost = translation_files.read(path, language, domain)
        if lost:
            yield Fault(f"{language}/{domain}", f"{lost} entries cannot be read")
        yield from catalogue_faults(language, domain, have, wanted)
    yield from text_faults()


def _path(language: str, domain: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"


def _read(path: Path, language: str, domain: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def _opening(path: Path) -> tuple[list[str], str]:
    """Return what Babel would drop from a catalogue: its opening comment, and who has reviewed it."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    comment = list(takewhile(lambda line: line.startswith("# "), lines))
    review = next((line for line in lines if line.startswith('"X-Review:')), '"X-Review: draft\\n"')
    return comment, review


def _write(path: Path, catalogue: Catalog, opening: tuple[list[str], str]) -> None:
    """Write a catalogue in a fixed order and without dates, so that a diff shows changed messages alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.fuzzy = False
    catalogue.header_comment = ""
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, no_location=True)
    comment, review = opening
    noise = ('"POT-', '"PO-', '"Generated-By', '"Last-Tr', '"Report-', '"Project-', '"Language-Team', '"X-Review')
    written = path.read_text(encoding="utf-8").splitlines()
    lines = [line for line in written[written.index('msgid ""') :] if not line.startswith(noise)]
    lines.insert(next(at for at, line in enumerate(lines) if line.startswith('"Content-Transfer')) + 1, review)
    path.write_text("\n".join([*comment, *lines]) + "\n", encoding="utf-8")
