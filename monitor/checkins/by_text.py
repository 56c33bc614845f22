"""A check-in by text: one question a text, one reply to each of the patient's, until it is a submission like any other.

An answer counts for the question that left last before it arrived. What we queued but had not sent, the patient cannot
have answered: a second text that comes so soon corrects the first. Where it is not known whether a question arrived, or
when something else was sent since, nothing is taken for an answer and the question is asked anew.

What was begun by text goes on by text, hours later or after a change of wishes, as long as the patient answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from monitor.care.promises import promise
from monitor.checkins import closing, dialogue, text_dialogues
from monitor.checkins import service as checkins
from monitor.checkins.dialogue import Place, Then, Turn
from monitor.checkins.forms import Question, questions
from monitor.checkins.models import CheckIn, CheckInState, DialogueEnd, Mode, TextDialogue
from monitor.checkins.service import Answers, Delivery, instruments_for, provisional_pairs
from monitor.checkins.text_bodies import Bodies
from monitor.config import Settings
from monitor.i18n import format_moment
from monitor.ids import new_id
from monitor.messaging import outbox
from monitor.messaging.links import check_in_link
from monitor.messaging.models import Understood
from monitor.messaging.texts import Phrase, TextKind, say
from monitor.people.help_lines import lines_for
from monitor.people.models import Patient


class Sent(Protocol):
    """What is known once a check-in has been sent."""

    @property
    def safety(self) -> bool:
        """Whether help comes first."""


class Journeys(Protocol):
    """What reaches beyond check-ins; `monitor.workflows` is one."""

    def save_early(
        self, session: Session, check_in: CheckIn, answers: Answers, *, call_asked: bool, now: datetime
    ) -> None:
        """Keep an answer and act on it at once."""

    def complete_check_in(
        self,
        session: Session,
        check_in: CheckIn,
        answers: Answers,
        delivery: Delivery,
        *,
        settings: Settings,
        now: datetime,
    ) -> Sent:
        """Keep the whole check-in."""


def take(
    session: Session,
    patient: Patient,
    body: str,
    *,
    journeys: Journeys,
    settings: Settings,
    received_at: datetime,
    now: datetime,
) -> Understood:
    """Understand a patient's text as part of a check-in by text, act on it and queue one reply at most.

    STOP and its kin never come here. NOTHING_OPEN: there is nothing to answer or to begin, and nothing was said;
    whatever else is returned, what there was to say is queued.
    """
    ongoing = text_dialogues.under_way(session, patient.id)
    if ongoing is not None:
        closing.lock(session, ongoing.check_in)
        session.refresh(ongoing)
    if ongoing is None or ongoing.ended_at is not None:
        return _begin(session, patient, body, settings, now)
    talk = _talk(session, ongoing, settings, now)
    digit, seen = talk.read(body), talk.seen(received_at)
    if talk.is_over:
        return _after_its_end(talk, digit, seen, patient, body, settings)
    place = Place(min(ongoing.position, len(talk.asked) - 1), ongoing.not_understood)
    step = dialogue.turn(digit, place, seen=seen, answered=talk.answered(), options=talk.options, behind=talk.behind)
    digit = dialogue.meaning(digit, talk.options[place.position if seen is None else seen])
    return talk.go_on(step, digit, journeys, settings)


def _begin(session: Session, patient: Patient, body: str, settings: Settings, now: datetime) -> Understood:
    """Begin what waits to be answered by text, if the patient says so."""
    check_in = text_dialogues.waiting(session, patient, now)
    if check_in is None or closing.lock(session, check_in).state(now) is not CheckInState.OPEN:
        return Understood.NOTHING_OPEN
    if not _questions(check_in, patient.language, settings):
        return Understood.NOTHING_OPEN
    if dialogue.read(body) != dialogue.BEGIN:
        return _say_how_to_begin(session, check_in, now)
    begun = TextDialogue(
        patient=patient,
        patient_id=patient.id,
        check_in=check_in,
        check_in_id=check_in.id,
        language=patient.language,
        began_at=now,
        last_at=now,
    )
    talk = _talk(session, begun, settings, now)
    begun.position = talk.first_open()
    session.add(begun)
    session.flush()
    talk.ask(in_full=True, opening=True)
    return Understood.BEGIN


def _say_how_to_begin(session: Session, check_in: CheckIn, now: datetime) -> Understood:
    """Answer a text that begins nothing: once a day, and after that leave the answer to others."""
    patient = check_in.patient
    said = outbox.queue_reply(
        session,
        patient=patient,
        kind=TextKind.REPLY,
        body=_bodies(session, check_in, patient.language, now).to_begin(),
        key=f"{check_in.id}:to_begin:{now:%Y-%m-%d}",
        now=now,
        check_in_id=check_in.id,
    )
    return Understood.NOTHING_OPEN if said is None else Understood.NOT_UNDERSTOOD


def _after_its_end(
    talk: "_Talk", digit: int | None, seen: int | None, patient: Patient, body: str, settings: Settings
) -> Understood:
    """End what cannot be answered any more and say so, or begin the check-in that has come since."""
    was_sent = talk.check_in.state(talk.now) is CheckInState.COMPLETED
    talk.end(DialogueEnd.BY_LINK if was_sent else DialogueEnd.CLOSED)
    needs_help = seen is not None and talk.needs_help(seen, digit)
    if not needs_help and text_dialogues.waiting(talk.session, patient, talk.now) is not None:
        return _begin(talk.session, patient, body, settings, talk.now)
    kind = TextKind.SUPPORT if needs_help else TextKind.REPLY
    talk.say(kind, talk.bodies.too_late(Phrase.TAKEN if was_sent else Phrase.CLOSED, safety=needs_help))
    return Understood.NOT_UNDERSTOOD


@dataclass(frozen=True)
class _Talk:
    """One patient's check-in by text at one moment, held against everybody else."""

    session: Session
    ongoing: TextDialogue
    asked: tuple[Question, ...]
    bodies: Bodies
    now: datetime

    @property
    def check_in(self) -> CheckIn:
        """The check-in that is being answered."""
        return self.ongoing.check_in

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left that could be answered."""
        is_open = self.check_in.state(self.now) is CheckInState.OPEN and self.check_in.episode.closed_at is None
        return not (is_open and self.asked)

    @property
    def options(self) -> list[set[int]]:
        """What each question may be answered with."""
        return [{option.value for option in question.options} for question in self.asked]

    def read(self, body: str) -> int | None:
        """Return the digit that a text says, in figures or in this language's word for it."""
        again, back = (say(phrase, self.ongoing.language) for phrase in (Phrase.REPEAT_WORDS, Phrase.BACK_WORDS))
        return dialogue.read(body, dialogue.words_in(again), dialogue.words_in(back))

    def seen(self, at: datetime) -> int | None:
        """Return the position of the question that the patient had before them at a moment, if that is sure."""
        name = text_dialogues.question_seen(self.session, self.ongoing, at)
        return next((position for position, question in enumerate(self.asked) if question.name == name), None)

    @property
    def behind(self) -> dict[int, list[int]]:
        """Which questions hang on the answer to another one."""
        gates = {question.name: position for position, question in enumerate(self.asked)}
        found: dict[int, list[int]] = {}
        for position, question in enumerate(self.asked):
            if question.gate is not None:
                found.setdefault(gates[question.gate], []).append(position)
        return found

    def answered(self) -> dict[int, int | None]:
        """Return the answers so far by position."""
        given = checkins.drafts(self.session, self.check_in)
        keys = ((position, (each.instrument, each.item)) for position, each in enumerate(self.asked))
        return {position: given[key] for position, key in keys if key in given}

    def first_open(self) -> int:
        """Return the first question that is still to be asked."""
        answered = self.answered()
        done = {*answered, *dialogue.passed_over(answered, self.behind)}
        return dialogue.first_open(done, len(self.asked)) or 0

    def needs_help(self, position: int, value: int | None) -> bool:
        """Whether this answer to this question calls for help before anything else."""
        return self.asked[position].is_safety and value in self.options[position] - {0}

    def go_on(self, step: Turn, digit: int | None, journeys: Journeys, settings: Settings) -> Understood:
        """Do what a text comes to, and return what it was taken for."""
        helped = step.given is not None and self._keep(step.given.position, step.given.value, journeys)
        self.ongoing.position, self.ongoing.not_understood = step.place.position, step.place.not_understood
        self.ongoing.last_at = self.now
        match step.then:
            case Then.FINISH:
                self._finish(journeys, settings)
            case Then.CORRECT:
                self.say(TextKind.REPLY, self.bodies.correction(self.asked[step.place.position]))
            case Then.OFFER_OTHER_WAYS:
                self._offer_other_ways(settings)
            case Then.ASK if helped:
                text_dialogues.withdraw_question(self.session, self.check_in.id, self.now)
                self.say(TextKind.SUPPORT, self.bodies.support_and_go_on())
            case Then.ASK | Then.ASK_IN_FULL:
                self.ask(in_full=step.then is Then.ASK_IN_FULL)
        if step.given is not None:
            return Understood.ANSWER
        if step.place.not_understood:
            return Understood.NOT_UNDERSTOOD
        taken_for = {dialogue.BACK: Understood.BACK, dialogue.REPEAT: Understood.REPEAT}
        return Understood.BEGIN if digit is None else taken_for.get(digit, Understood.BEGIN)

    def ask(self, *, in_full: bool = False, opening: bool = False) -> None:
        """Queue the question at hand, in place of one that has not left."""
        question = self.asked[self.ongoing.position]
        body = self.bodies.question(question, len(self.asked), in_full=in_full, opening=opening)
        text_dialogues.withdraw_question(self.session, self.check_in.id, self.now)
        self.say(TextKind.QUESTION, body, question.name)

    def say(self, kind: TextKind, body: str, about: str = "", unique: str | None = None) -> None:
        """Queue one reply, `about` the question that it asks; with a `unique` of its own it goes once."""
        outbox.queue_reply(
            self.session,
            patient=self.ongoing.patient,
            kind=kind,
            body=body,
            key=text_dialogues.prompt_key(self.ongoing, about, unique or str(new_id())),
            now=self.now,
            check_in_id=self.check_in.id,
        )

    def end(self, how: DialogueEnd) -> None:
        """End the dialogue."""
        self.ongoing.ended_at, self.ongoing.ended = self.now, how
        self.session.flush()
        text_dialogues.withdraw_question(self.session, self.check_in.id, self.now)

    def _keep(self, position: int, value: int | None, journeys: Journeys) -> bool:
        """Keep an answer as a draft, and act at once on one to the safety item. Return whether help comes first."""
        question = self.asked[position]
        answer: Mapping[tuple[str, int], int | None] = {(question.instrument, question.item): value}
        if question.is_safety:
            journeys.save_early(self.session, self.check_in, answer, call_asked=False, now=self.now)
        else:
            checkins.save_drafts(self.session, self.check_in, answer, now=self.now)
        return self.needs_help(position, value)

    def _finish(self, journeys: Journeys, settings: Settings) -> None:
        given = checkins.drafts(self.session, self.check_in)
        keys = ((each.instrument, each.item) for each in self.asked)
        answers = {key: given[key] for key in keys if key in given}
        delivery = Delivery(self.ongoing.id, self.ongoing.language, Mode.TEXT, known_device=False)
        sent = journeys.complete_check_in(
            self.session, self.check_in, answers, delivery, settings=settings, now=self.now
        )
        self.end(DialogueEnd.SENT)
        self.say(TextKind.SUPPORT if sent.safety else TextKind.REPLY, self.bodies.end(safety=sent.safety))

    def _offer_other_ways(self, settings: Settings) -> None:
        """Offer the page and the team's number, once an hour: two machines that answer each other fall silent."""
        link = check_in_link(settings.base_url, self.check_in.id, self.check_in.patient.link_generation)
        body = self.bodies.other_ways(self.check_in.episode.care_team.phone, link)
        self.say(TextKind.REPLY, body, unique=f"other_ways:{self.now:%Y-%m-%dT%H}")


def _talk(session: Session, ongoing: TextDialogue, settings: Settings, now: datetime) -> _Talk:
    check_in, language = ongoing.check_in, ongoing.language
    bodies = _bodies(session, check_in, language, now)
    return _Talk(session, ongoing, _questions(check_in, language, settings), bodies, now)


def _bodies(session: Session, check_in: CheckIn, language: str, now: datetime) -> Bodies:
    patient, team = check_in.patient, check_in.episode.care_team
    promised = promise(session, team, now)
    reads_by = format_moment(promised.reads_by, language, patient.time_zone, patient.region)
    return Bodies(language, lines_for(team.country, language), reads_by if promised.covered else None)


def _questions(check_in: CheckIn, language: str, settings: Settings) -> tuple[Question, ...]:
    offered = instruments_for(check_in, language, provisional_pairs(settings.provisional_instruments))
    return questions(each for each in offered if each.spec.by_text)
