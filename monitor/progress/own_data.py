"""Everything that a patient may take along: one document of what we hold that is theirs, to read or to give to others.

What staff wrote for each other about them is not in it, unless their own pages show it: the document says so, and how
to ask for it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import Intake, TreatmentStart
from monitor.care.models import Appointment, Episode
from monitor.checkins.call_models import Call
from monitor.checkins.models import MonitoringPlan, TextDialogue
from monitor.db import Base
from monitor.flags.models import TopicDecline
from monitor.i18n import N_, translate
from monitor.messaging.models import InboundText, Message
from monitor.people.life_models import LifeEvent
from monitor.people.models import Consent, ContactPreference, Device, Patient
from monitor.people.needs_models import ContactNeeds
from monitor.people.words import dialled
from monitor.progress.own_answers import check_ins
from monitor.progress.own_care import asked_for, care_of, plans
from monitor.relapse.models import Reentry, StepDown

FILE_NAME = "my-data.json"


@dataclass(frozen=True)
class Section:
    """Rows of one table as a list of facts: those of the patient, or of an episode of theirs, in order of time."""

    name: str
    model: type[Base]
    facts: tuple[str, ...]
    """The first is the time by which they stand."""


OF_THE_PATIENT: Sequence[Section] = (
    Section("agreed_to", Consent, ("at", "purpose", "granted", "said_by", "language", "text_version")),
    Section(
        "wishes", ContactPreference, ("from_at", "weekday", "at", "channel", "by_text", "paused_until_on", "set_by")
    ),
    Section("needs", ContactNeeds, ("from_at", "best_time", "interpreter", "large_text", "audio", "paper")),
    Section("phones", Device, ("enrolled_at", "ended_at", "text_size")),
    Section("life_events", LifeEvent, ("happened_on", "words", "added_at", "removed_at")),
    Section("texts_from_us", Message, ("due_at", "purpose", "language", "sent_at", "state")),
    Section("texts_from_you", InboundText, ("received_at", "body", "understood_as")),
    Section("check_ins_by_text", TextDialogue, ("began_at", "language", "ended_at", "ended")),
    Section("calls", Call, ("at", "outcome", "call_at")),
    Section("not_to_be_contacted_about", TopicDecline, ("at", "kind", "declined")),
    Section("came_back", Reentry, ("at", "how", "due_at")),
    Section("less_help", StepDown, ("at", "from_step", "to_step")),
)
OF_AN_EPISODE: Sequence[Section] = (
    Section("intakes", Intake, ("at", "referred_on", "preference", "understood")),
    Section("treatments", TreatmentStart, ("at", "treatment", "started_on")),
    Section("appointments", Appointment, ("starts_at", "attended_at", "missed_at", "cancelled_at")),
    Section("how_often_we_ask", MonitoringPlan, ("from_at", "until_at", "instruments", "every_weeks")),
)

HERE = N_("This file holds what you told us, what we asked, and what was decided about your care.")
NOT_HERE = (
    N_("Notes that people in your team wrote for each other."),
    N_("The words of our texts to you, since they held links."),
    N_("Plans that were only a draft."),
    N_("Your PIN and other keys, and the trail of who opened your record."),
)
TO_ASK = N_("You can ask your team for these too. Their number is %(number)s.")
ASK_THEM = N_("You can ask your team for these too.")


def own_data(session: Session, patient: Patient, language: str, now: datetime) -> str:
    """Return the whole document as JSON: times in the patient's own zone, the program's words in `language`."""
    episodes = session.scalars(
        sa.select(Episode).where(Episode.patient_id == patient.id).order_by(Episode.opened_at)
    ).all()
    found = {
        "about": _about(episodes, language, now),
        "you": _you(patient),
        **{each.name: _rows(session, each, each.model, patient.id) for each in OF_THE_PATIENT},
        "check_ins": check_ins(session, patient),
        "plans": plans(session, patient.id),
        "asked_for": asked_for(session, patient.id),
        "care": [
            care_of(session, episode, language)
            | {each.name: _rows(session, each, each.model, episode.id) for each in OF_AN_EPISODE}
            for episode in episodes
        ],
    }
    return json.dumps(plain(found, ZoneInfo(patient.time_zone)), ensure_ascii=False, indent=2) + "\n"


def plain(value: Any, zone: ZoneInfo) -> Any:
    """Return a value as JSON knows it: moments as a clock on the patient's wall shows them."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, Mapping):
        return {str(key): plain(each, zone) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(each, zone) for each in value]
    return value


def _about(episodes: Sequence[Episode], language: str, now: datetime) -> dict[str, Any]:
    number = dialled(episodes[-1].care_team.phone) if episodes else None
    return {
        "made_at": now,
        "what_is_here": translate(language, HERE),
        "what_is_not_here": [translate(language, each) for each in NOT_HERE],
        "how_to_ask": translate(language, TO_ASK, number=number) if number else translate(language, ASK_THEM),
    }


def _you(patient: Patient) -> dict[str, Any]:
    names = ("preferred_name", "number", "record_number", "birth_year", "language", "region", "time_zone")
    return {name: getattr(patient, name) for name in (*names, "opened_at", "closed_at")}


def _rows(session: Session, section: Section, model: Any, whose: UUID) -> list[dict[str, Any]]:
    owner = model.patient_id if section in OF_THE_PATIENT else model.episode_id
    order = getattr(model, section.facts[0])
    rows = session.scalars(sa.select(model).where(owner == whose).order_by(order, model.id)).all()
    return [{name: getattr(row, name) for name in section.facts} for row in rows]
