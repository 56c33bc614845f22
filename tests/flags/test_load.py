"""What the rules cost and bring: counted by rule and by owner, for the whole service, and no patient named."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome, Rule
from monitor.flags.load import Load, OwnerLoad, RuleLoad, load
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.people.models import Role
from tests.builders import NOW, InCare, a_flag, a_patient, a_staff_member, a_team
from tests.staff_browser import StaffApp, words

HOUR = timedelta(hours=1)


class Service:
    """Flags of one service; each of a patient of their own."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.count = 0
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.maren = a_staff_member(session, self.team)
            a_staff_member(session, self.team, "tomas@example.org", name="Tomas Head", role=Role.SUPERVISOR)

    def patient(self, session: Any) -> InCare:
        """Somebody new."""
        self.count += 1
        return a_patient(session, self.team, self.maren, name="Noor", number=f"+4477009{self.count:05}")

    def flag(
        self,
        *rules: Rule,
        ago: timedelta = 10 * HOUR,
        acted: timedelta | None = None,
        outcome: Outcome | None = None,
        **values: Any,
    ) -> None:
        """A flag that some rules raised, acted on and closed after so long."""
        opened_at = NOW - ago
        with unit_of_work(self.sessions) as session:
            care = self.patient(session)
            flag = a_flag(care, FlagKind.NOT_IMPROVING, opened_at=opened_at, **values)
            if outcome is not None:
                flag.patient = care.patient
                flag.closed_at, flag.closed_by_id, flag.outcome = opened_at + (acted or HOUR), self.maren.id, outcome
                flag.reason = "Said."
            session.add(flag)
            session.flush()
            said = [(opened_at, FlagEventKind.OPENED, rule.value) for rule in rules]
            if acted is not None:
                kind = FlagEventKind.CLOSED if outcome else FlagEventKind.ATTEMPT
                said += [(opened_at + acted / 2, FlagEventKind.SEEN, None), (opened_at + acted, kind, None)]
            session.add_all(
                FlagEvent(flag_id=flag.id, at=at, kind=kind, rule=rule, patient_id=care.patient.id)
                for at, kind, rule in said
            )

    def load(self, days: int = 28, now: datetime = NOW) -> Load:
        """The load as of now."""
        with self.sessions() as session:
            return load(session, now, days)

    def rule(self, rule: Rule) -> RuleLoad:
        """The load of one rule."""
        return next(each for each in self.load().rules if each.rule is rule)


@pytest.fixture
def service(sessions: Sessions) -> Service:
    """On both databases."""
    return Service(sessions)


def test_a_rule_is_counted_by_what_came_of_its_flags(service: Service) -> None:
    service.flag(Rule.N6, acted=2 * HOUR, outcome=Outcome.CARE_CHANGED)
    service.flag(Rule.N6, acted=4 * HOUR, outcome=Outcome.CONTINUED_WITH_REASON)
    service.flag(Rule.N6, acted=9 * HOUR, outcome=Outcome.RECORDED_IN_ERROR)
    service.flag(Rule.N6)

    assert service.rule(Rule.N6) == RuleLoad(
        Rule.N6, raised=4, closed=3, acted_on=2, still_open=1, hours_to_first_act=4.0
    )
    assert service.rule(Rule.N6).share == pytest.approx(2 / 3)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_was_needed_counts_as_acted_on(sqlite_sessions: Sessions, outcome: Outcome) -> None:
    service = Service(sqlite_sessions)
    service.flag(Rule.M1, outcome=outcome)

    needless = {Outcome.RECORDED_IN_ERROR, Outcome.NO_CONTACT_WANTED, Outcome.ANSWERED_SINCE}
    assert service.rule(Rule.M1).acted_on == (outcome not in needless)


def test_a_flag_that_two_rules_raised_counts_for_both_and_once_in_all(service: Service) -> None:
    service.flag(Rule.N5, Rule.N6, Rule.N6)

    found = service.load()

    assert [(each.rule, each.raised) for each in found.rules] == [(Rule.N5, 1), (Rule.N6, 1)]
    assert found.raised == 1


