"""A service's own last weeks under the rules in force and under those that it thinks of."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.care.pathway_loading import read
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.trial import BATCH, Trial, trial
from tests.builders import NOW
from tests.flags.published import ANOTHER, put_in_force, with_numbers
from tests.flags.random_courses import OPENED_AT, WEEKS, random_courses, write

UNTIL = OPENED_AT + timedelta(weeks=WEEKS)


@pytest.fixture
def service(sessions: Sessions) -> Sessions:
    with unit_of_work(sessions) as session:
        write(session, random_courses(200, seed=2))
    return sessions


def tried(sessions: Sessions, numbers: str, days: int = 90) -> Trial:
    with reading(sessions) as session:
        return trial(session, read(with_numbers(numbers)), until=UNTIL, days=days)


def test_the_same_rules_raise_the_same(service: Sessions) -> None:
    same = tried(service, 'off = ["N2"]')

    assert same.episodes == 200
    assert {"N1", "N3", "N4", "N5", "N6", "M1", "M2", "U1"} <= set(same.per_rule)
    assert all(now == edited > 0 for now, edited in same.per_rule.values())


def test_a_rule_that_is_switched_on_or_off_shows_its_load(service: Sessions) -> None:
    edited = tried(service, 'off = ["N6"]').per_rule

    assert edited["N2"][0] == 0 < edited["N2"][1]
    assert edited["N6"][0] > 0 == edited["N6"][1]
    assert edited["N1"][0] == edited["N1"][1]


def test_the_numbers_in_force_are_those_that_the_service_published(service: Sessions) -> None:
    with unit_of_work(service) as session:
        put_in_force(session, with_numbers("missed_review = 1"))

    published = tried(service, 'off = ["N2"]').per_rule

    assert published["M1"][0] > published["M1"][1] > 0


def test_only_what_lies_within_the_days_is_counted(service: Sessions) -> None:
    """Each course is replayed from its beginning all the same: a rise needs its first score."""
    two_months, quarter, all_of_it = (tried(service, "", days).per_rule for days in (60, 90, 365))

    assert 0 < two_months["N1"][0] < quarter["N1"][0] < all_of_it["N1"][0]


def test_other_pathways_are_left_out(service: Sessions) -> None:
    with reading(service) as session:
        assert trial(session, read(with_numbers("", ANOTHER)), until=NOW) == Trial(0, {})


def test_statements_do_not_grow_with_patients(service: Sessions) -> None:
    sent: list[str] = []
    with reading(service) as session:
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *args: sent.append(args[2]))
        trial(session, read(with_numbers("")), until=UNTIL)

    assert BATCH > 200
    assert len([each for each in sent if each.startswith("SELECT")]) <= 9
