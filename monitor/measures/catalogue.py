"""The instruments that the program knows, and the languages that each can be given in."""

import json
import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from monitor.measures.clips import FORMATS, Clips, files_in, read_clips, words_to_read
from monitor.measures.instrument import Instrument, MeasureError, Provenance, Spec, TrackedSpec

FOLDER = Path(__file__).parent / "instruments"
CODES: tuple[str, ...] = (
    "phq9",
    "phq8",
    "phq2",
    "gad7",
    "gad2",
    "who5",
    "wsas",
    "phq15",
    "pcptsd5",
    "auditc",
    "readiness",
    "social_needs",
)
"""In the order in which a patient meets them."""
TRACKED: tuple[str, ...] = ("phq9", "gad7")
"""The measures of the course: flags, charts and outcomes are about these (the pair of NHS Talking Therapies)."""
_LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")  # spec.json is no language
_licensed: Path | None = None


class UnknownInstrument(MeasureError):
    """No instrument has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no instrument {code!r}: it is one of {', '.join(CODES)}")


class NotTracked(MeasureError):
    """No course is followed by this instrument: it has no published change value."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no course is followed by {code}: only by {', '.join(TRACKED)}")


class LanguageNotOffered(MeasureError):
    """There is no wording of this instrument in this language; another language is never put in its place."""

    def __init__(self, code: str, language: str) -> None:
        known = ", ".join(languages(code))
        where = f"there is wording in {known}" if known else "its words come with the copyright holder's leave alone"
        super().__init__(f"{code} is not offered in {language!r}: {where}")


class WordingRefused(MeasureError):
    """A file of the service's own folder cannot be shown to anybody."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is refused: {why}")


def use_folder(folder: Path | None) -> None:
    """Take the words of instruments that need permission from a service's own folder: `wsas/en.json` and so on.

    Recordings of any instrument may lie there too, `phq9/audio/ar/3.ogg`. Every file is read at once. Raises
    WordingRefused, for one when it does not say who gave leave and when, and ClipRefused.
    """
    if folder == _licensed:
        return
    _look_in(folder)
    try:
        for code in CODES:
            for language in languages(code):
                if spec(code).needs_permission:
                    load(code, language)
                clips(code, language)
    except MeasureError:
        _look_in(None)
        raise


def _look_in(folder: Path | None) -> None:
    global _licensed
    _licensed = folder
    for remembered in (languages, load, clips):
        remembered.cache_clear()


@cache
def spec(code: str) -> Spec:
    """The numbers of an instrument. Raises UnknownInstrument."""
    numbers = _folder(code).joinpath("spec.json").read_bytes()
    return (TrackedSpec if code in TRACKED else Spec).model_validate_json(numbers)


def tracked(code: str) -> TrackedSpec:
    """The numbers of a measure of the course. Raises UnknownInstrument, NotTracked."""
    numbers = spec(code)
    if not isinstance(numbers, TrackedSpec):
        raise NotTracked(code)
    return numbers


@cache
def languages(code: str) -> tuple[str, ...]:
    """The tags of every language that the instrument has wording in, official or provisional, in alphabetical order.

    Raises UnknownInstrument.
    """
    part = spec(code).part_of
    if part:
        return languages(part.code)
    stems = (path.stem for path in _wording_folder(code).glob("*.json"))
    return tuple(sorted(stem for stem in stems if _LANGUAGE.fullmatch(stem)))


@cache
def load(code: str, language: str) -> Instrument:
    """An instrument's wording in one language, official or provisional.

    Raises UnknownInstrument, LanguageNotOffered; WordingRefused for a file of the service's own.
    """
    if language not in languages(code):  # so that no text from outside ever becomes a path
        raise LanguageNotOffered(code, language)
    numbers = spec(code)
    if numbers.part_of:
        return _part_of(load(numbers.part_of.code, language), numbers, numbers.part_of.items)
    path = _wording_folder(code) / f"{language}.json"
    return _read_theirs(numbers, language, path) if numbers.needs_permission else _read(numbers, language, path)


@cache
def clips(code: str, language: str) -> Clips:
    """The recordings of an instrument in one language, the service's own before ours; often none.

    Raises UnknownInstrument, LanguageNotOffered, ClipRefused.
    """
    names = words_to_read(load(code, language).model_dump())
    part = spec(code).part_of
    if part is None:
        return read_clips(_audio_folder(code, language), names)
    whole = clips(part.code, language)
    theirs = {str(number): str(item) for number, item in enumerate(part.items, start=1)}
    found = {name: whole.get(theirs.get(name, name)) for name in names}
    return {name: each for name, each in found.items() if each}


def is_recorded(code: str, language: str) -> bool:
    """Whether every question of an instrument can be listened to. Raises as `clips` does."""
    heard = clips(code, language)
    return all(str(item) in heard for item in range(1, spec(code).item_count + 1))


def stray_clips() -> list[str]:
    """Return the files in audio folders that read nothing that is ever asked, by their place in the folder."""
    files = [(path, folder) for folder in (FOLDER, _licensed) if folder for path in files_in(folder)]
    places = [path.relative_to(folder) for path, folder in files]
    return [place.as_posix() for place in places if not _reads_something(place)]


def _reads_something(place: Path) -> bool:
    code, _, *rest = place.parts
    if len(rest) != 2 or code not in CODES or spec(code).part_of or rest[0] not in languages(code):
        return False
    return place.suffix[1:] in FORMATS and place.stem in words_to_read(load(code, rest[0]).model_dump())


def offered(
    language: str, provisional: Collection[tuple[str, str]] | bool = False, among: Iterable[str] = TRACKED
) -> tuple[str, ...]:
    """The codes of the instruments that a patient may be given in a language, in the order of the form; often not all.

    `among` says which ones are looked at: those of the course, unless others are named. `provisional` says which
    provisional wordings the service has switched on: none, all, or (code, language) pairs.
    """
    wanted = set(among)
    return tuple(
        code
        for code in CODES
        if code in wanted and language in languages(code) and _may_give(code, language, provisional)
    )


def same_questions(codes: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two instruments that ask the same questions, such as the PHQ-9 and the PHQ-2."""
    asking: dict[str, str] = {}
    for code in codes:
        whole = _whole(code)
        if whole in asking:
            return asking[whole], code
        asking[whole] = code
    return None