def test_an_attempt_is_the_first_act_and_a_look_is_none(service: Service) -> None:
    service.flag(Rule.N1, acted=3 * HOUR)

    assert service.rule(Rule.N1).hours_to_first_act == 3.0
    assert service.rule(Rule.N1).share is None


def test_evidence_that_came_after_an_act_does_not_hide_it(service: Service) -> None:
    service.flag(Rule.N1, acted=3 * HOUR)
    with unit_of_work(service.sessions) as session:
        session.execute(sa.update(Flag).values(acted_at=None))

    assert service.rule(Rule.N1).hours_to_first_act == 3.0


def test_the_period_is_that_of_the_page(service: Service) -> None:
    for days in (1, 27, 29, 89, 91):
        service.flag(Rule.C1, ago=timedelta(days=days))

    assert [service.load(days).raised for days in (28, 90)] == [2, 4]


def test_owners_stand_with_what_waits_for_them_now_the_most_overdue_first(service: Service) -> None:
    with unit_of_work(service.sessions) as session:
        sam = a_staff_member(session, service.team, "sam@example.org", name="Sam Lee")
        sam.ended_at = NOW
    service.flag(Rule.N1, ago=timedelta(days=200), due_at=NOW - HOUR, acted=HOUR)
    service.flag(Rule.N1, due_at=NOW + HOUR, acted=5 * HOUR)
    for _ in range(2):
        service.flag(Rule.N1, due_at=NOW - HOUR, owner_id=sam.id)

    assert service.load().owners == (
        OwnerLoad("Sam Lee", has_login=False, open=2, overdue=2, hours_to_first_act=None),
        OwnerLoad("Maren Okafor", has_login=True, open=2, overdue=1, hours_to_first_act=5.0),
    )


def test_it_takes_four_statements_however_many_flags_there_are(sqlite_sessions: Sessions) -> None:
    service = Service(sqlite_sessions)
    counted = []
    for _ in range(2):
        for _ in range(30):
            service.flag(Rule.N1, Rule.N6, acted=HOUR, outcome=Outcome.CARE_CHANGED)
        seen: list[str] = []
        engine = service.sessions.kw["bind"]

        def note(_c: Any, _u: Any, statement: str, *_: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        service.load()
        sa.event.remove(engine, "before_cursor_execute", note)
        counted.append(len([each for each in seen if each.startswith("SELECT")]))
    assert counted == [4, 4]


def test_the_page_names_rules_and_owners_and_no_patient(sqlite_sessions: Sessions, settings: Settings) -> None:
    service = Service(sqlite_sessions)
    service.flag(Rule.N6, acted=2 * HOUR, outcome=Outcome.CARE_CHANGED)
    service.flag(Rule.N6, acted=2 * HOUR, outcome=Outcome.RECORDED_IN_ERROR)
    browser = StaffApp(settings, sqlite_sessions).browser("tomas@example.org")

    page = browser.get("/load")

    assert "2 flags were opened in the last 28 days" in words(page)
    assert "Rule N6, plateau" in words(page)
    assert "2 2 1 50 % 2.0 h 0" in words(page)
    assert 'width="50.0%"' in page.text
    assert "monitor pathway publish" in page.text
    assert "Noor" not in page.text
    assert 'aria-current="page">Last 90 days' in browser.get("/load?days=90").text
    assert 'aria-current="page">Last 28 days' in browser.get("/load?days=x").text


def test_before_the_first_flag_the_page_says_what_comes(sqlite_sessions: Sessions, settings: Settings) -> None:
    Service(sqlite_sessions)

    page = StaffApp(settings, sqlite_sessions).browser("tomas@example.org").text("/load")

    assert "No flag was opened in this time." in page


@pytest.mark.parametrize("role", Role)
def test_figures_are_for_those_who_answer_for_them(sqlite_sessions: Sessions, settings: Settings, role: Role) -> None:
    service = Service(sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        a_staff_member(session, service.team, "some@example.org", name="Some", role=role)

    page = StaffApp(settings, sqlite_sessions).browser("some@example.org").get("/load")

    assert page.status_code == (200 if role in (Role.SUPERVISOR, Role.MANAGER) else 404)
