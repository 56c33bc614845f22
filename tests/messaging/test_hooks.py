"""What Twilio's calls do: a text moves forward and only forward, a patient's text is kept once and then understood."""

import logging
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.messaging.models import MessageState, Understood
from monitor.people.models import Patient
from tests.messaging.edge import PATIENTS_NUMBER, SID, STATUS, TEXT, Edge, status_form, text_form
from tests.messaging.outbox_setting import add_patient
from tests.messaging.stand_in import Manners
from tests.phones import every_row


@pytest.fixture
def edge(sessions: Sessions) -> Edge:
    """The service, on each database."""
    return Edge(sessions)


def but(rows: dict[str, list[str]], *tables: str) -> dict[str, list[str]]:
    return {name: found for name, found in rows.items() if name not in tables}


# ---- what became of a text ----


def test_a_text_that_arrives_is_known_to_have_arrived(edge: Edge) -> None:
    text = edge.text_in_flight()

    assert [edge.report(text, status) for status in ("sent", "delivered")] == [204, 204]

    message = edge.message(text)
    assert (message.state, message.provider_status) == (MessageState.DELIVERED, "delivered")
    assert message.reported_at == edge.clock.now
    assert edge.events() == [("sent", True), ("delivered", True)]


def test_a_text_that_does_not_arrive_is_lost_and_its_code_says_why(edge: Edge) -> None:
    text = edge.text_in_flight()

    edge.report(text, "undelivered", ErrorCode="30007")

    assert (edge.message(text).state, edge.message(text).error_code) == (MessageState.UNDELIVERED, "30007")
    assert edge.news == [("undelivered", text)]


def test_a_late_word_moves_nothing_back(edge: Edge) -> None:
    text = edge.text_in_flight()

    for status in ("delivered", "sending", "sent", "queued"):
        assert edge.report(text, status) == 204

    assert edge.message(text).state is MessageState.DELIVERED
    assert edge.events() == [("delivered", True), ("sending", False), ("sent", False), ("queued", False)]


def test_a_call_that_comes_again_changes_nothing(edge: Edge) -> None:
    text = edge.text_in_flight()
    edge.report(text, "undelivered", ErrorCode="30007")
    before = every_row(edge.sessions)

    edge.clock.advance(hours=3)
    assert edge.report(text, "undelivered", ErrorCode="30007") == 204

    assert every_row(edge.sessions) == before
    assert edge.news == [("undelivered", text)]


def test_a_call_about_a_text_whose_receipt_was_lost_brings_its_id(edge: Edge) -> None:
    """The sender died between its request and its record; the provider has the text and calls."""
    text = edge.text_in_flight(sid=None)

    edge.report(text, "delivered")

    message = edge.message(text)
    assert (message.state, message.provider_id) == (MessageState.DELIVERED, SID)
    assert edge.news == [("sent", text)]


def test_another_text_of_the_same_name_is_ignored(edge: Edge) -> None:
    """Two requests went out for one row: the first id stays, and only its news count."""
    text = edge.text_in_flight()

    edge.report(text, "failed", "SM" + "b" * 32, ErrorCode="30003")

    assert (edge.message(text).state, edge.message(text).provider_id) == (MessageState.SENT, SID)
    assert (edge.events(), edge.news) == ([("failed", False)], [])


def test_a_text_that_is_not_ours_is_noted_and_moves_nothing(edge: Edge) -> None:
    text = edge.text_in_flight(sid="SM" + "b" * 32)
    before = every_row(edge.sessions)

    assert edge.report(new_id(), "failed") == 204

    assert but(every_row(edge.sessions), "delivery_events") == but(before, "delivery_events")
    assert edge.events() == [("failed", False)]
    assert edge.message(text).state is MessageState.SENT


def test_a_call_without_our_own_id_goes_by_the_providers(edge: Edge) -> None:
    text = edge.text_in_flight()

    assert edge.call(STATUS, status_form("delivered")).status_code == 204

    assert edge.message(text).state is MessageState.DELIVERED


