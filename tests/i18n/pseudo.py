"""A language that nobody speaks: English with accents, a third longer, between ⟦ and ⟧.

Whatever a page shows outside those brackets was never given to a translator.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from babel.messages.catalog import Catalog

from monitor import i18n
from monitor.translation_rules import PLACEHOLDER
from tests.i18n.catalogues import forget, wanted

GROWTH = 0.35
"""How much longer German is than English."""
_ACCENTS = str.maketrans("aceilnorsuyzACEILNORSUYZ", "àçéîłñøřšüÿžÀÇÉÎŁÑØŘŠÜŸŽ")


def pseudo(message: str) -> str:
    """Return a message in the pseudo-language: its placeholders and its lines as they are, its last word longer."""
    lines = [line if PLACEHOLDER.fullmatch(line) else _longer(_accented(line)) for line in message.split("\n")]
    return "\n".join(["⟦" + lines[0] + "⟧", *lines[1:]])


def _accented(line: str) -> str:
    parts = re.split(r"(%\(\w+\)s|%%)", line)
    return "".join(part if part.startswith("%") else part.translate(_ACCENTS) for part in parts)


def _longer(line: str) -> str:
    """Make the last word longer, as a compound would be, and put further words behind it."""
    letters = round(len(PLACEHOLDER.sub("", line)) * GROWTH)
    first, rest = min(letters, 4), max(letters - 4, 0)
    return line + "é" * first + " abcde" * (rest // 6)


@cache
def catalogue(domain: str) -> Catalog:
    """Return a domain in the pseudo-language, which has the plural forms of English."""
    made = Catalog(locale="en", fuzzy=False)
    for message in wanted(domain):
        if isinstance(message.id, tuple):
            made.add(message.id, tuple(map(pseudo, message.id)))
        elif message.id:
            made.add(message.id, pseudo(message.id))
    return made


@contextmanager
def instead_of_english() -> Iterator[None]:
    """Let every page that would speak English speak the pseudo-language. Texts, which are stored, stay as they are."""
    real = i18n.catalogue

    def either(language: str, domain: str) -> Catalog:
        return catalogue(domain) if language == "en" and domain != "texts" else real(language, domain)

    with pytest.MonkeyPatch.context() as patch:
        forget()
        patch.setattr(i18n, "catalogue", either)
        yield
    forget()
