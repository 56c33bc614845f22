"""Whether a patient's own doctor may be told: asked by a person, dated, and the newest word counts."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Consent, Party, Purpose
from monitor.people.service import newest_consent
from monitor.people.sharing import Asked, history, may_be_shared, withdraw, write_down
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

DAY = timedelta(days=1)


def in_care(session: Session) -> InCare:
    team = a_team(session)
    return a_patient(session, team, a_staff_member(session, team))


def say(session: Session, care: InCare, granted: bool, asked: Asked = Asked.VISIT, day: int = 0) -> None:
    write_down(session, care.patient, granted, asked, staff_member_id=care.clinician.id, now=NOW + day * DAY)


def test_nobody_may_be_told_before_the_patient_has_said_so(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)

        assert not may_be_shared(session, care.patient.id)
        say(session, care, True)
        assert may_be_shared(session, care.patient.id)
        say(session, care, False, day=1)
        assert not may_be_shared(session, care.patient.id)


def test_agreeing_to_be_told_about_is_not_agreeing_to_texts(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        say(session, care, False)

        assert newest_consent(session, care.patient.id, Purpose.TEXTS) is True


@pytest.mark.parametrize("asked", Asked)
def test_every_statement_is_kept_with_how_they_were_asked_and_by_whom(sessions: Sessions, asked: Asked) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        say(session, care, True, asked)
        say(session, care, False, asked, day=1)

        said = [each for each in history(session, care.patient.id) if each.purpose is Purpose.PRIMARY_CARE]

        assert [(each.granted, each.at, each.asked, each.by, each.said_by) for each in said] == [
            (False, NOW + DAY, asked, "Maren Okafor", Party.PATIENT),
            (True, NOW, asked, "Maren Okafor", Party.PATIENT),
        ]


def test_the_history_tells_of_every_purpose(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        say(session, care, True)

        assert {each.purpose for each in history(session, care.patient.id)} == set(Purpose)


def test_a_patient_takes_it_back_by_themselves_and_only_once(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        say(session, care, True)

        withdraw(session, care.patient, NOW + DAY)
        withdraw(session, care.patient, NOW + 2 * DAY)

        newest = history(session, care.patient.id)[0]
        assert (newest.granted, newest.asked, newest.by, newest.said_by) == (False, None, None, Party.PATIENT)
        assert session.query(Consent).filter_by(purpose=Purpose.PRIMARY_CARE).count() == 2


def test_each_statement_leaves_a_trail(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        say(session, care, True)
        withdraw(session, care.patient, NOW + DAY)

        trail = session.query(AuditEntry).order_by(AuditEntry.sequence).all()
        assert [(each.action, each.actor, each.subject_id) for each in trail] == [
            ("agreed to sharing", "staff", care.patient.id),
            ("ended sharing", "patient", care.patient.id),
        ]
