"""The plan watches: own signs, scores and silence after stepping down reach the coordinator, once and in time."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.care.kinds import Step
from monitor.care.models import StepAssignment
from monitor.care.pathways import for_decision
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.called_for import best_query, sweep
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.people.models import Role, StaffMember
from monitor.relapse.kinds import How
from monitor.relapse.models import RelapsePlan, SignAnswer, WarningSign
from monitor.relapse.plans import save_staying_well
from monitor.relapse.reentry import come_back
from monitor.relapse.watch_jobs import watch_all
from monitor.relapse.watching import NotTheirSign, signs_named
from tests.builders import NOW, a_patient, a_staff_member
from tests.plans import SIGNS, a_written_plan, an_agreed_plan, stepped_down
from tests.relapse.watched import DAY, DOWN_AT, WEEK, Watched


@pytest.fixture
def noor(sessions: Sessions, settings: Settings) -> Watched:
    """Stepped down a week ago, with two watched signs, a PHQ-9 of 4 and a GAD-7 of 3."""
    return Watched(sessions, settings)


# ---- which signs are asked for ----


def test_the_watched_signs_of_the_agreed_plan_are_asked_for_and_no_others(noor: Watched) -> None:
    assert [sign.words for sign in noor.signs] == [sign.words for sign in SIGNS if sign.watched]
    assert len(noor.signs) == len(SIGNS) - 1


def test_nobody_is_asked_for_signs_who_has_not_stepped_down(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings, down=False)
    with unit_of_work(sessions) as session:
        an_agreed_plan(session, noor.care)

    assert noor.signs == []


def test_a_draft_is_not_asked_from_and_a_newer_agreement_takes_over(noor: Watched) -> None:
    before = noor.signs
    with unit_of_work(noor.sessions) as session:
        care = noor.there(session)
        save_staying_well(
            session,
            care.episode,
            a_written_plan(care, signs=SIGNS[:1]),
            agree=False,
            based_on_id=None,
            by=care.clinician.id,
            now=NOW,
        )
    assert [sign.id for sign in noor.signs] == [sign.id for sign in before]
    with unit_of_work(noor.sessions) as session:
        an_agreed_plan(session, noor.there(session), NOW, signs=(SIGNS[1], SIGNS[0]))
    assert [sign.words for sign in noor.signs] == [SIGNS[1].words, SIGNS[0].words]


def test_whoever_came_back_is_not_asked_for_signs_any_more(noor: Watched) -> None:
    with unit_of_work(noor.sessions) as session:
        come_back(session, noor.there(session).episode, How.PAGE, now=NOW)

    assert noor.signs == []
    assert noor.looks() == []


# ---- W1: own signs ----


def test_a_sign_that_was_noticed_is_a_flag_in_the_same_moment_and_says_which_without_its_words(noor: Watched) -> None:
    first, second = noor.signs
    check_in_id = noor.answers(noticed={first.id: False, second.id: True})

    flag = noor.flag
    assert (flag.kind, flag.severity, flag.opened_at) == (FlagKind.RELAPSE_SIGNAL, Severity.HIGH, NOW)
    (event,) = flag.events
    assert (event.rule, event.check_in_id) == (Rule.W1, check_in_id)
    (evidence,) = event.evidence or ()
    assert evidence["params"] == {"by": "check_in", "on": "2026-11-24", "signs": 1, "which": "2", "version": 1}
    assert "sister" not in json.dumps(event.evidence)
    with noor.sessions() as session:
        named = signs_named(session, noor.care.episode.id, evidence["params"])
        assert [sign.words for sign in named] == [second.words]


def test_what_was_said_of_each_sign_is_kept_and_one_that_was_passed_over_is_not(noor: Watched) -> None:
    first, second = noor.signs
    noor.answers(noticed={first.id: False})

    assert noor.flags == []
    with noor.sessions() as session:
        kept = session.execute(sa.select(SignAnswer.sign_id, SignAnswer.noticed)).all()
        assert kept == [(first.id, False)]
    assert second.id != first.id


def test_a_sign_of_an_earlier_agreement_still_counts(noor: Watched) -> None:
    earlier = noor.signs[0]
    with unit_of_work(noor.sessions) as session:
        an_agreed_plan(session, noor.there(session), NOW - DAY, signs=SIGNS[1:])

    noor.answers(noticed={earlier.id: True})

    assert noor.said == ["W1"]


def somebody_else_s(noor: Watched) -> UUID:
    with unit_of_work(noor.sessions) as session:
        other = a_patient(session, noor.care.team, noor.care.clinician, number="+447700900777")
        return an_agreed_plan(session, other).signs[0].id


def of_a_draft(noor: Watched) -> UUID:
    with unit_of_work(noor.sessions) as session:
        care = noor.there(session)
        plan = a_written_plan(care)
        by = care.clinician.id
        saved = save_staying_well(session, care.episode, plan, agree=False, based_on_id=None, by=by, now=NOW)
        return saved.plan.signs[0].id


@pytest.mark.parametrize("whose", [somebody_else_s, of_a_draft, lambda noor: new_id()], ids=["other", "draft", "none"])
def test_a_sign_that_is_not_theirs_is_turned_away_with_everything(
    noor: Watched, whose: Callable[[Watched], UUID]
) -> None:
    sign_id = whose(noor)

    with pytest.raises(NotTheirSign):
        noor.answers(phq9=20, noticed={sign_id: True})
    with pytest.raises(NotTheirSign):
        noor.notices(signs=[sign_id])

    assert noor.flags == []
    with noor.sessions() as session:
        assert session.scalars(sa.select(SignAnswer)).all() == []


def test_i_notice_a_sign_is_a_flag_on_any_day_and_twice_the_same_day_is_once(noor: Watched) -> None:
    assert noor.notices()
    assert noor.notices(at=NOW + timedelta(minutes=1))
    assert noor.said == ["W1"]
    assert noor.flag.events[0].evidence == [
        {"code": "sign_noticed", "params": {"by": "page", "on": "2026-11-24"}},
    ]

    assert noor.notices(signs=[noor.signs[1].id], at=NOW + DAY)
    assert noor.said == ["W1", "W1"]


def test_i_notice_a_sign_is_news_after_a_person_has_closed_the_one_before(noor: Watched) -> None:
    noor.notices()
    noor.closes(NOW + timedelta(hours=1))

    noor.notices(at=NOW + timedelta(hours=2))

    assert [flag.closed_at is None for flag in noor.flags] == [False, True]


def test_nobody_s_sign_is_taken_who_has_not_stepped_down(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings, down=False)

    assert not noor.notices()
    assert noor.flags == []


# ---- W2 to W4: scores ----


@pytest.mark.parametrize(
    ("phq9", "gad7", "expected"),
    [(8, 3, []), (9, 3, ["W2"]), (4, 7, ["W2"]), (10, 3, ["W3", "W4"]), (0, 8, ["W3", "W4"]), (9, 7, ["W2"])],
)
def test_the_scores_of_a_check_in_are_held_against_the_step_down(
    noor: Watched, phq9: int, gad7: int, expected: list[str]
) -> None:
    noor.answers(phq9, gad7)

    assert noor.said == expected


def test_a_relapse_that_is_confirmed_joins_the_flag_and_brings_its_time_nearer(
    sessions: Sessions, settings: Settings
) -> None:
    noor = Watched(sessions, settings, phq9=9)
    noor.answers(10)
    due_at = noor.flag.due_at
    assert noor.said == ["W3"]

    noor.answers(10, at=NOW + WEEK)

    assert noor.said == ["W3", "W4"]
    assert [event.kind for event in noor.flag.events] == ["opened", "evidence"]
    assert due_at == noor.flag.due_at  # the nearer one stays
    assert noor.flag.seen_at is None


def test_looking_again_finds_nothing_new(noor: Watched) -> None:
    noor.answers(12, 9, noticed={noor.signs[0].id: True})
    said = noor.said

    for days in range(3):
        assert noor.looks(NOW + days * DAY)
    assert noor.said == said == ["W1", "W3", "W4"]


def test_what_a_person_decided_holds_for_four_weeks_unless_it_gets_worse(noor: Watched) -> None:
    noor.answers(9)
    noor.closes(NOW + DAY)

    noor.answers(9, at=NOW + WEEK)
    assert noor.said == ["W2"]
    noor.answers(10, at=NOW + 2 * WEEK)
    assert noor.said == ["W2", "W3", "W4"]
    noor.closes(NOW + 2 * WEEK + DAY)

    noor.answers(10, at=NOW + 3 * WEEK)
    noor.answers(9, at=NOW + 4 * WEEK)
    assert noor.said == ["W2", "W3", "W4"]
    noor.answers(9, at=NOW + 7 * WEEK)
    assert noor.said == ["W2", "W3", "W4", "W2"]


def test_a_relapse_that_proves_to_stay_is_news_though_the_score_is_the_same(
    sessions: Sessions, settings: Settings
) -> None:
    noor = Watched(sessions, settings, phq9=9)
    noor.answers(10)
    noor.closes(NOW + DAY)

    noor.answers(10, at=NOW + WEEK)

    assert noor.said == ["W3", "W4"]


def test_a_sign_that_was_told_is_not_told_again_after_its_flag_was_closed(noor: Watched) -> None:
    noor.answers(noticed={noor.signs[0].id: True})
    noor.closes(NOW + DAY)

    noor.looks(NOW + 2 * DAY)
    noor.misses(NOW + 2 * WEEK)

    assert noor.said == ["W1"]


def test_scores_from_before_the_step_down_do_not_speak(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings, phq9=None, gad7=None)

    assert noor.looks() == []
    noor.answers(10)
    assert noor.said == ["W3"]


# ---- W5: gone quiet ----


def test_two_missed_in_a_row_are_a_relapse_signal_and_not_missed_check_ins(noor: Watched) -> None:
    noor.misses(NOW + WEEK)
    assert noor.flags == []

    noor.misses(NOW + 4 * WEEK)
    assert (noor.flag.kind, noor.flag.severity) == (FlagKind.RELAPSE_SIGNAL, Severity.REVIEW)
    noor.misses(NOW + 8 * WEEK)
    assert noor.flag.severity is Severity.HIGH
    assert noor.said == ["W5", "W5"]


def test_silence_after_an_item_9_above_0_is_for_the_same_day(noor: Watched) -> None:
    noor.answers(phq9=1, item9=1)
    noor.misses(NOW + 2 * WEEK)
    noor.misses(NOW + 4 * WEEK)

    quiet = noor.flags[-1]
    assert (quiet.kind, quiet.severity) == (FlagKind.RELAPSE_SIGNAL, Severity.URGENT)
    assert [item["code"] for item in quiet.events[0].evidence or ()] == [
        EvidenceCode.QUIET_AFTER_STEP_DOWN,
        EvidenceCode.LAST_ITEM9,
    ]


def test_what_was_missed_before_the_step_down_does_not_count(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings, down=False)
    noor.misses(DOWN_AT - DAY)
    with unit_of_work(sessions) as session:
        stepped_down(session, noor.there(session), at=DOWN_AT)

    noor.misses(NOW)

    assert noor.flags == []


def test_missed_again_after_the_flag_was_closed_is_news_and_a_look_alone_is_not(noor: Watched) -> None:
    noor.misses(NOW + WEEK)
    noor.misses(NOW + 4 * WEEK)
    noor.closes(NOW + 4 * WEEK + DAY)

    noor.looks(NOW + 10 * WEEK)
    assert noor.said == ["W5"]
    noor.misses(NOW + 12 * WEEK)
    assert noor.said == ["W5", "W5"]


# ---- the other rules are silent, the safety rules are not ----


def test_after_stepping_down_scores_and_silence_raise_relapse_signals_alone(noor: Watched) -> None:
    noor.answers(2)  # the first score of the episode
    noor.answers(18, 15, at=NOW + WEEK)  # reliably worse than that
    noor.misses(NOW + 3 * WEEK)
    noor.misses(NOW + 5 * WEEK)

    assert [flag.kind for flag in noor.flags] == [FlagKind.RELAPSE_SIGNAL]
    with noor.sessions() as session:
        assert sweep(session) == best_query(session) == []


def test_an_answer_above_0_to_item_9_is_a_safety_flag_as_ever(noor: Watched) -> None:
    noor.answers(phq9=2, item9=2)

    assert noor.flag.kind is FlagKind.SAFETY


def test_on_another_step_the_usual_rules_speak(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings)
    with unit_of_work(sessions) as session:
        episode = noor.there(session).episode
        session.add(
            StepAssignment(
                episode_id=episode.id,
                step=Step.TWO,
                from_at=NOW - DAY,
                decided_by_id=noor.care.clinician.id,
                pathway_version_id=for_decision(session, episode.pathway, NOW).version_id,
                patient=episode.patient,
                patient_id=episode.patient_id,
            )
        )
    noor.answers(2)
    noor.answers(18, at=NOW + WEEK)

    assert [flag.kind for flag in noor.flags] == [FlagKind.DETERIORATING]


# ---- whose work it is, and by when ----


def test_a_signal_is_for_whoever_coordinates_the_patient(noor: Watched) -> None:
    noor.notices()
    assert noor.flag.owner_id == noor.care.clinician.id  # named as the owner of the plan


def test_without_a_coordinator_of_their_own_it_is_for_the_team_s(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings)
    with unit_of_work(sessions) as session:
        cora = a_staff_member(session, noor.care.team, "cora@example.org", name="Cora", role=Role.COORDINATOR)
        for membership in session.get_one(StaffMember, noor.care.clinician.id).memberships:
            membership.until_at = NOW - DAY  # who owned the plan has left the team
    noor.notices()

    assert noor.flag.owner_id == cora.id


def test_a_confirmed_relapse_is_due_as_soon_as_a_deterioration(noor: Watched) -> None:
    noor.answers(9)
    possible = noor.flag.due_at
    noor.answers(12, at=NOW + timedelta(minutes=1))

    assert noor.flag.due_at < possible
    assert noor.flag.due_at.date() == (NOW + DAY).date()


# ---- the daily proof ----


def test_what_was_lost_on_the_way_is_caught_within_a_day(noor: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as lost:
        lost.setattr(workflows.watching, "watch", lambda *_, **__: ())
        noor.answers(12, noticed={noor.signs[0].id: True})
    assert noor.flags == []

    assert watch_all(noor.sessions, lambda: NOW + DAY) == 1
    assert noor.said == ["W1", "W3", "W4"]
    assert watch_all(noor.sessions, lambda: NOW + 2 * DAY) == 0


def test_the_proof_leaves_everybody_else_alone(sessions: Sessions, settings: Settings) -> None:
    noor = Watched(sessions, settings, down=False)
    noor.answers(2)

    assert watch_all(sessions, lambda: NOW) == 0
    with sessions() as session:
        assert session.scalars(sa.select(Flag)).all() == []
        assert session.scalars(sa.select(RelapsePlan)).all() == session.scalars(sa.select(WarningSign)).all() == []
