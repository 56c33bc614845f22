"""The answers of one check-in: each as it was given, and every correction beside what it corrects."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.checkins.models import Answer, Mode, Score, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from tests.builders import NOW, a_patient, a_staff_member, a_team, answers
from tests.progress.test_staff_page import Course
from tests.staff_browser import words


class Given(Course):
    """Noor, who answered today."""

    def submission(self) -> Submission:
        with self.sessions() as session:
            return session.scalars(sa.select(Submission).order_by(Submission.submitted_at.desc())).first()

    def page(self, submission_id=None):
        which = submission_id or self.submission().id
        return self.maren_s.get(f"/patients/{self.noor.patient.id}/submissions/{which}")

    def corrects(self, change: dict[tuple[str, int], int | None]) -> Submission:
        """A correction an hour later, by phone: every answer again, some of them changed."""
        first = self.submission()
        with unit_of_work(self.sessions) as session:
            before = session.get_one(Submission, first.id)
            later = Submission(
                check_in_id=before.check_in_id,
                corrects_id=before.id,
                idempotency_key=new_id(),
                language="en",
                mode=Mode.PHONE,
                layout_version=before.layout_version,
                submitted_at=NOW + timedelta(hours=1),
                patient=before.patient,
                patient_id=before.patient_id,
            )
            session.add(later)
            session.flush()
            for answer in before.answers:
                value = change.get((answer.instrument, answer.item), answer.value)
                session.add(
                    Answer(
                        check_in_id=before.check_in_id,
                        submission_id=later.id,
                        instrument=answer.instrument,
                        item=answer.item,
                        value=value,
                        declined=value is None,
                        answered_at=later.submitted_at,
                    )
                )
            for score in before.scores:
                session.add(
                    Score(
                        submission_id=later.id,
                        episode_id=score.episode_id,
                        instrument=score.instrument,
                        instrument_version=score.instrument_version,
                        scoring_version=score.scoring_version,
                        total=score.total,
                        at=later.submitted_at,
                    )
                )
        self.app.wait(hours=2)
        self.app.now = NOW + timedelta(minutes=20)
        return later


@pytest.fixture
def given(sqlite_sessions: Sessions, settings: Settings) -> Given:
    return Given(sqlite_sessions, settings)


def test_every_item_stands_there_as_it_was_given(sessions: Sessions, settings: Settings) -> None:
    given = Given(sessions, settings)
    given.answers(1, answers(14, 8))
    given.answers(0, {**answers(17, 9), ("phq9", 3): None}, language="es", mode=Mode.PHONE)

    said = words(given.page())

    assert "Answered today 10:00 by phone, in Spanish." in said
    assert "Asked in Spanish" in said
    assert said.count("Chose not to answer") == 1
    assert "3 Nearly every day" in said
    assert "9 of 21" in said
    assert "PHQ-9 over the last weeks" in said
    assert [entry.subject_id for entry in given.app.audit("viewed patient")] == [given.noor.patient.id]


def test_a_safety_answer_stands_above_everything_else(given: Given) -> None:
    given.answers(0, answers(12, 9, item9=2))

    page = given.page()

    note, table = page.text.index("Item 9, safety:</b> 2, More than half the days"), page.text.index("<table")
    assert note < table


def test_an_answer_of_none_is_not_a_safety_note(given: Given) -> None:
    given.answers(0, answers(12, 9))

    assert "note stop" not in given.page().text


def test_an_estimated_total_says_that_it_is_one(sqlite_sessions: Sessions, settings: Settings) -> None:
    given = Given(sqlite_sessions, settings.model_copy(update={"estimate_totals": True}))
    given.answers(0, {**answers(16, 9), ("phq9", 8): None})

    assert "18 of 27, estimated from the answers given" in words(given.page())


def test_a_correction_stands_beside_what_it_corrects(given: Given) -> None:
    given.answers(0, answers(12, 9))
    first = given.submission()
    later = given.corrects({("phq9", 1): 2, ("gad7", 7): None})

    said = words(given.page(first.id))
    assert "These answers were corrected later." in said
    assert "Corrects the one before. GAD-7 item 7: 0, then no answer; PHQ-9 item 1: 3, then 2" in said
    assert f"/submissions/{later.id}" in given.page(first.id).text
    assert "corrected later" not in words(given.page(later.id))


def test_a_submission_of_somebody_else_is_nothing(given: Given) -> None:
    given.answers(0, answers(12, 9))
    with unit_of_work(given.sessions) as session:
        other = a_patient(session, given.noor.team, given.maren, name="Otto", number="+447700900002")
        stranger = a_patient(
            session,
            (south := a_team(session, "South team")),
            a_staff_member(session, south, "sven@example.org"),
            name="Stranger",
            number="+447700900003",
        )
    submission_id = given.submission().id

    for patient_id in (other.patient.id, stranger.patient.id, new_id()):
        assert given.maren_s.get(f"/patients/{patient_id}/submissions/{submission_id}").status_code == 404
    assert given.page(new_id()).status_code == 404