def items_in(codes: Collection[str]) -> int:
    """How many questions the instruments ask together; the question on difficulty is asked once."""
    specs = [spec(code) for code in codes]
    return sum(each.item_count for each in specs) + any(each.asks_difficulty for each in specs)


def _may_give(code: str, language: str, provisional: Collection[tuple[str, str]] | bool) -> bool:
    if load(code, language).provenance is Provenance.OFFICIAL:
        return True
    if isinstance(provisional, bool):
        return provisional
    return not {(code, language), (_whole(code), language)}.isdisjoint(provisional)  # the words are the same


def _whole(code: str) -> str:
    part = spec(code).part_of
    return part.code if part else code


def _part_of(whole: Instrument, numbers: Spec, items: tuple[int, ...]) -> Instrument:
    """Take items of another instrument, word for word: they are never written down twice."""
    return Instrument(
        spec=numbers,
        language=whole.language,
        version=whole.version,
        provenance=whole.provenance,
        source=whole.source,
        note=f"Items {', '.join(map(str, items))} of the {whole.name}, word for word. {whole.note}",
        stem=whole.stem,
        items=tuple(whole.items[item - 1] for item in items),
        options=whole.options,
    )


def _read(numbers: Spec, language: str, path: Path) -> Instrument:
    wording = json.loads(path.read_bytes())
    return Instrument.model_validate({**wording, "spec": numbers, "language": language})


def _read_theirs(numbers: Spec, language: str, path: Path) -> Instrument:
    """Read a file that the service wrote itself, and say in one line what is wrong with it."""
    try:
        return _read(numbers, language, path)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place, why = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
        raise WordingRefused(f"{numbers.code}/{path.name}", f"{place}: {why}" if place else why) from None
    except (ValueError, TypeError):
        raise WordingRefused(f"{numbers.code}/{path.name}", "it is not a JSON object") from None


def _wording_folder(code: str) -> Path:
    """Where an instrument's words lie: what needs permission has none in our own folder."""
    return _licensed / code if _licensed and spec(code).needs_permission else _folder(code)


def _audio_folder(code: str, language: str) -> Path:
    """Where an instrument's recordings lie: all in one voice, so a service's folder stands for all of ours."""
    theirs = _licensed / code / "audio" / language if _licensed else None
    return theirs if theirs and theirs.is_dir() else _folder(code) / "audio" / language


def _folder(code: str) -> Path:
    if code not in CODES:
        raise UnknownInstrument(code)
    return FOLDER / code
