"""The worklist: one row for each patient, the right ones first, and honest about what does not work."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.access import Viewer
from monitor.beats import beat
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import service
from monitor.flags.due import Reader, age, due
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag
from monitor.flags.spark import spark
from monitor.flags.waiting import SHOWN, View
from monitor.flags.worklist import Worklist, worklist
from monitor.ids import new_id
from monitor.people.models import Role, TeamMembership
from tests.builders import NOW, InCare, a_check_in, a_flag, a_patient, a_staff_member, a_team, answers
from tests.staff_browser import Browser, StaffApp, words

LONDON = Reader("en", "GB", "Europe/London")


class Floor:
    """The North team with Maren and Daniel, the South team with Sven; each has patients."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.settings, self.count = sessions, settings, 0
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.daniel = a_staff_member(session, self.team, "daniel@example.org", name="Daniel Hoxha")
            self.sven = a_staff_member(session, self.other, "sven@example.org", name="Sven Lund")
            beat(session, "tick", NOW)
        self.app = StaffApp(settings, sessions)

    def patient(self, name: str, *kinds: FlagKind, due: timedelta = timedelta(hours=5), whose: str = "maren") -> InCare:
        """A patient with an open flag of each kind, all due at the same time."""
        self.count += 1
        with unit_of_work(self.sessions) as session:
            owner = getattr(self, whose)
            team = self.other if whose == "sven" else self.team
            care = a_patient(session, team, owner, name=name, number=f"+4477009{self.count:05}")
            for kind in kinds:
                self.raise_flag(session, care, kind, NOW + due)
        return care

    def raise_flag(self, session, care: InCare, kind: FlagKind, due_at: datetime) -> None:
        evidence = (Evidence(EvidenceCode.MISSED_IN_A_ROW, {"count": 2}),)
        service.raise_flags(session, care.episode, [Finding(kind, Rule.M1, Severity.REVIEW, evidence)], now=NOW)
        flag = session.scalars(sa.select(Flag).where(Flag.patient_id == care.patient.id, Flag.kind == kind)).one()
        flag.due_at = due_at

    def answers(self, care: InCare, *weeks: tuple[int, int], item9: int = 0) -> None:
        """A check-in a week, the last one this morning."""
        with unit_of_work(self.sessions) as session:
            for ago, (phq9, gad7) in zip(range(len(weeks) - 1, -1, -1), weeks, strict=True):
                now = NOW - timedelta(weeks=ago)
                check_in = a_check_in(session, care, due_at=now - timedelta(hours=1))
                given = answers(phq9, gad7, item9 if ago == 0 else 0)
                delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
                workflows.complete_check_in(session, check_in, given, delivery, settings=self.settings, now=now)

    def viewer(self) -> Viewer:
        """Maren, as a request would know her."""
        return Viewer(self.maren.id, new_id(), Role.CLINICIAN, (self.team.id,), "en", "Maren", "")

    def many(self, count: int) -> None:
        """So many patients more, each with a flag for today."""
        with unit_of_work(self.sessions) as session:
            for number in range(count):
                self.count += 1
                care = a_patient(
                    session, self.team, self.maren, name=f"Number {self.count}", number=f"+4477009{self.count:05}"
                )
                session.add(a_flag(care, FlagKind.NOT_IMPROVING, due_at=NOW + timedelta(minutes=number % 7 + 60)))

    @property
    def maren_s(self) -> Browser:
        self.app.wait(seconds=31)
        return self.app.browser("maren@example.org")


@pytest.fixture
def floor(sqlite_sessions: Sessions, settings: Settings) -> Floor:
    return Floor(sqlite_sessions, settings)


def order(page: str) -> list[str]:
    """The names on a worklist from the top."""
    return re.findall(r'class="name"[^>]*><bdi[^>]*>([^<]*)</bdi>', page)


