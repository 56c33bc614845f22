"""The journeys that begin with a patient's text, or with one of ours that did not arrive.

The words STOP, START and HELP come first, whatever else is going on, with those that lead back to the team and to the
plan; then answers. Nobody reads these texts as they come in, so a text that answers nothing is told so, with the
numbers where somebody does answer.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.promises import has_cover, promise
from monitor.checkins import by_text, lost_texts
from monitor.checkins.lost_texts import Lost
from monitor.checkins.planning import open_episode
from monitor.clock import Clock
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import service as flags
from monitor.flags.kinds import Rule
from monitor.flags.wishes import Wish
from monitor.i18n import format_moment
from monitor.messaging import inbound as texts
from monitor.messaging import outbox
from monitor.messaging.keywords import Keyword, Said, read
from monitor.messaging.models import InboundText, Message, Understood
from monitor.messaging.replies import Voice
from monitor.messaging.texts import TextKind
from monitor.people.models import Party, Patient, Purpose
from monitor.people.service import newest_consent
from monitor.relapse import reentry
from monitor.relapse.kinds import How

log = logging.getLogger(__name__)

BATCH = 200
PLAN_PATH = "/plan"
"""Where a patient's own plan is: behind their set-up phone and its PIN, so the same address does for everybody."""
ANSWERS_AN_HOUR = 5
"""Local protocol: to one number outside a check-in. Two machines that answer each other come to an end."""


def receive(session: Session, inbound: InboundText, *, settings: Settings, now: datetime) -> Understood:
    """Understand one stored text, do what it asks for and queue at most one reply; nothing is sent here.

    Safe to repeat: what has been understood already is only returned.
    """
    taken = texts.take_up(session, inbound.id)
    if taken is None:
        return inbound.understood_as or Understood.NOT_UNDERSTOOD
    patients = texts.on_number(session, inbound.number_hash, hold=True)
    if not patients:
        return texts.put_down(inbound, Understood.UNKNOWN_NUMBER, now)
    for patient in patients:
        patient.number_failed_at = None  # whoever texts us has a number that works
    said = _said(inbound, patients)
    return texts.put_down(inbound, _act(session, inbound, patients, said, settings, now), now)


def handle_waiting(sessions: Sessions, settings: Settings, clock: Clock) -> int:
    """Understand the texts that were stored and then left, as when a process died; return how many."""
    handled = 0
    failed: set[UUID] = set()
    while True:
        with reading(sessions) as session:
            left = texts.waiting(session, BATCH, but=failed)
        for inbound_id in left:
            try:
                with unit_of_work(sessions) as session:
                    receive(session, session.get_one(InboundText, inbound_id), settings=settings, now=clock())
                handled += 1
            except Exception as error:  # one bad row must not stop the others
                failed.add(inbound_id)
                log.error("text %s: not understood: %s", inbound_id, type(error).__name__)
        if len(left) < BATCH:
            return handled


def after_lost(session: Session, message: Message, now: datetime) -> None:
    """Act on a text that did not arrive: a STOP that only the provider has heard, or a number that takes no texts."""
    match lost_texts.meaning(message):
        case Lost.STOPPED:
            for patient in texts.on_number(session, message.patient.number_hash):
                _stop(session, patient, now)
        case Lost.NUMBER_FAILED:
            episode = open_episode(session, message.patient_id)
            if episode is not None:
                flags.evaluate(session, episode, now=now, only={Rule.U1, Rule.U2})
        case Lost.NOTHING:
            pass


def _said(inbound: InboundText, patients: Sequence[Patient]) -> Said | None:
    """Return the keyword of a text; what the provider has acted on already is one, however it was written."""
    if inbound.opt_out in ("STOP", "START", "HELP"):
        return Said(Keyword(inbound.opt_out.lower()), is_bare=True)
    return read(inbound.body or "", {patient.language for patient in patients})


def _act(
    session: Session,
    inbound: InboundText,
    patients: Sequence[Patient],
    said: Said | None,
    settings: Settings,
    now: datetime,
) -> Understood:
    speaker = _speaker(session, patients)
    voice = _voice(session, speaker, settings)
    match said:
        case Said(Keyword.STOP, is_bare):
            needs_help = not is_bare or texts.has_help_waiting(session, patients)
            stopped = [patient for patient in patients if _stop(session, patient, now)]
            if stopped and inbound.opt_out is None:
                kind = TextKind.SUPPORT if needs_help else TextKind.REPLY
                _reply(session, inbound, speaker, kind, voice.stopped(with_help=needs_help), now)
            return Understood.STOP
        case Said(Keyword.HELP):
            _reply(session, inbound, speaker, TextKind.SUPPORT, voice.help(), now)
            return Understood.HELP
        case Said(Keyword.START | Keyword.YES) if _is_stopped(session, patients):
            _start(session, inbound, patients, speaker, voice, now)
            return Understood.START
        case Said(Keyword.COME_BACK) if _come_back(session, inbound, patients, settings, now):
            return Understood.COMING_BACK
        case Said(Keyword.PLAN) if open_episode(session, speaker.id) is not None:
            link = f"{settings.base_url}{PLAN_PATH}"
            _reply_unless_stopped(session, inbound, speaker, TextKind.REPLY, voice.page(link), now)
            return Understood.PLAN
    return _answer(session, inbound, speaker, voice, settings, now)


