"""Which guardrails stand: what the record says, what a person said lately, and what a supervisor signed for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.models import Episode
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people.models import Role, StaffMember
from monitor.relapse.guardrail_rules import (
    BY_A_PERSON,
    CONFIRMABLE,
    Act,
    Facts,
    PlanFacts,
    Stands,
    State,
    Why,
    standing,
)
from monitor.relapse.guardrails import ActFault, ActRefused, confirm, countersign, let_go, withdraw
from monitor.relapse.kinds import Guardrail, GuardrailAct
from monitor.relapse.models import GuardrailRecord
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
HOLD = 28 * DAY
PLAN = PlanFacts(
    at=NOW - 3 * DAY,
    signs=2,
    says_what_to_do=True,
    has_number=True,
    has_hours=True,
    has_wait=True,
    has_owner=True,
    owner_is_in_team=True,
)
READY = Facts(now=NOW, step_began_at=NOW - 90 * DAY, hold=HOLD, plan=PLAN)
WORDS = "Asked today, and it is so."


def act(kind: GuardrailAct = GuardrailAct.CONFIRMED, *, ago: timedelta = DAY, of: UUID | None = None) -> Act:
    return Act(new_id(), kind, NOW - ago, of)


def came_to(guardrail: Guardrail, facts: Facts = READY, *acts: Act) -> tuple[State, Why | None]:
    found = standing(guardrail, facts, acts)
    return found.state, found.why


# ---- what a person confirms ----


def test_five_of_the_eleven_are_a_person_s_word_and_the_safety_plan_may_be() -> None:
    assert [each.number for each in Guardrail if each in BY_A_PERSON] == [1, 5, 6, 7, 11]
    (more,) = CONFIRMABLE - BY_A_PERSON
    assert more is Guardrail.SAFETY_PLAN


@pytest.mark.parametrize("guardrail", sorted(BY_A_PERSON))
@pytest.mark.parametrize(
    ("ago", "state", "why"),
    [
        (timedelta(), State.MET, None),
        (HOLD, State.MET, None),
        (HOLD + SECOND, State.MISSING, Why.HELD_TOO_LONG),
    ],
)
def test_a_word_counts_as_long_as_the_pathway_says(
    guardrail: Guardrail, ago: timedelta, state: State, why: Why | None
) -> None:
    assert came_to(guardrail, READY, act(ago=ago)) == (state, why)


@pytest.mark.parametrize(("ago", "state"), [(10 * DAY, State.MET), (10 * DAY + SECOND, State.MISSING)])
def test_what_was_confirmed_on_an_earlier_step_says_nothing_about_this_one(ago: timedelta, state: State) -> None:
    began = replace(READY, step_began_at=NOW - 10 * DAY)
    assert came_to(Guardrail.LINKS, began, act(ago=ago))[0] is state


def test_the_newest_word_counts() -> None:
    withdrawn = act(GuardrailAct.WITHDRAWN)
    assert came_to(Guardrail.LINKS) == (State.MISSING, Why.NOT_CONFIRMED)
    assert came_to(Guardrail.LINKS, READY, act(ago=2 * DAY), withdrawn) == (State.MISSING, Why.WITHDRAWN)
    assert came_to(Guardrail.LINKS, READY, withdrawn, act()) == (State.MET, None)


# ---- what is read from the record ----


@pytest.mark.parametrize(
    ("guardrail", "lack", "why"),
    [
        (Guardrail.SIGNS, {"signs": 1}, Why.TOO_FEW_SIGNS),
        (Guardrail.SIGNS, {"signs": 0}, Why.TOO_FEW_SIGNS),
        (Guardrail.SIGNS, {"says_what_to_do": False}, Why.NOTHING_TO_DO),
        (Guardrail.SIGNS, {"has_owner": False}, Why.NO_OWNER),
        (Guardrail.WAY_BACK, {"has_number": False}, Why.NO_NUMBER),
        (Guardrail.WAY_BACK, {"has_hours": False}, Why.NO_HOURS),
        (Guardrail.WAY_BACK, {"has_wait": False}, Why.NO_WAIT),
        (Guardrail.OWNER, {"has_owner": False, "owner_is_in_team": False}, Why.NO_OWNER),
        (Guardrail.OWNER, {"owner_is_in_team": False}, Why.OWNER_LEFT),
    ],
)
def test_a_plan_that_lacks_something_says_which(guardrail: Guardrail, lack: dict[str, Any], why: Why) -> None:
    assert came_to(guardrail) == (State.MET, None)
    assert came_to(guardrail, replace(READY, plan=replace(PLAN, **lack))) == (State.MISSING, why)


@pytest.mark.parametrize("guardrail", [Guardrail.PLAN, Guardrail.SIGNS, Guardrail.WAY_BACK, Guardrail.OWNER])
def test_without_an_agreed_plan_four_are_missing(guardrail: Guardrail) -> None:
    without = replace(READY, plan=None)
    assert came_to(guardrail, without) == (State.MISSING, Why.NO_PLAN)
    assert came_to(guardrail, replace(without, has_draft=True)) == (State.MISSING, Why.ONLY_A_DRAFT)
    assert came_to(guardrail, without, act()) == (State.MISSING, Why.NO_PLAN), "nobody's word stands for a plan"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"takes_texts": False, "by_phone": True}, None),
        ({"number_works": False, "by_phone": True}, None),
        ({"takes_texts": False}, Why.NO_TEXTS),
        ({"number_works": False}, Why.NUMBER_FAILED),
        ({"agrees_to_check_ins": False}, Why.NO_CHECK_INS),
        ({"agrees_to_check_ins": False, "by_phone": True}, Why.NO_CHECK_INS),
        ({"is_asked": False}, Why.NO_SCHEDULE),
        ({"care_ends": True}, Why.CARE_ENDS),
    ],
)
def test_follow_up_runs_where_somebody_can_be_asked(changed: dict[str, Any], why: Why | None) -> None:
    state = State.MISSING if why else State.MET
    assert came_to(Guardrail.FOLLOW_UP, replace(READY, **changed)) == (state, why)


@pytest.mark.parametrize(
    ("said", "planned", "looked", "expected"),
    [
        (None, None, None, (State.MET, Why.NOT_NEEDED)),
        (40, None, None, (State.MISSING, Why.NO_SAFETY_PLAN)),
        (40, None, 1, (State.MISSING, Why.NO_SAFETY_PLAN)),
        (40, 28, None, (State.MET, None)),
        (40, 29, None, (State.MISSING, Why.NOT_LOOKED_AT_AGAIN)),
        (40, 60, None, (State.MISSING, Why.NOT_LOOKED_AT_AGAIN)),
        (40, 60, 28, (State.MET, None)),
        (40, 60, 29, (State.MISSING, Why.NOT_LOOKED_AT_AGAIN)),
        (5, 20, 6, (State.MISSING, Why.NOT_LOOKED_AT_AGAIN)),  # answered above 0 since
        (5, 20, 4, (State.MET, None)),
        (5, 5, None, (State.MISSING, Why.NOT_LOOKED_AT_AGAIN)),  # not after it
    ],
)
def test_item_9_above_0_owes_a_safety_plan_looked_at_since_then_and_lately(
    said: int | None, planned: int | None, looked: int | None, expected: tuple[State, Why | None]
) -> None:
    facts = replace(
        READY,
        item9_above_zero_at=NOW - said * DAY if said is not None else None,
        safety_plan_at=NOW - planned * DAY if planned is not None else None,
    )
    acts = [act(ago=looked * DAY)] if looked is not None else []
    assert came_to(Guardrail.SAFETY_PLAN, facts, *acts) == expected


# ---- exceptions ----


@pytest.mark.parametrize("guardrail", list(Guardrail))
def test_an_exception_counts_once_it_is_signed_and_may_be_taken_back(guardrail: Guardrail) -> None:
    lacking = replace(READY, plan=None, care_ends=True, item9_above_zero_at=NOW - 40 * DAY)
    exception = act(GuardrailAct.EXCEPTED, ago=3 * DAY)
    signed = act(GuardrailAct.COUNTERSIGNED, ago=2 * DAY, of=exception.id)
    taken_back = act(GuardrailAct.WITHDRAWN, ago=DAY)

    assert standing(guardrail, lacking, []).state is State.MISSING
    waits = standing(guardrail, lacking, [exception])
    assert (waits.state, waits.rests_on) == (State.AWAITS_SIGNATURE, exception.id)
    assert standing(guardrail, lacking, [exception, signed]) == Stands(
        guardrail, State.EXCEPTED, rests_on=exception.id, signed_by=signed.id
    )
    assert standing(guardrail, lacking, [exception, signed, taken_back]).state is State.MISSING
    again = act(GuardrailAct.EXCEPTED, ago=timedelta())
    assert standing(guardrail, lacking, [exception, signed, again]).state is State.AWAITS_SIGNATURE


def test_an_exception_of_an_earlier_step_or_of_long_ago_is_none() -> None:
    exception = act(GuardrailAct.EXCEPTED, ago=HOLD + SECOND)
    signed = act(GuardrailAct.COUNTERSIGNED, of=exception.id)
    assert came_to(Guardrail.LINKS, READY, exception, signed)[0] is State.MISSING
    began_between = replace(READY, step_began_at=NOW - 2 * DAY)
    earlier = act(GuardrailAct.EXCEPTED, ago=3 * DAY)
    signed = act(GuardrailAct.COUNTERSIGNED, of=earlier.id)
    assert came_to(Guardrail.LINKS, began_between, earlier, signed)[0] is State.MISSING


def test_what_is_met_needs_no_exception() -> None:
    assert came_to(Guardrail.PLAN, READY, act(GuardrailAct.EXCEPTED)) == (State.MET, None)


# ---- what people do ----


class Desk:
    """A patient's episode, their clinician and two supervisors."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.clinician = a_staff_member(session, team)
            self.care: InCare = a_patient(session, team, self.clinician)
            self.first = a_staff_member(session, team, "sofia@example.org", name="Sofia", role=Role.SUPERVISOR)
            self.second = a_staff_member(session, team, "ines@example.org", name="Ines", role=Role.SUPERVISOR)

    def does(self, what: Callable[..., GuardrailRecord], *args: Any, by: StaffMember, **said: Any) -> GuardrailRecord:
        """Let somebody do something about a guardrail, now unless told otherwise."""
        with unit_of_work(self.sessions) as session:
            episode, member = session.get_one(Episode, self.care.episode.id), session.get_one(StaffMember, by.id)
            return what(session, episode, *args, by=member, **{"now": NOW, **said})

    def refuses(self, what: Callable[..., GuardrailRecord], *args: Any, by: StaffMember, **said: Any) -> ActFault:
        """What an act is refused for; nothing is written."""
        before = len(self.records())
        with pytest.raises(ActRefused) as told:
            self.does(what, *args, by=by, **said)
        assert len(self.records()) == before
        return told.value.fault

    def records(self) -> list[GuardrailRecord]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(GuardrailRecord).order_by(GuardrailRecord.at)))


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def test_a_word_is_kept_sealed_with_who_and_when_and_stands_in_the_trail(desk: Desk) -> None:
    desk.does(confirm, Guardrail.LINKS, f"  {WORDS} ", by=desk.clinician)
    (kept,) = desk.records()
    assert (kept.staff_member_id, kept.at, kept.act) == (desk.clinician.id, NOW, GuardrailAct.CONFIRMED)
    assert b"Asked" not in bytes(kept._words or b"")
    with desk.sessions() as session:
        assert session.get_one(GuardrailRecord, kept.id).words == WORDS
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "guardrail confirmed")).one()
        assert (entry.actor_id, entry.subject_id) == (desk.clinician.id, desk.care.patient.id)


