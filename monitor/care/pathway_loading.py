"""Reading a pathway file: every fault at once, each with its line, its part, what is wrong and the mend. Pure."""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.care import pathway_checks as checks
from monitor.care.flag_policy import Contradictions, FlagPolicy
from monitor.care.kinds import Step
from monitor.care.pathway import Clocks, Criteria, IntakeEntry, Pathway, StepPlan
from monitor.care.pathway_locating import Place, line_of, lines_of
from monitor.errors import MonitorError

Part = TypeVar("Part", bound=BaseModel)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a file. `part` is empty where it is the text itself."""

    line: int
    part: str
    words: str

    def __str__(self) -> str:
        return f"{self.line}: {self.part}: {self.words}" if self.part else f"{self.line}: {self.words}"


class InvalidPathway(MonitorError):
    """A pathway file cannot be used; the text has one line for each fault, in the order of the file."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{name}:{fault}" for fault in faults))
        self.faults = tuple(faults)


def read(text: str, name: str = "pathway.toml") -> Pathway:
    """Read a pathway file; `name` is what faults call it. Raises InvalidPathway."""
    text = text.removeprefix("\ufeff")  # some editors begin a file with a mark that TOML does not know
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPathway(name, [_not_toml(str(error), text)]) from None
    found: dict[Place, str] = {}
    pathway = _shape(raw, found)
    for contradiction in _contradictions(raw, pathway):
        found.setdefault(contradiction.place, contradiction.words)
    if pathway is None or found:
        lines = lines_of(text)
        faults = [Fault(line_of(lines, place), _part(place), words) for place, words in found.items()]
        raise InvalidPathway(name, sorted(faults, key=lambda fault: fault.line))
    return pathway


def _not_toml(said: str, text: str) -> Fault:
    """Say where the text stops being TOML; the parser can find only the first such place."""
    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    line = int(at[1]) if at and at[1] else text.rstrip("\n").count("\n") + 1
    where = f", column {at[2]}" if at and at[2] else ""
    return Fault(line, "", f"this is not TOML{where}: {said[: at.start()] if at else said}")


def _shape(raw: Mapping[str, Any], found: dict[Place, str]) -> Pathway | None:
    """Return the pathway, or None after noting every part that has not the right shape."""
    try:
        return _parsed(Pathway, raw)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            place = tuple(name for name in each["loc"] if name != "[key]")
            for name, words in _worded(each, _names_of(place[:-1])):
                found.setdefault((*place, *name), words)
        return None


def _parsed(model: type[Part], raw: object) -> Part:
    """Read as JSON: strictly, so that a truth value is no number, yet with words for enums and lists for pairs."""
    return model.model_validate_json(json.dumps(raw, default=str), strict=True)


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "steps": StepPlan,
    "intake": IntakeEntry,
    "clocks": Clocks,
    "criteria": Criteria,
    "flags": FlagPolicy,
}


def _names_of(table: Place) -> Sequence[str]:
    """Return the keys that a table of the file may have."""
    if not table:
        return list(Pathway.model_fields)
    if table == ("steps",):
        return [step.value for step in Step]
    model = _SECTIONS.get(str(table[0]))
    return list(model.model_fields) if model else ()


def _worded(error: Any, names: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong in words, below the place that pydantic names."""
    given, context = error["input"], error.get("ctx", {})
    if isinstance(context.get("error"), Contradictions):
        yield from (((name,), words) for name, words in context["error"].faults)
        return
    word = _WORDS.get(error["type"])
    if error["type"] == "extra_forbidden" or (error["type"] == "enum" and error["loc"][-1] == "[key]"):
        name = next(str(each) for each in reversed(error["loc"]) if each != "[key]")
        yield (), _unknown(name, names)
    else:
        yield (), word(context, json.dumps(given, ensure_ascii=False)) if word else error["msg"]


_WORDS: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "missing": lambda _, __: "is missing; add it",
    "less_than_equal": lambda limit, it: f"must be at most {limit['le']}; it is {it}",
    "greater_than_equal": lambda limit, it: f"must be at least {limit['ge']}; it is {it}",
    "int_type": lambda _, it: f"must be a whole number; it is {it}",
    "bool_type": lambda _, it: f"must be true or false; it is {it}",
    "string_type": lambda _, it: f"must be words in quotation marks; it is {it}",
    "string_too_short": lambda _, __: "must not be empty",
    "string_pattern_mismatch": lambda _, it: (
        f"must be 3 to 40 small letters and underscores, a letter first; it is {it}"
    ),
    "enum": lambda known, it: _one_of(known["expected"], it),
    "literal_error": lambda known, it: _one_of(known["expected"], it),
    "tuple_type": lambda _, it: f"must be a list; it is {it}",
    "list_type": lambda _, it: f"must be a list; it is {it}",
    "frozen_set_type": lambda _, it: f"must be a list; it is {it}",
    "too_long": lambda length, _: f"must have at most {length['max_length']} entries; it has {length['actual_length']}",
    "time_parsing": lambda _, it: f"must be a time of day, as 11:00:00; it is {it}",
    "time_type": lambda _, it: f"must be a time of day, as 11:00:00; it is {it}",
    "model_type": lambda _, it: f"must be a table of its own; it is {it}",
    "model_attributes_type": lambda _, it: f"must be a table of its own; it is {it}",
    "dict_type": lambda _, it: f"must be a table of its own; it is {it}",
}


def _one_of(expected: str, it: str) -> str:
    near = difflib.get_close_matches(it.strip('"'), re.findall(r"'([^']*)'", expected), n=1)
    return f'it is {it}; did you mean "{near[0]}"?' if near else f"must be {expected}; it is {it}"


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"is not known here; did you mean {near[0]}?" if near else f"is not known here; known are {', '.join(names)}"


def _contradictions(raw: Mapping[str, Any], pathway: Pathway | None) -> Iterator[checks.Contradiction]:
    """Check every part that could be read, and the whole once all could."""
    plans, entries = raw.get("steps"), raw.get("intake")
    plans, entries = plans if isinstance(plans, dict) else {}, entries if isinstance(entries, list) else []
    names = [step.value for step in Step]
    meant = {near for name in plans if name not in names for near in difflib.get_close_matches(name, names, n=1)}
    known = [step for step in Step if step in plans or step in meant]  # a misprint is one fault, not one for each use
    yield from checks.steps({step: plan for step in known if (plan := _maybe(StepPlan, plans.get(step)))}, known)
    readable = {number: entry for number, each in enumerate(entries) if (entry := _maybe(IntakeEntry, each))}
    problems = list(checks.intake(readable, known, is_whole=len(readable) == len(entries)))
    yield from problems
    if found := _maybe(Criteria, raw.get("criteria")):
        yield from checks.criteria(found)
    if pathway is not None:
        yield from checks.people(pathway)
    if pathway is not None and not problems:  # a gap beside one of those would say the same twice
        yield from checks.gaps(pathway)


def _maybe(model: type[Part], raw: object) -> Part | None:
    try:
        return _parsed(model, raw)
    except ValidationError:
        return None


def _part(place: Place) -> str:
    """Write a place as the file's author would: steps.two.weeks, intake rule 3.phq9."""
    words: list[str] = []
    for name in place:
        if isinstance(name, int) and words == ["intake"]:
            words = [f"intake rule {name + 1}"]
        else:
            words.append(str(name))
    return ".".join(words)
