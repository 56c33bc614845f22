"""The journeys that cross capabilities, as patients go them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from monitor import workflows
from monitor.checkins.models import (
    Answer,
    CancelReason,
    CheckIn,
    CheckInKind,
    DialogueEnd,
    MeasureState,
    Mode,
    Score,
    Submission,
    TextDialogue,
)
from monitor.checkins.service import Delivery, find, find_open
from monitor.db import Sessions, unit_of_work
from monitor.flags import service as flags
from monitor.flags.kinds import EvidenceCode, FlagKind, Outcome, Rule, SelfSafety
from monitor.flags.models import Flag
from monitor.ids import new_id, new_token
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import MONITORING, Channel, Consent, ContactPreference, Party, Patient, Purpose
from monitor.people.service import newest_consent, prefer, preference
from monitor.worker import make_courier, tick
from monitor.workflows import CheckInTaken, Receipt
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers, token_of

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)


class Phone:
    """One patient's phone with the link of one open check-in."""

    def __init__(self, sessions: Sessions, settings: Any, **about: Any) -> None:
        self.sessions, self.settings = sessions, settings
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.care: InCare = a_patient(session, team, a_staff_member(session, team), **about)
        self.check_in = self.link()

    def link(self, **about: Any) -> CheckIn:
        """Another check-in, open unless told otherwise; links are to it from now on."""
        with unit_of_work(self.sessions) as session:
            self.check_in = a_check_in(session, self.care, **about)
        return self.check_in

    @property
    def token(self) -> str:
        return token_of(self.check_in)

    def send(
        self, given: dict[tuple[str, int], int | None], key: UUID | None = None, at: datetime = NOW, **more: Any
    ) -> Receipt:
        """Send the form. Raises CheckInTaken."""
        language = more.pop("language", "en")
        delivery = Delivery(key or new_id(), language, Mode.LINK, known_device=False, note=more.pop("note", None))
        with unit_of_work(self.sessions) as session:
            check_in = find(session, self.token)
            assert check_in is not None
            return workflows.complete_check_in(
                session, check_in, given, delivery, settings=more.pop("settings", self.settings), now=at, **more
            )

    def begin(self, given: dict[tuple[str, int], int | None], at: datetime = NOW, *, call: bool = False) -> None:
        """Answer a part of the form and not send it."""
        with unit_of_work(self.sessions) as session:
            check_in = find(session, self.token)
            assert check_in is not None
            workflows.save_early(session, check_in, given, call_asked=call, now=at)

    def add(self, key: UUID, at: datetime = NOW, *, call: bool = False, safe: SelfSafety | None = None) -> bool:
        """Add something on the page after sending."""
        with unit_of_work(self.sessions) as session:
            check_in = find(session, self.token)
            assert check_in is not None
            return workflows.after_safety(session, check_in, key, call_asked=call, self_safety=safe, now=at)

    def ask_for_a_link(self, token: str | None = None, at: datetime = NOW) -> None:
        with unit_of_work(self.sessions) as session:
            workflows.request_link(session, self.token if token is None else token, at)

    def opt_out(self, at: datetime = NOW) -> None:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, self.care.patient.id)
            workflows.opt_out(session, patient, said_by=Party.PATIENT, now=at)

    def opt_in(self, at: datetime = NOW) -> None:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, self.care.patient.id)
            workflows.opt_in(session, patient, said_by=Party.PATIENT, now=at)

    def tick(self, at: datetime) -> RecordingGateway:
        gateway = RecordingGateway()
        tick(make_courier(self.settings, self.sessions, lambda: at, gateway))
        return gateway

    def all(self, model: type[Any], *options: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(model).options(*options).order_by(model.id)))

    @property
    def said(self) -> list[tuple[FlagKind, str | None, tuple[str, ...]]]:
        """Everything that flags say: kind, rule and evidence."""
        return [
            (flag.kind, event.rule, tuple(item["code"] for item in event.evidence or ()))
            for flag in self.all(Flag, selectinload(Flag.events))
            for event in flag.events
        ]

    @property
    def kinds(self) -> list[FlagKind]:
        return [flag.kind for flag in self.all(Flag)]


