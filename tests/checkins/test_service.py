"""Finding the check-in behind a link, keeping what was answered as it was given, and carrying the course forward."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins import service
from monitor.checkins.course import Course
from monitor.checkins.models import Answer, CancelReason, CheckIn, Mode, Score, Submission
from monitor.checkins.service import Delivery
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.measures import catalogue
from monitor.people.models import Party, Purpose
from monitor.people.service import state_consent
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers, token_of

DAY = timedelta(days=1)


@pytest.fixture
def care(sqlite_sessions: Sessions) -> InCare:
    """Somebody in care."""
    return in_care(sqlite_sessions)


def in_care(sessions: Sessions, **about: Any) -> InCare:
    with unit_of_work(sessions) as session:
        team = a_team(session)
        return a_patient(session, team, a_staff_member(session, team), **about)


# ---- the link ----


def test_a_link_opens_its_own_check_in_with_its_patient_and_episode(sessions: Sessions) -> None:
    care = in_care(sessions)
    with unit_of_work(sessions) as session:
        check_in, _ = a_check_in(session, care), a_check_in(session, care, due_at=NOW - 8 * DAY)

    with sessions() as session:
        found = service.find_open(session, token_of(check_in), NOW)
        assert found is not None
        session.expunge_all()
        assert found.id == check_in.id
        assert found.patient.preferred_name == "Noor"
        assert found.episode.care_team_id == care.team.id


@pytest.mark.parametrize(
    "ended",
    [
        {"completed_at": NOW},
        {"missed_at": NOW},
        {"cancelled_at": NOW, "cancel_reason": CancelReason.OPTED_OUT},
        {"due_at": NOW + DAY},
        {"due_at": NOW - 7 * DAY},
    ],
    ids=["answered", "missed", "cancelled", "not yet open", "over"],
)
def test_a_link_opens_nothing_when_its_check_in_is(
    sqlite_sessions: Sessions, care: InCare, ended: dict[str, Any]
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        token = token_of(a_check_in(session, care, **ended))

        assert service.find_open(session, token, NOW) is None
        assert service.find(session, token) is not None, "it is still known, so that a new link can be asked for"


@pytest.mark.parametrize("token", ["", "x", "0" * 22, "Zz9" * 300, "../../etc", "ü" * 22])
def test_a_link_that_we_never_made_opens_nothing(sqlite_sessions: Sessions, care: InCare, token: str) -> None:
    with unit_of_work(sqlite_sessions) as session:
        a_check_in(session, care)

        assert service.find_open(session, token, NOW) is None


def test_a_link_opens_nothing_once_the_episode_is_closed(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        token = token_of(a_check_in(session, care))
        care.episode.closed_at, care.episode.close_reason = NOW, "completed"  # type: ignore[assignment]
        session.merge(care.episode)
        session.flush()

        assert service.find_open(session, token, NOW) is None


def test_a_link_opens_nothing_once_check_ins_are_no_longer_wanted(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        token = token_of(a_check_in(session, care))
        state_consent(session, care.patient, (Purpose.TEXTS,), False, said_by=Party.PATIENT, now=NOW)
        assert service.find_open(session, token, NOW) is not None, "no more texts is not no more answers"
        state_consent(session, care.patient, (Purpose.CHECK_INS,), False, said_by=Party.PATIENT, now=NOW)

        assert service.find_open(session, token, NOW) is None


def test_a_link_of_an_older_generation_is_dead_and_the_new_one_works(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        old = a_check_in(session, care)
        care.patient.link_generation = 2
        new = a_check_in(session, care, due_at=NOW - 2 * DAY)

        assert service.find_open(session, token_of(old, generation=2), NOW) is None
        assert service.find_open(session, token_of(new, generation=1), NOW) is None
        assert service.find_open(session, token_of(new, generation=2), NOW) is not None


# ---- the measures ----


def test_a_measure_is_asked_only_where_its_wording_is_offered(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        both = a_check_in(session, care)
        one = a_check_in(session, care, instruments=("gad7",), due_at=NOW - 2 * DAY)

    def asked(check_in: CheckIn, language: str, *switched_on: str) -> list[str]:
        pairs = service.provisional_pairs(frozenset(switched_on))
        return [instrument.code for instrument in service.instruments_for(check_in, language, pairs)]

    assert asked(both, "en") == ["phq9", "gad7"]
    assert asked(one, "en") == ["gad7"]
    assert asked(both, "ar") == ["phq9"], "the Arabic GAD-7 is provisional"
    assert asked(both, "ar", "gad7:ar") == ["phq9", "gad7"]
    assert asked(one, "ar", "phq9:ar") == []
    assert {each.language for each in service.instruments_for(both, "uk", frozenset())} == {"uk"}


# ---- what is kept ----


def delivery(**about: Any) -> Delivery:
    return Delivery(**{"key": new_id(), "language": "en", "mode": Mode.LINK, "known_device": False} | about)


def test_answers_are_kept_as_they_were_given(sessions: Sessions) -> None:
    care = in_care(sessions)
    given = answers(phq9=10, gad7=None, item9=2) | {("phq9", 4): None, ("phq9", 0): 3}
    sent = delivery(language="uk", mode=Mode.PHONE, known_device=True, note="Погано сплю")
    with unit_of_work(sessions) as session:
        check_in = a_check_in(session, care)
        submission_id = service.keep_submission(session, check_in, given, sent, NOW)

    with sessions() as session:
        kept = session.get_one(Submission, submission_id)
        assert kept.answers_given() == given
        assert (kept.idempotency_key, kept.language, kept.mode) == (sent.key, "uk", Mode.PHONE)
        assert (kept.known_device, kept.note, kept.submitted_at) == (True, "Погано сплю", NOW)
        assert [(each.item, each.value, each.declined) for each in kept.answers if each.item in (0, 4)] == [
            (0, 3, False),
            (4, None, True),
        ]
        assert service.submission_by_key(session, check_in.id, sent.key) is kept
        assert service.submission_by_key(session, check_in.id, new_id()) is None


def test_somebody_whose_key_was_erased_may_still_answer_and_only_the_note_is_not_kept(
    sqlite_sessions: Sessions, care: InCare
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        check_in = a_check_in(session, care)
        check_in.patient.data_key = None
        submission_id = service.keep_submission(session, check_in, answers(phq9=3), delivery(note="Hello"), NOW)

        kept = session.get_one(Submission, submission_id)
        assert (kept.note, len(kept.answers)) == (None, 16)


def test_scores_carry_the_versions_that_they_were_made_with(sqlite_sessions: Sessions, care: InCare) -> None:
    given = answers(phq9=10, gad7=7)
    with unit_of_work(sqlite_sessions) as session:
        check_in = a_check_in(session, care)
        submission_id = service.keep_submission(session, check_in, given, delivery(), NOW)
        scored = service.score_all(check_in.instruments, given, estimate=False)
        service.keep_scores(session, check_in, submission_id, "en", scored, NOW)

        for score in session.scalars(sa.select(Score)):
            assert score.instrument_version == catalogue.load(score.instrument, "en").version
            assert score.scoring_version == catalogue.spec(score.instrument).version
            assert score.total == {"phq9": 10, "gad7": 7}[score.instrument]
            assert score.episode_id == care.episode.id


def test_a_measure_that_was_not_asked_has_no_score_and_one_with_a_gap_has_no_total() -> None:
    given = answers(phq9=10, gad7=None) | {("phq9", 4): None}

    scored = service.score_all(["phq9", "gad7"], given, estimate=False)

    assert list(scored) == ["phq9"]
    assert (scored["phq9"].total, scored["phq9"].missing) == (None, 1)


def test_the_published_estimate_is_used_only_by_a_service_that_chose_it() -> None:
    given = answers(phq9=16, gad7=None) | {("phq9", 8): None}

    assert service.score_all(["phq9"], given, estimate=True)["phq9"].prorated
    assert not service.score_all(["phq9"], given, estimate=False)["phq9"].prorated


def test_the_difficulty_question_counts_for_nothing() -> None:
    given = answers(phq9=10, gad7=None)

    assert service.score_all(["phq9"], given | {("phq9", 0): 3}, estimate=False) == service.score_all(
        ["phq9"], given, estimate=False
    )


# ---- what was begun and not yet sent ----


def test_the_newest_of_two_begun_answers_counts_and_both_are_kept(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        check_in, other = a_check_in(session, care), a_check_in(session, care, due_at=NOW - 2 * DAY)
        service.save_drafts(session, check_in, {("phq9", 9): 2, ("phq9", 1): 0}, now=NOW)
        service.save_drafts(session, check_in, {("phq9", 9): 2}, now=NOW)
        service.save_drafts(session, check_in, {("phq9", 9): None}, now=NOW)
        service.save_drafts(session, check_in, {}, now=NOW)
        service.save_drafts(session, other, {("phq9", 9): 3}, now=NOW)

        assert service.drafts(session, check_in) == {("phq9", 1): 0, ("phq9", 9): None}
        assert service.drafts(session, other) == {("phq9", 9): 3}
        assert session.scalar(sa.select(sa.func.count()).select_from(Answer)) == 4


def test_what_was_sent_is_no_draft(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        check_in = a_check_in(session, care)
        service.keep_submission(session, check_in, answers(phq9=3), delivery(), NOW)

        assert service.drafts(session, check_in) == {}


# ---- the course ----

COURSE = [15, None, 12, 9, 13]


def course(session: Session, care: InCare) -> Course:
    states = service.courses_of(session, care.episode.id)
    for week, total in enumerate(COURSE):
        item9 = {0: 2, 1: None, 2: 1, 3: None, 4: 0}[week]
        given = answers(phq9=total or 10, gad7=None, item9=item9)
        if total is None:
            given[("phq9", 1)] = None
        scored = service.score_all(["phq9"], given | {("phq9", 9): item9}, estimate=False)
        states = service.carry_forward(session, states, care.episode.id, scored, NOW + week * 7 * DAY)
    session.flush()
    return states["phq9"]


def test_the_state_of_a_measure_follows_its_totals_and_a_missing_one_changes_nothing(
    sessions: Sessions,
) -> None:
    care = in_care(sessions)
    with unit_of_work(sessions) as session:
        course(session, care)

    with sessions() as session:
        state = service.courses_of(session, care.episode.id)["phq9"]
        # The second and the fourth have no total: one item was left out, and then the safety item was declined.
        assert (state.baseline, state.last, state.second_last, state.third_last) == (15, 13, 12, 15)
        assert (state.best, state.worst, state.count) == (12, 15, 3)
        assert (state.baseline_at, state.last_at) == (NOW, NOW + 28 * DAY)


def test_declining_the_safety_item_does_not_wipe_out_the_answer_before(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        for item9, expected in ((2, 2), (None, 2), (0, 0), (None, 0), (1, 1)):
            scored = service.score_all(["phq9"], answers(phq9=5, gad7=None, item9=item9), estimate=False)
            states = service.courses_of(session, care.episode.id)
            state = service.carry_forward(session, states, care.episode.id, scored, NOW)["phq9"]
            session.flush()
            assert state.safety_answer == expected


def test_somebody_elses_course_is_not_touched(sqlite_sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sqlite_sessions) as session:
        other = a_patient(session, care.team, care.clinician, number="+447700900002")
        course(session, care)

        assert service.courses_of(session, other.episode.id) == {}
