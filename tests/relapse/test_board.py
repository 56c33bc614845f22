"""The board of relapse plans: where each stands, what waits for a person first, in a fixed number of reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.models import CloseReason, Step
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.service import close
from monitor.people.models import CareTeam, Role, StaffMember
from monitor.relapse.board import Board, board, standing_of
from monitor.relapse.kinds import Standing
from monitor.relapse.plans import save_staying_well
from tests.builders import NOW, InCare, a_check_in, a_flag, a_patient, a_staff_member, a_team, an_id
from tests.plans import a_written_plan, an_agreed_plan, stepped_down
from tests.staff_browser import StaffApp

DAY = timedelta(days=1)


class Team:
    """A team with somebody who looks at its board."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.team: CareTeam = a_team(session)
        self.maren: StaffMember = a_staff_member(session, self.team)
        self.daniel: StaffMember = a_staff_member(session, self.team, "daniel@example.org", name="Daniel Brandt")
        self.patients = 0

    def patient(self, name: str = "Noor", **values: object) -> InCare:
        self.patients += 1
        number = f"+4477008{self.patients:05}"
        return a_patient(self.session, self.team, self.maren, name=name, number=number, **values)  # type: ignore[arg-type]

    def draft(self, care: InCare) -> None:
        written = a_written_plan(care, owner_id=None)
        save_staying_well(
            self.session, care.episode, written, agree=False, based_on_id=None, by=self.maren.id, now=NOW - DAY
        )

    def viewer(self, *teams: CareTeam) -> Viewer:
        ids = tuple(each.id for each in teams or (self.team,))
        return Viewer(self.maren.id, an_id(), Role.CLINICIAN, ids, "en", "Maren Okafor", "")

    def board(self, **how: object) -> Board:
        self.session.flush()
        return board(self.session, self.viewer(), NOW, **how)  # type: ignore[arg-type]


@pytest.fixture
def team(sessions: Sessions) -> Iterator[Team]:
    with unit_of_work(sessions) as session:
        yield Team(session)


def names(found: Board) -> dict[Standing, list[str]]:
    return {lane: [row.episode.patient.preferred_name for row in rows] for lane, _, rows in found.lanes}


def test_every_standing_has_a_lane_and_what_waits_for_a_person_comes_first(team: Team) -> None:
    team.patient("Without", step=Step.STEPPED_DOWN)
    team.patient("No plan, and not stepped down")
    team.draft(team.patient("Draft"))
    an_agreed_plan(team.session, team.patient("Agreed"), review_on=date(2027, 2, 16))
    an_agreed_plan(team.session, team.patient("Due"), review_on=NOW.date())
    for kind in (FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY):
        care = team.patient(kind.value)
        an_agreed_plan(team.session, care)
        team.session.add(a_flag(care, kind))
    found = names(team.board())
    assert list(found) == [
        Standing.TRIGGERED,
        Standing.DUE,
        Standing.NONE,
        Standing.DRAFT,
        Standing.AGREED,
    ]
    assert sorted(found.pop(Standing.TRIGGERED)) == ["re_entry", "relapse_signal"]
    assert found == {
        Standing.DUE: ["Due"],
        Standing.NONE: ["Without"],
        Standing.DRAFT: ["Draft"],
        Standing.AGREED: ["Agreed"],
    }


@pytest.mark.parametrize(
    ("review_on", "standing"),
    [
        (NOW.date() - DAY, Standing.DUE),
        (NOW.date(), Standing.DUE),
        (NOW.date() + DAY, Standing.AGREED),
    ],
)
def test_a_plan_is_due_on_the_day_itself(team: Team, review_on: date, standing: Standing) -> None:
    an_agreed_plan(team.session, team.patient(), at=NOW - 90 * DAY, review_on=review_on)
    assert list(names(team.board())) == [standing]


def test_a_flag_that_was_closed_or_is_of_another_kind_triggers_nothing(team: Team) -> None:
    care = team.patient()
    an_agreed_plan(team.session, care)
    team.session.add(a_flag(care, FlagKind.MISSED_CHECK_INS))
    signal = a_flag(care, FlagKind.RELAPSE_SIGNAL)
    team.session.add(signal)
    assert list(names(team.board())) == [Standing.TRIGGERED]
    close(team.session, signal, team.maren, Outcome.SPOKE, "Rang her: a hard week, over now.", NOW)
    assert list(names(team.board())) == [Standing.AGREED]


