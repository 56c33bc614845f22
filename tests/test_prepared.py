"""Prepared statements write what SQLAlchemy itself would have written, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.models import Answer, CheckIn, Score
from monitor.db import Sessions, table, unit_of_work
from monitor.ids import new_id
from monitor.people.models import Consent, Party, Patient, Purpose
from monitor.prepared import Prepared, insert_into
from tests.builders import NOW, a_check_in, a_patient, a_staff_member, a_team

CONSENTS = insert_into(Consent)
EVERY_STEP = Prepared(sa.update(table(Patient)).values(number_is_shared=sa.bindparam("shared")))


@pytest.fixture
def check_in(sessions: Sessions) -> CheckIn:
    with unit_of_work(sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team))
        return a_check_in(session, care)


def said(check_in: CheckIn, **more: object) -> dict[str, object]:
    values = {"id": new_id(), "purpose": Purpose.TEXTS, "granted": True, "at": NOW, "text_version": "1"}
    return values | {"patient_id": check_in.patient_id, "said_by": Party.PATIENT, "language": "en"} | more


def texts_of(session: Session, check_in: CheckIn) -> list[Consent]:
    ours = sa.select(Consent).where(Consent.patient_id == check_in.patient_id, Consent.text_version == "1")
    return list(session.scalars(ours.order_by(Consent.at)))


def test_values_come_back_as_the_types_that_went_in(sessions: Sessions, check_in: CheckIn) -> None:
    row = said(check_in)
    with unit_of_work(sessions) as session:
        assert CONSENTS.run(session, [row]) == 1

    with sessions() as session:
        (consent,) = [each for each in texts_of(session, check_in) if each.id == row["id"]]
        assert (consent.purpose, consent.granted, consent.at) == (Purpose.TEXTS, True, NOW)
        assert consent.staff_member_id is None


def test_rows_have_their_own_values_and_share_the_others(sessions: Sessions, check_in: CheckIn) -> None:
    answers = insert_into(Answer, "id")
    rows = [{"instrument": "phq9", "item": item, "value": item, "declined": False} for item in (1, 2, 3)]
    with unit_of_work(sessions) as session:
        answers.run(session, rows, check_in_id=check_in.id, answered_at=NOW)

    with sessions() as session:
        kept = session.scalars(sa.select(Answer).order_by(Answer.item)).all()
        assert [(each.item, each.value, each.check_in_id, each.answered_at) for each in kept] == [
            (item, item, check_in.id, NOW) for item in (1, 2, 3)
        ]
        assert {each.submission_id for each in kept} == {None}


def test_a_statement_with_a_single_value_says_how_many_rows_it_met(sessions: Sessions, check_in: CheckIn) -> None:
    with unit_of_work(sessions) as session:
        assert EVERY_STEP.run(session, shared=True) == 1
        assert session.scalars(sa.select(Patient.number_is_shared)).all() == [True]


def test_a_value_that_a_column_needs_cannot_be_left_out(sessions: Sessions, check_in: CheckIn) -> None:
    with pytest.raises((KeyError, sa.exc.SQLAlchemyError)), unit_of_work(sessions) as session:
        insert_into(Score).run(session, [{"id": new_id(), "instrument": "phq9", "at": NOW}])


def test_a_naive_moment_is_refused_as_ever(sessions: Sessions, check_in: CheckIn) -> None:
    with pytest.raises(ValueError, match="naive"), unit_of_work(sessions) as session:
        insert_into(Answer, "id").run(
            session,
            [{"instrument": "phq9", "item": 1, "value": 1, "declined": False}],
            check_in_id=check_in.id,
            answered_at=NOW.replace(tzinfo=None),
        )


def test_what_is_written_belongs_to_the_transaction_of_its_session(sessions: Sessions, check_in: CheckIn) -> None:
    rows = [{"instrument": "phq9", "item": 1, "value": 1, "declined": False}]
    answers = insert_into(Answer, "id")
    with sessions() as session:
        answers.run(session, rows, check_in_id=check_in.id, answered_at=NOW)
        session.rollback()
        answers.run(session, rows, check_in_id=check_in.id, answered_at=NOW + timedelta(hours=1))
        with session.begin_nested() as savepoint:
            answers.run(session, rows, check_in_id=check_in.id, answered_at=NOW + timedelta(hours=2))
            savepoint.rollback()
        session.commit()
        assert session.scalars(sa.select(Answer.answered_at)).all() == [NOW + timedelta(hours=1)]