@pytest.mark.parametrize("guardrail", sorted(set(Guardrail) - CONFIRMABLE))
def test_nobody_can_confirm_what_is_read_from_the_record(desk: Desk, guardrail: Guardrail) -> None:
    assert desk.refuses(confirm, guardrail, WORDS, by=desk.clinician) is ActFault.READ_FROM_THE_RECORD


@pytest.mark.parametrize("words", ["", "   ", "ok", "all fine"])
def test_words_are_owed(desk: Desk, words: str) -> None:
    assert desk.refuses(confirm, Guardrail.LINKS, words, by=desk.clinician) is ActFault.WORDS
    assert desk.refuses(let_go, Guardrail.LINKS, words, by=desk.clinician) is ActFault.WORDS


def test_that_primary_care_was_told_has_its_day_and_not_a_day_ahead(desk: Desk) -> None:
    told = (confirm, Guardrail.PRIMARY_CARE, WORDS)
    assert desk.refuses(*told, by=desk.clinician) is ActFault.DATE
    assert desk.refuses(*told, by=desk.clinician, on_date=date(2026, 11, 25)) is ActFault.DATE_AHEAD
    desk.does(*told, by=desk.clinician, on_date=date(2026, 11, 24))
    assert desk.records()[0].on_date == date(2026, 11, 24)


