"""What the database itself guarantees, whatever the program does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import DeviationReason, ReviewKind
from monitor.care.models import Appointment, CloseReason, Episode, Step, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.models import Answer, CancelReason, CheckIn, CheckInKind, Mode, MonitoringPlan, Score, Submission
from monitor.db import Base, Sessions, table, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome, Severity
from monitor.flags.models import Flag, TopicDecline
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.ids import new_id
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind
from monitor.people.models import (
    Absence,
    CareTeam,
    Device,
    NoticeChannel,
    Patient,
    StaffMember,
    StaffSession,
    TeamMembership,
)
from monitor.reviews.kinds import Decision
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team
from tests.integrity.decisions import a_review, a_step
from tests.integrity.records import Written, a_record
from tests.phones import every_row

DAY = timedelta(days=1)
VERSION = shipped(USUAL_PATHWAY).version_id
APPEND_ONLY = (
    "answers",
    "audit_entries",
    "burst_extensions",
    "calls",
    "care_role_assignments",
    "caseload_looks",
    "consents",
    "contact_needs",
    "contact_preferences",
    "delivery_events",
    "flag_events",
    "guardrails",
    "handoffs",
    "intakes",
    "pathway_publications",
    "pathway_versions",
    "reentries",
    "relapse_plans",
    "reviews",
    "scores",
    "sign_answers",
    "step_assignments",
    "step_downs",
    "submissions",
    "topic_declines",
    "treatment_starts",
    "warning_signs",
)
"""Facts: a correction is a new row."""


@pytest.fixture
def written(sessions: Sessions, settings: Any) -> Written:
    """A record with a row in every table that is append-only."""
    with unit_of_work(sessions) as session:
        return a_record(session, settings)


def refuses(sessions: Sessions, *statements: str) -> None:
    """Check that the database refuses each statement and holds what it held."""
    before = every_row(sessions)
    for statement in statements:
        with pytest.raises(sa.exc.IntegrityError), unit_of_work(sessions) as session:
            session.execute(sa.text(statement))
    assert every_row(sessions) == before


# ---- facts stay ----


def test_a_fact_is_never_deleted(sessions: Sessions, written: Written) -> None:
    refuses(sessions, *(f"DELETE FROM {name}" for name in APPEND_ONLY))  # noqa: S608  # our own names


def test_no_column_of_a_fact_is_ever_changed(sessions: Sessions, written: Written) -> None:
    columns = [(name, column.name) for name in APPEND_ONLY for column in Base.metadata.tables[name].columns]
    refuses(sessions, *(f"UPDATE {name} SET {column} = {column}" for name, column in columns))  # noqa: S608


def test_a_fact_is_not_replaced_under_its_own_id(sqlite_sessions: Sessions, settings: Any) -> None:
    """SQLite's own way round: delete and insert in one word."""
    with unit_of_work(sqlite_sessions) as session:
        a_record(session, settings)

    replacing = (f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}" for name in (*APPEND_ONLY, "flags"))  # noqa: S608
    refuses(sqlite_sessions, *replacing)


