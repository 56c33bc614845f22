"""A check-in by text under way, held against everybody else: what was asked, what is kept, what is said next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.promises import promise
from monitor.checkins import dialogue, sign_questions, text_dialogues
from monitor.checkins import service as checkins
from monitor.checkins.dialogue import Then, Turn
from monitor.checkins.forms import Question, questions
from monitor.checkins.models import SIGNS_BY_TEXT, CheckIn, CheckInState, DialogueEnd, Mode, TextDialogue
from monitor.checkins.service import Answers, Delivery, instruments_for, provisional_pairs
from monitor.checkins.sign_questions import SignAsked
from monitor.checkins.text_bodies import Bodies
from monitor.config import Settings
from monitor.i18n import format_moment
from monitor.ids import new_id
from monitor.messaging import outbox
from monitor.messaging.links import check_in_link
from monitor.messaging.models import Understood
from monitor.messaging.texts import Phrase, TextKind, say
from monitor.people.help_lines import lines_for


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
        noticed: Mapping[UUID, bool],
        settings: Settings,
        now: datetime,
    ) -> Sent:
        """Keep the whole check-in, with what it says of the signs in the patient's plan."""

    def signs_to_ask(self, session: Session, episode_id: UUID) -> Sequence[SignAsked]:
        """Return the signs that a check-in asks for now."""


@dataclass(frozen=True)
class Talk:
    """One patient's check-in by text at one moment, held against everybody else."""

    session: Session
    ongoing: TextDialogue
    asked: tuple[Question, ...]
    signs: Sequence[SignAsked]
    bodies: Bodies
    journeys: Journeys
    settings: Settings
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

    def go_on(self, step: Turn, digit: int | None) -> Understood:
        """Do what a text comes to, and return what it was taken for."""
        helped = step.given is not None and self._keep(step.given.position, step.given.value)
        self.ongoing.position, self.ongoing.not_understood = step.place.position, step.place.not_understood
        self.ongoing.last_at = self.now
        match step.then:
            case Then.FINISH:
                self._finish()
            case Then.CORRECT:
                self.say(TextKind.REPLY, self.bodies.correction(self.asked[step.place.position]))
            case Then.OFFER_OTHER_WAYS:
                self._offer_other_ways()
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

    def _keep(self, position: int, value: int | None) -> bool:
        """Keep an answer as a draft, and act at once on one to the safety item. Return whether help comes first."""
        question = self.asked[position]
        answer: Mapping[tuple[str, int], int | None] = {(question.instrument, question.item): value}
        if question.is_safety:
            self.journeys.save_early(self.session, self.check_in, answer, call_asked=False, now=self.now)
        else:
            checkins.save_drafts(self.session, self.check_in, answer, now=self.now)
        return self.needs_help(position, value)

    def _finish(self) -> None:
        given = checkins.drafts(self.session, self.check_in)
        keys = ((each.instrument, each.item) for each in self.asked)
        answers = {key: given[key] for key in keys if key in given and key != SIGNS_BY_TEXT}
        noticed = sign_questions.noticed_of_each(given.get(SIGNS_BY_TEXT), self.signs)
        delivery = Delivery(self.ongoing.id, self.ongoing.language, Mode.TEXT, known_device=False)
        sent = self.journeys.complete_check_in(
            self.session, self.check_in, answers, delivery, noticed=noticed, settings=self.settings, now=self.now
        )
        self.end(DialogueEnd.SENT)
        self.say(TextKind.SUPPORT if sent.safety else TextKind.REPLY, self.bodies.end(safety=sent.safety))

    def _offer_other_ways(self) -> None:
        """Offer the page and the team's number, once an hour: two machines that answer each other fall silent."""
        link = check_in_link(self.settings.base_url, self.check_in.id, self.check_in.patient.link_generation)
        body = self.bodies.other_ways(self.check_in.episode.care_team.phone, link)
        self.say(TextKind.REPLY, body, unique=f"other_ways:{self.now:%Y-%m-%dT%H}")


def talk_of(session: Session, ongoing: TextDialogue, journeys: Journeys, settings: Settings, now: datetime) -> Talk:
    """Return what a dialogue is about, with the signs that the patient's plan has now."""
    check_in, language = ongoing.check_in, ongoing.language
    signs = journeys.signs_to_ask(session, check_in.episode_id)
    asked = what_is_asked(check_in, language, signs, settings)
    bodies = bodies_for(session, check_in, language, now)
    return Talk(session, ongoing, asked, signs, bodies, journeys, settings, now)


def bodies_for(session: Session, check_in: CheckIn, language: str, now: datetime) -> Bodies:
    """Return what there is to say about a check-in, in one language."""
    patient, team = check_in.patient, check_in.episode.care_team
    promised = promise(session, team, now)
    reads_by = format_moment(promised.reads_by, language, patient.time_zone, patient.region)
    return Bodies(language, lines_for(team.country, language), reads_by if promised.covered else None)


def what_is_asked(
    check_in: CheckIn, language: str, signs: Sequence[SignAsked], settings: Settings
) -> tuple[Question, ...]:
    """Return the questions of a check-in by text: the measures that fit one, then one about all signs together."""
    offered = instruments_for(check_in, language, provisional_pairs(settings.provisional_instruments))
    items = questions(each for each in offered if each.spec.by_text)
    return (*items, sign_questions.any_sign(items, language)) if items and signs else items
