"""One submission as it was given: every item with its answer, the totals, how it came, and what was corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.access import OutOfScope, Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.checkins.entry import entered_by
from monitor.checkins.kinds import Compared
from monitor.checkins.models import DIFFICULTY_ITEM, Answer, CheckIn, Mode, Score, Submission
from monitor.flags.detail import ENTERED_BY, answered
from monitor.flags.due import Reader
from monitor.i18n import N_, SOURCE_LANGUAGE
from monitor.measures import catalogue
from monitor.measures.instrument import Instrument, Option
from monitor.people.words import language_name
from monitor.relapse.gathering import noticed_one
from monitor.relapse.watching import signs_answered


@dataclass(frozen=True)
class Line:
    """One item: its number, its words, and the answer in words; `value` None where it was declined or left out."""

    number: int
    item: str
    value: int | None
    said: str
    is_safety: bool


@dataclass(frozen=True)
class Measured:
    """One measure of a submission: its lines, the total in words, and the measure's own version."""

    code: str
    name: str
    total: str
    is_estimated: bool
    lines: tuple[Line, ...]
    language: str
    """Of the wording shown here, which may be another than the one that was asked."""
    versions: str

    @property
    def safety(self) -> Line | None:
        """The safety item, which stands apart."""
        return next((line for line in self.lines if line.is_safety), None)


@dataclass(frozen=True)
class SignSaid:
    """One early-warning sign in the patient's own words, and whether they noticed it."""

    words: str
    language: str
    noticed: bool


@dataclass(frozen=True)
class Correction:
    """One version of the answers of a check-in: when and how it came, and what it changed."""

    submission_id: UUID
    at: datetime
    came: str
    changes: tuple[str, ...]
    is_first: bool


@dataclass(frozen=True)
class SubmissionPage:
    """The page: what came, how, and every version of it, oldest first."""

    submission_id: UUID
    episode: Episode
    at: datetime
    day: str
    came: str
    spoken: str
    layout: str
    known_device: bool
    note: str | None
    language: str
    measured: tuple[Measured, ...]
    signs: tuple[SignSaid, ...]
    noticed_one: Mode | None
    """How they said that one of several signs was noticed, where it was not said which; None where they did not."""
    compared: Compared | None
    """The patient's own word, which a correction by somebody else does not take away."""
    trail: tuple[Correction, ...]
    newest_id: UUID

    @property
    def is_superseded(self) -> bool:
        """Whether a correction came after it."""
        return self.newest_id != self.submission_id


def submission_page(
    session: Session, viewer: Viewer, patient_id: UUID, submission_id: UUID, now: datetime, reader: Reader
) -> SubmissionPage:
    """Return the page of one submission of a patient of the viewer's teams. Raises OutOfScope."""
    found = session.execute(
        sa.select(Submission, Episode)
        .join(CheckIn, CheckIn.id == Submission.check_in_id)
        .join(Episode, Episode.id == CheckIn.episode_id)
        .where(
            Submission.id == submission_id,
            Episode.patient_id == patient_id,
            Episode.id.in_(episodes_visible_to(viewer).with_only_columns(Episode.id)),
        )
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    ).one_or_none()
    if found is None:
        raise OutOfScope("submission", submission_id)
    submission, episode = found
    versions = session.scalars(
        sa.select(Submission)
        .where(Submission.check_in_id == submission.check_in_id)
        .order_by(Submission.submitted_at, Submission.id)
        .options(selectinload(Submission.answers), selectinload(Submission.scores), joinedload(Submission.patient))
    ).all()
    entered = entered_by(session, versions)
    return SubmissionPage(
        submission_id=submission.id,
        episode=episode,
        at=submission.submitted_at,
        day=reader.day_and_time(submission.submitted_at, now),
        came=_came(submission, entered, now, reader),
        spoken=language_name(submission.language, reader.language),
        layout=submission.layout_version,
        known_device=submission.known_device,
        note=submission.note,
        language=submission.language,
        measured=tuple(_measured(submission, score, reader) for score in _in_order(submission.scores)),
        signs=(signs := _signs(session, submission.id)),
        noticed_one=submission.mode
        if not signs and noticed_one(session, submission.check_in_id, submission.mode)
        else None,
        compared=next((each.compared for each in reversed(versions) if each.compared), None),
        trail=_trail(versions, entered, now, reader),
        newest_id=versions[-1].id,
    )


def _signs(session: Session, submission_id: UUID) -> tuple[SignSaid, ...]:
    said = signs_answered(session, submission_id)
    return tuple(SignSaid(each.sign.words or "", each.sign.plan.language, each.noticed) for each in said)


