"""Who is invented for the demonstration, before anything happens to them."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from monitor.demo.arrivals import dates
from monitor.demo.clinic import STAFF, TEAMS
from monitor.demo.colleagues import SETTLED_ELSEWHERE
from monitor.demo.courses import SHAPES, Course, Person, answers, spread
from monitor.demo.phrases import DECISIONS, NOTES, WAITS
from monitor.demo.roster import ROSTER, Present
from monitor.flags.kinds import CLOSES, FlagKind
from monitor.i18n import LANGUAGES
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import allowed
from monitor.people.models import Role
from tests.builders import NOW
from tests.demo.conftest import SMALL


def test_sixty_people_in_every_language_and_of_every_course() -> None:
    assert len(ROSTER) == 60
    assert {entry.language for entry in ROSTER} == set(LANGUAGES)
    assert {entry.course for entry in ROSTER} == set(Course)


def test_the_first_of_the_roster_show_every_language_and_every_course() -> None:
    assert {entry.language for entry in ROSTER[:SMALL]} == set(LANGUAGES)
    assert {entry.course for entry in ROSTER[:SMALL]} == set(Course)


def test_nobody_has_a_name_or_a_number_that_could_be_somebody_elses() -> None:
    assert len({entry.name for entry in ROSTER}) == 60
    assert len({entry.phone for entry in ROSTER}) == 60
    assert all(entry.phone.startswith("+447700900") and len(entry.phone) == 13 for entry in ROSTER)
    assert all(team.phone.startswith("+441632960") and len(team.phone) == 13 for team in TEAMS)
    assert all(colleague.email.endswith("@riverside.example") for colleague in STAFF)


def test_three_teams_and_ten_staff_with_a_supervisor_in_each_team() -> None:
    supervised = [colleague.team for colleague in STAFF if colleague.role is Role.SUPERVISOR]

    assert (len(TEAMS), len(STAFF)) == (3, 10)
    assert sorted(team for team in supervised if team is not None) == [0, 1, 2]
    assert {colleague.role for colleague in STAFF} == set(Role)
    assert len({team.zone for team in TEAMS}) > 1


@pytest.mark.parametrize("day", [datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)])
def test_at_every_hour_somebody_may_be_texted(day: datetime) -> None:
    zones = {entry.place.zone for entry in ROSTER if entry.present is Present.DUE}

    for hour in range(24):
        assert any(allowed(day + timedelta(hours=hour), zone) for zone in zones), hour


@pytest.mark.parametrize("entry", ROSTER, ids=lambda entry: entry.record_number)
def test_every_course_ends_in_a_check_in_that_fell_due_lately_and_by_day(entry) -> None:
    when = dates(entry, Random(1), NOW)  # noqa: S311  # any dates will do

    assert NOW - timedelta(days=7) < when.present_at <= NOW
    assert allowed(when.present_at, entry.place.zone)
    assert (when.opened_at < when.present_at - timedelta(weeks=4)) != (entry.course is Course.WAITING_FOR_INTAKE)
    assert (when.overdue_on is not None) == (entry.course is Course.REVIEW_OVERDUE)
    assert when.overdue_on is None or when.overdue_on < NOW.date()


@pytest.mark.parametrize("course", Course)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_answers_are_answers_to_the_form_that_was_asked(course: Course, language: str) -> None:
    chance = Random(7)  # noqa: S311  # any answers will do
    person = Person.drawn(course, chance)
    asked = tuple(catalogue.load(code, language) for code in catalogue.offered(language))

    for week in range(30):
        given = answers(person, asked, week, 29 - week, 0, chance)

        assert {code for code, _ in given} == set(catalogue.offered(language))
        assert all(value in range(4) for value in given.values())
        assert given[("phq9", 9)] == 0
        for code in catalogue.offered(language):
            items = {item for each, item in given if each == code} - {0}
            assert items == set(range(1, catalogue.spec(code).item_count + 1))


@pytest.mark.parametrize("total", [0, 1, 13, 24])
def test_answers_add_up_to_what_they_should(total: int) -> None:
    values = spread(total, list(range(1, 9)), (1.0,) * 9, 3, Random(3))  # noqa: S311

    assert sum(values.values()) == total
    assert max(values.values()) <= 3


def test_the_level_falls_and_rises_as_its_course_says() -> None:
    improving, worse = SHAPES[Course.IMPROVING], SHAPES[Course.DETERIORATING]

    assert improving.level(0, 20) == 16
    assert improving.level(20, 0) < 4
    assert worse.level(12, 0) - worse.level(0, 12) > catalogue.spec("phq9").reliable_change


def test_staff_close_flags_only_as_the_program_allows() -> None:
    assert set(DECISIONS) == set(FlagKind) - SETTLED_ELSEWHERE
    assert all(outcome in CLOSES[kind] for kind, decisions in DECISIONS.items() for outcome, _ in decisions)
    assert WAITS[0] in CLOSES[FlagKind.NOT_IMPROVING]
    assert set(NOTES) == set(LANGUAGES)