def _stop(session: Session, patient: Patient, now: datetime) -> bool:
    """Stop the texts to a patient; False when they have stopped already."""
    if newest_consent(session, patient.id, Purpose.TEXTS) is False:
        return False
    workflows.opt_out(session, patient, said_by=Party.PATIENT, now=now)
    return True


def _is_stopped(session: Session, patients: Sequence[Patient]) -> bool:
    return any(newest_consent(session, patient.id, Purpose.TEXTS) is False for patient in patients)


def _start(
    session: Session,
    inbound: InboundText,
    patients: Sequence[Patient],
    speaker: Patient,
    voice: Voice,
    now: datetime,
) -> None:
    """Start the texts again for those who had stopped them in person: what a team has stopped, the team starts."""
    back = [patient for patient in patients if texts.has_stopped(session, patient.id)]
    for patient in back:
        workflows.opt_in(session, patient, said_by=Party.PATIENT, now=now)
    _reply(session, inbound, speaker, TextKind.REPLY, voice.started() if back else voice.ask_us(), now)


def _come_back(
    session: Session, inbound: InboundText, patients: Sequence[Patient], settings: Settings, now: datetime
) -> bool:
    """Take back whoever texted the word and has stepped down; False when nobody on the number has.

    Of several it is the one who was asked something last. Where that says nothing, no step is changed for anybody: the
    team calls each of them and hears who it was.
    """
    episodes = (open_episode(session, patient.id) for patient in patients)
    may = [episode for episode in episodes if episode is not None and reentry.is_open_to(session, episode)]
    if not may:
        return False
    asked = texts.last_asked(session, [each.patient for each in may]) if len(may) > 1 else may[0].patient_id
    chosen = next((each for each in may if each.patient_id == asked), None)
    if chosen is not None:
        call_by = reentry.come_back(session, chosen, How.TEXT, now=now).due_at
    else:
        for each in may:
            workflows.ask(session, each, Wish.CALL, now)
        call_by = promise(session, may[0].care_team, now).call_by
    speaker, team = (chosen or may[0]).patient, (chosen or may[0]).care_team
    is_promised = call_by > now and has_cover(session, team)
    by = format_moment(call_by, speaker.language, speaker.time_zone, speaker.region) if is_promised else None
    body = _voice(session, speaker, settings).called(by)
    _reply_unless_stopped(session, inbound, speaker, TextKind.SUPPORT, body, now)
    return True


def _answer(
    session: Session, inbound: InboundText, speaker: Patient, voice: Voice, settings: Settings, now: datetime
) -> Understood:
    """Take a text as an answer. When nothing is open, say once a day that nobody reads it, and who can be called."""
    understood = by_text.take(
        session,
        speaker,
        inbound.body or "",
        journeys=workflows,
        settings=settings,
        received_at=inbound.received_at,
        now=now,
    )
    if understood is Understood.NOTHING_OPEN:
        key = f"{speaker.id}:nobody_reads:{now:%Y-%m-%d}"
        _reply(session, inbound, speaker, TextKind.SUPPORT, voice.nobody_reads(), now, key=key)
    return understood


def _speaker(session: Session, patients: Sequence[Patient]) -> Patient:
    """Return who is taken to have written, where two share a number: whoever was asked something last."""
    asked = texts.last_asked(session, patients) if len(patients) > 1 else None
    return next((patient for patient in patients if patient.id == asked), patients[0])


def _voice(session: Session, patient: Patient, settings: Settings) -> Voice:
    episode = open_episode(session, patient.id)
    if episode is None:
        return Voice(settings.sender_name, patient.language, patient.region)
    team = episode.care_team
    return Voice(settings.sender_name, patient.language, team.country, team.phone)


def _reply_unless_stopped(
    session: Session, inbound: InboundText, to: Patient, kind: TextKind, body: str, now: datetime
) -> None:
    """Answer a word that somebody may text after a STOP too: it is obeyed, and no text follows but to a START."""
    if newest_consent(session, to.id, Purpose.TEXTS) is not False:
        _reply(session, inbound, to, kind, body, now)


def _reply(
    session: Session,
    inbound: InboundText,
    to: Patient,
    kind: TextKind,
    body: str,
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    if texts.answers_since(session, inbound.number_hash, now - timedelta(hours=1)) < ANSWERS_AN_HOUR:
        outbox.queue_reply(session, patient=to, kind=kind, body=body, key=key or f"{inbound.id}:reply", now=now)