@pytest.fixture
def phone(sessions: Sessions, settings: Any) -> Phone:
    """A patient in London with an open check-in."""
    return Phone(sessions, settings)


S1_FIRST = (FlagKind.SAFETY, Rule.S1, (EvidenceCode.ITEM9_ANSWERED, EvidenceCode.ITEM9_FIRST))
S3 = (FlagKind.SAFETY, Rule.S3, (EvidenceCode.CALL_ASKED,))
C1 = (FlagKind.CALL_REQUESTED, Rule.C1, (EvidenceCode.CALL_WANTED,))


# ---- sending ----


def test_what_is_sent_is_kept_scored_carried_forward_and_answered_for(phone: Phone) -> None:
    receipt = phone.send(answers(phq9=14, gad7=9, item9=0), note="It was a hard week.")

    assert receipt == Receipt(receipt.submission_id, safety=False)
    [submission] = phone.all(Submission, selectinload(Submission.patient))
    assert (submission.id, submission.note) == (receipt.submission_id, "It was a hard week.")
    assert len(phone.all(Answer)) == 16
    assert {(score.instrument, score.total) for score in phone.all(Score)} == {("phq9", 14), ("gad7", 9)}
    with phone.sessions() as session:
        states = session.scalars(sa.select(MeasureState)).all()
        assert {(state.instrument, state.baseline, state.last, state.count) for state in states} == {
            ("phq9", 14, 14, 1),
            ("gad7", 9, 9, 1),
        }
        assert find_open(session, phone.token, NOW) is None, "the link is dead at submit"


def test_the_same_page_sent_again_gives_the_same_receipt(phone: Phone) -> None:
    key = new_id()
    first = phone.send(answers(phq9=9, item9=1), key)

    again = phone.send(answers(phq9=9, item9=1), key, NOW + MINUTE)
    much_later = phone.send(answers(phq9=3), key, NOW + 30 * DAY)

    assert again == much_later == Receipt(first.submission_id, safety=True, repeated=True)
    assert len(phone.all(Submission)) == 1
    assert phone.said == [S1_FIRST]


def test_a_receipt_is_found_again_by_its_link_and_its_key_alone(phone: Phone) -> None:
    key = new_id()
    first = phone.send(answers(item9=1, phq9=1), key)

    with unit_of_work(phone.sessions) as session:
        check_in = find(session, phone.token)
        assert check_in is not None
        assert workflows.repeat_of(session, check_in, key) == Receipt(first.submission_id, True, repeated=True)
        assert workflows.repeat_of(session, check_in, new_id()) is None


def test_another_page_of_the_same_check_in_is_too_late(phone: Phone) -> None:
    phone.send(answers(phq9=9))

    with pytest.raises(CheckInTaken):
        phone.send(answers(phq9=20))

    assert [score.total for score in phone.all(Score) if score.instrument == "phq9"] == [9]


@pytest.mark.parametrize(
    "when",
    [
        {"due_at": NOW + DAY},
        {"due_at": NOW - WEEK},
        {"due_at": NOW - 2 * DAY, "missed_at": NOW},
        {"due_at": NOW - 2 * DAY, "cancelled_at": NOW, "cancel_reason": CancelReason.PAUSED},
    ],
    ids=["not yet open", "over", "missed", "cancelled"],
)
def test_a_check_in_that_is_not_open_takes_no_answers(phone: Phone, when: dict[str, Any]) -> None:
    phone.link(**when)

    with pytest.raises(CheckInTaken):
        phone.send(answers(phq9=9))

    assert phone.all(Submission) == phone.all(Answer) == []


def test_a_key_that_was_used_for_one_check_in_does_not_stop_another(phone: Phone) -> None:
    """Keys are made by phones, and a form can be sent with any."""
    key = new_id()
    phone.send(answers(phq9=9), key)
    phone.link(due_at=NOW - 2 * DAY)

    receipt = phone.send(answers(phq9=10), key)

    assert not receipt.repeated
    assert len(phone.all(Submission)) == 2


