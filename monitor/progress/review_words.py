"""The five indicators of a review in words: what stands behind each, and where it points."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from monitor.care.models import AppointmentState
from monitor.care.staff_intake_words import NEEDS
from monitor.checkins.models import DIFFICULTY_ITEM
from monitor.flags.due import Reader
from monitor.flags.spark import Spark, spark
from monitor.i18n import N_, format_date
from monitor.progress.record import Record
from monitor.reviews.facts import Course, Judged, ReviewFacts
from monitor.reviews.kinds import SHOWN_UNDER, Because, Decision, Indicator, Judgement
from monitor.reviews.words import decision_label, indicator_label

DIFFICULTY = (
    N_("not difficult at all"),
    N_("somewhat difficult"),
    N_("very difficult"),
    N_("extremely difficult"),
)
WELLBEING = "who5"


@dataclass(frozen=True)
class Figure:
    """One figure of an indicator, with its course where it has one."""

    name: str
    words: str
    spark: Spark | None = None
    is_second: bool = False


@dataclass(frozen=True)
class IndicatorRow:
    """One row of the table: figures, sentences, and what the criteria under it say."""

    label: str
    figures: tuple[Figure, ...]
    words: tuple[str, ...]
    points_to: str
    tone: str


def indicator_rows(
    record: Record, facts: ReviewFacts, judged: Sequence[Judged], *, safety_is_open: bool, reader: Reader
) -> tuple[IndicatorRow, ...]:
    """Return the five indicators, in the order of the page."""
    said = {
        Indicator.TREND: (_courses(record), _trend(facts, reader)),
        Indicator.FUNCTIONING: ((), _functioning(record, facts, reader)),
        Indicator.ENGAGEMENT: ((), _engagement(record, facts, reader)),
        Indicator.SAFETY: ((), _safety(facts, reader, is_open=safety_is_open)),
        Indicator.UNMET_NEEDS: ((), _needs(facts, reader)),
    }
    return tuple(
        IndicatorRow(
            indicator_label(indicator, reader.language), figures, tuple(words), *_points(indicator, judged, reader)
        )
        for indicator, (figures, words) in said.items()
    )


def _points(indicator: Indicator, judged: Sequence[Judged], reader: Reader) -> tuple[str, str]:
    here = [each for each in judged if SHOWN_UNDER[each.criterion] is indicator]
    ups = [each for each in here if each.points_to is Decision.STEP_UP]
    if any(each.is_met for each in ups):
        return decision_label(Decision.STEP_UP, reader.language), "flat"
    if any(each.judgement is Judgement.UNKNOWN and not _is_off(each) for each in ups):
        return reader.say(N_("Not known")), ""
    if indicator is Indicator.SAFETY:
        return reader.say(N_("Ask")), ""
    downs = [each for each in here if each.points_to is Decision.STEP_DOWN]
    if downs and all(each.is_met for each in downs):
        return decision_label(Decision.STEP_DOWN, reader.language), "ok"
    return reader.say(N_("No change")), "ok"


def _is_off(judged: Judged) -> bool:
    """Whether it is unknown only since nobody asks it here, or not yet."""
    return all(each.code in (Because.RULE_OFF, Because.TOO_EARLY) for each in judged.reasons)


def _courses(record: Record) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            name=each.code.upper().replace("PHQ9", "PHQ-9").replace("GAD7", "GAD-7"),
            words=str(each.scores[-1]) if each.scores else "–",
            spark=spark([point.total for point in each.points], maximum=each.maximum, caseness=each.caseness),
            is_second=number > 0,
        )
        for number, each in enumerate(record.trajectories)
    )


def _trend(facts: ReviewFacts, reader: Reader) -> list[str]:
    return [_course(each, name, reader) for each, name in zip(facts.courses, ("PHQ-9", "GAD-7"), strict=True)]


def _course(course: Course, name: str, reader: Reader) -> str:
    if course.first is None or course.last is None:
        return reader.say(N_("%(measure)s has no score."), measure=name)
    above = course.last.total >= course.thresholds.caseness
    where = reader.say(N_("at or above caseness") if above else N_("below caseness"))
    figures = {"measure": name, "first": course.first.total, "last": course.last.total, "where": where}
    change = course.change
    if change is None:
        return reader.say(N_("%(measure)s %(last)s, one score so far, %(where)s."), **figures)
    if abs(change) < course.thresholds.reliable_change:
        return reader.say(
            N_("%(measure)s %(first)s at the start, %(last)s now: no reliable change, %(where)s."), **figures
        )
    if change < 0:
        return reader.say(
            N_("%(measure)s %(first)s at the start, %(last)s now: reliably better, %(where)s."), **figures
        )
    return reader.say(N_("%(measure)s %(first)s at the start, %(last)s now: reliably worse, %(where)s."), **figures)


def _functioning(record: Record, facts: ReviewFacts, reader: Reader) -> list[str]:
    said = []
    difficulty = _difficulty(record)
    if difficulty is not None:
        on, value = difficulty
        how = reader.say(DIFFICULTY[value])
        said.append(reader.say(N_("Daily life: %(how)s, answered %(date)s."), how=how, date=_day(on, reader)))
    if facts.wsas:
        first, last = facts.wsas[0], facts.wsas[-1]
        figures = {"first": first.total, "last": last.total, "date": _day(last.on, reader)}
        said.append(reader.say(N_("WSAS %(last)s of 40, was %(first)s. Answered %(date)s."), **figures))
    wellbeing = [
        (each.check_in.local_date, score.total)
        for each in record.asked
        if each.submission
        for score in each.submission.scores
        if score.instrument == WELLBEING and score.total is not None
    ]
    if wellbeing:
        on, total = wellbeing[0]
        said.append(reader.say(N_("WHO-5 %(total)s of 100, answered %(date)s."), total=total, date=_day(on, reader)))
    return said or [reader.say(N_("Not asked yet."))]


def _difficulty(record: Record) -> tuple[date, int] | None:
    """Return the newest answer to the question about daily life that closes the PHQ-9."""
    for each in record.asked:
        answers = each.submission.answers_given() if each.submission else {}
        value = answers.get(("phq9", DIFFICULTY_ITEM))
        if value is not None:
            return each.check_in.local_date, value
    return None


def _engagement(record: Record, facts: ReviewFacts, reader: Reader) -> list[str]:
    states = [each.state for each in record.appointments]
    attended, missed = states.count(AppointmentState.ATTENDED), states.count(AppointmentState.MISSED)
    said = [
        reader.say(
            N_("%(answered)s of %(sent)s check-ins answered."),
            answered=record.answered,
            sent=record.answered + record.missed,
        )
    ]
    if facts.missed_in_a_row:
        said.append(reader.ngettext("%(count)s missed in a row.", "%(count)s missed in a row.", facts.missed_in_a_row))
    if record.undelivered:
        said.append(
            reader.ngettext("%(count)s more did not arrive.", "%(count)s more did not arrive.", record.undelivered)
        )
    if attended + missed:
        kept = {"attended": attended, "agreed": attended + missed}
        said.append(reader.say(N_("%(attended)s of %(agreed)s appointments attended."), **kept))
    said.append(reader.say(N_("Last contact %(date)s."), date=_day(facts.last_contact_on, reader)))
    return said


def _safety(facts: ReviewFacts, reader: Reader, *, is_open: bool) -> list[str]:
    given = [each for each in facts.item9 if each.value is not None]
    said = []
    if given:
        last = given[-1]
        said.append(
            reader.say(N_("Item 9 answered %(answer)s on %(date)s."), answer=last.value, date=_day(last.on, reader))
        )
        earlier = max((each for each in given[:-1]), key=lambda each: (each.value or 0, each.on), default=None)
        if earlier is not None and (earlier.value or 0) > (last.value or 0):
            figures = {"answer": earlier.value, "date": _day(earlier.on, reader)}
            said.append(reader.say(N_("It was %(answer)s on %(date)s."), **figures))
    else:
        said.append(reader.say(N_("Item 9 has not been answered yet.")))
    if facts.item9 and facts.item9[-1].value is None:
        said.append(reader.say(N_("Chose not to answer item 9.")))
    if facts.unable_to_keep_safe_on is not None:
        on = _day(facts.unable_to_keep_safe_on, reader)
        said.append(reader.say(N_("Did not feel able to keep safe on %(on)s."), on=on))
    if is_open:
        said.append(reader.say(N_("A safety answer is still open on the worklist.")))
    said.append(reader.say(N_("An answer of 0 is not safety.")))
    return said


def _needs(facts: ReviewFacts, reader: Reader) -> list[str]:
    if facts.needs is None:
        return [reader.say(N_("Not asked yet."))]
    if not facts.needs:
        return [reader.say(N_("None unmet when they were asked."))]
    return [
        reader.say(N_("Unmet: %(needs)s."), needs=", ".join(reader.say(NEEDS[need]) for need in sorted(facts.needs)))
    ]


def _day(on: date, reader: Reader) -> str:
    return format_date(on, reader.language, "dMMM", reader.region)
