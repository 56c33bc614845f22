"""A button tapped twice, or fifty times, on a bad line: one check-in, and everybody is told the same."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor import clock, workflows
from monitor.checkins.models import Answer, CheckIn, MeasureState, Mode, Score, Submission
from monitor.checkins.service import Delivery, find
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.service import FlagClosed, close
from monitor.ids import new_id
from monitor.messaging.models import Message
from monitor.people.models import Party, Patient, StaffMember
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers, token_of
from tests.integrity.senders import Form, Reply, send, serving

TIMES = 50
T = TypeVar("T")


@pytest.fixture
def care(sessions: Sessions) -> InCare:
    """Somebody in care."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        return a_patient(session, team, a_staff_member(session, team))


def open_check_in(sessions: Sessions, care: InCare, **about: Any) -> str:
    """Return the link's token of an open check-in."""
    with unit_of_work(sessions) as session:
        return token_of(a_check_in(session, care, **about))


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Do everything at the same moment; return what came of each, in order."""
    start = threading.Barrier(len(acts))
    results: list[T | Exception] = [RuntimeError("never began")] * len(acts)

    def do(place: int) -> None:
        start.wait()
        try:
            results[place] = acts[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def rows(sessions: Sessions) -> dict[str, int]:
    """Count what one check-in leaves behind."""
    with sessions() as session:
        return {
            model.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in (Submission, Answer, Score, MeasureState, Flag, FlagEvent)
        }


# A safety answer: one submission, its answers, its scores, and one flag with one piece of evidence.
ONE = {"submissions": 1, "answers": 17, "scores": 2, "measure_states": 2, "flags": 1, "flag_events": 1}


# ---- over the line ----


def receipts(replies: Sequence[Reply | Exception | None]) -> list[Reply]:
    assert all(isinstance(reply, Reply) for reply in replies), Counter(map(repr, replies))
    return [reply for reply in replies if isinstance(reply, Reply)]


def test_the_same_page_sent_fifty_times_at_once_is_kept_once_and_gets_one_answer(
    sessions: Sessions, migrated_url: str, settings: Any, care: InCare
) -> None:
    form = Form(open_now(sessions, care), phq9=9, gad7=5, item9=1)

    with serving(settings, migrated_url) as server:
        replies = receipts(at_once([lambda: send(server.port, form)] * TIMES))

    assert Counter(reply.status for reply in replies) == {200: TIMES}
    assert len({reply.shown for reply in replies}) == 1
    assert replies[0].is_receipt
    assert rows(sessions) == ONE


def test_fifty_pages_of_one_check_in_sent_at_once_are_kept_once_and_the_others_are_told_so(
    sessions: Sessions, migrated_url: str, settings: Any, care: InCare
) -> None:
    token = open_now(sessions, care)
    forms = [Form(token, phq9=number % 20, gad7=5, item9=1) for number in range(TIMES)]

    with serving(settings, migrated_url) as server:
        replies = receipts(at_once([lambda form=form: send(server.port, form) for form in forms]))

    assert Counter(reply.status for reply in replies) == {200: 1, 404: TIMES - 1}
    assert len({reply.shown for reply in replies if reply.status == 404}) == 1
    [kept] = [form for form, reply in zip(forms, replies, strict=True) if reply.is_receipt]
    assert rows(sessions) == ONE
    with sessions() as session:
        submission = session.scalars(sa.select(Submission)).one()
        assert submission.idempotency_key == kept.key
        assert submission.answers_given() == kept.answers


def open_now(sessions: Sessions, care: InCare) -> str:
    """A check-in that is open by the clock on the wall, which the server goes by."""
    return open_check_in(sessions, care, due_at=clock.now())


# ---- in the database ----


def keep(sessions: Sessions, settings: Any, token: str, given: Any, key: Any = None) -> Any:
    with unit_of_work(sessions) as session:
        check_in = find(session, token)
        assert check_in is not None
        delivery = Delivery(key or new_id(), "en", Mode.LINK, known_device=False)
        return workflows.complete_check_in(session, check_in, given, delivery, settings=settings, now=NOW)


def save(sessions: Sessions, token: str, given: Any, *, call: bool = False) -> None:
    with unit_of_work(sessions) as session:
        check_in = find(session, token)
        assert check_in is not None
        workflows.save_early(session, check_in, given, call_asked=call, now=NOW)


def opt_out(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        workflows.opt_out(session, session.get_one(Patient, care.patient.id), said_by=Party.PATIENT, now=NOW)


def test_a_copy_that_comes_while_the_first_is_being_kept_waits_and_gets_its_receipt(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    token, key = open_check_in(sessions, care), new_id()
    kept, commits = threading.Event(), threading.Event()

    def first() -> None:
        with unit_of_work(sessions) as session:
            check_in = find(session, token)
            assert check_in is not None
            delivery = Delivery(key, "en", Mode.LINK, known_device=False)
            workflows.complete_check_in(session, check_in, answers(phq9=9), delivery, settings=settings, now=NOW)
            kept.set()
            assert commits.wait(10)

    def copy() -> workflows.Receipt | None:
        assert kept.wait(10)
        with unit_of_work(sessions) as session:
            check_in = find(session, token)
            assert check_in is not None
            return workflows.repeat_of(session, check_in, key)

    def commit() -> None:
        assert kept.wait(10)
        time.sleep(0.3)  # long enough for the copy to have looked
        commits.set()

    _, receipt, _ = at_once([first, copy, commit])

    assert isinstance(receipt, workflows.Receipt)
    assert receipt.repeated


def test_a_safety_item_saved_while_the_form_is_sent_is_one_flag_and_no_error(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    for number in range(5):
        token = open_check_in(sessions, care, sequence=number + 1)
        early = [lambda token=token: save(sessions, token, {("phq9", 9): 2})] * 4
        whole = [lambda token=token: keep(sessions, settings, token, answers(phq9=9, item9=2))]

        assert not [result for result in at_once(early + whole) if isinstance(result, Exception)]

    with sessions() as session:
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.SAFETY]
        said = session.scalars(sa.select(FlagEvent.check_in_id)).all()
        assert len(said) == len(set(said)) == 5, "each check-in says it once"


def test_two_check_ins_of_one_patient_sent_at_once_both_count(sessions: Sessions, settings: Any, care: InCare) -> None:
    tokens = [open_check_in(sessions, care, sequence=number) for number in range(1, 9)]
    sends = [lambda token=token: keep(sessions, settings, token, answers(phq9=9, gad7=5)) for token in tokens]

    assert not [result for result in at_once(sends) if isinstance(result, Exception)]

    with sessions() as session:
        assert session.scalars(sa.select(MeasureState.count)).all() == [8, 8]


def test_an_opt_out_while_answers_are_sent_ends_each_check_in_one_way(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    tokens = [open_check_in(sessions, care, sequence=number) for number in range(1, 9)]
    sends = [lambda token=token: keep(sessions, settings, token, answers(phq9=9, item9=1)) for token in tokens]

    results = at_once([*sends, *[lambda: opt_out(sessions, care)] * 3])

    errors = [result for result in results if isinstance(result, Exception)]
    assert {type(error) for error in errors} <= {workflows.CheckInTaken}
    with sessions() as session:
        ended = [(row.completed_at is None, row.cancelled_at is None) for row in session.scalars(sa.select(CheckIn))]
        assert set(ended) <= {(True, False), (False, True)}
        assert ended.count((False, True)) == session.query(Submission).count() == 8 - len(errors)


def test_many_taps_on_text_me_a_new_link_are_one_text(sessions: Sessions, care: InCare) -> None:
    token = open_check_in(sessions, care, due_at=NOW - timedelta(days=9), missed_at=NOW - timedelta(days=2))

    def ask() -> None:
        with unit_of_work(sessions) as session:
            workflows.request_link(session, token, NOW)

    assert not [result for result in at_once([ask] * 12) if isinstance(result, Exception)]

    with sessions() as session:
        assert session.query(Message).count() == 1
        assert session.query(CheckIn).count() == 2


def test_a_flag_closed_while_new_evidence_arrives_takes_the_evidence_or_leaves_a_new_flag(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    """Whichever comes first, no safety answer is lost and no patient sees an error."""
    for number in range(1, 7):
        first = open_check_in(sessions, care, sequence=2 * number)
        second = open_check_in(sessions, care, sequence=2 * number + 1)
        keep(sessions, settings, first, answers(phq9=9, item9=1))
        with sessions() as session:
            flag_id = session.scalars(sa.select(Flag.id).where(Flag.closed_at.is_(None))).one()

        def close_it(flag_id: UUID = flag_id) -> None:
            with unit_of_work(sessions) as session:
                flag = session.get_one(Flag, flag_id)
                by = session.get_one(StaffMember, care.clinician.id)
                close(session, flag, by, Outcome.SPOKE, "We spoke.", NOW)

        def answer(token: str = second) -> None:
            keep(sessions, settings, token, answers(phq9=9, item9=3))

        results = at_once([close_it, close_it, answer])

        assert {type(result) for result in results if isinstance(result, Exception)} <= {FlagClosed}
        assert results[2] is None
        with unit_of_work(sessions) as session:
            check_in = find(session, second)
            assert check_in is not None
            said = session.scalars(sa.select(FlagEvent).where(FlagEvent.check_in_id == check_in.id)).one()
            assert said.evidence is not None
            for flag in session.scalars(sa.select(Flag).where(Flag.closed_at.is_(None))):
                close(session, flag, session.get_one(StaffMember, care.clinician.id), Outcome.SPOKE, "Spoke.", NOW)
