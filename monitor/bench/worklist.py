"""Bar 12: the worklist of one team that is as large as the whole service, page for page as a clinician gets it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from monitor import Surface, create_app
from monitor.access import Viewer, begin
from monitor.bench.courses import NOW, OPENED_AT, STAFF_ID, TEAM_ID
from monitor.bench.machine import interleaved, seconds
from monitor.bench.population import FIRST_COPY, Service
from monitor.bench.report import Bar, Gate
from monitor.care.models import Episode
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.config import Settings
from monitor.db import Sessions, reading, table, unit_of_work
from monitor.flags.called_for import sweep
from monitor.flags.kinds import EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.waiting import SHOWN, View
from monitor.flags.worklist import worklist
from monitor.i18n import SOURCE_LANGUAGE
from monitor.ids import new_id
from monitor.people.models import Role, TeamMembership
from monitor.people.sign_in import admit

MOST_STATEMENTS = 6
BLOCK = 5_000
"""Rows that are written at once."""

Sent = list[tuple[str, Any]]


def worklist_page(service: Service, settings: Settings, times: int) -> list[Bar | Gate]:
    """Compare the worklist's page with the queries that it sends, bare: the rest is what the program adds.

    Every flag that the daily sweep calls for is open. The reference fetches the same rows through the driver alone.
    """
    flagged = raise_all(service)
    client = signed_in(create_app(settings, Surface.STAFF, sessions=service.sessions, clock=lambda: NOW), service)
    with statements(service.engine) as sent:
        first = client.get("/").text
    queries = [each for each in sent if each[0].lstrip("(").startswith(("SELECT", "WITH"))]
    ours, bare = interleaved(times, (lambda: seconds(lambda: client.get("/")), lambda: _fetch(service.engine, queries)))
    bar = Bar(
        number=12,
        what=f"worklist, {SHOWN} of {flagged:,} patients with a flag",
        where=service.name,
        unit="ms",
        ours=1000 * ours,
        reference=1000 * bare,
        beside="its queries, bare",
        target=3,
        n=times,
    )
    shown = [UUID(each) for each in re.findall(r'<tr id="p-([0-9a-f-]+)"', first)]
    return [
        bar,
        Gate("the worklist shows whoever is due first", service.name, shown == due_first(service.sessions)),
        Gate("the worklist is found in six statements", service.name, _asked(service) <= MOST_STATEMENTS),
    ]


def raise_all(service: Service) -> int:
    """Open every flag that the sweep calls for, and no other; those whose names open are due first.

    Return how many patients have one. What other bars left open is closed: those patients' names do not open.
    """
    closed = {"closed_at": NOW, "closed_by_id": STAFF_ID, "outcome": Outcome.RECORDED_IN_ERROR, "reason": b""}
    with unit_of_work(service.sessions) as session:
        session.execute(sa.update(table(Flag)).where(Flag.closed_at.is_(None)).values(closed))
    with reading(service.sessions) as session:
        wanted = sweep(session)
        found = session.execute(sa.select(Episode.id, Episode.patient_id))
        patients = {episode_id: patient_id for episode_id, patient_id in found}
    for start in range(0, len(wanted), BLOCK):
        flags, events = [], []
        for at, (episode_id, kind) in enumerate(wanted[start : start + BLOCK], start):
            flags.append(_flag(at, episode_id, patients[episode_id], kind))
            events.append(_event(flags[-1]))
        with unit_of_work(service.sessions) as session:
            session.execute(sa.insert(table(Flag)), flags)
            session.execute(sa.insert(table(FlagEvent)), events)
    with unit_of_work(service.sessions) as session:
        session.connection().exec_driver_sql("ANALYZE")
    return len({episode_id for episode_id, _ in wanted})


def _flag(at: int, episode_id: UUID, patient_id: UUID, kind: FlagKind) -> dict[str, Any]:
    due = NOW + timedelta(hours=1 if episode_id < FIRST_COPY else 3, milliseconds=at)
    return {
        "id": new_id(),
        "episode_id": episode_id,
        "patient_id": patient_id,
        "kind": kind,
        "severity": Severity.REVIEW,
        "owner_id": STAFF_ID,
        "opened_at": NOW,
        "due_at": due,
        "escalate_at": due,
        "pathway_version_id": shipped(USUAL_PATHWAY).version_id,
    }


def _event(flag: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "flag_id": flag["id"],
        "at": NOW,
        "kind": FlagEventKind.OPENED,
        "rule": Rule.M1,
        "evidence": [{"code": EvidenceCode.MISSED_IN_A_ROW, "params": {"count": 2}}],
        "patient_id": flag["patient_id"],
    }


def signed_in(app: Flask, service: Service) -> FlaskClient:
    """Return the browser of the bench's one clinician."""
    with unit_of_work(service.sessions) as session:
        session.add(TeamMembership(staff_member_id=STAFF_ID, care_team_id=TEAM_ID, from_at=OPENED_AT))
        token = admit(session, STAFF_ID, 1, NOW)
    client = app.test_client()
    with app.test_request_context():
        begin(cast(str, token))
        page = app.process_response(app.make_response(""))
    name, value = page.headers["Set-Cookie"].split(";")[0].split("=", 1)
    client.set_cookie(name, value)
    return client


def due_first(sessions: Sessions) -> Sequence[UUID]:
    """Return whom the page must show, asked for in the plainest way."""
    nearest = sa.func.min(Flag.due_at)
    with reading(sessions) as session:
        return session.scalars(
            sa.select(Flag.patient_id)
            .where(Flag.closed_at.is_(None))
            .group_by(Flag.patient_id, Flag.episode_id)
            .order_by(nearest, Flag.episode_id)
            .limit(SHOWN)
        ).all()


@contextmanager
def statements(engine: sa.Engine) -> Iterator[Sent]:
    """Collect what is sent to the database, as the driver gets it."""
    sent: Sent = []

    def collect(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        sent.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", collect)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", collect)


def _fetch(engine: sa.Engine, queries: Sent) -> float:
    connection = engine.raw_connection()
    cursor = connection.cursor()
    try:
        return seconds(lambda: [cursor.execute(query, given) and cursor.fetchall() for query, given in queries])
    finally:
        cursor.close()
        connection.close()


def _asked(service: Service) -> int:
    who = Viewer(STAFF_ID, new_id(), Role.CLINICIAN, (TEAM_ID,), SOURCE_LANGUAGE, "", "")
    with reading(service.sessions) as session, statements(service.engine) as sent:
        worklist(session, who, View(), now=NOW, region="GB")
    return len(sent)