def test_an_answer_stops_the_texts_that_were_to_remind_of_it(phone: Phone) -> None:
    with unit_of_work(phone.sessions) as session:
        other = a_check_in(session, phone.care, due_at=NOW + 2 * DAY)
        for check_in in (phone.check_in, other):
            session.add(a_text(phone.care, check_in))

    phone.send(answers(phq9=9))

    states = {message.check_in_id: message.state for message in phone.all(Message)}
    assert states == {phone.check_in.id: MessageState.CANCELLED, other.id: MessageState.QUEUED}


def test_the_first_answers_are_the_consent_that_the_page_asked_for(sessions: Sessions, settings: Any) -> None:
    phone = Phone(sessions, settings, consent=False)

    phone.send(answers(phq9=9))
    phone.link(due_at=NOW - 2 * DAY)
    phone.send(answers(phq9=9))

    assert {(consent.purpose, consent.granted, consent.said_by) for consent in phone.all(Consent)} == {
        (purpose, True, Party.PATIENT) for purpose in MONITORING
    }
    assert len(phone.all(Consent)) == len(MONITORING)


def test_a_measure_without_wording_in_the_language_is_neither_asked_nor_scored(
    sessions: Sessions, settings: Any
) -> None:
    phone = Phone(sessions, settings, language="ar", region="EG")

    phone.send(answers(phq9=9, gad7=None), language="ar")

    assert [score.instrument for score in phone.all(Score)] == ["phq9"]
    with sessions() as session:
        assert session.scalars(sa.select(MeasureState.instrument)).all() == ["phq9"]


# ---- the safety item ----


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_every_answer_above_0_brings_help_to_the_patient_and_a_flag_to_the_team(phone: Phone, answer: int) -> None:
    assert phone.send(answers(phq9=answer, gad7=0, item9=answer)).safety

    assert phone.said == [S1_FIRST]


def test_an_answer_of_0_brings_neither(phone: Phone) -> None:
    assert not phone.send(answers(phq9=0, gad7=0, item9=0)).safety
    assert phone.kinds == []


def test_no_total_is_needed_for_a_safety_flag(phone: Phone) -> None:
    """Everything else was declined: there is no score, and the safety answer counts all the same."""
    given = {item: None for item in answers()} | {("phq9", 9): 1}

    assert phone.send(given).safety

    assert phone.kinds == [FlagKind.SAFETY]
    assert {score.total for score in phone.all(Score)} == {None}


def test_an_estimated_total_never_stands_in_for_the_safety_answer(phone: Phone) -> None:
    settings = phone.settings.model_copy(update={"estimate_totals": True})

    assert not phone.send(answers(phq9=24, gad7=21) | {("phq9", 9): None}, settings=settings).safety

    assert phone.kinds == []
    assert {(score.instrument, score.total, score.estimated) for score in phone.all(Score)} == {
        ("phq9", 27, True),
        ("gad7", 21, False),
    }
    with phone.sessions() as session:
        assert session.scalars(sa.select(MeasureState.safety_answer)).all() == [None, None]


@pytest.mark.parametrize(
    ("declined", "evidence"), [(True, EvidenceCode.ITEM9_DECLINED), (False, EvidenceCode.ITEM9_LEFT_OUT)]
)
def test_a_safety_item_without_an_answer_after_one_above_0_is_for_the_team(
    phone: Phone, declined: bool, evidence: EvidenceCode
) -> None:
    phone.send(answers(phq9=2, item9=2))
    phone.link(due_at=NOW - 2 * DAY)
    given = answers(phq9=0) | {("phq9", 9): None}
    if not declined:
        del given[("phq9", 9)]

    receipt = phone.send(given, at=NOW + HOUR)

    assert not receipt.safety, "the patient sees the ordinary page"
    assert phone.said == [S1_FIRST, (FlagKind.SAFETY, Rule.S4, (evidence, EvidenceCode.ITEM9_BEFORE))]


