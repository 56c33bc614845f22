"""What only the whole demonstration shows, counted in its database as the command has built it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def rows(kept_database: Path) -> Iterator[Any]:
    """A function that asks the database of the whole demonstration."""
    with closing(sqlite3.connect(f"file:{kept_database}?mode=ro", uri=True)) as connection:
        yield lambda query: connection.execute(query).fetchall()


def test_three_wait_for_their_intake_and_one_for_too_long(rows: Any) -> None:
    waiting = rows(
        "SELECT next_review_at < datetime('now') FROM episodes WHERE id NOT IN (SELECT episode_id FROM intakes)"
    )

    assert sorted(waiting) == [(0,), (0,), (1,)]


def test_every_kind_of_pathway_is_followed(rows: Any) -> None:
    assert dict(rows("SELECT pathway, count(*) FROM episodes GROUP BY pathway")) == {
        "common_mental_health": 57,
        "serious_mental_illness": 2,
        "co_occurring_needs": 1,
    }


def test_both_with_a_weekly_look_have_their_people_and_one_was_not_looked_at_in_time(rows: Any) -> None:
    roles = rows(
        "SELECT count(DISTINCT role) FROM care_role_assignments JOIN episodes ON episodes.id = episode_id"
        " WHERE pathway = 'serious_mental_illness' GROUP BY episode_id"
    )
    days = rows("SELECT julianday('now') - max(julianday(at)) FROM caseload_looks GROUP BY episode_id ORDER BY 1")

    assert roles == [(3,), (3,)]
    assert len(days) == 2
    assert days[0][0] < 7 < 8 < days[1][0]


def test_a_flag_sleeps_with_a_reason(rows: Any) -> None:
    [(asleep,)] = rows("SELECT count(*) FROM flags WHERE closed_at IS NULL AND snoozed_until > datetime('now')")

    assert asleep == 1


def test_reviews_are_overdue_for_those_alone_whom_it_is_shown_with(rows: Any) -> None:
    overdue = "SELECT count(*) FROM episodes WHERE next_review_at < datetime('now')"

    assert rows(overdue) == [(3,)], "two whose review nobody has held, and one who waits for an intake"
    assert rows("SELECT count(*) FROM flags WHERE kind = 'review_due' AND closed_at IS NULL") == [(3,)]


def test_decisions_go_up_and_down_and_some_depart_from_what_was_proposed(rows: Any) -> None:
    decided = dict(rows("SELECT decision, count(*) FROM reviews GROUP BY decision"))
    departed = dict(rows("SELECT deviation_reason IS NOT NULL, count(*) FROM reviews GROUP BY 1"))

    assert decided["continue"] > 100
    assert decided["step_up"] > 5
    assert decided["step_down"] > 3
    assert departed[0] > departed[1] > 5


def test_some_are_asked_for_another_measure_now_and_then_and_answer_it(rows: Any) -> None:
    [(asked,)] = rows("SELECT count(*) FROM monitoring_plans WHERE until_at IS NULL AND slower LIKE '%who5%'")
    [(lowest, highest)] = rows("SELECT min(total), max(total) FROM scores WHERE instrument = 'who5'")

    assert asked >= 3
    assert 0 <= lowest < highest <= 100


def test_treatments_have_begun(rows: Any) -> None:
    begun = dict(rows("SELECT treatment, count(DISTINCT episode_id) FROM treatment_starts GROUP BY treatment"))

    assert begun.keys() == {"antidepressant", "psychological"}
    assert min(begun.values()) > 3


def test_nobody_who_works_there_has_a_number(rows: Any) -> None:
    assert rows("SELECT count(*) FROM staff_members WHERE number IS NOT NULL") == [(0,)]