def wording(code: str, language: str) -> Instrument | None:
    """Return a measure in the reader's language, else in English, else in any; None where its words are not ours."""
    offered = catalogue.languages(code)
    chosen = next((each for each in (language, SOURCE_LANGUAGE, *offered) if each in offered), None)
    return catalogue.load(code, chosen) if chosen else None


def _in_order(scores: Sequence[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: catalogue.CODES.index(score.instrument))


def _measured(submission: Submission, score: Score, reader: Reader) -> Measured:
    spec, words = catalogue.spec(score.instrument), wording(score.instrument, reader.language)
    given = {answer.item: answer for answer in submission.answers if answer.instrument == spec.code}
    numbers = [*range(1, spec.item_count + 1), *([DIFFICULTY_ITEM] if DIFFICULTY_ITEM in given else [])]
    return Measured(
        code=spec.code,
        name=spec.name,
        total=_total(score, reader),
        is_estimated=score.estimated,
        lines=tuple(_line(number, given.get(number), words, spec.safety_item, reader) for number in numbers),
        language=words.language if words else reader.language,
        versions=reader.say(
            N_("Wording %(wording)s, scoring %(scoring)s"),
            wording=score.instrument_version,
            scoring=score.scoring_version,
        ),
    )


def _total(score: Score, reader: Reader) -> str:
    spec = catalogue.spec(score.instrument)
    if not spec.has_total:
        return reader.say(N_("Each answer stands by itself"))
    if score.total is None:
        return reader.say(N_("No score: too much was left open"))
    said = (
        N_("%(score)s of %(maximum)s, estimated from the answers given")
        if score.estimated
        else N_("%(score)s of %(maximum)s")
    )
    return reader.say(said, score=score.total, maximum=spec.maximum)


def _line(
    number: int, answer: Answer | None, words: Instrument | None, safety_item: int | None, reader: Reader
) -> Line:
    return Line(
        number=number,
        item=_item(number, words, reader),
        value=answer.value if answer else None,
        said=_said(number, answer, words, reader),
        is_safety=number == safety_item,
    )


def _item(number: int, words: Instrument | None, reader: Reader) -> str:
    if words is None:
        return reader.say(N_("Item %(number)s"), number=number)
    if number == DIFFICULTY_ITEM:
        return words.difficulty.text if words.difficulty else reader.say(N_("How difficult it was"))
    return words.items[number - 1]


def _said(number: int, answer: Answer | None, words: Instrument | None, reader: Reader) -> str:
    if answer is None:
        return reader.say(N_("Left out"))
    if answer.value is None:
        return reader.say(N_("Chose not to answer"))
    return _labels(number, words).get(answer.value, "")


def _labels(number: int, words: Instrument | None) -> Mapping[int, str]:
    options: Sequence[Option] = ()
    if words is not None and number == DIFFICULTY_ITEM:
        options = words.difficulty.options if words.difficulty else ()
    elif words is not None:
        options = words.options_of(number)
    return {option.value: option.label for option in options}


def _came(submission: Submission, entered: Mapping[UUID, str], now: datetime, reader: Reader) -> str:
    """Return when and how it came, in which language, and who wrote it down."""
    by = reader.say(ENTERED_BY, name=entered[submission.id]) if submission.id in entered else ""
    return f"{answered(submission, now, reader)} {by}".strip()


def _trail(
    versions: Sequence[Submission], entered: Mapping[UUID, str], now: datetime, reader: Reader
) -> tuple[Correction, ...]:
    before: Mapping[tuple[str, int], int | None] = {}
    trail = []
    for each in versions:
        given = each.answers_given()
        trail.append(
            Correction(
                submission_id=each.id,
                at=each.submitted_at,
                came=_came(each, entered, now, reader),
                changes=_changes(before, given, reader) if before else (),
                is_first=each.corrects_id is None,
            )
        )
        before = given
    return tuple(trail)


def _changes(
    before: Mapping[tuple[str, int], int | None], after: Mapping[tuple[str, int], int | None], reader: Reader
) -> tuple[str, ...]:
    """Return which answers were changed: 'PHQ-9 item 3: 1, then 2'."""

    def value(given: Mapping[tuple[str, int], int | None], key: tuple[str, int]) -> object:
        return reader.say(N_("no answer")) if given.get(key) is None else given[key]

    return tuple(
        reader.say(
            N_("%(measure)s item %(number)s: %(before)s, then %(after)s"),
            measure=catalogue.spec(key[0]).name,
            number=key[1],
            before=value(before, key),
            after=value(after, key),
        )
        for key in sorted(set(before) | set(after))
        if before.get(key) != after.get(key)
    )
