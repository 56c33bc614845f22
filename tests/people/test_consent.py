"""What a patient has agreed to and prefers: the newest statement counts, and none is ever lost."""

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.db import Sessions, unit_of_work
from monitor.people.models import MONITORING, Channel, Consent, ContactPreference, Party, Patient, Purpose
from monitor.people.service import CONSENT_TEXT_VERSION, has_consent, newest_consent, prefer, preference, state_consent
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

DAY = timedelta(days=1)


def in_care(session: Session, number: str = "+447700900001", team: str = "North team") -> InCare:
    there = a_team(session, team, covered=False)
    return a_patient(
        session, there, a_staff_member(session, there, f"{number}@example.org"), number=number, consent=False
    )


def say(session: Session, patient: Patient, granted: bool, *purposes: Purpose, at: int = 0) -> None:
    state_consent(session, patient, purposes, granted, said_by=Party.PATIENT, now=NOW + at * DAY)


def test_saying_nothing_is_not_consent(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        patient = in_care(session).patient

        for purpose in Purpose:
            assert newest_consent(session, patient.id, purpose) is None
            assert has_consent(session, patient.id, purpose) is False


def test_the_newest_statement_counts_for_its_own_purpose(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        patient = in_care(session).patient
        say(session, patient, True, *MONITORING)
        say(session, patient, False, Purpose.TEXTS, at=1)
        assert not has_consent(session, patient.id, Purpose.TEXTS)
        assert has_consent(session, patient.id, Purpose.CHECK_INS)

        say(session, patient, True, Purpose.TEXTS, at=2)
        assert has_consent(session, patient.id, Purpose.TEXTS)


def test_a_statement_is_kept_with_its_words_its_language_and_who_said_it(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        care = in_care(session)
        care.patient.language = "uk"
        for granted in (True, False):
            state_consent(
                session,
                care.patient,
                (Purpose.CHECK_INS,),
                granted,
                said_by=Party.STAFF,
                now=NOW,
                staff_member_id=care.clinician.id,
            )

        rows = session.scalars(sa.select(Consent)).all()
        assert sorted(row.granted for row in rows) == [False, True]
        assert {(row.text_version, row.language, row.said_by, row.staff_member_id) for row in rows} == {
            (CONSENT_TEXT_VERSION, "uk", Party.STAFF, care.clinician.id)
        }


def test_one_patients_statement_says_nothing_about_another(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        one, other = in_care(session).patient, in_care(session, "+447700900002", "South team").patient
        say(session, one, True, *MONITORING)

        assert newest_consent(session, other.id, Purpose.TEXTS) is None


def test_the_newest_wishes_count_and_the_older_ones_stay_on_record(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        patient = in_care(session).patient
        first = preference(session, patient.id)
        prefer(
            session,
            patient,
            weekday=4,
            at=time(18, 30),
            channel=Channel.PHONE,
            set_by=Party.PATIENT,
            now=NOW,
            paused_until_on=date(2026, 12, 24),
        )

        found = preference(session, patient.id)
        assert found is not None
        assert (found.weekday, found.at, found.channel) == (4, time(18, 30), Channel.PHONE)
        assert (found.paused_until_on, found.set_by, found.from_at) == (date(2026, 12, 24), Party.PATIENT, NOW)
        assert session.scalars(sa.select(ContactPreference).order_by(ContactPreference.from_at)).all() == [first, found]


@pytest.mark.parametrize("weekday", [-1, 7])
def test_there_is_no_eighth_day(sessions: Sessions, weekday: int) -> None:
    with sessions() as session:
        patient = in_care(session).patient

        with pytest.raises(sa.exc.IntegrityError):
            prefer(
                session,
                patient,
                weekday=weekday,
                at=time(9),
                channel=Channel.TEXT,
                set_by=Party.PATIENT,
                now=NOW,
            )
