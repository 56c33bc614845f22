"""Who answers for whom: the team page, absences, hand-overs, and that no patient is ever left to nobody."""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.handing_over import HandedOverMeanwhile, Words
from monitor.care.intake_models import Handoff
from monitor.care.kinds import HandoffReason
from monitor.care.models import CloseReason, Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.errors import MonitorError
from monitor.flags.departures import leave
from monitor.flags.handing_over import Shown, hand_over_patient
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.ids import new_id
from monitor.people import absences
from monitor.people.models import Absence, CareTeam, Role, SafetyCover, StaffMember, TeamMembership
from monitor.people.teams import CARERS
from tests.builders import NOW, InCare, a_flag, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp, words

SAID = {
    "stands": "Better since October.",
    "open": "The letter to the doctor.",
    "next": "A review on Friday.",
    "told": "Knows, and agrees.",
}


@dataclass
class Clinic:
    """North, where Maren cares for Noor beside Sam; and South, where nobody of North works but Maren and Sam."""

    app: StaffApp
    noor: InCare
    maren: StaffMember
    sam: StaffMember
    north: CareTeam
    south: CareTeam

    @property
    def sessions(self) -> Sessions:
        """The clinic's database."""
        return self.app.sessions

    def browser(self, email: str = "maren@example.org") -> Browser:
        """A colleague's browser."""
        return self.app.browser(email)

    def hand_over(self, browser: Browser, **fields: str) -> Any:
        """Send the form as the page has it, but for the fields named."""
        page = browser.get(self.path).text
        hidden = dict(re.findall(r'name="(accountable|team)" value="([^"]+)"', page))
        to = f"{self.sam.id}:{self.north.id}"
        return browser.post(self.path, **{**hidden, "to": to, "reason": "caseload", **SAID, **fields})

    @property
    def path(self) -> str:
        """The address of the hand-over."""
        return f"/patients/{self.noor.patient.id}/hand-over"

    def episode(self) -> Episode:
        """Noor's care as it stands."""
        with self.sessions() as session:
            return session.get_one(Episode, self.noor.episode.id)

    def rows(self, model: Any) -> list[Any]:
        """Every row of a table."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(model).order_by(model.id)))


@pytest.fixture
def clinic(sessions: Sessions, settings: Settings) -> Clinic:
    """On both databases."""
    return a_clinic(sessions, settings)


@pytest.fixture
def small(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    """For what does not depend on the database."""
    return a_clinic(sqlite_sessions, settings)


def a_clinic(sessions: Sessions, settings: Settings) -> Clinic:
    with unit_of_work(sessions) as session:
        north, south = a_team(session), a_team(session, "South team")
        maren = a_staff_member(session, north)
        sam = a_staff_member(session, north, "sam@example.org", name="Sam Lee")
        for member in (maren, sam):
            session.add(TeamMembership(staff_member_id=member.id, care_team_id=south.id, from_at=NOW))
        noor = a_patient(session, north, maren)
        return Clinic(StaffApp(settings, sessions), noor, maren, sam, north, south)


def put(sessions: Sessions, *rows: Any) -> None:
    with unit_of_work(sessions) as session:
        session.add_all(rows)


def an_absence(of: StaffMember, cover: StaffMember, *, days: tuple[int, int] = (-1, 5)) -> Absence:
    from_at, until_at = (NOW + timedelta(days=each) for each in days)
    return Absence(staff_member_id=of.id, from_at=from_at, until_at=until_at, cover_id=cover.id, recorded_by_id=of.id)


# ---- the team ----


def test_the_page_shows_who_works_here_and_what_waits_for_each(small: Clinic) -> None:
    put(
        small.sessions,
        a_flag(small.noor, FlagKind.NOT_IMPROVING, due_at=NOW + timedelta(days=2)),
        a_flag(small.noor, FlagKind.DETERIORATING, due_at=NOW - timedelta(hours=2)),
        a_flag(small.noor, FlagKind.OPTED_OUT, owner_id=small.sam.id),
    )

    page = small.browser().text("/team")

    assert "Maren Okafor Clinician 1 2 1" in page
    assert "Sam Lee Clinician 0 1 0" in page
    assert "Every patient of your teams has an accountable person who is there" in page
    assert "Monday 9:00–17:00 Robin Reader" in page


def test_a_day_on_which_nobody_reads_safety_answers_says_so(small: Clinic) -> None:
    with unit_of_work(small.sessions) as session:
        session.execute(sa.delete(SafetyCover).where(SafetyCover.weekday == 4))

    assert "Friday – Nobody is named." in small.browser().text("/team")


def test_another_teams_people_and_patients_are_not_shown(small: Clinic) -> None:
    with unit_of_work(small.sessions) as session:
        east = a_team(session, "East team")
        a_patient(
            session, east, a_staff_member(session, east, "iris@example.org", name="Iris East"), number="+447700900077"
        )

    page = small.browser().text("/team")

    assert "Iris" not in page
    assert "East team" not in page


ORPHANS = {
    "their login has ended": ("Maren Okafor is accountable, and that login has ended.", True),
    "not in the team": ("Maren Okafor is accountable, and is not in this team any more.", True),
    "away, and who stands in has left": (
        "Maren Okafor is accountable and away, and nobody of this team stands in.",
        True,
    ),
    "away, and who stands in is away too": (
        "Maren Okafor is accountable and away, and nobody of this team stands in.",
        True,
    ),
    "away, and somebody stands in": ("", False),
    "back again": ("", False),
    "care has ended": ("", False),
}


def make_orphan(clinic: Clinic, how: str) -> None:
    with unit_of_work(clinic.sessions) as session:
        maren, sam = session.get_one(StaffMember, clinic.maren.id), session.get_one(StaffMember, clinic.sam.id)
        if how == "their login has ended":
            maren.ended_at = NOW
        if how == "not in the team":
            session.execute(
                sa.update(TeamMembership)
                .where(TeamMembership.staff_member_id == maren.id, TeamMembership.care_team_id == clinic.north.id)
                .values(until_at=NOW)
            )
        if how.startswith("away"):
            session.add(an_absence(maren, sam))
        if how == "away, and who stands in has left":
            sam.ended_at = NOW
        if how == "away, and who stands in is away too":
            session.add(an_absence(sam, maren))
        if how == "back again":
            session.add(an_absence(maren, sam, days=(-9, -2)))
        if how == "care has ended":
            maren.ended_at = NOW
            session.execute(sa.update(Episode).values(closed_at=NOW, close_reason=CloseReason.COMPLETED))


@pytest.mark.parametrize("how", ORPHANS)
def test_a_patient_nobody_sees_to_stands_first_with_a_way_out(clinic: Clinic, how: str) -> None:
    said, is_orphan = ORPHANS[how]
    with unit_of_work(clinic.sessions) as session:
        a_staff_member(session, clinic.north, "ada@example.org", name="Ada Rivers")
    make_orphan(clinic, how)

    browser = clinic.browser("ada@example.org")
    page = browser.text("/team")

    assert ("1 patient nobody sees to" in page) is is_orphan
    assert said in page
    if is_orphan:
        assert page.index("nobody sees to") < page.index("Ada Rivers Clinician")
        assert f'href="{clinic.path}"' in browser.get("/team").text


def test_a_manager_sees_the_team_and_can_change_nothing(small: Clinic) -> None:
    with unit_of_work(small.sessions) as session:
        a_staff_member(session, small.north, "mo@example.org", name="Mo Head", role=Role.MANAGER)
    make_orphan(small, "their login has ended")
    browser = small.browser("mo@example.org")

    page = browser.get("/team")

    assert "1 patient nobody sees to" in words(page)
    assert "hand-over" not in page.text
    assert "Record the absence" not in page.text
    assert browser.post("/team/absences").status_code == 404
    assert browser.get(small.path).status_code == 404


def test_looking_at_the_team_leaves_a_trail(small: Clinic) -> None:
    small.browser().get("/team")

    assert {entry.subject_id for entry in small.app.audit("viewed team")} == {small.north.id, small.south.id}


def test_the_page_costs_the_same_for_many_people(small: Clinic) -> None:
    browser = small.browser()
    few = statements(small, browser, "/team")
    with unit_of_work(small.sessions) as session:
        for number in range(30):
            member = a_staff_member(session, small.north, f"c{number}@example.org", name=f"Colleague {number}")
            care = a_patient(session, small.north, member, number=f"+4477008{number:05}")
            session.add(a_flag(care, FlagKind.DETERIORATING))
            session.add(an_absence(member, small.sam))

    assert statements(small, browser, "/team") == few


def statements(clinic: Clinic, browser: Browser, path: str) -> int:
    """How many statements a page takes."""
    seen: list[str] = []
    engine = clinic.sessions.kw["bind"]

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT") and "audit" not in statement:
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    assert browser.get(path).status_code == 200
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


# ---- absences ----


def away(clinic: Clinic, **fields: str) -> dict[str, str]:
    return {
        "who": str(clinic.maren.id),
        "cover": str(clinic.sam.id),
        "from": "2026-11-25",
        "until": "2026-12-02",
        **fields,
    }


def test_an_absence_is_recorded_in_the_days_of_the_team_and_can_be_cancelled(clinic: Clinic) -> None:
    browser = clinic.browser()

    assert browser.post("/team/absences", **away(clinic)).status_code == 303
    [absence] = clinic.rows(Absence)
    page = browser.text("/team")
    assert (absence.from_at.isoformat(), absence.until_at.isoformat()) == (
        "2026-11-25T00:00:00+00:00",
        "2026-12-02T00:00:00+00:00",
    )
    assert "Maren Okafor : Wed 25 Nov – Wed 2 Dec. Sam Lee stands in." in page

    assert browser.post(f"/team/absences/{absence.id}/cancel").status_code == 303
    assert clinic.rows(Absence)[0].cancelled_at == NOW
    assert "Nobody is away" in browser.text("/team")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until": "2026-11-25"}, "Back on : This must be a day to come"),
        ({"until": ""}, "Back on : Fill this in."),
        ({"from": "soon"}, "First day away : Write a date"),
        ({"cover": ""}, "Who stands in : Choose one."),
        ({"cover": str(new_id())}, "Who stands in : Choose one."),
        ({"cover": "maren"}, "Who stands in : Choose somebody else than the person who is away."),
        ({"cover": "robin"}, "Who stands in : Whoever stands in must work in each of the same teams."),
    ],
)
def test_an_absence_that_cannot_be_is_said_beside_its_field(small: Clinic, fields: dict[str, str], said: str) -> None:
    with small.sessions() as session:
        robin = next(each.id for each in session.scalars(sa.select(StaffMember)) if each.name == "Robin Reader")
    named = {"maren": str(small.maren.id), "robin": str(robin)}
    filled = away(small, **{name: named.get(value, value) for name, value in fields.items()})

    page = small.browser().post("/team/absences", **filled)

    assert page.status_code == 422
    assert said in words(page)
    assert small.rows(Absence) == []
    for value in filled.values():
        if re.fullmatch(r"\d{4}-.*", value):
            assert f'value="{value}"' in page.text


def test_an_absence_of_another_team_is_not_there(small: Clinic) -> None:
    with unit_of_work(small.sessions) as session:
        east = a_team(session, "East team")
        iris, ida = (a_staff_member(session, east, f"{each}@example.org", name=each) for each in ("iris", "ida"))
        absence = an_absence(iris, ida)
        session.add(absence)
    browser = small.browser()

    assert browser.post(f"/team/absences/{absence.id}/cancel").status_code == 404
    assert browser.post("/team/absences", **away(small, who=str(iris.id))).status_code == 422
    assert [each.cancelled_at for each in small.rows(Absence)] == [None]


# ---- one patient ----


def test_a_patient_is_handed_over_with_words_flags_and_trail(clinic: Clinic) -> None:
    flag = a_flag(clinic.noor, FlagKind.NOT_IMPROVING)
    put(clinic.sessions, flag)
    browser = clinic.browser()

    answer = clinic.hand_over(browser)

    assert answer.status_code == 303
    assert clinic.episode().accountable_id == clinic.sam.id
    [handoff] = clinic.rows(Handoff)
    with clinic.sessions() as session:
        assert Words.of(session.get_one(Handoff, handoff.id)) == Words(**SAID)
    assert (handoff.from_id, handoff.to_id, handoff.decided_by_id) == (clinic.maren.id, clinic.sam.id, clinic.maren.id)
    assert [each.owner_id for each in clinic.rows(Flag)] == [clinic.sam.id]
    assert [each.kind for each in clinic.rows(FlagEvent)] == [FlagEventKind.HANDED_OVER]
    assert len(clinic.app.audit("episode handed over")) == 1
    told = clinic.browser("sam@example.org").text(clinic.path)
    assert all(sentence in told for sentence in SAID.values())
    assert "Maren Okafor → Sam Lee" in told


def test_a_patient_may_go_to_another_team_and_no_flag_stays_behind(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        cora = a_staff_member(session, clinic.north, "cora@example.org", name="Cora", role=Role.COORDINATOR)
        session.add(a_flag(clinic.noor, FlagKind.OPTED_OUT, owner_id=cora.id))
        session.add(a_flag(clinic.noor, FlagKind.NOT_IMPROVING))

    answer = clinic.hand_over(clinic.browser(), to=f"{clinic.sam.id}:{clinic.south.id}", reason="team_change")

    assert answer.status_code == 303
    assert clinic.episode().care_team_id == clinic.south.id
    assert {each.owner_id for each in clinic.rows(Flag)} == {clinic.sam.id}


def test_the_page_says_how_many_flags_go_along_or_that_none_does(small: Clinic) -> None:
    browser = small.browser()
    assert "None of the open flags are theirs, so none goes along." in browser.text(small.path)

    put(small.sessions, a_flag(small.noor, FlagKind.NOT_IMPROVING))
    assert "1 open flag goes along." in browser.text(small.path)


def test_the_same_person_may_take_the_patient_to_another_team(small: Clinic) -> None:
    assert small.hand_over(small.browser(), to=f"{small.maren.id}:{small.south.id}").status_code == 303
    assert small.episode().care_team_id == small.south.id


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("to", "", "Choose who takes over."),
        ("to", "nobody", "Choose who takes over."),
        ("reason", "", "Choose one."),
        ("reason", "boredom", "Choose one."),
        ("stands", " ", "Fill this in."),
        ("told", "x" * 601, "At most 600 characters; this has 601."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(small: Clinic, field: str, value: str, said: str) -> None:
    page = small.hand_over(small.browser(), **{field: value})

    assert page.status_code == 422
    assert said in words(page)
    kept = [sentence for name, sentence in SAID.items() if name != field]
    assert all(sentence in page.text for sentence in kept)
    assert small.episode().accountable_id == small.maren.id
    assert small.rows(Handoff) == []


def test_nobody_is_handed_a_patient_whom_the_team_does_not_know(small: Clinic) -> None:
    with unit_of_work(small.sessions) as session:
        east = a_team(session, "East team")
        iris = a_staff_member(session, east, "iris@example.org", name="Iris")
        admin = a_staff_member(session, small.north, "ad@example.org", name="Ad", role=Role.ADMINISTRATOR)

    browser = small.browser("sam@example.org")
    for to in (f"{iris.id}:{east.id}", f"{iris.id}:{small.north.id}", f"{admin.id}:{small.north.id}"):
        assert small.hand_over(browser, to=to).status_code == 422
    assert small.episode().accountable_id == small.maren.id


def test_whoever_was_slower_sees_who_was_faster_and_loses_no_word(clinic: Clinic) -> None:
    browser = clinic.browser()
    before = {"accountable": str(clinic.maren.id), "team": str(clinic.north.id)}
    clinic.hand_over(clinic.browser("sam@example.org"))

    late = browser.post(
        clinic.path,
        **before,
        to=f"{clinic.maren.id}:{clinic.south.id}",
        reason="request",
        **SAID | {"told": "My words."},
    )

    assert late.status_code == 409
    assert "Maren Okafor handed over to Sam Lee on Tue 24 Nov. Written by Sam Lee." in words(late)
    assert "My words." in late.text
    assert f'value="{clinic.sam.id}"' in late.text
    assert len(clinic.rows(Handoff)) == 1


def test_of_two_who_hand_over_at_the_same_moment_one_is_told(clinic: Clinic) -> None:
    """Both had read that Maren is accountable: each gives Noor to somebody else."""
    shown = Shown(clinic.maren.id, clinic.north.id)
    ready = Barrier(2)

    def give(to_id: UUID, team_id: UUID) -> bool:
        ready.wait()
        try:
            with unit_of_work(clinic.sessions) as session:
                episode, by = session.get_one(Episode, clinic.noor.episode.id), session.get_one(StaffMember, to_id)
                team = session.get_one(CareTeam, team_id)
                hand_over_patient(
                    session, episode, by, team, HandoffReason.REQUEST, Words(**SAID), by, NOW, shown=shown
                )
        except HandedOverMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(give, clinic.sam.id, clinic.north.id), pool.submit(give, clinic.maren.id, clinic.south.id)]
        came = [each.result() for each in both]

    assert sorted(came) == [False, True]
    [handoff] = clinic.rows(Handoff)
    assert (clinic.episode().accountable_id, clinic.episode().care_team_id) == (handoff.to_id, handoff.to_team_id)


def test_a_form_that_says_nothing_of_what_it_showed_is_not_believed(small: Clinic) -> None:
    page = small.hand_over(small.browser(), accountable="", team="x")

    assert page.status_code == 409
    assert small.rows(Handoff) == []


def test_care_that_has_ended_is_not_handed_over(small: Clinic) -> None:
    browser = small.browser()
    page = browser.get(small.path)
    with unit_of_work(small.sessions) as session:
        session.execute(sa.update(Episode).values(closed_at=NOW, close_reason=CloseReason.MOVED))
    hidden = dict(re.findall(r'name="(accountable|team)" value="([^"]+)"', page.text))

    late = browser.post(small.path, **hidden, to=f"{small.sam.id}:{small.north.id}", reason="leave", **SAID)

    assert late.status_code == 409
    assert "Care has ended" in words(late)
    assert small.rows(Handoff) == []


# ---- nobody is ever left to nobody ----


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_every_open_episode_has_an_accountable_person_who_can_sign_in(
    sqlite_sessions: Sessions, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a run that can be had again
    with unit_of_work(sqlite_sessions) as session:
        teams = [a_team(session), a_team(session, "South team")]
        emails = [f"c{number}@example.org" for number in range(6)]
        for number, email in enumerate(emails):
            member = a_staff_member(session, teams[number % 2], email, name=f"Colleague {number}")
            if number in (0, 1):
                session.add(TeamMembership(staff_member_id=member.id, care_team_id=teams[1 - number].id, from_at=NOW))
            care = a_patient(session, teams[number % 2], member, number=f"+4477009{number:05}")
            session.add(a_flag(care, FlagKind.NOT_IMPROVING))

    now, done = NOW, 0
    for _ in range(40):
        now += timedelta(hours=chance.randint(1, 60))
        try:
            with unit_of_work(sqlite_sessions) as session:
                chance.choice((go_away, come_back, pass_on, go))(session, chance, now)
            done += 1
        except MonitorError:
            pass
        assert left_to_nobody(sqlite_sessions) == []
    assert done > 10


def anybody(session: Session, chance: random.Random) -> StaffMember:
    return chance.choice(session.scalars(sa.select(StaffMember).order_by(StaffMember.id)).all())


def go_away(session: Session, chance: random.Random, now: Any) -> None:
    from_at = now + timedelta(days=chance.randint(0, 3))
    until_at = from_at + timedelta(days=chance.randint(1, 9))
    who, cover, by = (anybody(session, chance) for _ in range(3))
    absences.record_absence(session, who, from_at, until_at, cover, by, now)


def come_back(session: Session, chance: random.Random, now: Any) -> None:
    for absence in session.scalars(sa.select(Absence)).all()[:1]:
        absences.cancel(session, absence, anybody(session, chance), now)


def pass_on(session: Session, chance: random.Random, now: Any) -> None:
    episode = chance.choice(session.scalars(sa.select(Episode).order_by(Episode.id)).all())
    team = chance.choice(session.scalars(sa.select(CareTeam).order_by(CareTeam.id)).all())
    shown = Shown(episode.accountable_id, episode.care_team_id)
    to, by = anybody(session, chance), anybody(session, chance)
    hand_over_patient(session, episode, to, team, HandoffReason.CASELOAD, Words(**SAID), by, now, shown=shown)


def go(session: Session, chance: random.Random, now: Any) -> None:
    leave(session, anybody(session, chance).email, chance.choice([None, anybody(session, chance).email]), now)


def left_to_nobody(sessions: Sessions) -> list[UUID]:
    """Open episodes whose accountable person cannot sign in, or does not work in their team, or cares for nobody."""
    works_there = sa.exists().where(
        TeamMembership.staff_member_id == StaffMember.id,
        TeamMembership.care_team_id == Episode.care_team_id,
        TeamMembership.until_at.is_(None),
    )
    with sessions() as session:
        seen_to = (
            sa.select(Episode.id)
            .join(StaffMember, StaffMember.id == Episode.accountable_id)
            .where(StaffMember.ended_at.is_(None), StaffMember.role.in_(CARERS), works_there)
        )
        return list(
            session.scalars(sa.select(Episode.id).where(Episode.closed_at.is_(None), Episode.id.not_in(seen_to)))
        )


def test_a_patient_left_to_nobody_would_be_noticed(small: Clinic) -> None:
    assert left_to_nobody(small.sessions) == []
    make_orphan(small, "their login has ended")
    assert left_to_nobody(small.sessions) == [small.noor.episode.id]