def test_safety_answers_come_first_and_then_the_nearest_clock(sessions: Sessions, settings: Settings) -> None:
    floor = Floor(sessions, settings)
    floor.patient("Later today", FlagKind.DETERIORATING, due=timedelta(hours=6))
    floor.patient("Overdue", FlagKind.OPTED_OUT, due=timedelta(hours=-2))
    floor.patient("Safety in the afternoon", FlagKind.SAFETY, due=timedelta(hours=7))
    floor.patient("Safety at noon", FlagKind.SAFETY, FlagKind.NOT_IMPROVING, due=timedelta(hours=2))
    floor.patient("In a fortnight", FlagKind.NOT_IMPROVING, due=timedelta(days=14))
    floor.patient("On Friday", FlagKind.NOT_IMPROVING, due=timedelta(days=3))

    page = floor.maren_s.get("/").text

    assert order(page) == [
        "Safety at noon",
        "Safety in the afternoon",
        "Overdue",
        "Later today",
        "On Friday",
        "In a fortnight",
    ]
    lanes = re.findall(r"<h2>(Today|This week|Later) (\d+)</h2>", page)
    assert lanes == [("Today", "4"), ("This week", "1"), ("Later", "1")]


def test_a_patient_with_three_reasons_is_one_row(floor: Floor) -> None:
    floor.patient("Noor", FlagKind.NOT_IMPROVING, FlagKind.SAFETY, FlagKind.MISSED_CHECK_INS)

    page = floor.maren_s.get("/").text

    assert order(page) == ["Noor"]
    tags = re.findall(r'<span class="tag [a-z]*">([^<]*)</span>', page)
    assert tags == ["Safety answer", "Not improving", "Missed 2 check-ins"]


def test_another_team_s_patients_are_not_there(floor: Floor) -> None:
    floor.patient("Noor", FlagKind.SAFETY)
    floor.patient("Stranger", FlagKind.SAFETY, whose="sven")

    page = floor.maren_s.get("/").text

    assert order(page) == ["Noor"]
    assert "Stranger" not in page


def test_a_closed_flag_leaves(floor: Floor) -> None:
    care = floor.patient("Noor", FlagKind.NOT_IMPROVING)
    with unit_of_work(floor.sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.patient_id == care.patient.id)).one()
        service.close(session, flag, floor.maren, Outcome.CARE_CHANGED, "Goes to step 3.", NOW)

    assert "Nothing is waiting" in floor.maren_s.text("/")


def test_an_open_flag_never_leaves_because_time_passed(floor: Floor) -> None:
    floor.patient("Noor", FlagKind.NOT_IMPROVING)
    floor.app.wait(days=400)

    assert order(floor.maren_s.get("/").text) == ["Noor"]


def test_the_views_count_what_they_show(floor: Floor) -> None:
    floor.patient("Mine", FlagKind.SAFETY)
    floor.patient("Daniel's", FlagKind.SAFETY, FlagKind.NOT_IMPROVING, whose="daniel")
    browser = floor.maren_s

    page = words(browser.get("/"))
    assert "Everybody 2" in page
    assert "Yours 1" in page
    assert "Safety answer 2" in page
    assert order(browser.get("/", view="mine").text) == ["Mine"]
    assert order(browser.get("/", reason="not_improving").text) == ["Daniel&#39;s"]


