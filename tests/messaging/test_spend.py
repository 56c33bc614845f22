"""A day's texts cost no more than the service has said, and a text that tells where help is goes whatever it costs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging import spend
from monitor.messaging.delivery import Outcome
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown, RefusalKind, Refused
from monitor.messaging.models import SkipReason, SpendCounter, SpendScope
from monitor.messaging.spend import Limits
from monitor.messaging.texts import TextKind
from tests.messaging.outbox_setting import NOON, Outbox

TODAY = NOON.date()


def spent(outbox: Outbox, scope: SpendScope, on: date = TODAY) -> dict[str, int]:
    with outbox.sessions() as session:
        rows = session.query(SpendCounter).filter_by(scope=scope, on=on)
        return {row.key: row.segments for row in rows if row.segments}


def limited(outbox: Outbox, **limits: int) -> Outbox:
    return outbox.with_courier(limits=Limits(**limits))


def question(outbox: Outbox, body: str = "1?", **terms: object) -> Outcome:
    """Send a text that no other cap holds back."""
    terms = {"purpose": TextKind.QUESTION, "prepared": body, "due_at": outbox.clock()} | terms
    return outbox.send(outbox.text(**terms))


def test_a_text_is_counted_in_segments_for_its_patient_its_country_and_the_service(outbox: Outbox) -> None:
    british, ukrainian = outbox.patient(), outbox.patient(number="+380501234567")
    question(outbox, "1?", patient=british)
    question(outbox, "2" * 161, patient=british)
    question(outbox, "ї" * 140, patient=ukrainian)

    assert spent(outbox, SpendScope.PATIENT) == {str(british.id): 3, str(ukrainian.id): 3}
    assert spent(outbox, SpendScope.PREFIX) == {"+44": 3, "+380": 3}
    assert spent(outbox, SpendScope.SERVICE) == {spend.SERVICE: 6}


@pytest.mark.parametrize("scope", ["per_patient", "per_prefix", "per_day"])
def test_the_text_that_would_go_over_a_limit_does_not_go_and_a_shorter_one_does(outbox: Outbox, scope: str) -> None:
    limited(outbox, **{scope: 3})
    patient = outbox.patient()

    assert question(outbox, "1" * 161, patient=patient) is Outcome.SENT
    over = outbox.text(patient, purpose=TextKind.QUESTION, prepared="2" * 161)
    assert outbox.send(over) is Outcome.SKIPPED
    assert (outbox.row(over).skip_reason, outbox.row(over).body) == (SkipReason.OVER_SPEND, None)
    assert question(outbox, "3", patient=patient) is Outcome.SENT
    assert question(outbox, "4", patient=patient) is Outcome.SKIPPED
    assert sum(spent(outbox, SpendScope.SERVICE).values()) == 3


def test_one_patients_limit_is_nobody_elses(outbox: Outbox) -> None:
    limited(outbox, per_patient=1)
    first, second = outbox.patient(), outbox.patient(number="+447700900002")
    assert [question(outbox, patient=patient) for patient in (first, first, second)] == [
        Outcome.SENT,
        Outcome.SKIPPED,
        Outcome.SENT,
    ]


def test_where_help_is_told_whatever_it_costs(outbox: Outbox) -> None:
    limited(outbox, per_patient=1, per_day=1, per_prefix=1)
    patient = outbox.patient()
    question(outbox, patient=patient)
    assert question(outbox, "Help is here.", patient=patient, purpose=TextKind.SUPPORT) is Outcome.SENT
    assert question(outbox, patient=patient, purpose=TextKind.REPLY) is Outcome.SKIPPED


def test_a_new_day_begins_at_midnight_utc(outbox: Outbox) -> None:
    limited(outbox, per_patient=1)
    patient = outbox.patient(time_zone="Pacific/Auckland")
    outbox.clock.now = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
    terms = {"patient": patient, "expires_at": NOON + timedelta(days=3)}
    assert [question(outbox, **terms), question(outbox, **terms)] == [Outcome.SENT, Outcome.SKIPPED]
    outbox.clock.advance(minutes=1)
    assert question(outbox, **terms) is Outcome.SENT


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        (NotAccepted("20429"), {}),
        (Refused("21614", RefusalKind.NUMBER), {}),
        (OutcomeUnknown("no reply"), {spend.SERVICE: 1}),
    ],
    ids=["not taken", "refused", "nobody knows"],
)
def test_what_nobody_took_costs_nothing(outbox: Outbox, fault: Exception, counted: dict[str, int]) -> None:
    outbox.gateway.fail_next(fault)
    question(outbox)
    assert spent(outbox, SpendScope.SERVICE) == counted


def test_senders_side_by_side_keep_to_the_limit(outbox: Outbox) -> None:
    limited(outbox, per_day=5)
    with unit_of_work(outbox.sessions) as session:
        session.query(SpendCounter).delete()
    texts = [outbox.text(purpose=TextKind.QUESTION, prepared="1?") for _ in range(20)]
    owner = new_id()
    outbox.claim(owner)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda text: outbox.deliver(text, owner), texts))

    assert outcomes.count(Outcome.SENT) <= 5
    assert outcomes.count(Outcome.SENT) + outcomes.count(Outcome.SKIPPED) == 20
    assert spent(outbox, SpendScope.SERVICE) == {spend.SERVICE: outcomes.count(Outcome.SENT)}


def test_old_counters_are_forgotten(outbox: Outbox) -> None:
    question(outbox)
    with unit_of_work(outbox.sessions) as session:
        spend.forget(session, TODAY)
    assert spent(outbox, SpendScope.SERVICE) == {spend.SERVICE: 1}
    with unit_of_work(outbox.sessions) as session:
        spend.forget(session, TODAY + timedelta(days=1))
    assert spent(outbox, SpendScope.SERVICE) == {}


def test_no_limit_is_no_limit() -> None:
    totals = dict.fromkeys(SpendScope, 10**9)
    assert not Limits().exceeded(totals)
    assert all(
        replace(Limits(), **{name: 10**9 - 1}).exceeded(totals) for name in ("per_day", "per_prefix", "per_patient")
    )
