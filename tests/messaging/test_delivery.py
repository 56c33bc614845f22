"""A text goes out once, in the right words, at a decent hour, to somebody who still wants it; or not at all."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import FIRST_RETRY, Outcome
from monitor.messaging.followers import Postpone
from monitor.messaging.gateway import OutcomeUnknown, RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.links import check_in_link
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind, render
from monitor.people.models import Party, Patient, Purpose
from monitor.people.service import has_consent, state_consent
from tests.messaging.outbox_setting import BASE_URL, NOON, SENDER_NAME, TWO_DAYS, Outbox

LONDON_NIGHT = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
LONDON_MORNING = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def change(outbox: Outbox, patient: Patient, **values: object) -> None:
    with unit_of_work(outbox.sessions) as session:
        kept = session.get_one(Patient, patient.id)
        for name, value in values.items():
            setattr(kept, name, value)


# --- what goes out ----------------------------------------------------------------------------------------------------


def test_a_text_that_is_due_goes_out_and_the_row_says_what_went_where(outbox: Outbox) -> None:
    patient, check_in = outbox.patient(number="+447700900123", language="de"), new_id()
    text = outbox.text(patient, check_in_id=check_in)
    outbox.clock.advance(minutes=5)

    assert outbox.send(text) is Outcome.SENT

    row, (sent,) = outbox.row(text), outbox.gateway.sent
    link = check_in_link(BASE_URL, check_in, generation=1)
    assert sent.body == render(TextKind.REMINDER, "de", sender=SENDER_NAME, link=link)
    assert (sent.to, sent.reference, sent.valid_for) == ("+447700900123", text, TWO_DAYS - timedelta(minutes=5))
    assert (row.state, row.body, row.sent_to, row.language) == (MessageState.SENT, sent.body, sent.to, "de")
    assert (row.intent_at, row.sent_at, row.attempt, row.segments) == (outbox.clock(), outbox.clock(), 1, 1)
    assert (row.provider_id, row.provider_status) == (f"recorded-1-{text}", "recorded")


def test_a_text_speaks_the_language_and_carries_the_link_of_the_moment_it_leaves(outbox: Outbox) -> None:
    patient, check_in = outbox.patient(language="en"), new_id()
    text = outbox.text(patient, check_in_id=check_in)
    change(outbox, patient, language="uk", link_generation=2)

    outbox.send(text)

    link = check_in_link(BASE_URL, check_in, generation=2)
    assert outbox.gateway.sent[0].body == render(TextKind.REMINDER, "uk", sender=SENDER_NAME, link=link)
    assert outbox.row(text).language == "uk"


def test_a_text_waits_until_it_is_due(outbox: Outbox) -> None:
    text = outbox.text(due_at=NOON + timedelta(seconds=1))

    assert outbox.claim() == []
    outbox.clock.advance(seconds=1)
    assert outbox.claim() == [text]


def test_a_sender_takes_a_few_texts_at_a_time_longest_due_first(outbox: Outbox) -> None:
    patient = outbox.patient()
    texts = [outbox.text(patient, due_at=NOON - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]

    assert outbox.claim(limit=2) == [texts[1], texts[2]]
    assert outbox.claim(new_id()) == [texts[0]]
    assert outbox.claim(new_id()) == []


# --- what does not go out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [SkipReason.ANSWERED, SkipReason.NO_SAFETY_COVER])
def test_a_text_that_is_no_longer_wanted_is_skipped_with_the_reason(outbox: Outbox, reason: SkipReason) -> None:
    text = outbox.with_followers(guard=lambda *_: reason).text()

    assert outbox.send(text) is Outcome.SKIPPED

    assert (outbox.row(text).state, outbox.row(text).skip_reason) == (MessageState.SKIPPED, reason)
    assert outbox.references == []
    assert outbox.claim() == []


def test_an_answer_one_second_before_stops_the_text(outbox: Outbox) -> None:
    answered_at: dict[UUID | None, datetime] = {}

    def unless_answered(session: Session, message: Message, now: datetime) -> SkipReason | None:
        return SkipReason.ANSWERED if answered_at.get(message.check_in_id, now) < now else None

    check_in = new_id()
    late, noise = outbox.with_followers(guard=unless_answered).text(check_in_id=check_in), outbox.text()
    taken = outbox.claim()
    answered_at[check_in] = NOON
    outbox.clock.advance(seconds=1)

    assert {text: outbox.deliver(text) for text in taken} == {late: Outcome.SKIPPED, noise: Outcome.SENT}


def test_stop_stops_a_text_that_a_sender_already_holds(outbox: Outbox) -> None:
    def with_consent(session: Session, message: Message, now: datetime) -> SkipReason | None:
        return None if has_consent(session, message.patient_id, Purpose.TEXTS) else SkipReason.NO_CONSENT

    def say(granted: bool) -> None:
        with unit_of_work(outbox.sessions) as session:
            state_consent(
                session,
                patient,
                [Purpose.TEXTS],
                granted,
                said_by=Party.PATIENT,
                now=outbox.clock(),
                staff_member_id=None,
            )

    patient = outbox.with_followers(guard=with_consent).patient()
    first, second = outbox.text(patient), outbox.text(patient, purpose=TextKind.NUDGE)
    say(True)
    outbox.claim()
    assert outbox.deliver(first) is Outcome.SENT
    outbox.clock.advance(seconds=1)
    say(False)

    assert outbox.deliver(second) is Outcome.SKIPPED
    assert outbox.row(second).skip_reason is SkipReason.NO_CONSENT
    assert outbox.references == [first]


def test_a_text_whose_use_has_ended_never_goes(outbox: Outbox) -> None:
    patient = outbox.patient()
    in_time = outbox.text(patient, expires_at=NOON + timedelta(hours=1))
    too_late = outbox.text(patient, purpose=TextKind.NUDGE, expires_at=NOON + timedelta(minutes=59, seconds=59))
    outbox.clock.advance(minutes=59, seconds=59)
    outbox.claim()

    assert outbox.deliver(in_time) is Outcome.SENT
    assert outbox.deliver(too_late) is Outcome.SKIPPED
    assert outbox.row(too_late).skip_reason is SkipReason.EXPIRED
    assert outbox.gateway.sent[0].valid_for == timedelta(seconds=1)


# --- at a decent hour -------------------------------------------------------------------------------------------------


def test_nobody_is_woken_the_text_goes_when_their_morning_comes(outbox: Outbox) -> None:
    outbox.clock.now = LONDON_NIGHT
    asleep = outbox.text(outbox.patient())
    awake = outbox.text(outbox.patient(number="+12025550101", time_zone="America/New_York"))
    outbox.claim()

    assert outbox.deliver(asleep) is Outcome.POSTPONED
    assert outbox.deliver(awake) is Outcome.SENT
    assert (outbox.row(asleep).state, outbox.row(asleep).due_at) == (MessageState.QUEUED, LONDON_MORNING)
    outbox.clock.now = LONDON_MORNING - timedelta(seconds=1)
    assert outbox.claim() == []
    outbox.clock.now = LONDON_MORNING
    assert outbox.send(asleep) is Outcome.SENT


def test_a_text_of_no_use_by_the_morning_is_not_sent_at_night_either(outbox: Outbox) -> None:
    outbox.clock.now = LONDON_NIGHT
    text = outbox.text(expires_at=LONDON_MORNING)

    assert outbox.send(text) is Outcome.SKIPPED
    assert outbox.row(text).skip_reason is SkipReason.EXPIRED


def test_a_text_can_be_put_off_until_somebody_is_there_to_read_the_answer(outbox: Outbox) -> None:
    tomorrow = NOON + timedelta(days=1)
    patient = outbox.with_followers(guard=lambda *_: Postpone(tomorrow)).patient()
    of_use, of_none = outbox.text(patient), outbox.text(patient, expires_at=tomorrow)
    outbox.claim()

    assert (outbox.deliver(of_use), outbox.deliver(of_none)) == (Outcome.POSTPONED, Outcome.SKIPPED)
    assert (outbox.row(of_use).due_at, outbox.row(of_none).skip_reason) == (tomorrow, SkipReason.EXPIRED)


def test_a_text_that_is_put_off_for_no_time_at_all_does_not_hold_up_the_pass(outbox: Outbox) -> None:
    text = outbox.with_followers(guard=lambda *_: Postpone(NOON)).text()

    assert dispatch(outbox.courier) == DispatchReport(postponed=1)
    assert outbox.row(text).due_at == NOON + FIRST_RETRY


# --- not too often ----------------------------------------------------------------------------------------------------


def test_one_prompt_in_a_day_of_the_patients_own_calendar(outbox: Outbox) -> None:
    auckland = outbox.patient(time_zone="Pacific/Auckland")
    first_day = [datetime(2026, 3, 4, hour, tzinfo=UTC) for hour in (0, 6)]  # 13:00 and 19:00 on the wall
    next_day = [datetime(2026, 3, 4, 20, tzinfo=UTC), datetime(2026, 3, 5, 5, tzinfo=UTC)]  # 9:00 and 18:00

    outcomes = []
    for moment in (*first_day, *next_day):
        outbox.clock.now = moment
        outcomes.append(outbox.send(outbox.text(auckland, due_at=moment)))

    assert outcomes == [Outcome.SENT, Outcome.POSTPONED, Outcome.SENT, Outcome.POSTPONED]


def test_five_texts_in_seven_days_are_the_most(outbox: Outbox) -> None:
    patient, noise = outbox.patient(), outbox.patient(number="+447700900999")
    plan = [(day, TextKind.REMINDER) for day in (0, 1, 2, 3)] + [(3, TextKind.NEW_LINK), (4, TextKind.NUDGE)]
    plan += [(6, TextKind.LAST_NUDGE), (7, TextKind.REMINDER)]

    outcomes = []
    for day, purpose in plan:
        outbox.clock.now = NOON + timedelta(days=day)
        terms = {"purpose": purpose, "due_at": outbox.clock(), "expires_at": outbox.clock() + TWO_DAYS}
        outbox.send(outbox.text(noise, **terms))
        outcomes.append(outbox.send(outbox.text(patient, **terms)))

    assert outcomes == [Outcome.SENT] * 5 + [Outcome.POSTPONED] * 2 + [Outcome.SENT]


def test_a_text_of_unknown_fate_counts_as_one_that_the_patient_has(outbox: Outbox) -> None:
    patient = outbox.patient()
    outbox.gateway.fail_next(OutcomeUnknown("no reply"))
    assert outbox.send(outbox.text(patient)) is Outcome.UNKNOWN

    second = outbox.text(patient)

    assert outbox.send(second) is Outcome.POSTPONED


def test_a_text_too_many_waits_for_the_next_day_and_ends_when_that_is_too_late(outbox: Outbox) -> None:
    patient = outbox.patient()
    assert outbox.send(outbox.text(patient)) is Outcome.SENT

    of_use = outbox.text(patient, purpose=TextKind.NUDGE, expires_at=NOON + timedelta(hours=30))
    assert outbox.send(of_use) is Outcome.POSTPONED
    stale = outbox.text(patient, purpose=TextKind.NUDGE, expires_at=NOON + timedelta(hours=8))
    assert outbox.send(stale) is Outcome.SKIPPED

    assert outbox.row(of_use).due_at == NOON.replace(hour=9) + timedelta(days=1)
    assert outbox.row(stale).skip_reason is SkipReason.OVER_CAP


def test_a_text_that_never_left_counts_for_nothing(outbox: Outbox) -> None:
    patient = outbox.patient()
    outbox.gateway.fail_next(Refused("30007", RefusalKind.CONTENT))
    assert outbox.send(outbox.text(patient)) is Outcome.FAILED

    assert outbox.send(outbox.text(patient)) is Outcome.SENT
