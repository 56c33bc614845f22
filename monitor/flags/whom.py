"""Whom to call about a flag, who has it, and to whom it can be given."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.flags.kinds import FlagKind
from monitor.flags.reviewed import open_flag
from monitor.people.models import Patient
from monitor.people.needs import needs_of
from monitor.people.needs_words import need_labels
from monitor.people.teams import carers
from monitor.people.words import dialled, language_name


@dataclass(frozen=True)
class Choice:
    """A value of a form and its label."""

    value: str
    label: str


@dataclass(frozen=True)
class Person:
    """Whom to call: the number as it is dialled and as it is read aloud, the language, what they need."""

    patient_id: UUID
    name: str
    number: str
    dialled: str
    spoken: str
    needs: tuple[str, ...]
    """An interpreter, the questions read aloud: each in a word or two."""
    access_needs: str | None


def person(session: Session, patient: Patient, language: str) -> Person:
    """Return whom to call, for a reader of `language`."""
    return Person(
        patient_id=patient.id,
        name=patient.preferred_name,
        number=patient.number,
        dialled=dialled(patient.number),
        spoken=language_name(patient.language, language),
        needs=need_labels(needs_of(session, patient.id), patient.language, language),
        access_needs=patient.access_needs,
    )


def safety_owner(session: Session, episode: Episode) -> str | None:
    """Return the name of whoever has the open safety flag of an episode; None where none is open."""
    flag = open_flag(session, episode, FlagKind.SAFETY)
    return flag.owner.name if flag and flag.owner else None


def colleagues(session: Session, care_team_id: UUID, viewer: Viewer) -> tuple[Choice, ...]:
    """Return the members of a team to whom the viewer can hand a flag over, by name."""
    others = (each for each in carers(session, [care_team_id]) if each.id != viewer.staff_member_id)
    return tuple(Choice(str(each.id), each.name) for each in others)
