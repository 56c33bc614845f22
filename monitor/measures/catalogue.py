"""The instruments that the program knows, and the languages that each can be given in."""

import json
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from monitor.measures.instrument import Instrument, MeasureError, Provenance, Spec

FOLDER = Path(__file__).parent / "instruments"
CODES: tuple[str, ...] = ("phq9", "gad7")  # in the order in which a patient meets them
_LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")  # spec.json is no language


class UnknownInstrument(MeasureError):
    """No instrument has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no instrument {code!r}: it is one of {', '.join(CODES)}")


class LanguageNotOffered(MeasureError):
    """There is no wording of this instrument in this language; another language is never put in its place."""

    def __init__(self, code: str, language: str) -> None:
        super().__init__(f"{code} is not offered in {language!r}: there is wording in {', '.join(languages(code))}")


@cache
def spec(code: str) -> Spec:
    """The numbers of an instrument. Raises UnknownInstrument."""
    return Spec.model_validate_json(_folder(code).joinpath("spec.json").read_bytes())


@cache
def languages(code: str) -> tuple[str, ...]:
    """The tags of every language that the instrument has wording in, official or provisional, in alphabetical order.

    Raises UnknownInstrument.
    """
    stems = (path.stem for path in _folder(code).glob("*.json"))
    return tuple(sorted(stem for stem in stems if _LANGUAGE.fullmatch(stem)))


@cache
def load(code: str, language: str) -> Instrument:
    """An instrument's wording in one language, official or provisional.

    Raises UnknownInstrument, LanguageNotOffered.
    """
    if language not in languages(code):  # so that no text from outside ever becomes a path
        raise LanguageNotOffered(code, language)
    wording = json.loads(_folder(code).joinpath(f"{language}.json").read_bytes())
    return Instrument.model_validate({"spec": spec(code), "language": language, **wording})


def offered(language: str, provisional: Collection[tuple[str, str]] | bool = False) -> tuple[str, ...]:
    """The codes of the instruments that a patient may be given in a language, in the order of the form; often not all.

    `provisional` says which provisional wordings the service has switched on: none, all, or (code, language) pairs.
    """
    return tuple(code for code in CODES if language in languages(code) and _may_give(code, language, provisional))


def _may_give(code: str, language: str, provisional: Collection[tuple[str, str]] | bool) -> bool:
    if load(code, language).provenance is Provenance.OFFICIAL:
        return True
    return provisional if isinstance(provisional, bool) else (code, language) in provisional


def _folder(code: str) -> Path:
    if code not in CODES:
        raise UnknownInstrument(code)
    return FOLDER / code
