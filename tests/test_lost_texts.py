"""What follows from a text of ours that did not arrive: for the patient's consent, for their number, for the team."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.checkins.models import CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag
from monitor.messaging import statuses
from monitor.messaging.gateway import RefusalKind, Refused
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.people.models import Consent, Party, Patient, Role
from monitor.worker import make_followers
from tests.builders import NOW, InCare, a_staff_member
from tests.texting import DAY, HOUR, MINUTE, Texting, prompt


@pytest.fixture
def service(sessions: Sessions, settings: Settings) -> Texting:
    """A service on either database."""
    return Texting(sessions, settings)


def given_a_prompt(service: Texting, **about: Any) -> tuple[InCare, CheckIn]:
    care = service.patient(by_text=False, **about)
    check_in = service.asked(care)
    with unit_of_work(service.sessions) as session:
        session.add(prompt(care, check_in))
        session.add(prompt(care, check_in, NOW + 2 * DAY))
    return care, check_in


def report(service: Texting, status: str, code: str | None, at: datetime) -> None:
    """The provider says what became of the text that it has."""
    with unit_of_work(service.sessions) as session:
        sent = session.scalars(sa.select(Message).where(Message.provider_id.is_not(None))).first()
        assert sent is not None
        statuses.apply(
            session,
            make_followers(service.settings),
            statuses.hold(session, sent.id),
            provider_id=sent.provider_id or "",
            status=status,
            error_code=code,
            now=at,
        )


@pytest.mark.parametrize("told", ["at once", "afterwards"])
def test_a_stop_that_only_the_provider_has_heard_is_an_opt_out_without_a_text(service: Texting, told: str) -> None:
    care, _ = given_a_prompt(service)
    if told == "at once":
        service.gateway.fail_next(Refused("21610", RefusalKind.CONSENT))
    service.tick()
    if told == "afterwards":
        report(service, "failed", "21610", NOW + MINUTE)

    assert service.agrees(care) is False
    assert service.flags == [FlagKind.OPTED_OUT]
    assert [message.state for message in service.messages] == [MessageState.FAILED, MessageState.CANCELLED]
    assert all(row.said_by is Party.PATIENT for row in service.all(Consent))


def test_the_provider_blocks_a_number_so_both_who_share_it_have_stopped(service: Texting) -> None:
    care, _ = given_a_prompt(service, shared=True)
    other = service.patient(by_text=False, shared=True)
    service.gateway.fail_next(Refused("21610", RefusalKind.CONSENT))

    service.tick()

    assert [service.agrees(each) for each in (care, other)] == [False, False]


def test_the_provider_saying_it_again_says_nothing_new(service: Texting) -> None:
    given_a_prompt(service)
    service.tick()
    for minutes in (1, 2, 3):
        report(service, "failed", "21610", NOW + minutes * MINUTE)

    assert service.flags == [FlagKind.OPTED_OUT]
    assert len([row for row in service.all(Consent) if not row.granted]) == 1


def test_a_confirmation_that_the_provider_refuses_changes_nothing(service: Texting) -> None:
    """Twilio blocks the number as soon as it has read STOP, and answers by itself."""
    service.patient(by_text=False)
    service.text("STOP")
    service.gateway.fail_next(Refused("21610", RefusalKind.CONSENT))

    service.tick()

    assert [message.state for message in service.all(Message)] == [MessageState.FAILED]
    assert service.flags == [FlagKind.OPTED_OUT]
    assert len([row for row in service.all(Consent) if not row.granted]) == 1


def test_a_number_that_takes_no_texts_is_a_flag_at_once_for_the_coordinator(service: Texting) -> None:
    care, _ = given_a_prompt(service)
    with unit_of_work(service.sessions) as session:
        coordinator = a_staff_member(session, service.team, "c@example.org", name="Kim", role=Role.COORDINATOR)
    service.gateway.fail_next(Refused("21211", RefusalKind.NUMBER))

    service.tick()

    [flag] = service.all(Flag)
    assert (flag.kind, flag.owner_id) == (FlagKind.UNREACHABLE, coordinator.id)
    assert service.all(CheckIn)[0].cancelled_at is None, "it can still be answered"
    service.tick(NOW + 2 * DAY)
    assert service.messages[1].skip_reason is SkipReason.NUMBER_FAILED
    assert service.agrees(care) is True


def test_a_number_that_works_again_closes_no_flag(service: Texting) -> None:
    given_a_prompt(service)
    service.gateway.fail_next(Refused("21211", RefusalKind.NUMBER))
    service.tick()

    service.text("Hello", NOW + HOUR)

    [flag] = service.all(Flag)
    assert (flag.kind, flag.closed_at) == (FlagKind.UNREACHABLE, None)


def test_a_phone_that_was_off_is_no_flag(service: Texting) -> None:
    given_a_prompt(service)
    service.tick()

    report(service, "undelivered", "30003", NOW + HOUR)

    assert service.flags == []


@pytest.mark.parametrize("code", ["21610", "21211"])
def test_what_an_earlier_number_did_says_nothing_about_the_new_one(service: Texting, code: str) -> None:
    care, _ = given_a_prompt(service)
    service.tick()
    with unit_of_work(service.sessions) as session:
        session.get_one(Patient, care.patient.id).set_number("+447700900777")

    report(service, "failed", code, NOW + HOUR)

    assert service.flags == []
    assert service.agrees(care) is True
    assert [patient.number_failed_at for patient in service.all(Patient)] == [None]


def test_a_flag_without_a_coordinator_is_the_accountable_persons(service: Texting) -> None:
    given_a_prompt(service)
    service.gateway.fail_next(Refused("21211", RefusalKind.NUMBER))

    service.tick()

    assert [flag.owner_id for flag in service.all(Flag)] == [service.clinician.id]
    with service.sessions() as session:
        [event] = session.scalars(sa.select(Flag)).one().events
        assert event.rule == Rule.U2