def test_the_evidence_names_the_answer_before_and_its_day(phone: Phone) -> None:
    phone.send(answers(phq9=1, item9=1), at=NOW)
    phone.link(due_at=NOW - 2 * DAY)
    phone.send(answers(phq9=3, item9=3), at=NOW + DAY)

    [flag] = phone.all(Flag, selectinload(Flag.events))
    assert flag.events[-1].evidence == [
        {"code": "item9_answered", "params": {"answer": 3}},
        {"code": "item9_before", "params": {"previous": 1, "on": "2026-11-24"}},
    ]


# ---- before the rest was sent ----


def test_a_safety_answer_is_acted_on_before_the_form_is_sent(phone: Phone) -> None:
    phone.begin({("phq9", 9): 2})

    assert phone.said == [S1_FIRST]
    assert phone.all(Submission) == []


def test_sending_the_rest_does_not_say_it_twice(phone: Phone) -> None:
    phone.begin({("phq9", 9): 2})
    phone.begin({("phq9", 9): 2, ("gad7", 1): 0}, NOW + MINUTE)

    phone.send(answers(phq9=10, item9=2), at=NOW + 2 * MINUTE)

    assert phone.said == [S1_FIRST]
    assert sum(answer.submission_id is not None for answer in phone.all(Answer)) == 16


def test_a_changed_mind_is_said_and_takes_nothing_back(phone: Phone) -> None:
    phone.begin({("phq9", 9): 3})
    phone.begin({("phq9", 9): 0}, NOW + MINUTE)
    assert phone.said == [S1_FIRST]

    phone.send(answers(phq9=1, item9=1), at=NOW + 2 * MINUTE)

    assert phone.said == [S1_FIRST, S1_FIRST]
    [flag] = phone.all(Flag, selectinload(Flag.events))
    assert [event.evidence[0]["params"] for event in flag.events] == [{"answer": 3}, {"answer": 1}]
    assert flag.closed_at is None


def test_a_call_asked_for_beside_the_safety_item_comes_with_it(phone: Phone) -> None:
    phone.begin({("phq9", 1): 1, ("phq9", 9): 1}, call=True)

    assert phone.said == [S1_FIRST, S3]


def test_a_call_asked_for_without_a_safety_answer_is_a_call(phone: Phone) -> None:
    phone.begin({("phq9", 1): 1}, call=True)

    assert phone.said == [C1]


def test_a_safety_item_that_was_not_reached_yet_was_not_left_out(phone: Phone) -> None:
    """Last time above 0, this time half-way through: nothing can be said about item 9 yet."""
    phone.send(answers(phq9=2, item9=2))
    phone.link(due_at=NOW - 2 * DAY)

    phone.begin({("phq9", 1): 1, ("phq9", 2): None})
    assert phone.said == [S1_FIRST]

    phone.begin({("phq9", 9): None}, NOW + MINUTE)
    assert [rule for _, rule, _ in phone.said] == [Rule.S1, Rule.S4]


def test_answers_that_are_begun_say_nothing_about_the_course_or_about_silence(phone: Phone) -> None:
    with unit_of_work(phone.sessions) as session:
        for weeks in (1, 2, 3):
            a_check_in(session, phone.care, due_at=NOW - (weeks + 1) * WEEK, missed_at=NOW - weeks * WEEK)

    phone.begin({("phq9", 9): 1})

    assert phone.kinds == [FlagKind.SAFETY]


def test_a_copy_that_arrives_after_the_form_is_dropped(phone: Phone) -> None:
    phone.send(answers(phq9=2, item9=2))

    phone.begin({("phq9", 9): 2}, NOW + MINUTE)

    assert phone.said == [S1_FIRST]
    assert len(phone.all(Answer)) == 16


def test_a_copy_that_arrives_after_the_end_of_the_check_in_is_dropped(phone: Phone) -> None:
    phone.begin({("phq9", 9): 2}, NOW + WEEK)

    assert phone.said == []
    assert phone.all(Answer) == []


# ---- on the page after it ----