def test_the_day_is_the_team_s(desk: Desk) -> None:
    late = datetime(2026, 7, 24, 23, 30, tzinfo=UTC)  # already the 25th in London
    desk.does(confirm, Guardrail.PRIMARY_CARE, WORDS, by=desk.clinician, now=late, on_date=date(2026, 7, 25))


def test_a_supervisor_signs_and_never_for_their_own(desk: Desk) -> None:
    exception = desk.does(let_go, Guardrail.PRIMARY_CARE, "They have no doctor.", by=desk.first)
    sign = (countersign, Guardrail.PRIMARY_CARE, exception.id)
    assert desk.refuses(*sign, by=desk.clinician) is ActFault.NOT_A_SUPERVISOR
    assert desk.refuses(*sign, by=desk.first) is ActFault.OWN_EXCEPTION
    desk.does(*sign, by=desk.second, now=NOW + SECOND)
    assert desk.refuses(*sign, by=desk.second, now=NOW + DAY) is ActFault.NOTHING_TO_SIGN, "signed once"


def test_nobody_signs_for_what_was_taken_back_or_replaced_meanwhile(desk: Desk) -> None:
    first = desk.does(let_go, Guardrail.LINKS, "They did not want that.", by=desk.clinician)
    desk.does(let_go, Guardrail.LINKS, "They will not be asked.", by=desk.clinician, now=NOW + SECOND)
    sign = (countersign, Guardrail.LINKS, first.id)
    assert desk.refuses(*sign, by=desk.first, now=NOW + DAY) is ActFault.NOTHING_TO_SIGN
    desk.does(withdraw, Guardrail.LINKS, by=desk.clinician, now=NOW + 2 * SECOND)
    assert desk.refuses(*sign, by=desk.first, now=NOW + DAY) is ActFault.NOTHING_TO_SIGN
    other = (countersign, Guardrail.LANGUAGE, first.id)
    assert desk.refuses(*other, by=desk.first) is ActFault.NOTHING_TO_SIGN, "it is about another guardrail"


def test_there_is_nothing_to_take_back_twice(desk: Desk) -> None:
    assert desk.refuses(withdraw, Guardrail.LINKS, by=desk.clinician) is ActFault.NOTHING_TO_WITHDRAW
    desk.does(confirm, Guardrail.LINKS, WORDS, by=desk.clinician)
    desk.does(withdraw, Guardrail.LINKS, by=desk.clinician, now=NOW + SECOND)
    assert desk.refuses(withdraw, Guardrail.LINKS, by=desk.clinician, now=NOW + DAY) is ActFault.NOTHING_TO_WITHDRAW


def test_after_care_has_ended_nothing_is_recorded(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        episode = session.get_one(Episode, desk.care.episode.id)
        episode.closed_at, episode.close_reason, episode.next_review_at = NOW, "moved", None
    assert desk.refuses(confirm, Guardrail.LINKS, WORDS, by=desk.clinician) is ActFault.CARE_HAS_ENDED
    assert desk.refuses(withdraw, Guardrail.LINKS, by=desk.clinician) is ActFault.CARE_HAS_ENDED
