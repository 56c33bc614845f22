"""What a staff member reads before they write down that somebody comes back, or notices a sign."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.staff_words import step_in_full
from monitor.flags.due import Reader
from monitor.flags.kinds import FlagKind
from monitor.flags.owners import owner_of
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.relapse.reentry import can_come_back, way_back


@dataclass(frozen=True)
class Returning:
    """The way back of somebody who has stepped down, as it would be taken now."""

    patient_id: UUID
    step: str
    wait: str
    """In how many working days somebody speaks with them, and the day on which that ends."""
    check_ins: str
    owner: str
    by_plan: bool
    """Whether their own plan says so, and not the pathway for want of one."""
    signs: tuple[tuple[str, str], ...]
    """Id and words of each sign in the plan."""
    language: str
    """Of those words."""


def returning(session: Session, episode: Episode, now: datetime, reader: Reader) -> Returning | None:
    """Return the way back; None for somebody who has not stepped down, or whose care has ended."""
    if not can_come_back(episode):
        return None
    back = way_back(session, episode, now)
    owner_id = owner_of(session, episode, FlagKind.RE_ENTRY, now)
    weeks = in_force(session, episode.pathway).pathway.plan(back.step).check_in_every_weeks
    by = reader.date(back.due_at)
    if back.wait_days:
        wait = reader.ngettext("within %(count)s working day", "within %(count)s working days", back.wait_days)
    else:
        wait = reader.say(N_("on the same working day"))
    return Returning(
        patient_id=episode.patient_id,
        step=step_in_full(back.step, reader.language),
        wait=f"{wait}, {by}",
        check_ins=reader.ngettext("every week", "every %(count)s weeks", weeks),
        owner=session.get_one(StaffMember, owner_id).name if owner_id else "–",
        by_plan=back.plan is not None,
        signs=tuple((str(sign.id), sign.words) for sign in back.plan.signs) if back.plan else (),
        language=back.plan.language if back.plan else episode.patient.language,
    )