@pytest.mark.parametrize("view", ["nobody", "../x", "00000000-0000-7000-8000-000000000000"])
def test_an_unknown_view_shows_everybody_and_never_an_empty_list(floor: Floor, view: str) -> None:
    floor.patient("Noor", FlagKind.SAFETY)

    assert order(floor.maren_s.get("/", view=view, reason=view).text) == ["Noor"]


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    """Collect what is asked of the database."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        if arguments[2].lstrip("(").startswith(("SELECT", "WITH")):
            seen.append(arguments[2])

    engine = sessions.kw["bind"]
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


MOST_STATEMENTS = 6


def test_a_worklist_of_five_hundred_costs_as_many_statements_as_one_of_five(
    sessions: Sessions, settings: Settings
) -> None:
    floor = Floor(sessions, settings)
    for number in range(5):
        floor.answers(floor.patient(f"Patient {number}", FlagKind.NOT_IMPROVING, FlagKind.SAFETY), (12, 9), (14, 10))
    viewer, view = floor.viewer(), View()

    def load() -> tuple[Worklist, int]:
        with reading(sessions) as session, statements(sessions) as seen:
            return worklist(session, viewer, view, now=NOW, region="GB"), len(seen)

    _, few = load()
    floor.many(495)
    found, many = load()

    assert few == many <= MOST_STATEMENTS
    assert found.everyone == 500
    assert found.shown <= 2 * SHOWN


def test_a_page_costs_as_many_statements_however_long_the_list_is(floor: Floor) -> None:
    floor.answers(floor.patient("Noor", FlagKind.SAFETY), (12, 9), (19, 10))
    browser, counts = floor.maren_s, []
    for _ in range(2):
        with statements(floor.sessions) as seen:
            assert browser.get("/").status_code == 200
        counts.append(len(seen))
        floor.many(60)

    assert counts[0] == counts[1] <= 2 + MOST_STATEMENTS + 2 + 1, "viewer, list, outages and contact problems, trail"


def test_a_long_lane_goes_on_behind_the_page_and_nobody_is_left_out(sessions: Sessions, settings: Settings) -> None:
    floor = Floor(sessions, settings)
    floor.many(130)
    browser = floor.maren_s

    page = browser.get("/").text
    assert len(order(page)) == SHOWN
    assert "<h2>Today 130</h2>" in page
    assert "All 130 of this lane" in page
    seen: list[str] = []
    address: str | None = "/?lane=today"
    while address:
        page = browser.get(address).text
        seen += order(page)
        onwards = re.search(r'href="(/\?lane=today&amp;after=[^"]*)">The next ones', page)
        address = unescape(onwards[1]) if onwards else None

    assert len(seen) == len(set(seen)) == 130


def test_a_page_goes_on_from_where_it_stopped_though_rows_have_left(floor: Floor) -> None:
    floor.many(120)
    browser = floor.maren_s
    page = browser.get("/", lane="today").text
    onwards = re.search(r'href="(/\?lane=today&amp;after=[^"]*)">', page)
    assert onwards
    first = order(page)
    with unit_of_work(floor.sessions) as session:
        for flag in session.scalars(sa.select(Flag).order_by(Flag.due_at).limit(10)):
            service.close(session, flag, floor.maren, Outcome.CARE_CHANGED, "Goes to step 3.", NOW)

    rest = order(browser.get(unescape(onwards[1])).text)

    assert not set(first) & set(rest)
    assert len(rest) == SHOWN


@pytest.mark.parametrize("after", ["", "x", "1~2026-11-24~y", "1~2026-11-24T10:00:00~" + str(UUID(int=1)), "9" * 300])
def test_a_place_that_is_none_begins_at_the_top(floor: Floor, after: str) -> None:
    floor.patient("Noor", FlagKind.SAFETY)

    assert order(floor.maren_s.get("/", after=after).text) == ["Noor"]


def test_what_is_set_aside_is_watched_until_its_day_and_says_why(sessions: Sessions, settings: Settings) -> None:
    floor = Floor(sessions, settings)
    floor.patient("Both", FlagKind.NOT_IMPROVING, FlagKind.DETERIORATING)
    floor.patient("One", FlagKind.NOT_IMPROVING)
    with unit_of_work(sessions) as session:
        for flag in session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.NOT_IMPROVING)):
            service.snooze(session, flag, floor.maren, NOW + timedelta(days=6), "Back from holiday then.", NOW)

    page = floor.maren_s.get("/")

    assert order(page.text) == ["Both", "One"]
    said = words(page)
    assert "Watching 1" in said
    assert "until Mon 30 Nov" in said
    assert "Back from holiday then." in said
    assert "Not improving, set aside" in said
    floor.app.wait(days=7)
    assert "Watching" not in words(floor.maren_s.get("/"))


def test_silence_after_worsening_stands_above_either_alone(sessions: Sessions, settings: Settings) -> None:
    floor = Floor(sessions, settings)
    floor.patient("Worse", FlagKind.DETERIORATING, due=timedelta(hours=-3))
    floor.patient("Silent", FlagKind.MISSED_CHECK_INS, due=timedelta(hours=-2))
    quiet = floor.patient("Both")
    with unit_of_work(sessions) as session:
        evidence = (Evidence(EvidenceCode.MISSED_IN_A_ROW, {"count": 2}), Evidence(EvidenceCode.WORSENING_BEFORE))
        finding = Finding(FlagKind.MISSED_CHECK_INS, Rule.M1, Severity.URGENT, evidence)
        service.raise_flags(session, quiet.episode, [finding], now=NOW)
    floor.patient("Safety", FlagKind.SAFETY, due=timedelta(hours=6))

    page = floor.maren_s.get("/").text

    assert order(page) == ["Safety", "Both", "Worse", "Silent"]
    assert '<span class="tag worse">Gone quiet after worsening</span>' in page


@pytest.mark.parametrize(
    ("level", "said"),
    [(0, ""), (1, "Lead told"), (2, "Lead and manager told"), (5, "manager told")],
)
def test_a_row_past_its_time_says_who_was_told(floor: Floor, level: int, said: str) -> None:
    care = floor.patient("Noor", FlagKind.NOT_IMPROVING, due=timedelta(days=-2))
    with unit_of_work(floor.sessions) as session:
        session.scalars(sa.select(Flag).where(Flag.patient_id == care.patient.id)).one().escalation = level

    page = floor.maren_s.text("/")

    assert "overdue 2 days" in page
    assert (said in page) if said else ("told" not in page)


def test_lanes_follow_each_team_s_own_days(floor: Floor) -> None:
    """At half past nine in the evening in London it is tomorrow in Helsinki."""
    with unit_of_work(floor.sessions) as session:
        east = a_team(session, "Helsinki team", time_zone="Europe/Helsinki")
        session.add(TeamMembership(staff_member_id=floor.maren.id, care_team_id=east.id, from_at=NOW))
        care = a_patient(session, east, floor.maren, name="In Helsinki", number="+447700900555")
        floor.raise_flag(session, care, FlagKind.NOT_IMPROVING, NOW + timedelta(hours=13))
    floor.patient("In London", FlagKind.NOT_IMPROVING, due=timedelta(hours=13))

    page = floor.maren_s.get("/").text

    assert page.index("<h2>Today 1</h2>") < page.index("In London") < page.index("<h2>This week 1</h2>")
    assert page.index("<h2>This week 1</h2>") < page.index(">In Helsinki<")


def test_the_open_row_says_why_and_offers_what_closes_it(floor: Floor) -> None:
    care = floor.patient("Yasmin Haddad")
    floor.answers(care, (12, 9), (19, 10), item9=2)

    said = floor.maren_s.text("/", open=str(care.patient.id))

    assert "Item 9 answered 2, more than half the days. It was 0 on 17 November." in said
    assert "Answered today 10:00 by link, in English." in said
    assert "confirmed" not in said
    assert "PHQ-9 rose from 12 to 19 since 17 November, 7 points." in said
    assert "Rule N1, reliable deterioration" in said
    assert "Call +44 7700 900001" in said.replace("\xa0", " ")
    assert [entry.subject_id for entry in floor.app.audit("viewed patient")] == [care.patient.id]


def test_a_row_of_another_team_does_not_open(floor: Floor) -> None:
    stranger = floor.patient("Stranger", FlagKind.SAFETY, whose="sven")
    browser = floor.maren_s

    for asked in (str(stranger.patient.id), str(new_id()), "nonsense"):
        page = browser.get("/", open=asked)
        assert page.status_code == 404
        assert "Stranger" not in page.text
    assert floor.app.audit("refused")[0].subject_id == stranger.patient.id


def test_the_last_contact_is_what_somebody_did(floor: Floor) -> None:
    care = floor.patient("Noor", FlagKind.MISSED_CHECK_INS)
    assert "None yet" in floor.maren_s.text("/")
    with unit_of_work(floor.sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.patient_id == care.patient.id)).one()
        service.record_attempt(session, flag, floor.maren, AttemptOutcome.LEFT_MESSAGE, "", NOW)

    assert "Tue 24 Nov: Left a message" in floor.maren_s.text("/")


def test_a_name_is_text(floor: Floor) -> None:
    care = floor.patient("<script>alert(1)</script>", FlagKind.SAFETY)

    page = floor.maren_s.get("/", open=str(care.patient.id)).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_without_safety_cover_the_page_says_what_is_not_sent(floor: Floor) -> None:
    with unit_of_work(floor.sessions) as session:
        a_staff_member(session, a_team(session, "East team", covered=False), "eve@example.org", name="Eve")
    floor.patient("Noor", FlagKind.SAFETY)

    page = floor.app.browser("eve@example.org").get("/").text
    assert "Nobody is named to read the safety answers of East team." in page
    assert '<a href="/team">Who reads safety answers</a>' in page
    assert "Nobody is named" not in floor.maren_s.text("/")


def test_a_stopped_clock_is_said_at_the_top(floor: Floor) -> None:
    floor.app.wait(minutes=4)
    assert "clock has stopped" not in floor.maren_s.text("/")

    floor.app.wait(minutes=2)
    assert "The program’s clock has stopped" in floor.maren_s.text("/").replace("'", "’")


def test_an_empty_list_does_not_say_that_all_are_well(floor: Floor) -> None:
    said = floor.maren_s.text("/")

    assert "Nothing is waiting for your teams." in said
    assert "It does not mean that everyone is well." in said


def test_counts_name_teams_and_no_person(floor: Floor) -> None:
    with unit_of_work(floor.sessions) as session:
        a_staff_member(session, None, "boss@example.org", name="Sofia Lindqvist", role=Role.MANAGER)
    floor.patient("Noor", FlagKind.SAFETY, FlagKind.NOT_IMPROVING, due=timedelta(hours=-1))
    floor.patient("Stranger", FlagKind.NOT_IMPROVING, whose="sven")

    page = floor.app.browser("boss@example.org").get("/")

    rows = re.findall(r"<b>(\w+ team)</b>.*?>(\d+)</td>.*?>(\d+)</td>.*?>(\d+)</td>", page.text)
    assert rows == [("North team", "2", "1", "2"), ("South team", "1", "0", "0")]
    assert "Noor" not in words(page)


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CLOCKS = [
    (timedelta(hours=3, minutes=12), "3 h 12 min left", "today 15:12", ""),
    (timedelta(hours=3), "3 h left", "today 15:00", "soon"),
    (timedelta(minutes=59, seconds=59), "59 min left", "today 12:59", "soon"),
    (timedelta(0), "0 min left", "today 12:00", "soon"),
    (timedelta(seconds=-1), "overdue 0 min", "since 11:59", "late"),
    (timedelta(minutes=-100), "overdue 1 h 40 min", "since 10:20", "late"),
    (timedelta(hours=-13), "overdue 13 h", "since yesterday 23:00", "late"),
    (timedelta(hours=-24), "overdue 1 day", "since yesterday 12:00", "late"),
    (timedelta(days=-5), "overdue 5 days", "since Thu 19 Nov, 12:00", "late"),
    (timedelta(hours=12), "tomorrow 0:00", None, ""),
    (timedelta(days=2), "Thu 26 Nov", "12:00", ""),
]


@pytest.mark.parametrize(("left", "first", "second", "tone"), CLOCKS)
def test_a_clock_says_how_long_and_by_when(left: timedelta, first: str, second: str | None, tone: str) -> None:
    said = due(NOON + left, NOON, LONDON)

    assert (said.first, said.second, said.tone) == (first, second, tone)


def test_a_safety_clock_warns_from_the_morning_on() -> None:
    assert due(NOON + timedelta(hours=5), NOON, LONDON, warn_all_day=True).tone == "soon"


def test_today_is_the_team_s_own_day() -> None:
    late_evening = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    assert due(late_evening + timedelta(hours=1), late_evening, LONDON).first == "tomorrow 0:30"
    new_york = Reader("en", "US", "America/New_York")
    assert due(late_evening + timedelta(hours=1), late_evening, new_york).second == "today 19:30"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=8), "8 days"),
    ],
)
def test_an_age_is_said_in_its_own_unit(ago: timedelta, said: str) -> None:
    assert age(NOON - ago, NOON, LONDON) == said


def test_a_spark_leaves_a_gap_where_there_is_no_score() -> None:
    drawn = spark([12, 13, None, 27, 0], maximum=27, caseness=10)

    assert drawn.segments == ((4.0, 14.11, 23.0, 13.37), (61.0, 3.0, 80.0, 23.0))
    assert drawn.gaps == (42.0,)
    assert drawn.dots == ((80.0, 23.0),)
    assert drawn.last == 0


def test_a_score_that_stands_alone_is_still_seen() -> None:
    drawn = spark([None, 9, None], maximum=27, caseness=10)

    assert drawn.segments == ()
    assert drawn.dots == ((42.0, 16.33),)
    assert (spark([], maximum=27, caseness=10).last, spark([5], maximum=27, caseness=10).dots) == (
        None,
        ((80.0, 19.3),),
    )


def test_ids_on_the_page_are_the_patients_own(floor: Floor) -> None:
    care = floor.patient("Noor", FlagKind.SAFETY)

    found = re.search(r'id="p-([0-9a-f-]+)"', floor.maren_s.get("/").text)

    assert found
    assert UUID(found[1]) == care.patient.id
