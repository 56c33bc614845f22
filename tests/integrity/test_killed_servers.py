"""Power cuts while patients send their answers: what somebody was told is kept is kept, once and whole."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor import clock
from monitor.checkins.models import Answer, CheckIn, MeasureState, Score, Submission
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent
from tests.builders import a_check_in, a_patient, a_staff_member, a_team, token_of
from tests.integrity.senders import Form, Server, send, serving

KILLS = 100
PHONES, PATIENTS_EACH, CHECK_INS_EACH = 3, 5, 60


@dataclass
class Ledger:
    """What the phones were told."""

    told_kept: set[Form] = field(default_factory=set)
    broken: int = 0
    """Sendings whose connection broke before the reply was whole."""
    wrong: list[str] = field(default_factory=list)
    """Replies that were neither."""


def forms_for_phones(session: Session) -> list[list[Form]]:
    """Give each phone check-ins of patients of its own; each patient's are sent one after the other."""
    team = a_team(session)
    clinician, now = a_staff_member(session, team), clock.now()
    phones: list[list[Form]] = []
    for phone in range(PHONES):
        forms = []
        for place in range(PATIENTS_EACH):
            care = a_patient(session, team, clinician, number=f"+44770090{phone:02}{place:02}")
            for number in range(CHECK_INS_EACH):
                check_in = a_check_in(session, care, due_at=now - timedelta(hours=1), sequence=number + 1)
                item9 = (number // 3) % 4 if (place + number) % 3 == 0 else 0
                forms.append(Form(token_of(check_in), phq9=(7 * number) % 25, gad7=(5 * number) % 22, item9=item9))
        phones.append(forms)
    return phones


def answer_all(server: Server, forms: list[Form], ledger: Ledger, enough: threading.Event) -> None:
    """Send each form until its receipt has come, as somebody does who sees an error page; then all of them again."""
    for form in cycle(forms):
        while (reply := send(server.port, form)) is None:
            ledger.broken += 1
            time.sleep(0.01)
        if reply.is_receipt:
            ledger.told_kept.add(form)
        else:
            ledger.wrong.append(f"{reply.status}: {reply.page[:200]}")
        if enough.is_set():
            return


@pytest.fixture
def phones(sessions: Sessions) -> list[list[Form]]:
    """The forms that each phone has to send."""
    with unit_of_work(sessions) as session:
        return forms_for_phones(session)


def test_nothing_that_was_acknowledged_is_lost_doubled_or_half_kept(
    sessions: Sessions, migrated_url: str, settings: Any, phones: list[list[Form]]
) -> None:
    forms = {form.key: form for forms in phones for form in forms}
    ledger, enough, began = Ledger({phones[0][0]}), threading.Event(), time.monotonic()
    with serving(settings, migrated_url, KILLS, warm_up=phones[0].pop(0)) as server:
        senders = [threading.Thread(target=answer_all, args=(server, phone, ledger, enough)) for phone in phones]
        for sender in senders:
            sender.start()
        kills = server.wait_until_the_killing_is_over()
        enough.set()
        for sender in senders:
            sender.join()

    with sessions() as session:
        kept = list(session.scalars(sa.select(Submission).options(*WHOLE).order_by(Submission.submitted_at)))
        print(
            f"\n{session.get_bind().dialect.name}: {kills} kills in {time.monotonic() - began:.0f} s, "
            f"{len(ledger.told_kept)} acknowledged, {len(kept)} kept, {ledger.broken} cut off, "
            f"{session.query(FlagEvent).count()} pieces of evidence"
        )
        assert ledger.wrong == []
        assert kills == KILLS
        assert ledger.broken >= KILLS / 10, "too few kills fell on work for this to show anything"
        assert len(ledger.told_kept) >= KILLS / 10
        check_acknowledged(ledger, kept, forms)
        check_whole(session, kept)
        check_states(session, kept)
        check_flags(session, kept)
        if session.get_bind().dialect.name == "sqlite":
            assert session.execute(sa.text("PRAGMA integrity_check")).scalars().all() == ["ok"]
            assert session.execute(sa.text("PRAGMA foreign_key_check")).all() == []


WHOLE = (
    selectinload(Submission.answers),
    selectinload(Submission.scores),
    joinedload(Submission.patient),
)


def check_acknowledged(ledger: Ledger, kept: list[Submission], forms: Mapping[Any, Form]) -> None:
    """Every acknowledged form is there once, as it was filled in; what else is there was filled in too."""
    by_key = Counter(submission.idempotency_key for submission in kept)
    assert set(by_key.values()) <= {1}
    assert {form.key for form in ledger.told_kept} <= set(by_key)
    for submission in kept:
        assert submission.answers_given() == forms[submission.idempotency_key].answers


def check_whole(session: Session, kept: list[Submission]) -> None:
    """A submission has all its scores and ends its check-in, and nothing else is lying about."""
    for submission in kept:
        given = submission.answers_given()
        sums = {code: sum(given[each] or 0 for each in given if each[0] == code and each[1]) for code, _ in given}
        assert {score.instrument: score.total for score in submission.scores} == sums
    completed = session.scalars(sa.select(CheckIn.id).where(CheckIn.completed_at.is_not(None))).all()
    assert sorted(completed) == sorted(submission.check_in_id for submission in kept)
    assert session.query(Answer).count() == sum(len(submission.answers) for submission in kept)
    assert session.query(Score).count() == 2 * len(kept)


def check_states(session: Session, kept: list[Submission]) -> None:
    """Where each measure stands is what the answers, read again from the first, come to."""
    totals: dict[tuple[Any, str], list[int]] = defaultdict(list)
    safety: dict[Any, int | None] = {}
    episodes = {check_in.id: check_in.episode_id for check_in in session.scalars(sa.select(CheckIn))}
    for submission in kept:
        episode_id = episodes[submission.check_in_id]
        for score in submission.scores:
            assert score.total is not None
            totals[(episode_id, score.instrument)].append(score.total)
        safety[episode_id] = submission.answers_given()[("phq9", 9)]
    states = {(state.episode_id, state.instrument): state for state in session.scalars(sa.select(MeasureState))}
    assert set(states) == set(totals)
    for (episode_id, code), course in totals.items():
        state, recent = states[(episode_id, code)], [None, None, *course]
        assert (state.count, state.baseline, state.best, state.worst) == (
            len(course),
            course[0],
            min(course),
            max(course),
        )
        assert [state.third_last, state.second_last, state.last] == recent[-3:]
        assert state.safety_answer == (safety[episode_id] if code == "phq9" else None)


def check_flags(session: Session, kept: list[Submission]) -> None:
    """Each item 9 above 0 stands in its patient's one open safety flag, and no flag says what nobody answered."""
    answered = {
        submission.check_in_id: submission.answers_given()[("phq9", 9)]
        for submission in kept
        if submission.answers_given()[("phq9", 9)]
    }
    said = session.scalars(sa.select(FlagEvent).where(FlagEvent.rule == Rule.S1)).all()
    assert {event.check_in_id: event.evidence[0]["params"]["answer"] for event in said if event.evidence} == answered
    assert len(said) == len(answered) > 0
    flags = session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.SAFETY, Flag.closed_at.is_(None))).all()
    assert sorted(flag.patient_id for flag in flags) == sorted(
        {submission.patient_id for submission in kept if submission.check_in_id in answered}
    )
