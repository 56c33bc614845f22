"""A course of care run through the rules again: what they would have raised, and when."""

from datetime import UTC, datetime, timedelta

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Step, Treatment
from monitor.flags.replay import Asked, Attended, Ending, Event, Stepped, Treated, replay
from tests.flags.episodes import POLICY

OPENED_AT = datetime(2026, 3, 2, tzinfo=UTC)


def week(number: float) -> datetime:
    return OPENED_AT + timedelta(days=round(7 * number))


def answered(number: float, phq9: int | None = None, **safety: object) -> Asked:
    totals = {"phq9": phq9} if phq9 is not None or safety else {}
    return Asked(week(number), week(number), Ending.ANSWERED, totals, **safety)


def missed(number: float) -> Asked:
    return Asked(week(number), week(number), Ending.MISSED)


def undelivered(number: float) -> Asked:
    return Asked(week(number), week(number), Ending.UNDELIVERED)


def raised(*events: Event, policy: FlagPolicy = POLICY) -> list[tuple[int, str]]:
    """The week and the rule of each finding."""
    found = replay(events, policy, opened_at=OPENED_AT)
    return [((each.at - OPENED_AT).days // 7, each.finding.rule) for each in found]


def test_a_rise_is_raised_in_the_week_in_which_it_is_large_enough() -> None:
    assert raised(answered(0, 10), answered(1, 13), answered(2, 16)) == [(2, "N1")]


def test_what_goes_on_is_told_once_and_again_only_after_an_answer_that_said_otherwise() -> None:
    worse = (answered(0, 8), answered(1, 14), missed(2), answered(3, 15))
    assert raised(*worse) == [(1, "N1")]
    assert raised(*worse, answered(4, 9), answered(5, 14)) == [(1, "N1"), (5, "N1")]


def test_an_answer_on_safety_is_told_each_time() -> None:
    said = [answered(number, 9, asked_safety=True, safety=answer) for number, answer in ((0, 0), (1, 1), (2, 1))]
    assert [each for each in raised(*said) if each[1].startswith("S")] == [(1, "S1"), (2, "S1")]


def test_item_9_left_out_after_one_above_0_is_not_known_which_is_not_0() -> None:
    said = [answered(number, 9, asked_safety=True, safety=answer) for number, answer in ((0, 2), (1, None), (2, 0))]
    assert raised(*said) == [(0, "S1"), (1, "S4")]


def test_missed_check_ins_are_graded_and_an_answer_starts_again() -> None:
    assert raised(missed(0), missed(1), missed(2), answered(3, 5), missed(4)) == [(1, "M1"), (2, "M2")]


def test_texts_that_do_not_arrive_are_never_counted_as_missed() -> None:
    assert raised(answered(0, 5), undelivered(1), undelivered(2)) == [(2, "U1")]


def test_what_was_due_before_the_last_answered_check_in_is_no_silence() -> None:
    """The check-in of week 1 was closed after that of week 2 had been answered."""
    late = Asked(week(3), week(1), Ending.MISSED)
    assert raised(answered(0, 5), answered(2, 5), late, missed(3.5)) == []


def test_a_missing_score_is_not_taken_for_no_change() -> None:
    assert raised(answered(0, 15), answered(1, 15), answered(2), answered(3, 15)) == [(3, "N6")]
    assert raised(answered(0, 15), answered(1, 15), answered(2), answered(3, 16)) == [(3, "N6")]


def test_the_fourth_contact_counts_from_where_low_intensity_began() -> None:
    contacts = [Attended(week(number), week(number)) for number in (1, 2, 3, 4)]
    scores = (answered(0, 12), answered(2, 11))
    assert (4, "N5") in raised(*scores, *contacts)
    assert raised(*scores, *contacts, Stepped(week(1.5), Step.THREE), Stepped(week(2.5), Step.TWO)) == []


def test_a_treatment_without_effect_is_raised_when_its_week_has_come() -> None:
    scores = [answered(number, 12 - number % 2) for number in (0, 1, 2, 3, 4)]
    began = Treated(week(0), Treatment.ANTIDEPRESSANT, week(0).date())
    only_n4 = FlagPolicy(off=frozenset({"N2", "N3", "N5", "N6"}))
    assert raised(began, *scores, policy=only_n4) == [(4, "N4")]
    ended = Treated(week(2), Treatment.ANTIDEPRESSANT, None)
    assert raised(began, ended, *scores, policy=only_n4) == []


def test_a_service_can_try_other_numbers() -> None:
    course = (answered(0, 18), answered(4, 16))
    assert raised(*course) == []
    assert raised(*course, policy=FlagPolicy(cut_points=((4, 16),))) == [(4, "N3")]


def test_silence_after_worsening_is_for_the_same_day() -> None:
    found = list(
        replay([answered(0, 8), answered(1, 15), answered(2, 9), missed(3), missed(4)], POLICY, opened_at=OPENED_AT)
    )
    assert [(each.finding.rule, str(each.finding.severity)) for each in found] == [("N1", "high"), ("M1", "urgent")]
