"""How often somebody is asked after stepping down. Pure."""

from dataclasses import dataclass

from monitor.care.kinds import Step
from monitor.care.pathway import Pathway

RESIDUAL_FROM, RESIDUAL_TO = 5, 9
"""PHQ-9 of 5 to 9 at the end of treatment: residual symptoms, which raised the hazard of relapse 1.90 times.

Source: Ali 2017, Behav Res Ther 94:1-8, 439 people. That they are asked more often at first is local protocol.
"""


@dataclass(frozen=True)
class FollowUp:
    """Every so many weeks; where somebody has residual symptoms, at first more often and then every `then_every`."""

    every_weeks: int
    for_weeks: int | None = None
    then_every: int | None = None

    @property
    def is_closer(self) -> bool:
        """Whether it begins more closely than it goes on."""
        return self.for_weeks is not None


def follow_up_of(pathway: Pathway, phq9: int | None) -> FollowUp:
    """Return how often somebody is asked who steps down with this PHQ-9 total; None: not known, as without symptoms."""
    steady = pathway.plan(Step.STEPPED_DOWN).check_in_every_weeks
    clocks = pathway.clocks
    if phq9 is None or not RESIDUAL_FROM <= phq9 <= RESIDUAL_TO or clocks.residual_every_weeks >= steady:
        return FollowUp(steady)
    return FollowUp(clocks.residual_every_weeks, clocks.residual_weeks, steady)
