"""Where a check-in by text stands in the tables: the one under way, the one that waits, and what was asked last."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.models import OPEN, CheckIn, TextDialogue
from monitor.messaging.models import ACCEPTED, IS_WAITING, Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import MONITORING, Channel, Patient
from monitor.people.service import has_consent, preference

PERHAPS_ARRIVED = ACCEPTED | {MessageState.SENDING, MessageState.UNKNOWN, MessageState.ABANDONED}


def under_way(session: Session, patient_id: UUID) -> TextDialogue | None:
    """Return the check-in by text that a patient is in, with what going on with it needs."""
    return session.scalars(
        sa.select(TextDialogue)
        .where(TextDialogue.patient_id == patient_id, TextDialogue.ended_at.is_(None))
        .options(joinedload(TextDialogue.check_in).joinedload(CheckIn.episode).joinedload(Episode.care_team))
    ).first()


def waiting(session: Session, patient: Patient, now: datetime) -> CheckIn | None:
    """Return the check-in that a patient may begin by text: open, agreed to, and wished for in texts.

    Items stand on lock screens, so nobody gets them who has not chosen so.
    """
    wishes = preference(session, patient.id)
    is_texted = wishes is not None and wishes.by_text and wishes.channel is Channel.TEXT
    if not is_texted or not all(has_consent(session, patient.id, each) for each in MONITORING):
        return None
    return session.scalars(
        sa.select(CheckIn)
        .join(Episode, Episode.id == CheckIn.episode_id)
        .where(CheckIn.patient_id == patient.id, Episode.closed_at.is_(None))
        .where(sa.text(OPEN), CheckIn.opens_at <= now, CheckIn.closes_at > now)
        .order_by(CheckIn.due_at.desc(), CheckIn.id)
        .options(joinedload(CheckIn.episode).joinedload(Episode.care_team))
    ).first()


def prompt_key(dialogue: TextDialogue, question: str, unique: str) -> str:
    """Return the dedupe key of a text in a dialogue: it tells which question the patient then has before them."""
    return f"{dialogue.id}:{question}:{unique}"


def question_seen(session: Session, dialogue: TextDialogue, at: datetime) -> str | None:
    """Return the name of the question that the patient had before them at a moment; None when that is not sure.

    The newest text about any check-in decides, unless it is a mere reply: after a nudge, a "1" means "begin". A text
    counts from its intent on, since nobody can answer it before, and since its receipt may come much later.
    """
    newest = session.execute(
        sa.select(Message.dedupe_key, Message.state)
        .where(Message.patient_id == dialogue.patient_id, Message.check_in_id.is_not(None))
        .where(Message.purpose != TextKind.REPLY, Message.intent_at <= at, Message.state.in_(PERHAPS_ARRIVED))
        .order_by(Message.intent_at.desc(), Message.id.desc())
        .limit(1)
    ).first()
    if newest is None or newest.state not in ACCEPTED:
        return None
    whose, _, rest = newest.dedupe_key.partition(":")
    return str(rest).partition(":")[0] if whose == str(dialogue.id) else None


def withdraw_question(session: Session, check_in_id: UUID, now: datetime) -> None:
    """Cancel a question that has not left the building; help is never withdrawn."""
    session.execute(
        sa.update(Message)
        .where(sa.text(IS_WAITING), Message.check_in_id == check_in_id, Message.purpose == TextKind.QUESTION)
        .values(state=MessageState.CANCELLED, owner=None, lease_until=now)
    )
