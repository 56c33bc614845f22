"""What follows step-downs, the middle step and calls, counted in the whole demonstration."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.i18n import LANGUAGES


@pytest.fixture
def rows(kept_database: Path) -> Iterator[Any]:
    """A function that asks the database of the whole demonstration."""
    with closing(sqlite3.connect(f"file:{kept_database}?mode=ro", uri=True)) as connection:
        yield lambda query: connection.execute(query).fetchall()


def test_plans_are_agreed_in_every_language_but_for_the_drafts(rows: Any) -> None:
    agreed = rows("SELECT DISTINCT language FROM relapse_plans WHERE kind = 'staying_well'")
    drafts = rows(
        "SELECT count(DISTINCT episode_id) FROM relapse_plans r WHERE state = 'draft' AND NOT EXISTS"
        " (SELECT 1 FROM relapse_plans a WHERE a.episode_id = r.episode_id AND a.state = 'agreed')"
    )

    assert {language for (language,) in agreed} == set(LANGUAGES)
    assert drafts[0][0] >= 1


def test_two_people_changed_the_same_plan_at_once(rows: Any) -> None:
    assert rows(
        "SELECT count(*), count(DISTINCT written_by_id) FROM relapse_plans WHERE based_on_id IS NOT NULL"
        " AND kind = 'staying_well' GROUP BY based_on_id HAVING count(*) > 1"
    ) == [(2, 2)]


def test_who_was_ever_asked_about_safety_has_a_safety_plan_before_stepping_down(rows: Any) -> None:
    assert rows("SELECT count(*) FROM relapse_plans WHERE kind = 'safety' AND state = 'agreed'")[0][0] >= 3


def test_two_plans_are_due_and_seven_have_stepped_down(rows: Any) -> None:
    assert rows("SELECT count(*) FROM step_downs WHERE to_step = 'stepped_down'")[0][0] >= 7
    assert rows("SELECT count(*) FROM relapse_plans WHERE state = 'agreed' AND review_on < date('now')") == [(2,)]


def test_one_came_back_by_their_page_and_one_by_text_and_both_wait(rows: Any) -> None:
    assert sorted(rows("SELECT how FROM reentries")) == [("page",), ("text",)]
    assert rows("SELECT count(*) FROM flags WHERE kind = 're_entry' AND closed_at IS NULL") == [(2,)]


def test_the_middle_step_has_slots_bursts_a_borrowed_one_and_people_who_wait(rows: Any) -> None:
    slots = rows("SELECT sum(is_protected), sum(NOT is_protected) FROM middle_slots GROUP BY care_team_id")
    weeks = rows("SELECT DISTINCT from_on FROM slot_bookings WHERE NOT is_borrowed AND ended_at IS NULL")
    waiting = rows("SELECT is_fast, answer_due_at < datetime('now') FROM step_requests WHERE ended_at IS NULL")

    assert sorted(slots) == [(2, 1), (4, 2), (6, 4)]
    assert len(weeks) >= 3
    assert rows("SELECT count(*) FROM slot_bookings WHERE is_borrowed AND ended_at IS NULL")[0][0] >= 1
    assert rows("SELECT count(*) FROM burst_extensions")[0][0] >= 1
    assert len(waiting) >= 4
    assert (1, 1) in waiting, "one goes first, and has waited too long"


def test_calls_were_made_one_is_for_later_and_answers_came_by_phone(rows: Any) -> None:
    outcomes = dict(rows("SELECT outcome, count(*) FROM calls GROUP BY outcome"))

    assert outcomes.keys() >= {"could_not_reach", "call_later", "agreed_to_check_in"}
    assert rows("SELECT count(*) FROM submissions WHERE mode = 'phone'")[0][0] >= 2
    assert rows("SELECT count(*) FROM calls WHERE call_at > datetime('now')")[0][0] >= 1


def test_many_have_said_how_to_reach_them_and_whom_to_tell(rows: Any) -> None:
    assert rows("SELECT count(DISTINCT patient_id) FROM contact_needs")[0][0] >= 20
    assert rows("SELECT count(DISTINCT patient_id) FROM consents WHERE purpose = 'primary_care'")[0][0] >= 10
    assert rows("SELECT count(*) FROM calendar_feeds WHERE ended_at IS NULL") == [(1,)]
