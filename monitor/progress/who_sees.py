"""Who can see a patient's answers, as their own page says it: by name where somebody answers for them, else by role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import POLICY, Action
from monitor.care import roles
from monitor.care.kinds import CareRole
from monitor.care.models import Episode
from monitor.i18n import LANGUAGES, N_, translate
from monitor.people.absences import standing_in
from monitor.people.models import Role, StaffMember, TeamMembership

ANSWERS: Mapping[Role, str] = {
    Role.CLINICIAN: N_("Your named clinician."),
    Role.COORDINATOR: N_("Your named coordinator."),
    Role.SUPERVISOR: N_("Your named clinician, and a supervisor."),
}
"""What the accountable person is to the patient; a role that cannot be accountable has no words here."""
HOLDS: Mapping[CareRole, str] = {
    CareRole.LEAD_CLINICIAN: N_("Leads your care."),
    CareRole.COORDINATOR: N_("Coordinates your care."),
    CareRole.MEDICATION_OVERSIGHT: N_("Keeps an eye on your medicines."),
}
IN_THE_TEAM: Mapping[Role, str] = {
    Role.CLINICIAN: N_("clinicians"),
    Role.COORDINATOR: N_("coordinators"),
    Role.SUPERVISOR: N_("supervisors"),
    Role.MANAGER: N_("managers"),
}


@dataclass(frozen=True)
class Reader:
    """Somebody, or a team, who can see the answers, and what they are to the patient."""

    name: str
    what: str


def who_sees(session: Session, episode: Episode, language: str, now: datetime) -> tuple[Reader, ...]:
    """Return everybody whom the program lets see this patient's answers."""
    return (*_named(session, episode, language, now), _team(session, episode, language))


def _named(session: Session, episode: Episode, language: str, now: datetime) -> tuple[Reader, ...]:
    found: dict[str, list[str]] = {}
    accountable = episode.accountable
    if accountable is not None:
        found[accountable.name] = [translate(language, ANSWERS.get(accountable.role, ANSWERS[Role.CLINICIAN]))]
        there = standing_in(session, accountable.id, now, episode.care_team_id)
        if there != accountable.id:
            stands_in = translate(language, N_("Stands in for %(name)s."), name=accountable.name)
            found.setdefault(session.get_one(StaffMember, there).name, []).append(stands_in)
    held = roles.current(session, [episode.id])[episode.id]
    for role in CareRole:
        if role in held:
            found.setdefault(held[role].staff_member.name, []).append(translate(language, HOLDS[role]))
    return tuple(Reader(name, " ".join(said)) for name, said in found.items())


def _team(session: Session, episode: Episode, language: str) -> Reader:
    """Return the team by the roles of those in it who may see patients: what a role may do is not said of others."""
    there = set(
        session.scalars(
            sa.select(StaffMember.role)
            .join(StaffMember.memberships)
            .where(TeamMembership.care_team_id == episode.care_team_id, TeamMembership.until_at.is_(None))
            .where(StaffMember.ended_at.is_(None))
        )
    )
    seeing = [role for role in IN_THE_TEAM if role in there and Action.SEE_PATIENTS in POLICY[role]]
    names = LANGUAGES[language].comma.join(translate(language, IN_THE_TEAM[role]) for role in seeing)
    return Reader(episode.care_team.name, translate(language, N_("Your care team: %(roles)s."), roles=names))
