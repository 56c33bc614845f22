"""Putting a service's own version of a pathway in force: a sound file, two people, and nobody left without a step."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathway import Pathway, rank
from monitor.care.pathway_loading import read
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import keep_text, shipped_codes, version_id
from monitor.errors import MonitorError
from monitor.people.models import Role, StaffMember

SIGNERS = frozenset({Role.SUPERVISOR, Role.MANAGER})
"""The roles that may sign off the rules of a service."""

LONGEST_WORDS = 400


class NotPublished(MonitorError):
    """A version is not put in force; the one before it stays."""


@dataclass(frozen=True)
class Proposed:
    """A file that is to be put in force, by whom, and why. `name` is what its faults call it."""

    text: str
    published_by: StaffMember
    signed_off_by: StaffMember
    words: str
    name: str = "pathway.toml"


def publish(session: Session, proposed: Proposed, now: datetime) -> PathwayPublication:
    """Put a version in force for every decision from now on. Raises InvalidPathway, NotPublished."""
    pathway = check(session, proposed)
    publication = PathwayPublication(
        code=pathway.code,
        version_id=keep_text(session, proposed.text, pathway.code, now),
        at=now,
        published_by_id=proposed.published_by.id,
        signed_off_by_id=proposed.signed_off_by.id,
        words=proposed.words.strip(),
    )
    session.add(publication)
    session.flush()
    for who, what in ((proposed.published_by, "pathway published"), (proposed.signed_off_by, "pathway signed off")):
        record(session, Actor("staff", who.id), what, "pathway_version", publication.version_id, now=now)
    return publication


def check(session: Session, proposed: Proposed) -> Pathway:
    """Return the pathway that could be put in force. Raises InvalidPathway, NotPublished; changes nothing."""
    pathway = read(proposed.text, proposed.name)
    _check_people(proposed.published_by, proposed.signed_off_by)
    _check_words(proposed.words)
    _check_change(session, proposed.text, pathway)
    return pathway


def check_code(pathway: Pathway) -> None:
    """Refuse a code that no pathway has: patients stand on a pathway by its code. Raises NotPublished."""
    if pathway.code not in shipped_codes():
        raise NotPublished(
            f"a pathway keeps its code, which is one of {', '.join(shipped_codes())}; this file says {pathway.code}"
        )


def newest(session: Session, code: str) -> PathwayPublication | None:
    """Return how the version in force came to be so; None while it is the file that comes with the program."""
    return session.scalars(
        sa.select(PathwayPublication)
        .where(PathwayPublication.code == code)
        .order_by(PathwayPublication.at.desc(), PathwayPublication.id.desc())
        .limit(1)
    ).one_or_none()


def _check_people(published_by: StaffMember, signed_off_by: StaffMember) -> None:
    if published_by.id == signed_off_by.id:
        raise NotPublished("whoever publishes a pathway does not sign it off too: ask a second person")
    if published_by.ended_at is not None or signed_off_by.ended_at is not None:
        raise NotPublished("one of these logins has ended: name two people who work here")
    if signed_off_by.role not in SIGNERS:
        raise NotPublished("a pathway is signed off by a supervisor or a manager")


def _check_words(words: str) -> None:
    if not words.strip() or len(words.strip()) > LONGEST_WORDS:
        raise NotPublished(f"say in 1 to {LONGEST_WORDS} characters what is changed and why")


def _check_change(session: Session, text: str, pathway: Pathway) -> None:
    check_code(pathway)
    last = newest(session, pathway.code)  # a service may sign off the very file that comes with the program
    if last is not None and last.version_id == version_id(text):
        raise NotPublished("this version is in force already: nothing would change")
    left_out = [f"{_patients(count)} on step {step}" for step, count in _standing(session, pathway)]
    if left_out:
        raise NotPublished(
            f"this file leaves out a step on which patients stand: {', '.join(left_out)}; "
            "keep it, or decide about them first"
        )


def _standing(session: Session, pathway: Pathway) -> list[tuple[Step, int]]:
    """Return the steps that a pathway does not have, with how many patients of it stand on each now."""
    newest = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    now = sa.select(newest.label("step")).where(Episode.pathway == pathway.code, Episode.closed_at.is_(None)).subquery()
    found = session.execute(sa.select(now.c.step, sa.func.count()).group_by(now.c.step))
    missing = [(step, count) for step, count in found if step is not None and step not in pathway.steps]
    return sorted(missing, key=lambda each: rank(each[0]))


def _patients(count: int) -> str:
    return "1 patient" if count == 1 else f"{count} patients"
