"""Catalogues of translations as files: a damaged entry costs that one message, and nothing else."""

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

MOST_FORMS = 6
"""No language has more plural forms (Arabic has six)."""

_FORMS = re.compile(rb"nplurals\s*=\s*(\d+)")
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_LINE = re.compile(rb'\s*(?:#.*|(?:(?:msgid|msgid_plural|msgctxt|msgstr(?:\[\d\])?)\s+)?"(?:[^"\\]|\\[ntr"\\])*")?\s*')
"""A line as it must be. Babel reads a string whose end is cut off as if its last letter were the quote."""
_PROBE = b'\n\nmsgid "x"\nmsgstr "x"\n'


def read(path: Path, language: str, domain: str) -> tuple[Catalog, int]:
    """Return a catalogue, and how many of its entries could not be read.

    Raises OSError for a file that cannot be opened. Whatever stands in it raises nothing.
    """
    data = path.read_bytes()
    try:
        return _parsed(data, language, domain), 0
    except Exception:  # there is no list of all that a damaged file makes a parser raise
        return _salvaged(data, language, domain)


def _parsed(data: bytes, language: str, domain: str) -> Catalog:
    forms = _FORMS.search(data)
    if forms and int(forms[1][:9]) > MOST_FORMS:
        raise ValueError("more plural forms than any language has")
    if not all(map(_LINE.fullmatch, data.split(b"\n"))):
        raise ValueError("a line that is neither a comment nor a string")
    return read_po(BytesIO(data), locale=language, domain=domain, abort_invalid=True)


def _salvaged(data: bytes, language: str, domain: str) -> tuple[Catalog, int]:
    """Read what can be read. A header that cannot be gives way to what Babel knows of the language."""
    header, *blocks = _BLANK_LINE.split(data)
    catalogue, lost = Catalog(locale=language, domain=domain), 0
    try:
        catalogue = _parsed(header + _PROBE, language, domain)
        catalogue.delete("x")
    except Exception:
        header, lost = b"", 1
    waiting = [blocks]
    while waiting:
        some = waiting.pop()
        try:
            for entry in _parsed(b"\n\n".join([header, *some]), language, domain):
                if entry.id:
                    catalogue[entry.id] = entry
        except Exception:
            half = len(some) // 2
            waiting += [some[:half], some[half:]] if half else []  # until the damaged one stands alone
            lost += not half
    return catalogue, lost