def test_a_call_asked_for_after_a_safety_answer_joins_its_flag_and_says_nothing_else_again(phone: Phone) -> None:
    phone.send(answers(phq9=1, item9=1))
    phone.link(due_at=NOW - 2 * DAY)
    key = new_id()
    phone.send(answers(phq9=2, item9=2), key, NOW + HOUR)
    before = phone.said

    assert phone.add(key, NOW + HOUR + MINUTE, call=True)
    assert phone.add(key, NOW + HOUR + 2 * MINUTE, call=True)

    assert phone.said == [*before, S3]


@pytest.mark.parametrize(
    ("safe", "evidence"),
    [(SelfSafety.NO, EvidenceCode.SELF_SAFETY_NO), (SelfSafety.UNSURE, EvidenceCode.SELF_SAFETY_UNSURE)],
)
def test_not_able_or_not_sure_to_keep_safe_joins_the_flag(
    phone: Phone, safe: SelfSafety, evidence: EvidenceCode
) -> None:
    key = new_id()
    phone.send(answers(phq9=1, item9=1), key)
    [flag] = phone.all(Flag)

    phone.add(key, NOW + MINUTE, safe=safe)

    assert phone.said == [S1_FIRST, (FlagKind.SAFETY, Rule.S2, (evidence,))]
    assert phone.all(Flag)[0].due_at < flag.due_at, "and shortens its clock"


def test_able_to_keep_safe_takes_nothing_back(phone: Phone) -> None:
    key = new_id()
    phone.send(answers(phq9=1, item9=1), key)

    assert phone.add(key, safe=SelfSafety.YES)

    assert phone.said == [S1_FIRST]


def test_a_call_asked_for_after_any_other_check_in_is_a_call(phone: Phone) -> None:
    key = new_id()
    phone.send(answers(phq9=8, item9=0), key)

    phone.add(key, call=True)

    assert phone.said == [C1]


def test_a_call_asked_for_once_more_after_staff_closed_the_first_is_a_new_one(phone: Phone) -> None:
    key = new_id()
    phone.send(answers(phq9=8, item9=0), key)
    phone.add(key, call=True)
    with unit_of_work(phone.sessions) as session:
        flag = session.scalars(sa.select(Flag)).one()
        flags.close(session, flag, phone.care.clinician, Outcome.SPOKE, "We spoke.", NOW + HOUR)

    phone.add(key, NOW + 2 * HOUR, call=True)

    assert phone.kinds == [FlagKind.CALL_REQUESTED] * 2


def test_only_the_page_that_sent_can_add(phone: Phone) -> None:
    key = new_id()
    phone.send(answers(phq9=1, item9=1), key)

    assert not phone.add(new_id(), call=True)
    phone.link(due_at=NOW - 2 * DAY)
    assert not phone.add(key, call=True)

    assert phone.said == [S1_FIRST]


# ---- a new link ----


def test_who_asks_while_a_check_in_is_open_gets_the_link_of_that_one(phone: Phone) -> None:
    old = phone.link(due_at=NOW - 9 * DAY, missed_at=NOW - 2 * DAY)
    opened = phone.link(due_at=NOW - HOUR, sequence=2)

    phone.ask_for_a_link(token_of(old))

    [message] = phone.all(Message)
    assert (message.purpose, message.check_in_id) == (TextKind.NEW_LINK, opened.id)


def test_who_comes_late_is_welcome(sessions: Sessions, settings: Any) -> None:
    phone = Phone(sessions, settings)
    phone.link(due_at=NOW - 9 * DAY, missed_at=NOW - 2 * DAY)
    with unit_of_work(sessions) as session:
        session.execute(
            sa.update(CheckIn)
            .where(CheckIn.missed_at.is_(None))
            .values(cancelled_at=NOW, cancel_reason=CancelReason.PLAN_CHANGED)
        )

    phone.ask_for_a_link()
    sent = phone.tick(NOW + MINUTE).sent

    assert len(sent) == 1
    with sessions() as session:
        check_in = find_open(session, sent[0].body.rsplit("/", 1)[1], NOW + MINUTE)
        assert check_in is not None
        assert (check_in.kind, check_in.instruments) == (CheckInKind.REQUESTED, ["phq9", "gad7"])


