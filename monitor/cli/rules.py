"""What the rules say, on the command line: an instrument's wording, and the score of a set of answers."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from monitor.measures import catalogue, scoring
from monitor.measures.instrument import Direction, Instrument, MeasureError, Option, Spec
from monitor.measures.scoring import Score

SKIPPED = "-"


class BadInput(click.ClickException):
    """One line on standard error, exit 2."""

    exit_code = 2


@click.command("instrument")
@click.argument("code")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="en, es, fr, pt_BR ...")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    envvar="MONITOR_INSTRUMENTS_DIR",
    help="Where the service keeps words that need permission.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def instrument_command(code: str, language: str, folder: Path | None, as_json: bool) -> None:
    """Print the wording of an instrument as patients get it: its CODE is phq9, gad7, phq8, phq2, gad2, who5, wsas,
    phq15, pcptsd5, auditc, readiness or social_needs.

    To be compared, letter for letter, with the official form. Its provenance says whether the wording is the official
    one, or a provisional one that patients get only where the service has switched it on. Its licence says who may
    show it. A language that it is not offered in exits 2; so does one whose words come with the copyright holder's
    leave alone, unless the service's own folder holds them.
    """
    try:
        catalogue.use_folder(folder)
        instrument = catalogue.load(code, language)
    except MeasureError as error:
        raise BadInput(str(error)) from error
    click.echo(_dump(_instrument_document(instrument)) if as_json else "\n".join(_instrument_lines(instrument)))


# ignore_unknown_options: so that -1 is an answer that is out of range, and is told so, instead of an unknown option.
@click.command("score", context_settings={"ignore_unknown_options": True})
@click.argument("code", metavar="INSTRUMENT")
@click.argument("answers", metavar="ANSWER...", nargs=-1)
@click.option("--prorate", is_flag=True, help="Estimate the total when few enough items are skipped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def score_command(code: str, answers: tuple[str, ...], prorate: bool, as_json: bool) -> None:
    """Score the answers to an INSTRUMENT (phq9, gad7, who5 ...): one ANSWER for each item in form order, - for a
    skipped one.

    A skipped item leaves no total. With --prorate as many may be skipped as the instrument's published practice
    allows (2 for phq9 and gad7, 3 for phq15, none for most): the total is then the mean of the answered items times
    the number of items, halves rounded up, and is marked as an estimate. An item that does not apply (phq15 item 4,
    wsas item 1) is answered with one more than the highest answer and is not counted. readiness and social_needs have
    no total: each answer stands by itself.

    \b
    The JSON document:
      instrument  the code
      answers     as given, null where skipped
      total       null when there is none
      band        minimal, mild, moderate, moderately_severe, severe; null without a total or published bands
      prorated    true when the total is an estimate
      caseness    true when the clinical cut-off is reached; null without a total or a published cut-off
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
    values: list[int | None] = []
    for item, answer in enumerate(answers, start=1):
        if answer.startswith("--"):
            raise BadInput(f"there is no option {answer!r}")
        known = {str(value): value for value in spec.values_of(item)}
        if answer != SKIPPED and answer not in known:
            raise BadInput(f"{spec.code} item {item}: {_may_be(spec, item)}, or {SKIPPED} when skipped")
        values.append(known.get(answer))
    return values


def _may_be(spec: Spec, item: int) -> str:
    apart = f", {spec.item_max + 1} when it does not apply" if item == spec.not_applicable else ""
    return f"an answer is 0 to {spec.item_max}{apart}"


def _instrument_document(instrument: Instrument) -> dict[str, object]:
    difficulty = instrument.difficulty
    return {
        "code": instrument.code,
        "language": instrument.language,
        "version": instrument.version,
        "provenance": instrument.provenance,
        "licence": instrument.spec.licence,
        "preamble": instrument.preamble,
        "stem": instrument.stem,
        "items": instrument.items,
        "options": _option_documents(instrument.options),
        "item_options": {item: _option_documents(options) for item, options in instrument.item_options.items()},
        "difficulty": difficulty and {"text": difficulty.text, "options": _option_documents(difficulty.options)},
    }


def _option_documents(options: Sequence[Option]) -> list[dict[str, object]]:
    return [{"value": option.value, "label": option.label} for option in options]


def _instrument_lines(instrument: Instrument) -> list[str]:
    lines = [
        f"{instrument.name} in {instrument.language}, version {instrument.version}, {instrument.provenance}",
        f"Licence: {instrument.spec.licence}",
        f"Source: {instrument.source}",
        f"Note: {instrument.note}",
    ]
    if instrument.permission:
        lines.append(f"Permission: given by {instrument.permission.given_by}, {instrument.permission.on}")
    lines.append("")
    read = None
    for item, text in enumerate(instrument.items, start=1):
        stem = instrument.stem_of(item)
        if stem and stem != read:
            lines.append(stem)
        read = stem
        lines.append(f"  {item}. {text}")
        if item in instrument.item_options:
            lines += [f"   {line}" for line in _option_lines(instrument.options_of(item))]
    if instrument.options:
        lines += ["", *_option_lines(instrument.options)]
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
    if score.total is None:
        lines = [f"{spec.name}: no total, {skipped if score.missing else _without_total(spec)}"]
    else:
        band = f", {score.band.replace('_', ' ')}" if score.band else ""
        estimate = f" (an estimate: {skipped})" if score.prorated else ""
        lines = [f"{spec.name}: {score.total} of {score.maximum}{band}{estimate}"]
        if spec.caseness is not None:
            lines.append(f"Caseness, {_from(spec, spec.caseness)}: {_yes(bool(score.caseness))}")
        reached = scoring.cut_offs_reached(spec, score.total)
        lines += [
            f"Cut-off, {_from(spec, cut.total)} ({cut.means}): {_yes(cut.means in reached)}" for cut in spec.cut_offs
        ]
    if score.safety_asked:
        lines.append(f"Safety, item {spec.safety_item}: {'not answered' if score.safety is None else score.safety}")
    return lines


def _without_total(spec: Spec) -> str:
    return "the answers contradict each other" if spec.has_total else "each answer stands by itself"


def _from(spec: Spec, cut_off: int) -> str:
    return f"{cut_off} or {'less' if spec.direction is Direction.HIGHER_IS_BETTER else 'more'}"


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _dump(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
