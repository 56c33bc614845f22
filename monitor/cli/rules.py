"""What the rules say, on the command line: an instrument's wording, and the score of a set of answers."""

import json
from collections.abc import Sequence

import click

from monitor.measures import catalogue, scoring
from monitor.measures.instrument import Instrument, MeasureError, Option, Spec
from monitor.measures.scoring import Score

SKIPPED = "-"


class BadInput(click.ClickException):
    """One line on standard error, exit 2."""

    exit_code = 2


@click.command("instrument")
@click.argument("code")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="en, es, fr, pt_BR ...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def instrument_command(code: str, language: str, as_json: bool) -> None:
    """Print the wording of an instrument (phq9, gad7) as patients get it.

    To be compared, letter for letter, with the official form. Its provenance says whether the wording is the official
    one, or a provisional translation that patients get only where the service has switched it on.
    A language that it is not offered in exits 2.
    """
    try:
        instrument = catalogue.load(code, language)
    except MeasureError as error:
        raise BadInput(str(error)) from error
    click.echo(_dump(_instrument_document(instrument)) if as_json else "\n".join(_instrument_lines(instrument)))


# ignore_unknown_options: so that -1 is an answer that is out of range, and is told so, instead of an unknown option.
@click.command("score", context_settings={"ignore_unknown_options": True})
@click.argument("code", metavar="INSTRUMENT")
@click.argument("answers", metavar="ANSWER...", nargs=-1)
@click.option("--prorate", is_flag=True, help="Estimate the total when at most 2 items are skipped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def score_command(code: str, answers: tuple[str, ...], prorate: bool, as_json: bool) -> None:
    """Score the answers to an INSTRUMENT (phq9, gad7): one ANSWER for each item in form order, - for a skipped one.

    A skipped item leaves no total. With --prorate at most two may be skipped: the total is then the mean of the
    answered items times the number of items, halves rounded up, and is marked as an estimate.

    \b
    The JSON document:
      instrument  the code
      answers     as given, null where skipped
      total       null when there is none
      band        minimal, mild, moderate, moderately_severe, severe; null without a total
      prorated    true when the total is an estimate
      caseness    true at or above the clinical cut-off; null without a total
      safety      null when the instrument has no safety item, else
                  {"item": 9, "asked": true, "answer": 0 to 3, or null when skipped:
                  not known, which is not 0, and never estimated}
    """
    try:
        spec = catalogue.spec(code)
        values = _values(spec, answers)
        score = scoring.score(spec, values, prorate=prorate)
    except MeasureError as error:
        raise BadInput(str(error)) from error
    click.echo(_dump(_score_document(spec, values, score)) if as_json else "\n".join(_score_lines(spec, score)))


def _values(spec: Spec, answers: Sequence[str]) -> list[int | None]:
    known: dict[str, int | None] = {str(value): value for value in range(spec.item_max + 1)} | {SKIPPED: None}
    for item, answer in enumerate(answers, start=1):
        if answer.startswith("--"):
            raise BadInput(f"there is no option {answer!r}")
        if answer not in known:
            raise BadInput(f"{spec.code} item {item}: an answer is 0 to {spec.item_max}, or {SKIPPED} when skipped")
    return [known[answer] for answer in answers]


def _instrument_document(instrument: Instrument) -> dict[str, object]:
    difficulty = instrument.difficulty
    return {
        "code": instrument.code,
        "language": instrument.language,
        "version": instrument.version,
        "provenance": instrument.provenance,
        "stem": instrument.stem,
        "items": instrument.items,
        "options": _option_documents(instrument.options),
        "difficulty": difficulty and {"text": difficulty.text, "options": _option_documents(difficulty.options)},
    }


def _option_documents(options: Sequence[Option]) -> list[dict[str, object]]:
    return [{"value": option.value, "label": option.label} for option in options]


def _instrument_lines(instrument: Instrument) -> list[str]:
    lines = [
        f"{instrument.name} in {instrument.language}, version {instrument.version}, {instrument.provenance}",
        f"Source: {instrument.source}",
        f"Note: {instrument.note}",
        "",
        instrument.stem,
        *(f"  {number}. {item}" for number, item in enumerate(instrument.items, start=1)),
        "",
        *_option_lines(instrument.options),
    ]
    if instrument.difficulty:
        lines += ["", instrument.difficulty.text, *_option_lines(instrument.difficulty.options)]
    return lines


def _option_lines(options: Sequence[Option]) -> list[str]:
    return [f"  {option.value} = {option.label}" for option in options]


def _score_document(spec: Spec, values: Sequence[int | None], score: Score) -> dict[str, object]:
    safety = {"item": spec.safety_item, "asked": score.safety_asked, "answer": score.safety}
    return {
        "instrument": spec.code,
        "answers": values,
        "total": score.total,
        "band": score.band,
        "prorated": score.prorated,
        "caseness": score.caseness,
        "safety": safety if score.safety_asked else None,
    }


def _score_lines(spec: Spec, score: Score) -> list[str]:
    skipped = f"{score.missing} of {spec.item_count} items skipped"
    if score.total is None or score.band is None:
        lines = [f"{spec.name}: no total, {skipped}"]
    else:
        estimate = f" (an estimate: {skipped})" if score.prorated else ""
        lines = [
            f"{spec.name}: {score.total} of {spec.maximum}, {score.band.replace('_', ' ')}{estimate}",
            f"Caseness, {spec.caseness} or more: {'yes' if score.caseness else 'no'}",
        ]
    if score.safety_asked:
        lines.append(f"Safety, item {spec.safety_item}: {'not answered' if score.safety is None else score.safety}")
    return lines


def _dump(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