def test_two_taps_are_one_wish(phone: Phone) -> None:
    start = NOW.replace(minute=0)
    for minutes in (0, 1, 9):
        phone.ask_for_a_link(at=start + minutes * MINUTE)

    assert len(phone.all(Message)) == 1


def test_at_most_three_links_a_day(phone: Phone) -> None:
    sent = []
    for hours in range(8):
        phone.ask_for_a_link(at=NOW + hours * HOUR)
        sent += phone.tick(NOW + hours * HOUR).sent
    assert len(phone.all(Message)) == len(sent) == 3

    phone.ask_for_a_link(at=NOW + 25 * HOUR)
    assert len(phone.all(Message)) == 4


def test_somebody_who_has_just_answered_needs_no_link(phone: Phone) -> None:
    phone.send(answers(phq9=3))

    phone.ask_for_a_link(at=NOW + HOUR)
    assert phone.all(Message) == []

    phone.ask_for_a_link(at=NOW + DAY)
    assert [message.purpose for message in phone.all(Message)] == [TextKind.NEW_LINK]


@pytest.mark.parametrize("who", ["a stranger", "who opted out", "who is no longer in care"])
def test_asking_for_a_link_is_silent(phone: Phone, who: str) -> None:
    token = phone.token
    if who == "a stranger":
        token = new_token()
    elif who == "who opted out":
        phone.opt_out()
    else:
        with unit_of_work(phone.sessions) as session:
            phone.care.episode.closed_at, phone.care.episode.close_reason = NOW, "moved"  # type: ignore[assignment]
            session.merge(phone.care.episode)
    check_ins = len(phone.all(CheckIn))

    phone.ask_for_a_link(token)

    assert phone.all(Message) == []
    assert len(phone.all(CheckIn)) == check_ins


# ---- stopping and starting ----


def test_an_opt_out_stops_everything_at_once_and_the_team_learns_of_it(phone: Phone) -> None:
    with unit_of_work(phone.sessions) as session:
        planned = a_check_in(session, phone.care, due_at=NOW + 2 * DAY)
        session.add_all([a_text(phone.care, phone.check_in), a_text(phone.care, planned)])

    phone.opt_out()

    assert {message.state for message in phone.all(Message)} == {MessageState.CANCELLED}
    assert {check_in.cancel_reason for check_in in phone.all(CheckIn)} == {CancelReason.OPTED_OUT}
    assert phone.said == [(FlagKind.OPTED_OUT, Rule.O1, (EvidenceCode.TEXTS_STOPPED,))]
    with phone.sessions() as session:
        assert newest_consent(session, phone.care.patient.id, Purpose.TEXTS) is False
        assert newest_consent(session, phone.care.patient.id, Purpose.CHECK_INS) is True
    assert phone.tick(NOW + 3 * DAY).sent == []


def test_after_an_opt_out_the_link_that_is_out_takes_no_answers(phone: Phone) -> None:
    phone.opt_out()

    with phone.sessions() as session:
        assert find_open(session, phone.token, NOW) is None
    with pytest.raises(CheckInTaken):
        phone.send(answers(phq9=9, item9=1), at=NOW + MINUTE)
    assert phone.all(Submission) == []


def test_an_opt_out_touches_nobody_else_and_no_answer_that_was_given(phone: Phone) -> None:
    phone.send(answers(phq9=5))
    with unit_of_work(phone.sessions) as session:
        other = a_patient(session, phone.care.team, phone.care.clinician, number="+447700900002")
        theirs = a_check_in(session, other)
        session.add(a_text(other, theirs))

    phone.opt_out()

    assert {check_in.id: check_in.cancel_reason for check_in in phone.all(CheckIn)} == {
        phone.check_in.id: None,
        theirs.id: None,
    }
    assert [message.state for message in phone.all(Message)] == [MessageState.QUEUED]
    assert len(phone.all(Answer)) == 16


def test_opting_out_twice_is_one_flag(phone: Phone) -> None:
    phone.opt_out()
    phone.opt_out(NOW + MINUTE)

    assert len(phone.said) == 1