def test_everything_that_is_written_once_is_on_the_list(sessions: Sessions) -> None:
    with sessions() as session:
        query = (
            "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
            if session.get_bind().dialect.name == "sqlite"
            else "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        )
        assert set(session.execute(sa.text(query)).scalars()) == {*APPEND_ONLY, "flags"}


def test_a_closed_flag_stays_as_it_was_closed(sessions: Sessions, written: Written) -> None:
    with unit_of_work(sessions) as session:
        flag = session.get_one(Flag, written.flag_id)
        flag.outcome, flag.reason, flag.closed_at, flag.closed_by_id = (
            Outcome.SPOKE,
            "Spoke.",
            NOW,
            written.clinician.id,
        )

    for column in table(Flag).columns:
        refuses(sessions, f"UPDATE flags SET {column.name} = {column.name}")  # noqa: S608
    refuses(sessions, "UPDATE flags SET closed_at = NULL, outcome = NULL, reason = NULL, closed_by_id = NULL")


def test_an_open_flag_may_change_and_is_never_deleted(sessions: Sessions, written: Written) -> None:
    with unit_of_work(sessions) as session:
        session.get_one(Flag, written.flag_id).due_at += DAY

    refuses(sessions, "DELETE FROM flags")


def test_no_row_is_taken_away_from_under_another(sessions: Sessions, written: Written) -> None:
    referred_to = ("patients", "episodes", "check_ins", "staff_members", "care_teams")
    refuses(sessions, *(f"DELETE FROM {name}" for name in referred_to))  # noqa: S608


# ---- one of a kind ----


def a_flag(written: Written, **about: Any) -> Flag:
    values = {"kind": FlagKind.SAFETY, "severity": Severity.URGENT, "owner_id": written.clinician.id}
    values |= {"episode_id": written.care.episode.id, "patient_id": written.care.patient.id}
    times = {"opened_at": NOW, "due_at": NOW, "escalate_at": NOW}
    return Flag(**values | times | {"pathway_version_id": VERSION} | about)


def an_episode(written: Written, **about: Any) -> Episode:
    care = written.care
    values = {"patient_id": care.patient.id, "care_team_id": care.team.id, "accountable_id": care.clinician.id}
    return Episode(**values | {"opened_at": NOW, "next_review_at": NOW + DAY} | about)


def a_plan(written: Written, **about: Any) -> MonitoringPlan:
    values = {"episode_id": written.care.episode.id, "instruments": ["phq9"], "starts_on": NOW.date(), "from_at": NOW}
    return MonitoringPlan(**values | {"planned_until": NOW, "every_weeks": 1} | about)


def a_submission(written: Written, **about: Any) -> Submission:
    values = {"check_in_id": written.check_in_id, "patient_id": written.care.patient.id, "language": "en"}
    values |= {"mode": Mode.LINK, "layout_version": "items-1", "submitted_at": NOW, "idempotency_key": new_id()}
    return Submission(**values | about)


def an_answer(written: Written, **about: Any) -> Answer:
    values = {"check_in_id": written.check_in_id, "instrument": "phq9", "item": 1, "value": 1, "declined": False}
    return Answer(**values | {"answered_at": NOW} | about)


def a_score(written: Written, submission_id: Any, **about: Any) -> Score:
    values = {"submission_id": submission_id, "episode_id": written.care.episode.id, "instrument": "phq9", "at": NOW}
    return Score(**values | {"instrument_version": "1", "scoring_version": "1"} | about)


def a_text(written: Written, **about: Any) -> Message:
    values = {"patient_id": written.care.patient.id, "purpose": TextKind.NUDGE, "dedupe_key": str(new_id())}
    return Message(**values | {"language": "en", "due_at": NOW, "expires_at": NOW + DAY, "created_at": NOW} | about)


def a_notice(written: Written) -> Notice:
    values = {"staff_member_id": written.clinician.id, "kind": NoticeKind.DIGEST, "channel": NoticeChannel.EMAIL}
    return Notice(**values, dedupe_key="today", created_at=NOW, due_at=NOW)


def loaded(session: Session, written: Written) -> InCare:
    """The same care with its patient in this session, whose key seals words."""
    return replace(written.care, patient=session.get_one(Patient, written.care.patient.id))


def another_patient(session: Session, written: Written, **about: Any) -> Patient:
    team, clinician = (
        session.get_one(CareTeam, written.care.team.id),
        session.get_one(StaffMember, written.clinician.id),
    )
    return a_patient(session, team, clinician, **about).patient


def another_check_in(session: Session, written: Written, **about: Any) -> CheckIn:
    return a_check_in(session, written.care, **{"due_at": NOW + 2 * DAY} | about)


Act = Callable[[Session, Written], Any]

REFUSED: dict[str, Act] = {
    # one of a kind
    "two open flags of one kind": lambda session, w: session.add(a_flag(w)),
    "two open episodes": lambda session, w: session.add(an_episode(w)),
    "two plans at once": lambda session, w: session.add(a_plan(w)),
    "two open patients with one number": lambda session, w: another_patient(session, w),
    "two final submissions": lambda session, w: session.add(a_submission(w)),
    "two staff members with one e-mail": lambda session, w: a_staff_member(session, email="+447700900001@example.org"),
    "two teams of one name": lambda session, w: a_team(session, "North team", covered=False),
    "one member twice in a team": lambda session, w: session.add(
        TeamMembership(staff_member_id=w.clinician.id, care_team_id=w.care.team.id, from_at=NOW)
    ),
    "the same check-in twice": lambda session, w: [another_check_in(session, w) for _ in range(2)],
    "the same text twice": lambda session, w: session.add(a_text(w, dedupe_key=str(w.check_in_id))),
    "one receipt for two texts": lambda session, w: session.add_all([a_text(w, provider_id="SM1") for _ in range(2)]),
    "two steps from one moment": lambda session, w: session.add_all(
        StepAssignment(
            episode_id=w.care.episode.id,
            step=step,
            from_at=NOW,
            decided_by_id=w.clinician.id,
            pathway_version_id=VERSION,
            patient_id=w.care.patient.id,
        )
        for step in (Step.ONE, Step.THREE)
    ),
    # what must be there
    "an open episode that nobody answers for": lambda session, w: set_on(session, Episode, accountable_id=None),
    "an open episode without a next review": lambda session, w: set_on(session, Episode, next_review_at=None),
    "an episode closed without a reason": lambda session, w: set_on(session, Episode, closed_at=NOW),
    "a reason to close an open episode": lambda session, w: set_on(session, Episode, close_reason=CloseReason.MOVED),
    "a flag closed without an outcome": lambda session, w: set_on(
        session, Flag, closed_at=NOW, _reason=b"x", closed_by_id=w.clinician.id
    ),
    "a flag closed without a reason": lambda session, w: set_on(
        session, Flag, closed_at=NOW, outcome=Outcome.SPOKE, closed_by_id=w.clinician.id
    ),
    "a flag closed by nobody": lambda session, w: set_on(
        session, Flag, closed_at=NOW, outcome=Outcome.SPOKE, _reason=b"x"
    ),
    "a flag that nobody owns": lambda session, w: set_on(session, Flag, owner_id=None),
    "a flag without a clock": lambda session, w: set_on(session, Flag, due_at=None),
    "a flag owned by somebody unknown": lambda session, w: set_on(session, Flag, owner_id=new_id()),
    "a flag that goes to nobody once its time has passed": lambda session, w: set_on(session, Flag, escalate_at=None),
    "a flag under no rules": lambda session, w: set_on(session, Flag, pathway_version_id=None),
    "a step under no rules": lambda session, w: session.add(
        a_step(loaded(session, w), w.clinician, None, from_at=NOW + DAY)
    ),
    "a step under rules that nobody has": lambda session, w: session.add(
        a_step(loaded(session, w), w.clinician, new_id(), from_at=NOW + DAY)
    ),
    "another step than the proposed one, for no reason": lambda session, w: session.add(
        a_step(loaded(session, w), w.clinician, VERSION, from_at=NOW + DAY, step=Step.ONE)
    ),
    "another step than the proposed one, without a word": lambda session, w: session.add(
        a_step(
            loaded(session, w),
            w.clinician,
            VERSION,
            from_at=NOW + DAY,
            step=Step.ONE,
            deviation_reason=DeviationReason.PREFERENCE,
        )
    ),
    **{
        f"a review that {what}": lambda session, w, about=about: session.add(
            a_review(loaded(session, w), w.clinician, VERSION, **{"kind": ReviewKind.ROUTINE, **about})
        )
        for what, about in {
            "is held twice": {"kind": ReviewKind.FIRST},
            "departs from the proposal for no reason": {"proposal": Decision.STEP_UP},
            "leaves the next date blank": {"next_review_at": None},
            "ends care and sets a date": {
                "proposal": Decision.DISCHARGE,
                "decision": Decision.DISCHARGE,
            },
            "steps up to nowhere": {"proposal": Decision.STEP_UP, "decision": Decision.STEP_UP},
            "carries on with another step": {"to_step": Step.THREE},
            "names no rules": {"pathway_version_id": None},
        }.items()
    },
    "contact about safety declined": lambda session, w: session.add(
        TopicDecline(
            episode_id=w.care.episode.id,
            patient=loaded(session, w).patient,
            patient_id=w.care.patient.id,
            kind=FlagKind.SAFETY,
            declined=True,
            at=NOW,
            staff_member_id=w.clinician.id,
            words="No.",
        )
    ),
    # what cannot be
    "a safety flag that sleeps": lambda session, w: set_on(session, Flag, snoozed_until=NOW + DAY),
    "leave that ends before it begins": lambda session, w: session.add(
        Absence(
            staff_member_id=w.clinician.id,
            from_at=NOW,
            until_at=NOW - DAY,
            cover_id=a_staff_member(session, w.care.team, "cover@example.org").id,
            recorded_by_id=w.clinician.id,
        )
    ),
    "standing in for oneself": lambda session, w: session.add(
        Absence(
            staff_member_id=w.clinician.id,
            from_at=NOW,
            until_at=NOW + DAY,
            cover_id=w.clinician.id,
            recorded_by_id=w.clinician.id,
        )
    ),
    "one notice twice": lambda session, w: session.add_all(a_notice(w) for _ in range(2)),
    "an answer above 10": lambda session, w: session.add(an_answer(w, value=11)),
    "an answer below 0": lambda session, w: session.add(an_answer(w, value=-1)),
    "an answer that was declined": lambda session, w: session.add(an_answer(w, value=1, declined=True)),
    "no answer that was not declined": lambda session, w: session.add(an_answer(w, value=None)),
    "an answer to no check-in": lambda session, w: session.add(an_answer(w, check_in_id=new_id())),
    "an estimate of nothing": lambda session, w: session.add(a_score(w, submission_of(session), estimated=True)),
    "two scores of one measure": lambda session, w: session.add(a_score(w, submission_of(session), total=3)),
    "one item answered twice": lambda session, w: session.add(an_answer(w, submission_id=submission_of(session))),
    "a check-in both missed and completed": lambda session, w: set_on(session, CheckIn, missed_at=NOW),
    "a check-in cancelled without a reason": lambda session, w: another_check_in(session, w, cancelled_at=NOW),
    "a reason to cancel what goes on": lambda session, w: another_check_in(
        session, w, cancel_reason=CancelReason.PAUSED
    ),
    "a check-in that closes before it is due": lambda session, w: set_on(session, CheckIn, closes_at=NOW - DAY),
    "a check-in that is due before it opens": lambda session, w: set_on(session, CheckIn, opens_at=NOW + DAY),
    "an appointment both kept and missed": lambda session, w: set_on(
        session, Appointment, attended_at=NOW, missed_at=NOW
    ),
    "an appointment both kept and cancelled": lambda session, w: set_on(
        session, Appointment, attended_at=NOW, cancelled_at=NOW
    ),
    "a check-in every day": lambda session, w: set_on(session, MonitoringPlan, every_weeks=0),
    "a check-in every quarter": lambda session, w: set_on(session, MonitoringPlan, every_weeks=13),
    "a text skipped for no reason": lambda session, w: session.add(a_text(w, state=MessageState.SKIPPED)),
    "a reason to skip a text that waits": lambda session, w: session.add(a_text(w, skip_reason=SkipReason.PAUSED)),
    **{
        f"a text that is {state} and was never meant to go": lambda session, w, state=state: session.add(
            a_text(w, state=state)
        )
        for state in (
            MessageState.SENDING,
            MessageState.UNKNOWN,
            MessageState.SENT,
            MessageState.DELIVERED,
            MessageState.UNDELIVERED,
        )
    },
    "two sign-ins with one token": lambda session, w: session.add_all(
        StaffSession(staff_member_id=w.clinician.id, token_hash=bytes(32), started_at=NOW, expires_at=NOW)
        for _ in range(2)
    ),
    "two phones with one token": lambda session, w: session.add_all(
        Device(patient_id=w.care.patient.id, token_hash=bytes(32), pin_hash="x", enrolled_at=NOW) for _ in range(2)
    ),
}


def set_on(session: Session, model: type[Base], **values: Any) -> None:
    """Change the first row that is open, past everything that the program would check."""
    columns = {name.removeprefix("_"): value for name, value in values.items()}
    session.execute(sa.update(table(model)).values(columns))


def submission_of(session: Session) -> Any:
    return session.scalars(sa.select(Submission.id)).one()


def test_the_database_refuses(sessions: Sessions, written: Written, subtests: pytest.Subtests) -> None:
    before = every_row(sessions)
    for what, act in REFUSED.items():
        with subtests.test(what):
            with pytest.raises(sa.exc.IntegrityError), sessions.begin() as session:
                act(session, written)
            assert every_row(sessions) == before


ALLOWED: dict[str, Act] = {
    "an open flag of another kind": lambda session, w: session.add(a_flag(w, kind=FlagKind.DETERIORATING)),
    "a new flag after a closed one": lambda session, w: [
        set_on(session, Flag, closed_at=NOW, outcome=Outcome.SPOKE, _reason=b"x", closed_by_id=w.clinician.id),
        session.add(a_flag(w)),
    ],
    "a new episode after a closed one": lambda session, w: [
        set_on(session, Episode, closed_at=NOW, close_reason=CloseReason.COMPLETED),
        session.add(an_episode(w)),
    ],
    "nobody answering for a closed episode": lambda session, w: set_on(
        session, Episode, closed_at=NOW, close_reason=CloseReason.DIED, accountable_id=None, next_review_at=None
    ),
    "a new plan after one that ended": lambda session, w: [
        set_on(session, MonitoringPlan, until_at=NOW),
        session.add(a_plan(w)),
    ],
    "a correction that names what it corrects": lambda session, w: session.add(
        a_submission(w, corrects_id=submission_of(session))
    ),
    "two patients who share a number, as staff confirmed": lambda session, w: [
        set_on(session, Patient, number_is_shared=True),
        another_patient(session, w),
    ],
    "the number of somebody who has left": lambda session, w: [
        set_on(session, Patient, closed_at=NOW),
        another_patient(session, w),
    ],
    "an answer changed before it was sent": lambda session, w: session.add_all([an_answer(w) for _ in range(2)]),
    "a declined answer": lambda session, w: session.add(an_answer(w, value=None, declined=True)),
    "a second check-in of the day under its own number": lambda session, w: [
        another_check_in(session, w, sequence=number) for number in (1, 2)
    ],
    "another kind of check-in on the same day": lambda session, w: [
        another_check_in(session, w, kind=kind) for kind in CheckInKind
    ],
    "coming back to a team": lambda session, w: [
        session.execute(sa.update(TeamMembership).values(until_at=NOW)),
        session.add(TeamMembership(staff_member_id=w.clinician.id, care_team_id=w.care.team.id, from_at=NOW)),
    ],
    "a text that goes its way": lambda session, w: session.add_all(
        a_text(w, state=state, intent_at=NOW, skip_reason=SkipReason.PAUSED if state == "skipped" else None)
        for state in MessageState
    ),
    "the erasure of a key": lambda session, w: [
        set_on(session, model, data_key=None) for model in (Patient, StaffMember)
    ],
}


def test_the_database_allows(sessions: Sessions, written: Written, subtests: pytest.Subtests) -> None:
    for what, act in ALLOWED.items():
        with subtests.test(what), sessions() as session:
            act(session, written)
            session.flush()
            session.rollback()
