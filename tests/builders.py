"""People, care and check-ins for tests: each says only what matters to it. Everybody here is invented."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from monitor.care.models import Episode, Step, StepAssignment
from monitor.care.pathways import for_decision, shipped
from monitor.checkins.models import CheckIn, CheckInKind, MonitoringPlan
from monitor.db import keyring
from monitor.flags.kinds import FlagKind, Severity
from monitor.flags.models import Flag
from monitor.ids import new_id, token_hash
from monitor.messaging.links import check_in_token
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import (
    MONITORING,
    CareTeam,
    Channel,
    ContactPreference,
    Party,
    Patient,
    Role,
    SafetyCover,
    StaffMember,
    TeamMembership,
)
from monitor.people.service import state_consent

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""A Tuesday morning in winter: London's wall clock shows 10:00 too."""
PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HOURS = {
    "zone": "Europe/London",
    "week": {day: ["09:00", "17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "holidays": [],
}
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def a_team(session: Session, name: str = "North team", *, covered: bool = True, **values: Any) -> CareTeam:
    """A care team, open on weekdays from 9 to 17, with somebody named for safety answers unless told otherwise."""
    team = CareTeam(
        name=name,
        **{
            "time_zone": "Europe/London",
            "country": "GB",
            "phone": "+441632960123",
            "service_hours": HOURS,
            **values,
        },
    )
    session.add(team)
    session.flush()
    if covered:
        reader = a_staff_member(session, team, f"reader-{team.id}@example.org", name="Robin Reader")
        for weekday in range(5):
            session.add(
                SafetyCover(
                    care_team_id=team.id, staff_member_id=reader.id, weekday=weekday, opens=time(9), closes=time(17)
                )
            )
        session.flush()
    return team


def a_staff_member(
    session: Session,
    team: CareTeam | None = None,
    email: str = "maren@example.org",
    *,
    name: str = "Maren Okafor",
    role: Role = Role.CLINICIAN,
) -> StaffMember:
    """A staff member with the test password and one-time-code secret, in a team when one is given."""
    staff_member = StaffMember(
        name=name,
        email=email,
        email_hash=keyring().digest("email", email.casefold()),
        role=role,
        language="en",
        password_hash=_HASH,
        totp_secret=TOTP_SECRET,
        totp_last_step=0,
    )
    session.add(staff_member)
    session.flush()
    if team is not None:
        session.add(
            TeamMembership(staff_member_id=staff_member.id, care_team_id=team.id, from_at=NOW - timedelta(days=300))
        )
        session.flush()
    return staff_member


@dataclass(frozen=True)
class InCare:
    """A patient in an open episode, and who cares for them."""

    patient: Patient
    episode: Episode
    plan: MonitoringPlan
    team: CareTeam
    clinician: StaffMember
    extra: dict[str, Any] = field(default_factory=dict)


def a_patient(
    session: Session,
    team: CareTeam,
    clinician: StaffMember,
    *,
    name: str = "Noor",
    number: str = "+447700900001",
    language: str = "en",
    region: str = "GB",
    zone: str = "Europe/London",
    step: Step = Step.TWO,
    opened_at: datetime = NOW - timedelta(days=60),
    instruments: tuple[str, ...] = ("phq9", "gad7"),
    every_weeks: int | None = 1,
    weekday: int = 0,
    at: time = time(10),
    consent: bool = True,
    planned_until: datetime = NOW + timedelta(days=365),
) -> InCare:
    """A patient with consent, a preference and an open episode. The planner has nothing to do unless told otherwise."""
    patient = Patient(
        preferred_name=name, language=language, region=region, time_zone=zone, opened_at=opened_at, number=number
    )
    patient.set_number(number)
    session.add(patient)
    session.flush()
    session.add(
        ContactPreference(
            patient_id=patient.id,
            from_at=opened_at,
            weekday=weekday,
            at=at,
            channel=Channel.TEXT,
            set_by=Party.STAFF,
        )
    )
    if consent:
        state_consent(session, patient, MONITORING, True, said_by=Party.PATIENT, now=opened_at)
    episode = Episode(
        patient_id=patient.id,
        patient=patient,
        care_team_id=team.id,
        care_team=team,
        accountable_id=clinician.id,
        opened_at=opened_at,
        next_review_at=NOW + timedelta(days=90),
    )
    session.add(episode)
    session.flush()
    session.add(
        StepAssignment(
            episode_id=episode.id,
            step=step,
            from_at=opened_at,
            decided_by_id=clinician.id,
            pathway_version_id=for_decision(session, episode.pathway, opened_at).version_id,
            patient_id=patient.id,
        )
    )
    plan = MonitoringPlan(
        episode_id=episode.id,
        episode=episode,
        instruments=list(instruments),
        every_weeks=every_weeks,
        before_appointments=True,
        starts_on=opened_at.date(),
        from_at=opened_at,
        planned_until=planned_until,
    )
    session.add(plan)
    session.flush()
    return InCare(patient, episode, plan, team, clinician)


def a_check_in(
    session: Session,
    care: InCare,
    *,
    due_at: datetime = NOW - timedelta(hours=1),
    kind: CheckInKind = CheckInKind.SCHEDULED,
    sequence: int = 1,
    instruments: tuple[str, ...] = ("phq9", "gad7"),
    **ended: Any,
) -> CheckIn:
    """A check-in that opens at `due_at` and closes a week later; `ended` sets completed_at, missed_at and the like."""
    check_in_id = new_id()
    check_in = CheckIn(
        id=check_in_id,
        episode_id=care.episode.id,
        patient_id=care.patient.id,
        kind=kind,
        local_date=due_at.date(),
        sequence=sequence,
        instruments=list(instruments),
        opens_at=due_at,
        due_at=due_at,
        closes_at=due_at + timedelta(days=7),
        token_hash=token_hash(check_in_token(check_in_id, care.patient.link_generation)),
        **ended,
    )
    session.add(check_in)
    session.flush()
    return check_in


def token_of(check_in: CheckIn, generation: int = 1) -> str:
    """The token in the link of a check-in."""
    return check_in_token(check_in.id, generation)


def answers(phq9: int | None = 0, gad7: int | None = 0, item9: int | None = 0) -> dict[tuple[str, int], int | None]:
    """Answers whose PHQ-9 total (item 9 included) and GAD-7 total are as given; None leaves a measure out."""
    given: dict[tuple[str, int], int | None] = {}
    if phq9 is not None:
        given |= {("phq9", item): value for item, value in enumerate(_spread(phq9 - (item9 or 0), 8), start=1)}
        given[("phq9", 9)] = item9
    if gad7 is not None:
        given |= {("gad7", item): value for item, value in enumerate(_spread(gad7, 7), start=1)}
    return given


def _spread(total: int, items: int) -> list[int]:
    """Whole answers from 0 to 3 that add up to `total`, heavier ones first."""
    values = [min(3, max(0, total - 3 * position)) for position in range(items)]
    if sum(values) != total:
        raise ValueError(f"{items} items cannot add up to {total}")
    return values


def a_date(days_ago: int) -> date:
    """The local date so many days before NOW."""
    return (NOW - timedelta(days=days_ago)).date()


def an_id() -> UUID:
    """Any id: of nothing that exists."""
    return new_id()


TAKEN = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED})


def a_text(
    patient_id: UUID, at: datetime, state: MessageState, kind: TextKind = TextKind.REMINDER, **values: Any
) -> Message:
    """A text that was due at a moment, went then if it went at all, and was of use for a day."""
    times = {"due_at": at, "expires_at": at + timedelta(days=1), "intent_at": at, "created_at": at}
    if state in TAKEN:
        times["sent_at"] = at
    return Message(
        patient_id=patient_id,
        purpose=kind,
        dedupe_key=str(new_id()),
        language="en",
        state=state,
        **times | values,
    )


def a_flag(care: InCare, kind: FlagKind, **values: Any) -> Flag:
    """An open flag of a patient, opened now and due now unless told otherwise."""
    due_at = values.pop("due_at", NOW)
    return Flag(
        episode_id=care.episode.id,
        patient_id=care.patient.id,
        kind=kind,
        severity=values.pop("severity", Severity.REVIEW),
        owner_id=values.pop("owner_id", care.clinician.id),
        opened_at=values.pop("opened_at", NOW),
        due_at=due_at,
        escalate_at=values.pop("escalate_at", due_at),
        pathway_version_id=shipped(care.episode.pathway).version_id,
        **values,
    )