def test_news_that_could_not_be_followed_up_is_not_kept_so_that_it_can_come_again(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    text = edge.text_in_flight()
    before = every_row(edge.sessions)

    edge.failing = True
    assert edge.report(text, "failed", ErrorCode="30007") == 500
    assert every_row(edge.sessions) == before
    assert "Riverside" not in caplog.text

    edge.failing = False
    assert edge.report(text, "failed", ErrorCode="30007") == 204
    assert edge.message(text).state is MessageState.FAILED


@pytest.mark.parametrize("seed", range(5))
def test_calls_in_any_order_each_of_them_twice_come_to_the_same(edge: Edge, seed: int) -> None:
    texts = [edge.text_in_flight(sid=None, number=f"+4477009001{each:02}") for each in range(4)]
    said = ["queued", "sending", "sent", "delivered"]
    calls = [(text, f"SM{place:032}", status) for place, text in enumerate(texts) for status in said * 2]
    random.Random(seed).shuffle(calls)  # noqa: S311  # an order that can be had again

    for text, sid, status in calls:
        edge.report(text, status, sid)

    assert {edge.message(text).state for text in texts} == {MessageState.DELIVERED}
    assert sorted(edge.news) == sorted(("sent", text) for text in texts)
    assert len(edge.events()) == len(texts) * len(said)


def test_the_same_calls_from_many_sides_at_once_count_once(edge: Edge) -> None:
    text = edge.text_in_flight(sid=None)
    said = [(f"{STATUS}?m={text}", status_form("delivered")), (TEXT, text_form("1", "SM" + "c" * 32))] * 6

    with ThreadPoolExecutor(len(said)) as sides:
        replies = list(sides.map(lambda call: edge.call(*call).status_code, said))

    assert sorted(replies) == [200] * 6 + [204] * 6
    assert edge.news == [("sent", text)]
    assert edge.events() == [("delivered", True)]
    assert len(edge.inbound()) == len(edge.received) == 1


# ---- texts from patients ----


def test_a_patients_text_is_sealed_kept_and_understood(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        patient = add_patient(session, number=PATIENTS_NUMBER)

    reply = edge.call(TEXT, text_form("2, most days"))

    assert (reply.status_code, reply.mimetype) == (200, "text/xml")
    assert reply.text.endswith("<Response/>")
    [inbound] = edge.inbound()
    assert (inbound.body, inbound.patient_id, inbound.provider_id) == ("2, most days", patient.id, SID)
    assert inbound.understood_as is Understood.ANSWER
    assert "most days" not in str(every_row(edge.sessions))


def test_what_a_stranger_writes_is_not_kept(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        add_patient(session, number="+447700900999", closed_at=edge.clock.now)

    for sid, number in (("SM1", "+447700900888"), ("SM2", "+447700900999")):
        assert edge.call(TEXT, text_form("who is this?", sid, number)).status_code == 200

    assert [(each.patient_id, each._body) for each in edge.inbound()] == [(None, None)] * 2
    assert len(edge.received) == 2, "whoever understands texts decides what a stranger is to get"


def test_a_copy_of_a_text_is_the_same_text(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        add_patient(session, number=PATIENTS_NUMBER)
    edge.network.manners = Manners(doubled=1.0)

    assert edge.network.text_from(PATIENTS_NUMBER, "1") == 200
    assert len(edge.network.calls) == 2

    assert len(edge.inbound()) == len(edge.received) == 1


def test_the_same_words_again_are_another_text(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        add_patient(session, number=PATIENTS_NUMBER)

    for _ in range(2):
        edge.network.text_from(PATIENTS_NUMBER, "1")

    assert len(edge.inbound()) == 2


def test_a_text_that_could_not_be_understood_waits_and_is_answered_all_the_same(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work(edge.sessions) as session:
        add_patient(session, number=PATIENTS_NUMBER)
    edge.failing = True

    assert edge.call(TEXT, text_form("something private")).status_code == 200

    [inbound] = edge.inbound()
    assert (inbound.understood_as, inbound.body) == (None, "something private")
    assert "private" not in caplog.text


@pytest.mark.parametrize(("said", "kept"), [("STOP", "STOP"), ("HELP", "HELP"), ("MAYBE", None)])
def test_what_the_provider_has_answered_is_known(edge: Edge, said: str, kept: str | None) -> None:
    edge.call(TEXT, text_form("stop", OptOutType=said))

    assert [each.opt_out for each in edge.inbound()] == [kept]


def test_who_told_the_network_to_stop_is_refused_until_they_start_again(edge: Edge) -> None:
    network = edge.network
    network.manners = Manners(answers_stop=True)

    network.text_from(PATIENTS_NUMBER, " Stop ")
    assert PATIENTS_NUMBER in network.stopped
    network.text_from(PATIENTS_NUMBER, "start")

    assert PATIENTS_NUMBER not in network.stopped
    assert {each.opt_out for each in edge.inbound()} == {"STOP", "START"}


def test_a_picture_without_words_is_a_text_too(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        add_patient(session, number=PATIENTS_NUMBER)

    assert edge.call(TEXT, text_form("", NumMedia="1")).status_code == 200

    assert [each.body for each in edge.inbound()] == [""]


def test_a_number_that_two_patients_share_is_one_of_theirs(edge: Edge) -> None:
    with unit_of_work(edge.sessions) as session:
        for _ in range(2):
            add_patient(session, number=PATIENTS_NUMBER, number_is_shared=True)

    edge.call(TEXT, text_form("1"))

    with edge.sessions() as session:
        patients = set(session.scalars(sa.select(Patient.id)))
    assert [each.patient_id in patients for each in edge.inbound()] == [True]


# ---- what all of them have in common ----


def test_nothing_of_a_call_is_in_the_log_and_no_cookie_is_set(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = edge.text_in_flight()

    replies = [
        edge.call(f"{STATUS}?m={text}", status_form("undelivered", ErrorCode="30003")),
        edge.call(TEXT, text_form("something private")),
        edge.call(TEXT, text_form("something private"), secret="another"),
    ]

    assert [reply.status_code for reply in replies] == [204, 200, 403]
    assert not [reply for reply in replies if "Set-Cookie" in reply.headers]
    assert not [word for word in (PATIENTS_NUMBER[1:], "private", "Riverside: hello") if word in caplog.text]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"{STATUS}?m=not-an-id", status_form("sent")),
        (STATUS, status_form("sent", "")),
        (STATUS, status_form("sent", "SM'; --")),
        (STATUS, status_form("")),
        (STATUS, status_form("se nt")),
        (STATUS, status_form("sent", ErrorCode="no number")),
        (TEXT, text_form("1", sid="")),
        (TEXT, text_form("1", sender="")),
    ],
    ids=str,
)
def test_a_signed_call_that_makes_no_sense_changes_nothing_but_its_count(
    edge: Edge, path: str, form: dict[str, str]
) -> None:
    before = every_row(edge.sessions)

    assert edge.call(path, form).status_code == 400

    assert but(every_row(edge.sessions), "refused_calls") == but(before, "refused_calls")
    assert sum(edge.refused().values()) == 1