def test_a_row_says_what_somebody_needs_who_follows_up(team: Team) -> None:
    care = team.patient()
    stepped_down(team.session, care, at=NOW - 7 * DAY)
    a_check_in(team.session, care, due_at=NOW - 5 * DAY, completed_at=NOW - 4 * DAY)
    a_check_in(team.session, care, due_at=NOW + 3 * DAY, sequence=2)
    a_check_in(team.session, care, due_at=NOW + 31 * DAY, sequence=3)
    team.draft(care)
    ((_, count, (row,)),) = team.board().lanes
    assert (count, row.signs, row.watched, row.owner, row.newer_draft) == (1, 3, 2, "Maren Okafor", True)
    assert row.plan is not None
    assert row.plan.review_on == date(2027, 2, 16)
    assert (row.last_check_in, row.next_check_in) == (NOW - 4 * DAY, NOW + 3 * DAY)
    assert (row.step, row.stepped_down_at) == (Step.STEPPED_DOWN, NOW - 7 * DAY)


def test_the_nearest_review_stands_first(team: Team) -> None:
    for days in (30, 10, 20):
        an_agreed_plan(team.session, team.patient(str(days)), review_on=NOW.date() + days * DAY)
    assert names(team.board()) == {Standing.AGREED: ["10", "20", "30"]}


def test_mine_are_those_that_i_own(team: Team) -> None:
    an_agreed_plan(team.session, team.patient("Hers"), owner_id=team.maren.id)
    an_agreed_plan(team.session, team.patient("His"), owner_id=team.daniel.id)
    team.draft(team.patient("Nobody's yet, so the accountable person's"))
    assert names(team.board(owner_id=team.daniel.id)) == {Standing.AGREED: ["His"]}
    assert sum(map(len, names(team.board(owner_id=team.maren.id)).values())) == 2
    assert {name: count for _, name, count in team.board().owners} == {"Maren Okafor": 2, "Daniel Brandt": 1}


def test_other_teams_and_those_whose_care_has_ended_are_not_there(team: Team) -> None:
    elsewhere = a_team(team.session, "South team")
    other = a_patient(team.session, elsewhere, a_staff_member(team.session, elsewhere, "x@example.org"), name="Theirs")
    an_agreed_plan(team.session, other, owner_id=other.clinician.id)
    ended = team.patient("Ended")
    an_agreed_plan(team.session, ended)
    ended.episode.closed_at, ended.episode.close_reason = NOW, CloseReason.MOVED
    ended.episode.next_review_at = None
    assert team.board().lanes == ()
    manager = Viewer(team.maren.id, an_id(), Role.ADMINISTRATOR, (team.team.id, elsewhere.id), "en", "", "")
    assert board(team.session, manager, NOW).lanes == ()


def test_the_record_says_the_same_as_the_board(team: Team) -> None:
    care = team.patient()
    assert standing_of(team.session, care.episode, NOW) is None
    team.draft(care)
    assert standing_of(team.session, care.episode, NOW) is Standing.DRAFT
    an_agreed_plan(team.session, care)
    assert standing_of(team.session, care.episode, NOW) is Standing.AGREED
    team.session.add(a_flag(care, FlagKind.RE_ENTRY))
    team.session.flush()
    assert standing_of(team.session, care.episode, NOW) is Standing.TRIGGERED


@contextmanager
def counted(sessions: Sessions) -> Iterator[list[str]]:
    """The statements that a database is asked meanwhile."""
    said: list[str] = []
    engine = sessions.kw["bind"]

    def note(*args: object) -> None:
        said.append(str(args[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)


def test_five_rows_and_fifty_cost_the_same_number_of_statements(sqlite_sessions: Sessions, settings: Settings) -> None:
    app = StaffApp(settings, sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        team = Team(session)
        for _ in range(5):
            stepped_down(session, team.patient())
    browser, asked = app.browser("maren@example.org"), []
    for more in (0, 45):
        with unit_of_work(sqlite_sessions) as session:
            team.session = session
            team.team, team.maren = session.merge(team.team), session.merge(team.maren)
            for _ in range(more):
                stepped_down(session, team.patient())
        with counted(sqlite_sessions) as said:
            page = browser.get("/plans")
        assert page.text.count('class="name"') == 5 + more
        asked.append(len(said))
    assert asked[0] == asked[1]


def test_an_empty_board_says_what_comes_next(sqlite_sessions: Sessions, settings: Settings) -> None:
    with unit_of_work(sqlite_sessions) as session:
        care = Team(session).patient("Noor")
    app = StaffApp(settings, sqlite_sessions)
    browser = app.browser("maren@example.org")
    assert "No relapse plan has been begun." in browser.text("/plans")
    with unit_of_work(sqlite_sessions) as session:
        an_agreed_plan(session, care)
    assert "Agreed 1 Noor Step 2 3 2 asked Maren Okafor 16 February 2027" in browser.text("/plans")
    assert "No plan here has this owner." in app.browser("daniel@example.org").text("/plans", owner="mine")
    assert "Noor" in browser.text("/plans", owner="nobody at all")
