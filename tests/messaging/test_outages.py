"""When nothing can go, texts wait and one of them tries now and then; staff can see from when to when that was."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from monitor.db import unit_of_work
from monitor.messaging import outages
from monitor.messaging.delivery import Outcome
from monitor.messaging.gateway import NO_CONNECTION, NotAccepted, OutcomeUnknown, RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import MessageState, Outage, SkipReason
from monitor.messaging.outages import IN_A_ROW, LONGEST_WAIT, SHORTEST_WAIT, open_outage, outages_between
from tests.messaging.outbox_setting import NOON, Outbox, Provider

WRONG_TOKEN = Refused("20003", RefusalKind.CONFIGURATION)
NOBODY_THERE = NotAccepted(NO_CONNECTION)
NOTHING = DispatchReport()


def lasting(outbox: Outbox) -> Outage | None:
    with outbox.sessions() as session:
        return open_outage(session)


def between(outbox: Outbox, start: datetime, end: datetime) -> list[tuple[datetime, datetime | None]]:
    with outbox.sessions() as session:
        return [(each.began_at, each.ended_at) for each in outages_between(session, start, end)]


def test_a_refused_account_stops_all_texts_and_they_wait(outbox: Outbox) -> None:
    texts = [outbox.text() for _ in range(30)]
    outbox.gateway.fail_next(*[WRONG_TOKEN] * 30)

    assert dispatch(outbox.courier) == DispatchReport(postponed=20)  # the batch in hand: one was posted, none after it
    assert dispatch(outbox.courier) == NOTHING

    outage = lasting(outbox)
    assert outage is not None
    assert (outage.code, outage.began_at, outage.ended_at) == ("20003", NOON, None)
    assert {outbox.row(text).state for text in texts} == {MessageState.QUEUED}
    assert sum(outbox.row(text).error_code == "20003" for text in texts) == 1


def test_one_text_tries_and_the_first_that_is_taken_lets_all_go(outbox: Outbox) -> None:
    texts = [outbox.text() for _ in range(5)]
    outbox.gateway.fail_next(WRONG_TOKEN, WRONG_TOKEN)
    dispatch(outbox.courier)

    outbox.clock.now = NOON + SHORTEST_WAIT - timedelta(seconds=1)
    assert dispatch(outbox.courier) == NOTHING
    outbox.clock.now = NOON + SHORTEST_WAIT
    assert dispatch(outbox.courier) == DispatchReport(postponed=1)
    outbox.clock.now = NOON + 2 * SHORTEST_WAIT
    assert dispatch(outbox.courier) == DispatchReport(sent=4)  # and the one that tried waits a little longer
    outbox.clock.now = NOON + 3 * SHORTEST_WAIT
    assert dispatch(outbox.courier) == DispatchReport(sent=1)

    assert sorted(outbox.references) == sorted(texts)
    assert lasting(outbox) is None
    assert between(outbox, NOON, NOON + timedelta(days=1)) == [(NOON, NOON + 2 * SHORTEST_WAIT)]


def test_tries_become_rarer_and_texts_expire_meanwhile(outbox: Outbox) -> None:
    text = outbox.text(expires_at=NOON + timedelta(hours=3))
    outbox.gateway.fail_next(*[WRONG_TOKEN] * 100)
    tried = []
    while outbox.row(text).state is not MessageState.SKIPPED:
        before = outbox.row(text).attempt
        dispatch(outbox.courier)
        if outbox.row(text).attempt > before:
            tried.append(outbox.clock())
        outbox.clock.advance(seconds=30)

    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert gaps[0] <= 2 * SHORTEST_WAIT
    assert LONGEST_WAIT <= max(gaps) <= 2 * LONGEST_WAIT
    assert len(tried) < 25
    assert outbox.row(text).skip_reason is SkipReason.EXPIRED
    assert outbox.references == []


@pytest.mark.parametrize("fault", [NOBODY_THERE, OutcomeUnknown("no reply"), OutcomeUnknown("503")])
def test_nobody_answering_several_times_in_a_row_is_an_outage_since_the_first(outbox: Outbox, fault: Exception) -> None:
    for _ in range(IN_A_ROW):
        text = outbox.text()
        outbox.gateway.fail_next(fault)
        assert lasting(outbox) is None
        outbox.clock.advance(seconds=10)
        assert outbox.send(text) in (Outcome.POSTPONED, Outcome.UNKNOWN)

    outage = lasting(outbox)
    assert outage is not None
    assert outage.began_at == NOON + timedelta(seconds=10)


@pytest.mark.parametrize(
    "faults",
    [
        [*[NOBODY_THERE] * (IN_A_ROW - 1), None, NOBODY_THERE],
        [*[NOBODY_THERE] * (IN_A_ROW - 1), Refused("21614", RefusalKind.NUMBER), NOBODY_THERE],
        [NotAccepted("20429")] * (IN_A_ROW + 1),
        [NotAccepted("21408")] * (IN_A_ROW + 1),
    ],
    ids=["one is taken between", "one is answered between", "the provider is only busy", "one country is switched off"],
)
def test_what_is_no_outage(outbox: Outbox, faults: list[Exception | None]) -> None:
    for fault in faults:
        text = outbox.text()
        outbox.gateway.fail_next(*([fault] if fault else []))
        outbox.send(text)
    assert lasting(outbox) is None


def test_a_text_that_is_refused_for_itself_shows_that_the_way_is_free(outbox: Outbox) -> None:
    outbox.text()
    outbox.gateway.fail_next(WRONG_TOKEN, Refused("21614", RefusalKind.NUMBER))
    dispatch(outbox.courier)
    outbox.clock.now = NOON + SHORTEST_WAIT
    assert dispatch(outbox.courier) == DispatchReport(failed=1)
    assert lasting(outbox) is None


def test_a_batch_in_hand_when_the_outage_begins_is_not_posted(outbox: Outbox) -> None:
    texts = [outbox.text() for _ in range(20)]
    provider = Provider(outbox.clock)
    outbox.with_courier(gateway=provider)
    provider.faults.extend([(False, OutcomeUnknown("no reply"))] * 20)

    assert dispatch(outbox.courier) == DispatchReport(unknown=IN_A_ROW, postponed=20 - IN_A_ROW)
    assert len(provider.faults) == 20 - IN_A_ROW
    assert len(texts) == 20


def test_two_senders_share_the_one_try(outbox: Outbox) -> None:
    texts = [outbox.text(), outbox.text(), outbox.text()]
    provider = outbox.with_provider()
    provider.faults.extend([(False, WRONG_TOKEN)] * 5)
    dispatch(outbox.courier)
    outbox.clock.now = NOON + 2 * SHORTEST_WAIT
    claimed = outbox.claim()

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(outbox.deliver, claimed))

    assert sorted(claimed) == sorted(texts)
    assert outcomes == [Outcome.POSTPONED] * 3
    assert len(provider.faults) == 5 - 2, "the first text was posted, and since then one"


def test_outages_of_a_time_are_those_that_touch_it(outbox: Outbox) -> None:
    hours = [NOON + timedelta(hours=hour) for hour in range(8)]
    for began, ended in ((0, 1), (2, 4)):
        with unit_of_work(outbox.sessions) as session:
            outages.begin(session, "20003", hours[began])
            outages.begin(session, "21606", hours[began] + timedelta(minutes=5))
            outages.end(session, hours[ended])
    with unit_of_work(outbox.sessions) as session:
        outages.begin(session, "20003", hours[6])

    first, second, third = (hours[0], hours[1]), (hours[2], hours[4]), (hours[6], None)
    assert between(outbox, hours[0], hours[7]) == [first, second, third]
    assert between(outbox, hours[1], hours[2]) == []
    assert between(outbox, hours[3], hours[5]) == [second]
    assert between(outbox, hours[7], hours[7] + timedelta(days=9)) == [third]


def test_the_log_tells_of_the_beginning_and_the_end_once(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="monitor.messaging.outages")
    [outbox.text() for _ in range(3)]
    outbox.gateway.fail_next(WRONG_TOKEN, WRONG_TOKEN)
    for _ in range(4):
        dispatch(outbox.courier)
        outbox.clock.advance(minutes=2)
    said = [record.getMessage() for record in caplog.records if record.name == "monitor.messaging.outages"]
    assert said == ["texts: nothing goes: 20003", "texts: they go again"]
