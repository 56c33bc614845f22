"""A check-in by text: one question a text, one reply to each of the patient's, until it is a submission like any other.

An answer counts for the question that left last before it arrived. What we queued but had not sent, the patient cannot
have answered: a second text that comes so soon corrects the first. Where it is not known whether a question arrived, or
when something else was sent since, nothing is taken for an answer and the question is asked anew.

What was begun by text goes on by text, hours later or after a change of wishes, as long as the patient answers.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.checkins import closing, dialogue, text_dialogues
from monitor.checkins.dialogue import Place
from monitor.checkins.models import CheckIn, CheckInState, DialogueEnd, TextDialogue
from monitor.checkins.talk import Journeys, Talk, bodies_for, talk_of, what_is_asked
from monitor.config import Settings
from monitor.messaging import outbox
from monitor.messaging.models import Understood
from monitor.messaging.texts import Phrase, TextKind
from monitor.people.models import Patient


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
        return _begin(session, patient, body, journeys, settings, now)
    talk = talk_of(session, ongoing, journeys, settings, now)
    digit, seen = talk.read(body), talk.seen(received_at)
    if talk.is_over:
        return _after_its_end(talk, digit, seen, patient, body)
    place = Place(min(ongoing.position, len(talk.asked) - 1), ongoing.not_understood)
    step = dialogue.turn(digit, place, seen=seen, answered=talk.answered(), options=talk.options, behind=talk.behind)
    digit = dialogue.meaning(digit, talk.options[place.position if seen is None else seen])
    return talk.go_on(step, digit)


def _begin(
    session: Session, patient: Patient, body: str, journeys: Journeys, settings: Settings, now: datetime
) -> Understood:
    """Begin what waits to be answered by text, if the patient says so."""
    check_in = text_dialogues.waiting(session, patient, now)
    if check_in is None or closing.lock(session, check_in).state(now) is not CheckInState.OPEN:
        return Understood.NOTHING_OPEN
    if not what_is_asked(check_in, patient.language, (), settings):
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
    talk = talk_of(session, begun, journeys, settings, now)
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
        body=bodies_for(session, check_in, patient.language, now).to_begin(),
        key=f"{check_in.id}:to_begin:{now:%Y-%m-%d}",
        now=now,
        check_in_id=check_in.id,
    )
    return Understood.NOTHING_OPEN if said is None else Understood.NOT_UNDERSTOOD


def _after_its_end(talk: Talk, digit: int | None, seen: int | None, patient: Patient, body: str) -> Understood:
    """End what cannot be answered any more and say so, or begin the check-in that has come since."""
    was_sent = talk.check_in.state(talk.now) is CheckInState.COMPLETED
    talk.end(DialogueEnd.BY_LINK if was_sent else DialogueEnd.CLOSED)
    needs_help = seen is not None and talk.needs_help(seen, digit)
    if not needs_help and text_dialogues.waiting(talk.session, patient, talk.now) is not None:
        return _begin(talk.session, patient, body, talk.journeys, talk.settings, talk.now)
    kind = TextKind.SUPPORT if needs_help else TextKind.REPLY
    talk.say(kind, talk.bodies.too_late(Phrase.TAKEN if was_sent else Phrase.CLOSED, safety=needs_help))
    return Understood.NOT_UNDERSTOOD