def test_an_opt_out_after_the_episode_ended_still_stops_the_texts(phone: Phone) -> None:
    with unit_of_work(phone.sessions) as session:
        session.add(a_text(phone.care, phone.check_in))
        phone.care.episode.closed_at, phone.care.episode.close_reason = NOW, "moved"  # type: ignore[assignment]
        session.merge(phone.care.episode)

    phone.opt_out()

    assert [message.state for message in phone.all(Message)] == [MessageState.CANCELLED]
    assert phone.kinds == []


def test_an_opt_in_brings_the_next_check_in_and_none_of_those_that_were_cancelled(
    sessions: Sessions, settings: Any
) -> None:
    phone = Phone(sessions, settings, weekday=3, planned_until=NOW)
    phone.opt_out()
    for days in range(3):
        phone.tick(NOW + days * DAY)

    phone.opt_in(NOW + 3 * DAY)
    sent = [text for days in range(3, 10) for text in phone.tick(NOW + days * DAY + MINUTE).sent]

    assert len(sent) == 1
    cancelled = [check_in for check_in in phone.all(CheckIn) if check_in.cancelled_at]
    assert [check_in.id for check_in in cancelled] == [phone.check_in.id]
    assert phone.kinds == [FlagKind.OPTED_OUT], "what became of it is for a person to write down"


@pytest.mark.parametrize("said_by", Party)
def test_who_was_rung_and_wants_texts_gets_texts(sessions: Sessions, settings: Any, said_by: Party) -> None:
    """The patient's page, and the one of staff, say that the next check-in comes by text."""
    phone = Phone(sessions, settings, weekday=3, planned_until=NOW, consent=False)
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, phone.care.patient.id)
        until = (NOW + 9 * DAY).date()
        terms: dict[str, Any] = {"weekday": 3, "at": NOW.time(), "by_text": True, "paused_until_on": until}
        prefer(session, patient, channel=Channel.PHONE, set_by=Party.STAFF, now=NOW - DAY, **terms)
        staff_id = phone.care.clinician.id if said_by is Party.STAFF else None

        workflows.opt_in(session, patient, said_by=said_by, now=NOW, staff_id=staff_id)

        kept = preference(session, patient.id)
        assert kept is not None
        assert (kept.channel, kept.weekday, kept.at, kept.by_text) == (Channel.TEXT, 3, NOW.time(), True)
        assert (kept.paused_until_on, kept.set_by, kept.staff_member_id) == (until, said_by, staff_id)
    assert [text for days in range(9) for text in phone.tick(NOW + days * DAY).sent] == []
    assert len([text for days in range(9, 17) for text in phone.tick(NOW + days * DAY).sent]) > 0


def test_an_opt_in_changes_no_wish_of_somebody_who_had_texts(phone: Phone) -> None:
    phone.opt_out()
    phone.opt_in(NOW + HOUR)

    assert len(phone.all(ContactPreference)) == 1


def test_an_opt_out_by_whatever_way_ends_a_check_in_by_text(phone: Phone) -> None:
    with unit_of_work(phone.sessions) as session:
        other = a_patient(session, phone.care.team, phone.care.clinician, number="+447700900002")
        theirs = a_check_in(session, other)
        for care, check_in in ((phone.care, phone.check_in), (other, theirs)):
            terms = {"patient_id": care.patient.id, "check_in_id": check_in.id, "language": "en"}
            session.add(TextDialogue(**terms, began_at=NOW, last_at=NOW))

    phone.opt_out(NOW + HOUR)

    ended = {dialogue.check_in_id: (dialogue.ended, dialogue.ended_at) for dialogue in phone.all(TextDialogue)}
    assert ended == {phone.check_in.id: (DialogueEnd.STOPPED, NOW + HOUR), theirs.id: (None, None)}


def a_text(care: InCare, check_in: CheckIn) -> Message:
    """A reminder that waits."""
    return Message(
        patient_id=care.patient.id,
        check_in_id=check_in.id,
        purpose=TextKind.REMINDER,
        dedupe_key=str(new_id()),
        language="en",
        due_at=NOW + HOUR,
        expires_at=NOW + DAY,
        created_at=NOW,
    )
