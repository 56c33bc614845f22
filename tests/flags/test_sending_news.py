"""Texts that did not go are told to the team as our failure: outages on the pages, yesterday's unsent to managers."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.messaging.models import Message, MessageState, Outage, SkipReason
from monitor.messaging.texts import TextKind
from monitor.messaging.unsent import Unsent, unsent_by_reason, unsent_yesterday
from monitor.people.models import Role
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team
from tests.staff_browser import StaffApp

YESTERDAY = NOW - timedelta(days=1)
SKIPPED = MessageState.SKIPPED


class Watch:
    """Noor of the North team; Maren works there, Sofia manages it, Petra manages another and sees counts alone."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.maren = a_staff_member(session, team)
            a_staff_member(session, team, "sofia@example.org", name="Sofia Berg", role=Role.MANAGER)
            a_staff_member(session, None, "petra@example.org", name="Petra Holm", role=Role.MANAGER)
            self.noor: InCare = a_patient(session, team, self.maren)
        self.app = StaffApp(settings, sessions)

    def outage(self, began: timedelta, ended: timedelta | None = None) -> None:
        """An outage that began and ended so long ago."""
        with unit_of_work(self.sessions) as session:
            until = NOW - ended if ended is not None else None
            session.add(Outage(began_at=NOW - began, ended_at=until, code="20003", try_at=NOW))

    def text(
        self,
        state: MessageState,
        due_at: datetime = YESTERDAY,
        *,
        skip: SkipReason | None = None,
        useful: timedelta = timedelta(hours=2),
        sent_at: datetime | None = None,
    ) -> None:
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(
                session, self.noor, due_at=due_at, sequence=len(session.scalars(sa.select(Message)).all())
            )
            session.add(
                Message(
                    patient_id=self.noor.patient.id,
                    check_in_id=check_in.id,
                    purpose=TextKind.REMINDER,
                    dedupe_key=str(new_id()),
                    language="en",
                    due_at=due_at,
                    expires_at=due_at + useful,
                    state=state,
                    skip_reason=skip,
                    intent_at=sent_at,
                    sent_at=sent_at,
                    created_at=due_at,
                )
            )

    def unsent(self) -> dict[Unsent, int]:
        with self.sessions() as session:
            return dict(unsent_by_reason(session, NOW))

    def page(self, email: str = "maren@example.org", path: str = "/", **query: str) -> str:
        self.app.wait(seconds=31)
        return self.app.browser(email).text(path, **query)

    def record(self) -> str:
        return self.page(path=f"/patients/{self.noor.patient.id}")


@pytest.fixture
def watch(sqlite_sessions: Sessions, settings: Settings) -> Watch:
    return Watch(sqlite_sessions, settings)


# ---- outages ----


def test_while_nothing_goes_the_worklist_says_so(sessions: Sessions, settings: Settings) -> None:
    watch = Watch(sessions, settings)
    watch.outage(timedelta(minutes=50))

    said = watch.page()

    assert "No prompt has gone out since today 9:10. Texts wait, and go once the network takes them again." in said
    assert "A check-in whose text never went out does not count as missed." in said


@pytest.mark.parametrize(
    ("began", "ended", "said"),
    [
        (timedelta(minutes=50), timedelta(minutes=5), "No prompts went out today 9:10–9:55."),
        (timedelta(hours=15), timedelta(hours=1), "No prompts went out yesterday 19:00 – today 9:00."),
    ],
)
def test_an_outage_that_is_over_is_told_for_a_day(watch: Watch, began: timedelta, ended: timedelta, said: str) -> None:
    watch.outage(began, ended)

    assert said in watch.page()


def test_an_older_one_is_not_told_any_more(watch: Watch) -> None:
    watch.outage(timedelta(hours=30), timedelta(hours=25))

    assert "No prompts went out" not in watch.page()


