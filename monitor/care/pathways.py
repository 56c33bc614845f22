"""Which pathway is in force, and which one a decision was taken under."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.care.models import USUAL_PATHWAY as USUAL_PATHWAY
from monitor.care.pathway import Pathway
from monitor.care.pathway_loading import read
from monitor.care.pathway_models import PathwayPublication, PathwayVersion
from monitor.db import table
from monitor.errors import MonitorError

FOLDER = Path(__file__).parent / "pathways"


class UnknownPathway(MonitorError):
    """No pathway has this code."""


@dataclass(frozen=True)
class InForce:
    """A pathway with the id of its version: what a decision stores."""

    version_id: UUID
    pathway: Pathway
    is_shipped: bool
    """Whether it is the file that comes with the program: its text may not be in the tables yet."""


@cache
def shipped_codes() -> tuple[str, ...]:
    """Return the codes of the pathways that come with the program, the usual one first."""
    codes = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return (USUAL_PATHWAY, *(code for code in codes if code != USUAL_PATHWAY))


def in_force(session: Session, code: str) -> InForce:
    """Return the version of a pathway that decisions are taken under now. Raises UnknownPathway.

    The one that was published last, or the file that comes with the program where a service has published none.
    """
    published = session.scalar(newest_version(sa.literal(code)))
    return shipped(code) if published is None else InForce(published, version(session, published), is_shipped=False)


def for_decision(session: Session, code: str, now: datetime) -> InForce:
    """Return the same, with its text in the tables for the decision that is about to name it. Raises UnknownPathway."""
    found = in_force(session, code)
    keep(session, found, now)
    return found


@cache
def shipped(code: str) -> InForce:
    """Return the file that comes with the program. Raises UnknownPathway."""
    text = shipped_text(code)
    return InForce(version_id(text), _parsed(text), is_shipped=True)


def keep(session: Session, found: InForce, now: datetime) -> None:
    """See to it that the text of a version is in the tables."""
    if found.is_shipped:
        keep_text(session, shipped_text(found.pathway.code), found.pathway.code, now)


def keep_text(session: Session, text: str, code: str, now: datetime) -> UUID:
    """Keep the text of a version once, whoever else does at the same time; return its id."""
    row = {"id": version_id(text), "code": code, "text": text, "first_used_at": now}
    session.connection().execute(_KEEP[session.get_bind().dialect.name], row)
    return version_id(text)


_KEEP = {
    name: insert(table(PathwayVersion)).on_conflict_do_nothing(index_elements=["id"])
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
"""Made once: whoever sends a check-in that raises a flag waits on it."""


def newest_version(code: sa.SQLColumnExpression[str]) -> sa.Select[UUID]:
    """Return the query for the version of a pathway that was published last."""
    return (
        sa.select(PathwayPublication.version_id)
        .where(PathwayPublication.code == code)
        .order_by(PathwayPublication.at.desc(), PathwayPublication.id.desc())
        .limit(sa.literal_column("1"))
    )


def version(session: Session, wanted: UUID) -> Pathway:
    """Return the pathway as it was in one version. Raises UnknownPathway."""
    known = _known.get(wanted)
    if known is None:
        text = session.scalar(sa.select(PathwayVersion.text).where(PathwayVersion.id == wanted))
        if text is None:
            raise UnknownPathway("there is no such version of a pathway")
        known = _known[wanted] = _parsed(text)
    return known


def version_id(text: str) -> UUID:
    """Return the id that a text always has."""
    return UUID(bytes=sha256(text.encode()).digest()[:16])


def shipped_text(code: str) -> str:
    """Return the file that comes with the program. Raises UnknownPathway."""
    if code not in shipped_codes():  # so that no text from outside ever becomes a path
        raise UnknownPathway(f"there is no pathway {code!r}: it is one of {', '.join(shipped_codes())}")
    return _shipped(code)


@cache
def _shipped(code: str) -> str:
    return FOLDER.joinpath(f"{code}.toml").read_text(encoding="utf-8")


@cache
def _parsed(text: str) -> Pathway:
    return read(text)


_known: dict[UUID, Pathway] = {}
"""Versions never change, so one that was read once is not read again."""
