"""The months that the demonstration makes up: made by the program's own rules, so they must look like its own work."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from monitor.audit import first_broken_link
from monitor.care.models import Episode, Step
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Answer, Score, Submission
from monitor.config import Settings
from monitor.db import Sessions, reading
from monitor.demo.clinic import PASSWORD, STAFF
from monitor.demo.courses import Course
from monitor.demo.guide import guide, roster
from monitor.demo.phrases import LIVED
from monitor.demo.roster import ROSTER
from monitor.demo.storage import build
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.proof import states_disagreeing
from monitor.i18n import LANGUAGES
from monitor.messaging.models import WAITING, Message
from monitor.messaging.quiet_hours import allowed
from monitor.people import sign_in
from monitor.people.life_models import LifeEvent
from monitor.people.models import Consent, Patient, TeamMembership
from tests.builders import NOW
from tests.demo.conftest import SMALL, Riverside


def test_every_course_and_every_language_is_there(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        patients = guide(session, "http://127.0.0.1:8000", NOW).patients

    assert len(patients) == SMALL
    assert {patient.course for patient in patients} == {course.value for course in Course}
    assert {patient.language for patient in patients} == set(LANGUAGES)


def test_it_goes_back_nine_months_and_nothing_lies_ahead_but_plans(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        first, last = session.execute(sa.select(sa.func.min(Patient.opened_at), sa.func.max(Patient.opened_at))).one()
        answered = session.scalars(sa.select(sa.func.max(Submission.submitted_at))).one()
        texted = session.scalars(sa.select(sa.func.max(Message.sent_at))).one()
        flagged = session.scalars(sa.select(sa.func.max(Flag.opened_at))).one()

    assert NOW - first > timedelta(days=262)
    assert max(last, answered, texted, flagged) <= NOW


@pytest.mark.parametrize(
    ("course", "kind"),
    [
        (Course.DETERIORATING, FlagKind.DETERIORATING),
        (Course.GONE_QUIET, FlagKind.MISSED_CHECK_INS),
        (Course.UNREACHABLE, FlagKind.UNREACHABLE),
        (Course.OPTED_OUT, FlagKind.OPTED_OUT),
        (Course.SAFETY_ANSWER, FlagKind.SAFETY),
    ],
)
def test_the_rules_have_flagged_what_the_course_is_about(riverside: Riverside, course: Course, kind: FlagKind) -> None:
    with reading(riverside.sessions) as session:
        assert kind in _open_flags(session, course)


def test_no_rule_is_spoken_for(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        signalled = sa.select(Flag.episode_id).where(Flag.kind == FlagKind.RELAPSE_SIGNAL)

        assert set(session.scalars(signalled)) == {_episode(session, Course.STEPPED_DOWN_RELAPSE_SIGNAL).id}
        assert FlagKind.SAFETY not in _open_flags(session, Course.IMPROVING)
        assert not _open_flags(session, Course.STEPPED_DOWN_WELL)


def test_who_stepped_down_well_is_well_and_the_other_is_on_the_way_back(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        steps = {course: _episode(session, course).step for course in Course}
        well = _totals(session, Course.STEPPED_DOWN_WELL)
        back = _totals(session, Course.STEPPED_DOWN_RELAPSE_SIGNAL)

    assert steps[Course.STEPPED_DOWN_WELL] is steps[Course.STEPPED_DOWN_RELAPSE_SIGNAL] is Step.STEPPED_DOWN
    assert max(well[-3:]) < 10 <= well[0]
    assert back[-1] >= min(back) + 5


def test_a_review_is_overdue_and_somebody_waits_for_the_middle_step(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        overdue = session.scalars(sa.select(Episode.patient_id).where(Episode.next_review_at < NOW)).all()
        waits = _episode(session, Course.WAITING_FOR_MIDDLE_STEP)

        assert overdue == [_episode(session, Course.REVIEW_OVERDUE).patient_id]
        assert waits.step is Step.TWO
        assert min(_totals(session, Course.WAITING_FOR_MIDDLE_STEP)[-3:]) >= 15


def test_no_text_follows_an_opt_out(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        patient = _episode(session, Course.OPTED_OUT).patient
        said = session.scalars(
            sa.select(Consent.at).where(Consent.patient_id == patient.id, Consent.granted.is_(False))
        ).one()
        texts = session.scalars(sa.select(Message).where(Message.patient_id == patient.id)).all()

        assert texts
        assert all(text.created_at < said and (text.intent_at is None or text.intent_at < said) for text in texts)
        assert not [text for text in texts if text.state in WAITING]


def test_every_open_flag_has_an_owner_of_the_team_and_a_due_time(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        found = session.scalars(sa.select(Flag)).all()
        members = set(session.execute(sa.select(TeamMembership.care_team_id, TeamMembership.staff_member_id)))

        assert any(flag.closed_at is None for flag in found)
        for flag in found:
            assert (flag.episode.care_team_id, flag.owner_id) in members
            assert flag.due_at > flag.opened_at
            if flag.closed_at is not None:
                assert flag.reason
                assert (flag.episode.care_team_id, flag.closed_by_id) in members
                assert flag.opened_at < flag.closed_at <= NOW


def test_texts_go_by_day_and_never_without_a_link(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        sent = session.scalars(sa.select(Message).where(Message.intent_at.is_not(None))).all()

        assert len(sent) > 100
        for text in sent:
            assert allowed(text.intent_at, text.patient.time_zone)
            assert "http://127.0.0.1:8000/c/" in text.body


def test_a_reminder_of_this_moment_is_left_for_the_running_service(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        due = session.scalars(sa.select(Message).where(Message.state.in_(WAITING), Message.due_at <= NOW)).all()

        assert due
        assert all(text.expires_at > NOW and text.due_at > NOW - timedelta(hours=1) for text in due)


def test_the_books_agree(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episodes = session.scalars(sa.select(Episode.id)).all()

        assert first_broken_link(session) is None
        assert states_disagreeing(session, episodes) == []


def test_answers_are_as_people_give_them(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        safety = Counter(session.scalars(sa.select(Answer.value).where(Answer.item == 9, Answer.instrument == "phq9")))
        declined = session.scalar(sa.select(sa.func.count()).select_from(Answer).where(Answer.declined))
        rows = session.scalars(sa.select(Submission)).all()

        assert safety[0] > 0.95 * safety.total() > 0
        assert declined
        assert any(row.note for row in rows)
        assert {row.known_device for row in rows} == {True, False}
        assert all(row.language == row.patient.language for row in rows)


def test_all_staff_can_sign_in(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        known = {colleague: sign_in.look_up(session, colleague.email) for colleague in STAFF}
    colleague, found = next(iter(known.items()))
    code = pyotp.TOTP(colleague.totp_secret).at(NOW)

    assert sign_in.accepted_step(found, PASSWORD, code, NOW) is not None
    assert sign_in.accepted_step(found, "something else", code, NOW) is None
    for colleague, each in known.items():
        assert each.staff_member_id is not None
        assert each.password_hash == found.password_hash, "one password for all"
        assert each.totp_secret == colleague.totp_secret


def test_the_same_moment_gives_the_same_fiction(
    riverside: Riverside, sqlite_sessions: Sessions, demo_settings: Settings
) -> None:
    build(sqlite_sessions, demo_settings, NOW, patients=3)
    with reading(sqlite_sessions) as session:
        again = _fingerprint(session, 3)
    with reading(riverside.sessions) as session:
        assert _fingerprint(session, 3) == again


def _fingerprint(session: Any, patients: int) -> list[Any]:
    """Everything about the first of the roster that is not an id, in an order of its own."""
    return [
        [sorted(map(str, session.execute(rows.where(Episode.patient_id == patient.id)))) for rows in COMPARED]
        for _, patient in roster(session)[:patients]
    ]


COMPARED = (
    sa.select(Score.instrument, Score.total, Score.at).join(Episode, Episode.id == Score.episode_id),
    sa.select(Flag.kind, Flag.opened_at, Flag.due_at, Flag.closed_at, Flag.outcome).join(Flag.episode),
    sa.select(Message.purpose, Message.due_at, Message.state).join(Episode, Episode.patient_id == Message.patient_id),
)


def _episode(session: Any, course: Course) -> Episode:
    entry = next(entry for entry in ROSTER if entry.course is course)
    patient = roster(session)[entry.number - 1][1]
    return session.scalars(sa.select(Episode).where(Episode.patient_id == patient.id)).one()


def _open_flags(session: Any, course: Course) -> set[FlagKind]:
    ours = Flag.episode_id == _episode(session, course).id
    return set(session.scalars(sa.select(Flag.kind).where(ours, Flag.closed_at.is_(None))))


def _totals(session: Any, course: Course) -> list[int]:
    ours = Score.episode_id == _episode(session, course).id
    rows = session.scalars(
        sa.select(Score.total).where(ours, Score.instrument == "phq9", Score.total.is_not(None)).order_by(Score.at)
    )
    return list(rows)


def test_people_say_how_things_compare_and_note_what_happened(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        said = Counter(session.scalars(sa.select(Submission.compared)))
        noted = session.scalars(sa.select(LifeEvent).join(LifeEvent.patient)).all()

        assert min(said[each] for each in (*Compared, None)) > 5
        assert len(noted) > 3
        assert all(each.words in LIVED[each.patient.language] for each in noted)
        assert all(each.patient.opened_at.date() <= each.happened_on <= NOW.date() for each in noted)