def test_a_record_tells_the_outage_that_held_up_its_own_texts(watch: Watch) -> None:
    watch.text(SKIPPED, skip=SkipReason.EXPIRED)
    watch.outage(timedelta(hours=26), timedelta(hours=20))

    assert "No prompts went out yesterday 8:00–14:00." in watch.record()


def test_a_record_does_not_tell_an_outage_that_touched_others(watch: Watch) -> None:
    watch.text(MessageState.DELIVERED, NOW - timedelta(days=2), sent_at=NOW - timedelta(days=2))
    watch.outage(timedelta(hours=26), timedelta(hours=20))

    assert "No prompts went out" not in watch.record()


# ---- yesterday's unsent ----

UNSENT = [
    (MessageState.QUEUED, None, Unsent.WAITING),
    (MessageState.CLAIMED, None, Unsent.WAITING),
    (SKIPPED, SkipReason.EXPIRED, Unsent.EXPIRED),
    (SKIPPED, SkipReason.STALE, Unsent.STALE),
    (SKIPPED, SkipReason.NO_SAFETY_COVER, Unsent.NO_SAFETY_COVER),
    (SKIPPED, SkipReason.OVER_SPEND, Unsent.OVER_SPEND),
]
AS_WANTED = sorted(set(SkipReason) - {skip for _, skip, _ in UNSENT})


@pytest.mark.parametrize(("state", "skip", "reason"), UNSENT)
def test_a_text_that_should_have_gone_yesterday_counts(
    sessions: Sessions, settings: Settings, state: MessageState, skip: SkipReason | None, reason: Unsent
) -> None:
    watch = Watch(sessions, settings)
    watch.text(state, skip=skip)

    assert watch.unsent() == {reason: 1}


@pytest.mark.parametrize("skip", AS_WANTED)
def test_a_text_that_was_not_wanted_any_more_does_not(watch: Watch, skip: SkipReason) -> None:
    watch.text(SKIPPED, skip=skip)

    assert watch.unsent() == {}


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED])
def test_a_text_that_went_does_not(watch: Watch, state: MessageState) -> None:
    watch.text(state, sent_at=YESTERDAY)

    assert watch.unsent() == {}


@pytest.mark.parametrize(
    ("due_at", "useful", "counted"),
    [
        (NOW - timedelta(days=2), timedelta(hours=36), 1),  # due on Sunday, of no use from Monday evening on
        (NOW - timedelta(days=2), timedelta(hours=2), 0),  # it was Sunday's
        (YESTERDAY, timedelta(hours=18), 0),  # it becomes today's
    ],
)
def test_a_text_that_expired_counts_on_the_day_on_which_it_did(
    watch: Watch, due_at: datetime, useful: timedelta, counted: int
) -> None:
    watch.text(SKIPPED, due_at, skip=SkipReason.EXPIRED, useful=useful)

    assert sum(watch.unsent().values()) == counted


def test_today_is_not_yesterday(watch: Watch) -> None:
    watch.text(MessageState.QUEUED, NOW)
    watch.text(SKIPPED, NOW, skip=SkipReason.NO_SAFETY_COVER)

    assert watch.unsent() == {}


def test_whoever_answers_for_the_service_is_told_and_others_are_not(watch: Watch) -> None:
    watch.text(SKIPPED, skip=SkipReason.EXPIRED)
    watch.text(SKIPPED, skip=SkipReason.EXPIRED)
    watch.text(MessageState.QUEUED)
    told = "3 texts that were due yesterday did not go out. 1 still waiting, 2 of no use any more before they could go."
    with watch.sessions() as session:
        assert unsent_yesterday(session, NOW) == 3

    assert told in watch.page("sofia@example.org")
    assert told in watch.page("petra@example.org", view="counts")
    assert "did not go out" not in watch.page("maren@example.org")


def test_none_is_said_to_be_none(watch: Watch) -> None:
    said = watch.page("petra@example.org", view="counts")

    assert "Every text that was due yesterday went out, or was not wanted any more." in said
