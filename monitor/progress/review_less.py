"""What the page of a review says beside the decisions that make help less."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.models import CloseReason, Episode
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.relapse.gate import Checklist, checklist
from monitor.relapse.guardrail_rules import Why
from monitor.relapse.kinds import Guardrail
from monitor.reviews.kinds import Decision
from monitor.reviews.less_help import is_gated
from monitor.reviews.service import Standing


@dataclass(frozen=True)
class LessHelp:
    """How many guardrails stand, and what is said beside a decision, by the value that the form sends."""

    count: str
    notes: Mapping[str, str]


def less_help(session: Session, episode: Episode, stands: Standing, now: datetime, reader: Reader) -> LessHelp:
    """Return what stands beside less help: the guardrails, or the plan where somebody ends care by their own wish."""
    found = checklist(session, episode, now)
    figures = {"standing": found.standing, "all": len(found.lines)}
    count = reader.say(N_("Guardrails %(standing)s of %(all)s"), **figures)
    notes = {f"{Decision.DISCHARGE}:{CloseReason.DECLINED}": _plan(found, now, reader)}
    if is_gated(Decision.DISCHARGE, CloseReason.COMPLETED, stands.facts.step):
        notes[f"{Decision.DISCHARGE}:{CloseReason.COMPLETED}"] = reader.say(
            N_("owes the guardrails, and a signature that nobody is asked afterwards")
        )
    return LessHelp(count, notes)


def _plan(found: Checklist, now: datetime, reader: Reader) -> str:
    if found.plan is not None:
        return reader.say(N_("relapse plan agreed %(when)s"), when=reader.day_and_time(found.plan.at, now))
    if found.line(Guardrail.PLAN).why is Why.ONLY_A_DRAFT:
        return reader.say(N_("relapse plan: a draft, not agreed"))
    return reader.say(N_("no relapse plan"))
