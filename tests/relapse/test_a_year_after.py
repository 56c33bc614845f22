"""The year after stepping down: whoever gets worse, notices a sign or goes quiet is seen in that very moment.

A thousand people go through the real services wherever something begins, a hundred of them at every check-in, twelve
through the clock with its texts.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor import workflows
from monitor.access import Viewer
from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, for_decision
from monitor.checkins.models import CheckIn, CheckInKind, Mode, MonitoringPlan
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.call_list import Why, calls_to_make
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import MONITORING, CareTeam, Consent, Party, Patient, StaffMember
from monitor.relapse import rules
from monitor.relapse.kinds import Given, PlanKind, PlanState, SignKind
from monitor.relapse.models import RelapsePlan, StepDown, WarningSign
from monitor.relapse.watching import watched_signs
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_patient, a_staff_member, a_team, a_text, answers
from tests.plans import CONTENT, an_agreed_plan, stepped_down
from tests.relapse.kept import keep
from tests.relapse.lives import DOWN_AT, EVERY, MONTHS, RELAPSED, WITHIN_SIX_MONTHS, Answered, Life, asked_at, draw

PEOPLE, THROUGH_THE_CLOCK, CONTROL = 1_000, 12, 20
SEEN_WHOLE = 100
"""So many go through the services at every check-in, the others where something begins."""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def lives(count: int, seed: int) -> list[Life]:
    rng = random.Random(seed)  # noqa: S311  # repeatable, and no secret
    return [draw(rng) for _ in range(count)]


class Year:
    """Everybody's year on one calendar: each month is asked for, answered or not, and closes."""

    def __init__(self, sessions: Sessions, settings: Settings, people: Sequence[Life]) -> None:
        self.sessions, self.settings, self.people = sessions, settings, people
        with unit_of_work(sessions) as session:
            team = a_team(session)
            clinician = a_staff_member(session, team)
            version_id = for_decision(session, USUAL_PATHWAY, DOWN_AT).version_id
            episodes = [_in_an_episode(number, team, clinician) for number in range(len(people))]
            session.add_all(episodes)
            session.flush()
            for episode, life in zip(episodes, people, strict=True):
                session.add_all(_with_a_plan(episode, life, clinician, version_id))
            session.flush()
            self.episodes = [episode.id for episode in episodes]
            signs = {sign.patient_id: sign.id for sign in session.scalars(sa.select(WarningSign))}
            self.signs = [signs[episode.patient_id] for episode in episodes]
            session.execute(sa.insert(CheckIn), [*_check_ins(episodes)])

    def live(self) -> None:
        """Let the year pass, a commit a month."""
        for month in range(1, MONTHS + 1):
            with unit_of_work(self.sessions) as session:
                asked = {check_in.episode_id: check_in for check_in in _asked(session, month)}
                ordinary = []
                for at, (episode_id, life) in enumerate(zip(self.episodes, self.people, strict=True)):
                    said, check_in = life.months[month - 1], asked[episode_id]
                    if said is None:
                        leave(session, check_in)
                    elif at < SEEN_WHOLE or life.something_begins(month):
                        answer(session, check_in, said, self.signs[at], self.settings, asked_at(month))
                    else:
                        ordinary.append((check_in, said))
                keep(session, ordinary, asked_at(month))


def _in_an_episode(number: int, team: CareTeam, clinician: StaffMember) -> Episode:
    patient = Patient(preferred_name="Noor", language="en", region="GB", time_zone="Europe/London", opened_at=DOWN_AT)
    patient.set_number(f"+4477009{number:05}")
    return Episode(
        patient=patient,
        care_team=team,
        accountable_id=clinician.id,
        opened_at=DOWN_AT - 60 * DAY,
        next_review_at=NOW + 400 * DAY,
    )


def _with_a_plan(episode: Episode, life: Life, clinician: StaffMember, version_id: UUID) -> Iterator[object]:
    """Everything that a step-down leaves behind, and the agreement to be asked."""
    patient = episode.patient
    plan = RelapsePlan(
        episode_id=episode.id,
        patient=patient,
        kind=PlanKind.STAYING_WELL,
        version=1,
        state=PlanState.AGREED,
        at=DOWN_AT,
        written_by_id=clinician.id,
        language="en",
        given=Given.PHONE,
        owner_id=clinician.id,
        review_on=(DOWN_AT + 84 * DAY).date(),
        back_to=Step.TWO,
        wait_days=5,
        content=CONTENT.model_dump_json(),
    )
    yield WarningSign(plan=plan, position=1, kind=SignKind.BODY, watched=True, patient=patient, words="I wake at four")
    assignment = StepAssignment(
        episode_id=episode.id,
        step=Step.STEPPED_DOWN,
        from_at=DOWN_AT,
        decided_by_id=clinician.id,
        pathway_version_id=version_id,
        patient=patient,
    )
    yield StepDown(
        episode_id=episode.id,
        patient_id=patient.id,
        at=DOWN_AT,
        decided_by_id=clinician.id,
        from_step=Step.TWO,
        to_step=Step.STEPPED_DOWN,
        step_assignment=assignment,
        plan=plan,
        guardrails=[],
        phq9=life.then.phq9,
        gad7=life.then.gad7,
    )
    yield MonitoringPlan(
        episode=episode,
        instruments=["phq9", "gad7"],
        every_weeks=4,
        starts_on=DOWN_AT.date(),
        from_at=DOWN_AT,
        planned_until=NOW + 400 * DAY,
    )
    said = {"granted": True, "at": DOWN_AT, "text_version": "1", "language": "en", "said_by": Party.PATIENT}
    yield from (Consent(patient_id=patient.id, purpose=purpose, **said) for purpose in MONITORING)


