"""What a service may set, what it may not, and what closes a flag."""

import pytest
from pydantic import ValidationError

from monitor.care.flag_policy import FlagPolicy
from monitor.care.models import LOW_INTENSITY
from monitor.care.promises import CALL_BY
from monitor.flags.kinds import CLOSED_BY_REVIEW, CLOSES, AttemptOutcome, FlagKind, Outcome, Rule
from tests.flags.episodes import POLICY, episode, phq9, raised


def test_a_safety_flag_closes_only_when_somebody_had_contact_or_took_it_on() -> None:
    contact = {Outcome.SPOKE, Outcome.PLAN_UPDATED, Outcome.EMERGENCY_SERVICES}
    assert set(CLOSES[FlagKind.SAFETY]) == contact | {Outcome.HANDED_OVER}


def test_every_kind_can_be_closed_and_every_outcome_closes_something() -> None:
    assert set(CLOSES) == set(FlagKind)
    by_hand = {outcome for outcomes in CLOSES.values() for outcome in outcomes}
    assert by_hand == set(Outcome) - {Outcome.REVIEWED}
    assert {kind for kind in FlagKind if not CLOSES[kind]} == {FlagKind.REVIEW_DUE} <= CLOSED_BY_REVIEW
    assert not set(AttemptOutcome) & set(Outcome)


NOT_IMPROVING = {Rule.N2, Rule.N3, Rule.N4, Rule.N5, Rule.N6}


def test_only_the_rules_about_not_improving_can_be_switched_off() -> None:
    plateau = episode(phq9(15, 15, 15))
    assert raised(plateau) == ["N6"]
    assert raised(plateau, FlagPolicy(off=frozenset({Rule.N6}))) == []
    assert FlagPolicy(off=frozenset(NOT_IMPROVING)).off == NOT_IMPROVING
    for rule in set(Rule) - NOT_IMPROVING:
        with pytest.raises(ValidationError):
            FlagPolicy(off=frozenset({rule}))


def test_the_rule_whose_table_could_not_be_confirmed_is_off_until_a_service_owns_it() -> None:
    assert FlagPolicy().off == {Rule.N2}


@pytest.mark.parametrize(
    "wrong", [{"missed_hihg": 3}, {"missed_review": 3}, {"safety_first_ceiling": 13}, {"call_by": "no"}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FlagPolicy.model_validate(wrong)


PUBLISHED = {"cut_points": "Schueller 2015", "no_response_weeks": "NICE NG222, 1.9.1"}
NO_NUMBERS = {"off", "low_intensity_steps"}


def test_every_number_has_its_source_and_local_ones_say_so() -> None:
    for name, field in FlagPolicy.model_fields.items():
        about = field.description or ""
        if name in PUBLISHED:
            assert PUBLISHED[name] in about
        elif name not in NO_NUMBERS:
            assert about.startswith("Local protocol"), name


def test_the_published_numbers_are_as_published() -> None:
    assert POLICY.cut_points == ((4, 17), (9, 13), (14, 9))
    assert POLICY.no_response_weeks == {"antidepressant": 4, "psychological": 6}


def test_low_intensity_is_what_the_steps_say() -> None:
    assert POLICY.low_intensity_steps == LOW_INTENSITY


def test_the_clock_of_a_call_is_what_the_patient_was_told() -> None:
    assert POLICY.call_by == CALL_BY
