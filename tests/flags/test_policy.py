"""What a service may set, what it may not, and what closes a flag."""

import pytest
from pydantic import ValidationError

from monitor.care.flag_policy import FlagPolicy
from monitor.care.models import LOW_INTENSITY
from monitor.care.promises import CALL_BY
from monitor.flags.kinds import CLOSES, AttemptOutcome, FlagKind, Outcome, Rule
from tests.flags.episodes import POLICY, episode, phq9, raised


def test_a_safety_flag_closes_only_when_somebody_had_contact_or_took_it_on() -> None:
    contact = {Outcome.SPOKE, Outcome.PLAN_UPDATED, Outcome.EMERGENCY_SERVICES}
    assert set(CLOSES[FlagKind.SAFETY]) == contact | {Outcome.HANDED_OVER}


def test_every_kind_can_be_closed_and_every_outcome_closes_something() -> None:
    assert set(CLOSES) == set(FlagKind)
    assert {outcome for outcomes in CLOSES.values() for outcome in outcomes} == set(Outcome)
    assert not set(AttemptOutcome) & set(Outcome)


def test_only_the_rules_without_a_published_source_can_be_switched_off() -> None:
    plateau = episode(phq9(15, 15, 15))
    assert raised(plateau) == ["N6"]
    assert raised(plateau, FlagPolicy(off=frozenset({Rule.N6}))) == []
    for rule in set(Rule) - {Rule.N5, Rule.N6}:
        with pytest.raises(ValidationError):
            FlagPolicy(off=frozenset({rule}))


@pytest.mark.parametrize(
    "wrong", [{"missed_hihg": 3}, {"missed_review": 3}, {"safety_first_ceiling": 13}, {"call_by": "no"}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FlagPolicy.model_validate(wrong)


def test_every_number_has_its_source_and_local_ones_say_so() -> None:
    for name, field in FlagPolicy.model_fields.items():
        assert (field.description or "").startswith("Local protocol"), name


def test_low_intensity_is_what_the_steps_say() -> None:
    assert POLICY.low_intensity_steps == LOW_INTENSITY


def test_the_clock_of_a_call_is_what_the_patient_was_told() -> None:
    assert POLICY.call_by == CALL_BY