def _check_ins(episodes: Iterable[Episode]) -> Iterator[dict[str, object]]:
    for episode in episodes:
        for month in range(1, MONTHS + 1):
            check_in_id, due_at = new_id(), asked_at(month)
            yield {
                "id": check_in_id,
                "episode_id": episode.id,
                "patient_id": episode.patient_id,
                "kind": CheckInKind.SCHEDULED,
                "local_date": due_at.date(),
                "sequence": 1,
                "instruments": ["phq9", "gad7"],
                "opens_at": due_at,
                "due_at": due_at,
                "closes_at": due_at + 7 * DAY,
                "token_hash": check_in_id.bytes * 2,
            }


def _asked(session: Session, month: int) -> Sequence[CheckIn]:
    found = sa.select(CheckIn).where(CheckIn.due_at == asked_at(month))
    episode = joinedload(CheckIn.episode)
    loads = (joinedload(CheckIn.patient), episode.joinedload(Episode.care_team), episode.joinedload(Episode.patient))
    return session.scalars(found.options(*loads)).all()


def answer(
    session: Session, check_in: CheckIn, said: Answered, sign_id: UUID, settings: Settings, now: datetime
) -> None:
    delivery = Delivery(new_id(), "en", Mode.LINK, known_device=True)
    given = answers(said.phq9, said.gad7)
    noticed = {sign_id: True} if said.noticed else {}
    workflows.complete_check_in(session, check_in, given, delivery, noticed=noticed, settings=settings, now=now)


def leave(session: Session, check_in: CheckIn) -> None:
    session.add(a_text(check_in.patient_id, check_in.due_at, MessageState.DELIVERED, check_in_id=check_in.id))
    session.flush()
    workflows.close_overdue(session, check_in, check_in.closes_at)


Crossing = tuple[UUID, str, datetime]


def raised(sessions: Sessions) -> tuple[set[Crossing], int]:
    """Return what stands in relapse signals: whose, by which rule and since when; and how many signals there are."""
    with sessions() as session:
        told = sa.select(Flag.episode_id, FlagEvent.rule, FlagEvent.at).join(FlagEvent)
        rows = session.execute(told.where(Flag.kind == FlagKind.RELAPSE_SIGNAL, FlagEvent.rule.is_not(None)))
        signals = session.scalars(sa.select(Flag.id).where(Flag.kind == FlagKind.RELAPSE_SIGNAL)).all()
        return {(episode_id, rule, at) for episode_id, rule, at in rows}, len(signals)


def crossings(episodes: Sequence[UUID], people: Sequence[Life], after: timedelta = timedelta()) -> set[Crossing]:
    """Return every crossing of everybody; `after` is how long they take to answer."""
    lived = zip(episodes, people, strict=True)
    return {(episode_id, rule, at) for episode_id, life in lived for rule, at in life.crossings(after)}


def everybody_is_still_asked(sessions: Sessions, people: int) -> None:
    """Nobody's monitoring has ended, and each was asked every month: answered or missed, and nothing called off."""
    with sessions() as session:
        assert set(session.scalars(sa.select(Episode.closed_at))) == {None}
        assert set(session.scalars(sa.select(MonitoringPlan.until_at))) == {None}
        asked = session.execute(
            sa.select(sa.func.count(), sa.func.count(CheckIn.cancelled_at))
            .where(CheckIn.due_at <= asked_at(MONTHS))
            .group_by(CheckIn.episode_id)
        ).all()
    assert [tuple(row) for row in asked] == [(MONTHS, 0)] * people


def test_the_thousand_are_as_the_study_found_them() -> None:
    people = lives(PEOPLE, seed=2017)
    relapsed = [life.relapses for life in people if life.relapses is not None]

    assert len(relapsed) / PEOPLE == pytest.approx(RELAPSED, abs=0.04)
    assert sum(month <= 6 for month in relapsed) / len(relapsed) == pytest.approx(WITHIN_SIX_MONTHS, abs=0.04)
    seen = [rule for life in people for rule, _ in life.crossings()]
    assert min(seen.count(rule) for rule in ("W1", "W3", "W5")) > PEOPLE / 20


