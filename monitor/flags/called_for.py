"""Which open episodes the rules call for flags on, asked of the tables in one query: once quickly, once to check on it.

Each episode is judged by the policy of its own pathway as it is in force. Tests hold both queries against the rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.flag_policy import FlagPolicy
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import in_force, shipped_codes
from monitor.flags.kinds import FlagKind
from monitor.flags.row_conditions import RULES as RULES
from monitor.flags.row_conditions import Conditions, select_called_for
from monitor.flags.score_conditions import from_scores
from monitor.flags.state_conditions import from_states

Wanted = tuple[UUID, FlagKind]
"""An open episode that ought to have an open flag of this kind, unless a person's decision holds it back."""


@dataclass(frozen=True)
class Group:
    """Pathways whose rules have the same numbers."""

    codes: tuple[str, ...]
    policy: FlagPolicy = field(hash=False)


def sweep(session: Session) -> list[Wanted]:
    """Return what the rules N1 to N6, M1 and M2 call for, from the state rows and the check-ins, in one query."""
    return _wanted(session, from_states)


def best_query(session: Session) -> list[Wanted]:
    """Return the same from the scores themselves, by index seeks: what `sweep` is held against, and must equal."""
    return _wanted(session, from_scores)


def groups_in_force(session: Session) -> tuple[Group, ...]:
    """Return every pathway that the program or the service has, by the policy that its rules go by now."""
    published = session.scalars(sa.select(PathwayPublication.code).distinct())
    policies = {code: in_force(session, code).pathway.flags for code in sorted({*shipped_codes(), *published})}
    groups: list[Group] = []
    for policy in policies.values():
        if all(policy != group.policy for group in groups):
            groups.append(Group(tuple(code for code, its_own in policies.items() if its_own == policy), policy))
    return tuple(groups)


def _wanted(session: Session, conditions: Callable[[FlagPolicy], Conditions]) -> list[Wanted]:
    query = _query(conditions, groups_in_force(session))
    return [(episode_id, FlagKind(kind)) for episode_id, kind in session.execute(query)]


@cache
def _query(conditions: Callable[[FlagPolicy], Conditions], groups: tuple[Group, ...]) -> sa.CompoundSelect[UUID, str]:
    """Made once for the versions in force: publishing another makes another."""
    return sa.union_all(
        *(each for group in groups for each in select_called_for(group.codes, group.policy, conditions(group.policy)))
    )
