"""Each further measure is scored as published, and has no number that nobody has published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.measures.catalogue import CODES, TRACKED, spec
from monitor.measures.instrument import Direction, Spec
from monitor.measures.scoring import (
    AnswerOutOfRange,
    TotalOutOfRange,
    caseness,
    check_total,
    cut_offs_reached,
    score,
)

PLAIN = [code for code in CODES if spec(code).has_total and not spec(code).gate and not spec(code).not_applicable]


def answers_with_sum(it: Spec, total: int) -> list[int]:
    full, rest = divmod(total, it.item_max)
    return ([it.item_max] * full + [rest] + [0] * it.item_count)[: it.item_count]


@st.composite
def forms(draw: st.DrawFn, codes: list[str] = PLAIN) -> tuple[Spec, list[int]]:
    """A measure and an answer to each of its items."""
    it = spec(draw(st.sampled_from(codes)))
    return it, [draw(st.integers(0, it.item_max)) for _ in range(it.item_count)]


@pytest.mark.parametrize(
    ("code", "items", "item_max", "maximum", "window"),
    [
        ("phq8", 8, 3, 24, 14),
        ("phq2", 2, 3, 6, 14),
        ("gad2", 2, 3, 6, 14),
        ("who5", 5, 5, 100, 14),
        ("wsas", 5, 8, 40, None),
        ("phq15", 15, 2, 30, 28),
        ("pcptsd5", 6, 1, 5, 30),
        ("auditc", 3, 4, 12, 365),
        ("readiness", 2, 10, 20, None),
        ("social_needs", 4, 1, 4, 90),
    ],
)
def test_the_numbers_are_the_published_ones(
    code: str, items: int, item_max: int, maximum: int, window: int | None
) -> None:
    it = spec(code)

    assert (it.item_count, it.item_max, it.maximum, it.window_days) == (items, item_max, maximum, window)


def test_every_measure_is_in_one_of_the_tables_of_this_file_or_tracked() -> None:
    assert set(CODES) - set(TRACKED) == {
        *("phq8", "phq2", "gad2", "who5", "wsas", "phq15", "pcptsd5", "auditc", "readiness", "social_needs")
    }


def test_no_change_value_is_carried_over_to_a_measure_that_has_none() -> None:
    assert [code for code in CODES if spec(code).reliable_change is not None] == list(TRACKED)
    assert [code for code in CODES if spec(code).minimal_difference is not None] == ["phq9", "gad7", "who5"]
    assert [code for code in CODES if spec(code).safety_item is not None] == ["phq9"]


@pytest.mark.parametrize(
    ("total", "band"),
    [
        *((0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate")),
        *((15, "moderately_severe"), (19, "moderately_severe"), (20, "severe"), (24, "severe")),
    ],
)
def test_each_band_of_the_phq8_begins_and_ends_where_published(total: int, band: str) -> None:
    assert score(spec("phq8"), answers_with_sum(spec("phq8"), total)).band == band


@pytest.mark.parametrize(
    ("code", "total", "expected"),
    [
        *(("phq8", 9, False), ("phq8", 10, True), ("phq2", 2, False), ("phq2", 3, True)),
        *(("gad2", 2, False), ("gad2", 3, True), ("pcptsd5", 3, False), ("pcptsd5", 4, True)),
        *(("who5", 52, False), ("who5", 48, True), ("who5", 0, True), ("who5", 100, False)),
        *(("auditc", 12, None), ("phq15", 30, None), ("wsas", 40, None)),
    ],
)
def test_caseness_begins_at_the_published_cut_off_and_is_unknown_where_there_is_none(
    code: str, total: int, expected: bool | None
) -> None:
    assert caseness(spec(code), total) is expected


@pytest.mark.parametrize(
    ("code", "total", "reached"),
    [
        *(("auditc", 2, 0), ("auditc", 3, 1), ("auditc", 4, 2)),
        *(("phq15", 4, 0), ("phq15", 5, 1), ("phq15", 10, 2), ("phq15", 14, 2), ("phq15", 15, 3)),
        *(("wsas", 9, 0), ("wsas", 10, 1), ("wsas", 20, 1), ("wsas", 21, 2)),
        *(("who5", 32, 0), ("who5", 28, 1), ("phq2", 1, 0), ("phq2", 2, 1), ("gad2", 1, 0), ("gad2", 2, 1)),
        *(("pcptsd5", 2, 0), ("pcptsd5", 3, 1), ("phq9", 27, 0)),
    ],
)
def test_each_further_cut_off_begins_where_published(code: str, total: int, reached: int) -> None:
    assert len(cut_offs_reached(spec(code), total)) == reached


@given(forms())
def test_the_total_is_the_sum_of_the_answers_times_the_factor(form: tuple[Spec, list[int]]) -> None:
    it, answers = form
    scored = score(it, answers)

    assert scored.total == sum(answers) * it.factor
    assert (scored.maximum, scored.missing, scored.prorated) == (it.maximum, 0, False)
    assert 0 <= scored.total <= it.maximum


@given(forms(), st.data())
def test_one_point_heavier_is_never_less_of_a_case(form: tuple[Spec, list[int]], data: st.DataObject) -> None:
    it, answers = form
    place = data.draw(st.integers(0, it.item_count - 1))
    step = -1 if it.direction is Direction.HIGHER_IS_BETTER else 1
    heavier = [min(max(answer + step * (at == place), 0), it.item_max) for at, answer in enumerate(answers)]

    assert (score(it, heavier).caseness or False) >= (score(it, answers).caseness or False)


@given(forms(), st.data(), st.booleans())
def test_a_skipped_item_leaves_no_total_where_no_estimate_is_published(
    form: tuple[Spec, list[int]], data: st.DataObject, prorate: bool
) -> None:
    it, answers = form
    skipped = data.draw(st.sets(st.integers(0, it.item_count - 1), min_size=it.prorate_missing + 1))
    given = [None if place in skipped else answer for place, answer in enumerate(answers)]

    assert score(it, given, prorate=prorate).total is None


@pytest.mark.parametrize(("raw", "total"), [(0, 0), (7, 28), (12, 48), (13, 52), (25, 100)])
def test_the_who5_is_the_sum_times_four_and_higher_is_better(raw: int, total: int) -> None:
    scored = score(spec("who5"), answers_with_sum(spec("who5"), raw))

    assert scored.total == total
    assert scored.caseness is (raw < 13)


def test_a_who5_total_between_two_steps_is_impossible() -> None:
    with pytest.raises(TotalOutOfRange, match="0 to 100, in steps of 4"):
        check_total(spec("who5"), 50)


# ---- a gate ----


@pytest.mark.parametrize(
    ("answers", "total", "missing"),
    [
        ([0, None, None, None, None, None], 0, 0),
        ([0, 0, 0, 0, 0, 0], 0, 0),
        ([1, 0, 0, 0, 0, 0], 0, 0),
        ([1, 1, 1, 1, 1, 1], 5, 0),
        ([1, 1, 1, 1, 0, None], None, 1),
        ([None, None, None, None, None, None], None, 6),
        ([None, 1, 1, 1, 1, 1], None, 1),
        ([0, 1, None, None, None, None], None, 0),
    ],
    ids=[
        "never",
        "never, all said",
        "none",
        "all five",
        "one skipped",
        "nothing",
        "no word on the event",
        "contradicts",
    ],
)
def test_without_such_an_event_the_total_is_nought_unless_another_answer_says_otherwise(
    answers: list[int | None], total: int | None, missing: int
) -> None:
    scored = score(spec("pcptsd5"), answers, prorate=True)

    assert (scored.total, scored.missing) == (total, missing)


# ---- an item that does not apply ----


def test_periods_that_do_not_apply_leave_the_mens_form_of_28() -> None:
    heaviest = [2] * 15
    scored = score(spec("phq15"), heaviest), score(spec("phq15"), [*heaviest[:3], 3, *heaviest[4:]])

    assert [(each.total, each.maximum, each.missing) for each in scored] == [(30, 30, 0), (28, 28, 0)]


def test_work_that_does_not_apply_leaves_32() -> None:
    scored = score(spec("wsas"), [9, 8, 8, 8, 8])

    assert (scored.total, scored.maximum) == (32, 32)
    assert score(spec("wsas"), [None, 8, 8, 8, 8]).total is None, "to skip it is something else"


@pytest.mark.parametrize(
    ("code", "item", "answer"), [("phq15", 4, 4), ("phq15", 5, 3), ("wsas", 1, 10), ("wsas", 2, 9)]
)
def test_no_other_item_may_be_answered_so(code: str, item: int, answer: int) -> None:
    answers = [0] * spec(code).item_count
    answers[item - 1] = answer

    with pytest.raises(AnswerOutOfRange, match=f"^{code} item {item}: "):
        score(spec(code), answers)


@pytest.mark.parametrize(
    ("skipped", "total"),
    [(3, 28), (4, None)],
)
def test_the_phq15_is_estimated_from_what_applies(skipped: int, total: int | None) -> None:
    answers = [2, 2, 2, 3, *([None] * skipped), *([2] * (11 - skipped))]
    scored = score(spec("phq15"), answers, prorate=True)

    assert scored.total == total
    assert scored.prorated is (total is not None)


# ---- answers that stand by themselves ----


@pytest.mark.parametrize("code", ["readiness", "social_needs"])
def test_what_is_never_summed_has_no_total_whatever_is_answered(code: str) -> None:
    it = spec(code)
    for answers in ([it.item_max] * it.item_count, [0] * it.item_count, [None] * it.item_count):
        scored = score(it, answers, prorate=True)
        assert (scored.total, scored.band, scored.caseness, scored.prorated) == (None, None, None, False)
        assert scored.missing == answers.count(None)
