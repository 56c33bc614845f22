"""Where both plans of a patient stand, in a line of their record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.flags.due import Reader
from monitor.i18n import N_, format_date
from monitor.relapse.board import standing_of
from monitor.relapse.kinds import PlanKind, PlanState, Standing
from monitor.relapse.plans import agreed, newest

WORDS: Mapping[Standing, str] = {
    Standing.TRIGGERED: N_("Triggered: what it says to do is due now"),
    Standing.DUE: N_("Agreed, to be looked at again since %(date)s"),
    Standing.DRAFT: N_("Draft, not agreed yet"),
    Standing.AGREED: N_("Agreed, to be looked at again by %(date)s"),
    Standing.NONE: N_("Stepped down without an agreed plan"),
}
NOTHING = N_("Nothing written yet")
SAFETY_AGREED = N_("Safety plan of %(date)s")
SAFETY_DRAFT = N_("Safety plan: a draft")
NO_SAFETY = N_("No safety plan")


@dataclass(frozen=True)
class PlanLine:
    """Both plans in words; `waits` when the relapse plan waits for a person."""

    words: str
    safety: str
    waits: bool


def plan_line(session: Session, episode: Episode, now: datetime, reader: Reader) -> PlanLine:
    """Return where the plans of an episode stand."""
    standing = standing_of(session, episode, now)
    plan = agreed(session, episode.id)
    on = format_date(plan.review_on, reader.language, "yMMMMd", reader.region) if plan and plan.review_on else ""
    return PlanLine(
        words=reader.say(WORDS[standing], date=on) if standing else reader.say(NOTHING),
        safety=_safety(session, episode, reader),
        waits=standing in (Standing.TRIGGERED, Standing.DUE, Standing.NONE),
    )


def _safety(session: Session, episode: Episode, reader: Reader) -> str:
    plan = agreed(session, episode.id, PlanKind.SAFETY) or newest(session, episode.id, PlanKind.SAFETY)
    if plan is None:
        return reader.say(NO_SAFETY)
    if plan.state is PlanState.DRAFT:
        return reader.say(SAFETY_DRAFT)
    return reader.say(SAFETY_AGREED, date=reader.date(plan.at, "yMMMMd"))
