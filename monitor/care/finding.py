"""Finding a patient by name or record number among those whom a viewer may see.

Names are sealed, so they are opened and compared here; a viewer's own teams are few enough for that.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.db import keyring
from monitor.people.models import Patient
from monitor.people.words import language_name

SEARCHED = 5000
"""The most patients whose names are opened for one search."""
SHOWN = 20


@dataclass(frozen=True)
class Found:
    """One patient who matches, with what tells two of the same name apart."""

    patient_id: UUID
    name: str
    tag: str
    spoken: str
    birth_year: str | None
    record_number: str | None
    team: str
    is_open: bool


def find(session: Session, viewer: Viewer, typed: str, language: str) -> Sequence[Found]:
    """Return up to `SHOWN` patients whose name contains what was typed, or whose record number it is."""
    episodes = session.scalars(
        episodes_visible_to(viewer)
        .order_by(Episode.closed_at.is_(None).desc(), Episode.opened_at.desc())
        .limit(SEARCHED)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    )
    wanted, record = _plain(typed), keyring().digest("record", typed.casefold())
    latest = {episode.patient_id: episode for episode in reversed(episodes.all())}
    matching = [episode for episode in latest.values() if _matches(episode.patient, wanted, record)]
    found = [_found(episode, language) for episode in matching]
    return sorted(found, key=lambda each: (not each.is_open, _plain(each.name)))[: SHOWN + 1]


def _matches(patient: Patient, wanted: str, record: bytes) -> bool:
    return patient.record_number_hash == record or wanted in _plain(patient.preferred_name)


def _plain(name: str) -> str:
    """Fold case and accents, so that 'zielinski' finds 'Zieliński'."""
    folded = unicodedata.normalize("NFKD", name.casefold()).replace("ł", "l").replace("ø", "o")
    return "".join(character for character in folded if not unicodedata.combining(character))


def _found(episode: Episode, language: str) -> Found:
    patient = episode.patient
    return Found(
        patient_id=patient.id,
        name=patient.preferred_name,
        tag=patient.language,
        spoken=language_name(patient.language, language),
        birth_year=patient.birth_year,
        record_number=patient.record_number,
        team=episode.care_team.name,
        is_open=episode.closed_at is None,
    )