def test_in_a_year_no_crossing_goes_unseen_and_nobody_s_monitoring_ends(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    people = lives(PEOPLE, seed=2017)
    year = Year(sqlite_sessions, settings, people)

    year.live()

    expected = crossings(year.episodes, people)
    told, signals = raised(sqlite_sessions)
    assert expected - told == set()
    assert {whose for whose, _, _ in told} == {whose for whose, _, _ in expected}  # and none about nothing
    assert signals == len({whose for whose, _, _ in expected})
    everybody_is_still_asked(sqlite_sessions, PEOPLE)
    with sqlite_sessions() as session:
        assert set(session.scalars(sa.select(Flag.kind))) == {FlagKind.RELAPSE_SIGNAL}


@pytest.mark.parametrize("rule", [rules.own_sign, rules.possible_relapse, rules.gone_quiet])
def test_without_one_of_the_rules_its_crossings_would_go_unseen(
    sqlite_sessions: Sessions, settings: Settings, monkeypatch: pytest.MonkeyPatch, rule: object
) -> None:
    left = tuple(each for each in rules.RULES if each is not rule)
    monkeypatch.setattr(rules, "RULES", left)
    code = {rules.own_sign: "W1", rules.possible_relapse: "W3", rules.gone_quiet: "W5"}[rule]
    people = [life for life in lives(PEOPLE, seed=2017) if code in {said for said, _ in life.crossings()}][:CONTROL]
    year = Year(sqlite_sessions, settings, people)

    year.live()

    unseen = crossings(year.episodes, people) - raised(sqlite_sessions)[0]
    assert {rule for _, rule, _ in unseen} == {code}
    assert {whose for whose, _, _ in unseen} == set(year.episodes)


# ---- twelve of them, through the clock ----


def some_of_each(people: Sequence[Life]) -> list[Life]:
    """Twelve: those who go quiet for good, those who notice a sign, and the first that come."""
    quiet = [life for life in people if life.months[-2:] == (None, None)][:3]
    noticing = [life for life in people if any(said and said.noticed for said in life.months)][:3]
    return [*quiet, *noticing, *people[: THROUGH_THE_CLOCK - 6]]


def test_twelve_of_them_through_the_clock_with_its_texts(sqlite_sessions: Sessions, settings: Settings) -> None:
    people = some_of_each(lives(PEOPLE, seed=2017))
    clock = [DOWN_AT]
    courier = make_courier(settings, sqlite_sessions, lambda: clock[0], RecordingGateway())
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        clinician = a_staff_member(session, team)
        episodes = [_in_care(session, at, life, team, clinician) for at, life in enumerate(people)]
        signs = [watched_signs(session, episode_id)[0].id for episode_id in episodes]

    for month in range(1, MONTHS + 1):
        for wait in (MINUTE, 7 * DAY):
            clock[0] = asked_at(month) + wait
            tick(courier)
            if wait == MINUTE:
                with unit_of_work(sqlite_sessions) as session:
                    asked = {check_in.episode_id: check_in for check_in in _asked(session, month)}
                    for episode_id, sign_id, life in zip(episodes, signs, people, strict=True):
                        said = life.months[month - 1]
                        if said is not None:
                            answer(session, asked[episode_id], said, sign_id, settings, clock[0])

    assert crossings(episodes, people, after=MINUTE) - raised(sqlite_sessions)[0] == set()
    everybody_is_still_asked(sqlite_sessions, len(people))
    quiet = {each for each, life in zip(episodes, people, strict=True) if life.months[-2:] == (None, None)}
    with sqlite_sessions() as session:
        reminded = sa.select(Message.id).where(Message.purpose == TextKind.REMINDER, Message.sent_at.is_not(None))
        assert len(session.scalars(reminded).all()) == MONTHS * len(people)
        viewer = Viewer(clinician.id, new_id(), clinician.role, (team.id,), "en", clinician.name, "")
        calls = calls_to_make(session, viewer, clock[0])
        assert {call.episode.id for call in calls if Why.QUIET_AFTER_STEP_DOWN in call.reasons} == quiet != set()


def _in_care(session: Session, number: int, life: Life, team: CareTeam, clinician: StaffMember) -> UUID:
    care = a_patient(
        session,
        team,
        clinician,
        number=f"+4477009{number:05}",
        zone="Africa/Abidjan",  # ten o'clock there is ten o'clock here, all year round
        opened_at=DOWN_AT - 8 * timedelta(weeks=1),
        every_weeks=EVERY.days // 7,
        weekday=DOWN_AT.weekday(),
        planned_until=DOWN_AT + DAY,
    )
    plan = an_agreed_plan(session, care, DOWN_AT - DAY)
    stepped_down(session, care, plan, at=DOWN_AT, phq9=life.then.phq9, gad7=life.then.gad7)
    return care.episode.id
