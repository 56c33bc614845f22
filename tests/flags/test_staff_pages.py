"""What staff may do with a flag, and what nobody may: to close it without a reason, or to touch another team's."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.care.models import Appointment, Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.declines import write_decline
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import CLOSES, AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.ids import new_id
from monitor.people.models import NoticeChannel, Role, StaffMember
from tests.builders import NOW, InCare, a_check_in, a_flag, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp, words

READ_TO = re.compile(r'name="read_to" value="([^"]+)"')


class Ward:
    """Two teams; Noor is the North team's patient with a safety flag, Otto the South team's."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, team)
            self.daniel = a_staff_member(session, team, "daniel@example.org", name="Daniel Hoxha")
            self.sven = a_staff_member(session, other, "sven@example.org", name="Sven Lund")
            self.boss = a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
            self.noor = a_patient(session, team, self.maren)
            self.otto = a_patient(session, other, self.sven, name="Otto", number="+447700900002")
            a_check_in(session, self.noor)
            self.flag, self.foreign = self.raise_flag(session, self.noor), self.raise_flag(session, self.otto)
            session.add(Appointment(episode_id=self.otto.episode.id, starts_at=NOW + timedelta(days=1)))
        self.sessions = sessions
        self.app = StaffApp(settings, sessions)
        self.maren_s: Browser = self.app.browser("maren@example.org")

    def raise_flag(self, session, care: InCare, kind: FlagKind = FlagKind.SAFETY) -> UUID:
        """Open a flag."""
        finding = Finding(kind, Rule.S1, Severity.URGENT, (Evidence(EvidenceCode.ITEM9_ANSWERED, {"answer": 2}),))
        service.raise_flags(session, care.episode, [finding], now=NOW)
        found = sa.select(Flag.id).where(Flag.patient_id == care.patient.id, Flag.kind == kind)
        return session.scalars(found).one()

    def now(self, flag_id: UUID | None = None) -> Flag:
        """The flag as it stands."""
        with self.sessions() as session:
            return session.get_one(Flag, flag_id or self.flag, options=[sa.orm.selectinload(Flag.events)])


@pytest.fixture
def ward(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sqlite_sessions, settings)


def test_a_flag_is_closed_by_a_person_with_an_outcome_and_a_reason(sessions: Sessions, settings: Settings) -> None:
    ward = Ward(sessions, settings)

    page = ward.maren_s.post(
        f"/flags/{ward.flag}/close", outcome="spoke", reason="She is with her sister until Friday."
    )

    assert (page.status_code, page.location) == (303, f"/#p-{ward.noor.patient.id}")
    flag = ward.now()
    assert (flag.outcome, flag.closed_by_id, flag.closed_at) == (Outcome.SPOKE, ward.maren.id, NOW)
    said = ward.maren_s.text(f"/patients/{ward.noor.patient.id}")
    assert "Closed: Spoke together." in said
    assert "She is with her sister until Friday." in said
    assert len(ward.app.audit("flag closed")) == 1


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_without_a_reason_it_stays_open(ward: Ward, reason: str) -> None:
    before = ward.app.rows()

    page = ward.maren_s.post(f"/flags/{ward.flag}/close", outcome="spoke", reason=reason)

    assert page.status_code == 422
    assert "Without a reason the flag stays open." in words(page)
    assert ward.app.rows() == before
    assert len(ward.app.audit("viewed patient")) == 1, "the page shows the patient, so it is written down"


def test_a_refused_form_keeps_what_was_typed_and_where_it_came_from(ward: Ward) -> None:
    page = ward.maren_s.post(
        f"/flags/{ward.flag}/close",
        outcome="answered_since",
        reason="<b>Rang</b> twice & left",
        view="mine",
        in_reason="safety",
    )

    assert page.status_code == 422
    assert "Choose what happened." in words(page)
    assert "&lt;b&gt;Rang&lt;/b&gt; twice &amp; left</textarea>" in page.text
    assert '<input type="hidden" name="view" value="mine">' in page.text
    again = ward.maren_s.post(f"/flags/{ward.flag}/close", outcome="spoke", reason="x", view="mine", in_reason="safety")
    assert again.location == f"/?view=mine&reason=safety#p-{ward.noor.patient.id}"


NOT_FOR_SAFETY = [*sorted(set(Outcome) - set(CLOSES[FlagKind.SAFETY])), *AttemptOutcome]


@pytest.mark.parametrize("outcome", NOT_FOR_SAFETY)
def test_a_safety_answer_is_not_closed_without_contact(ward: Ward, outcome: str) -> None:
    page = ward.maren_s.post(f"/flags/{ward.flag}/close", outcome=outcome, reason="It was a slip.")

    assert page.status_code == 422
    assert ward.now().closed_at is None


def test_the_page_offers_for_a_safety_answer_only_what_closes_one(ward: Ward) -> None:
    page = ward.maren_s.get("/", open=str(ward.noor.patient.id)).text

    offered = re.findall(r'<button name="outcome" value="(\w+)"', page)
    assert offered == [*AttemptOutcome, *CLOSES[FlagKind.SAFETY]]


@pytest.mark.parametrize("outcome", list(AttemptOutcome))
def test_a_try_is_recorded_and_leaves_it_open(ward: Ward, outcome: AttemptOutcome) -> None:
    page = ward.maren_s.post(f"/flags/{ward.flag}/attempt", outcome=outcome.value, reason="Rang at ten.")

    assert page.status_code == 303
    flag = ward.now()
    assert flag.closed_at is None
    assert flag.acted_at == NOW
    assert [(each.outcome, each.staff_member_id) for each in flag.events if each.kind is FlagEventKind.ATTEMPT] == [
        (outcome, ward.maren.id)
    ]


def test_a_try_needs_no_words(ward: Ward) -> None:
    assert ward.maren_s.post(f"/flags/{ward.flag}/attempt", outcome="left_message").status_code == 303


def test_an_outcome_is_no_try(ward: Ward) -> None:
    assert ward.maren_s.post(f"/flags/{ward.flag}/attempt", outcome="spoke", reason="x").status_code == 422


def test_seeing_it_is_noted_once_and_stops_no_clock(ward: Ward) -> None:
    due_at = ward.now().due_at

    for _ in range(2):
        assert ward.maren_s.post(f"/flags/{ward.flag}/seen").status_code == 303

    flag = ward.now()
    assert (flag.seen_at, flag.due_at) == (NOW, due_at)
    assert sum(each.kind is FlagEventKind.SEEN for each in flag.events) == 1


def test_a_flag_is_handed_to_a_colleague_of_the_same_team(ward: Ward) -> None:
    browser = ward.maren_s

    browser.post(f"/flags/{ward.flag}/hand-over", to=str(ward.daniel.id), words="Speaks Arabic.")

    assert ward.now().owner_id == ward.daniel.id
    assert "Daniel Hoxha" in browser.text("/")
    assert "Yours 0" in browser.text("/")


def test_a_flag_is_not_handed_to_a_stranger_or_a_manager(ward: Ward) -> None:
    for to in (str(ward.sven.id), str(ward.boss.id), str(new_id()), "", "x"):
        page = ward.maren_s.post(f"/flags/{ward.flag}/hand-over", to=to, words="Please take her.")
        assert page.status_code == 422
        assert "Please take her." in page.text
    assert ward.now().owner_id == ward.maren.id


def test_two_people_cannot_both_close_it(ward: Ward) -> None:
    ward.app.wait(seconds=31)
    daniel_s = ward.app.browser("daniel@example.org")
    ward.maren_s.post(f"/flags/{ward.flag}/close", outcome="spoke", reason="First.")

    page = daniel_s.post(f"/flags/{ward.flag}/close", outcome="plan_updated", reason="Second, with much to say.")

    assert page.status_code == 409
    assert "Somebody has closed this flag already." in words(page)
    assert "Second, with much to say." in words(page)
    assert ward.now().outcome is Outcome.SPOKE


def test_a_page_that_has_not_shown_the_newest_evidence_does_not_close_the_flag(ward: Ward) -> None:
    read_to = READ_TO.findall(ward.maren_s.get(f"/patients/{ward.noor.patient.id}").text)[0]
    finding = Finding(
        FlagKind.SAFETY, Rule.S1, Severity.URGENT, (Evidence(EvidenceCode.ITEM9_ANSWERED, {"answer": 3}),)
    )
    with unit_of_work(ward.sessions) as session:
        service.raise_flags(session, ward.noor.episode, [finding], now=NOW + timedelta(minutes=1))
    fields = {"outcome": "spoke", "reason": "Settled with her yesterday."}

    page = ward.maren_s.post(f"/flags/{ward.flag}/close", **fields, read_to=read_to)

    assert page.status_code == 422
    assert "Something new came in while this page was open." in words(page)
    assert ward.now().closed_at is None
    shown = READ_TO.findall(page.text)[0]
    assert ward.maren_s.post(f"/flags/{ward.flag}/close", **fields, read_to=shown).status_code == 303


def test_after_the_record_one_is_back_on_the_record(ward: Ward) -> None:
    page = ward.maren_s.post(f"/flags/{ward.flag}/seen", back="patient")

    assert page.location == f"/patients/{ward.noor.patient.id}"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_form_never_leads_off_our_pages(ward: Ward, back: str) -> None:
    page = ward.maren_s.post(f"/flags/{ward.flag}/seen", back=back, view=back)

    assert page.location
    assert page.location.startswith("/?view=")


def foreign(ward: Ward, path: str) -> str:
    """A route of the map, with ids of the South team."""
    ids = dict.fromkeys(re.findall(r"<uuid:(\w+)>", path), str(new_id()))
    ids |= {"flag_id": str(ward.foreign), "patient_id": str(ward.otto.patient.id)}
    return re.sub(r"<uuid:(\w+)>", lambda found: ids[found[1]], path)


def test_another_team_s_ids_are_nothing_on_every_route(ward: Ward) -> None:
    before, tried = ward.app.rows(), 0

    for rule in ward.app.flask.url_map.iter_rules():
        if "<uuid:" not in rule.rule:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            path = foreign(ward, rule.rule)
            fields = {"outcome": "spoke", "reason": "x", "number": "07400 123456", "on": "2026-12-01", "at": "09:00"}
            page = ward.maren_s.get(path) if method == "GET" else ward.maren_s.post(path, **fields)
            tried += 1
            assert page.status_code == 404, (method, path)
            assert "Otto" not in page.text

    assert tried >= 12
    assert len(ward.app.audit("refused")) == tried, "each refusal is written down"
    assert ward.app.rows() == before


def test_what_does_not_exist_looks_the_same_as_what_is_not_one_s_own(ward: Ward) -> None:
    foreign_page = ward.maren_s.get(f"/patients/{ward.otto.patient.id}")
    unknown_page = ward.maren_s.get(f"/patients/{new_id()}")

    assert foreign_page.text == unknown_page.text


def test_an_appointment_of_another_episode_is_nothing(ward: Ward) -> None:
    with ward.sessions() as session:
        theirs = session.scalars(sa.select(Appointment.id)).one()

    for asked in (str(theirs), str(new_id()), "x"):
        page = ward.maren_s.post(f"/patients/{ward.noor.patient.id}/appointments", appointment=asked, became="attended")
        assert page.status_code == 404


def test_looking_changes_nothing_but_the_audit_trail(ward: Ward) -> None:
    before = ward.app.rows()
    patient = ward.noor.patient.id

    for path in (
        "/",
        "/?view=mine",
        f"/?open={patient}",
        f"/patients/{patient}",
        f"/patients/{patient}?corridor=gad7&columns=all&texts=all",
        "/patients/new",
        "/find?q=noor",
        "/healthz",
    ):
        ward.maren_s.get(path)
        ward.maren_s.client.head(path)

    assert ward.app.rows() == before
    assert {entry.subject_id for entry in ward.app.audit("viewed patient")} == {patient}


def test_without_our_token_no_form_changes_anything(ward: Ward) -> None:
    before = ward.app.rows()

    for rule in ward.app.flask.url_map.iter_rules():
        if "POST" not in (rule.methods or set()):
            continue
        ids = {"flag_id": str(ward.flag), "patient_id": str(ward.noor.patient.id)}
        path = re.sub(r"<uuid:(\w+)>", lambda found, ids=ids: ids.get(found[1], str(new_id())), rule.rule)
        page = ward.maren_s.client.post(path, data={"outcome": "spoke", "reason": "x"})
        assert page.status_code == 400, path

    assert ward.app.rows() == before


def test_a_form_from_another_site_is_refused(ward: Ward) -> None:
    page = ward.maren_s.client.post(
        f"/flags/{ward.flag}/seen",
        data={"csrf_token": ward.maren_s.token()},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert page.status_code == 403
    assert ward.now().seen_at is None


def test_a_manager_in_the_team_reads_and_does_not_act(ward: Ward) -> None:
    boss_s = ward.app.browser("boss@example.org")

    page = boss_s.get("/", open=str(ward.noor.patient.id))
    assert page.status_code == 200
    assert f"/flags/{ward.flag}/close" not in page.text
    assert f"/flags/{ward.flag}/close" not in boss_s.get(f"/patients/{ward.noor.patient.id}").text
    assert boss_s.post(f"/flags/{ward.flag}/close", outcome="spoke", reason="x").status_code == 404
    assert boss_s.get("/patients/new").status_code == 404
    assert ward.now().closed_at is None


def test_every_outcome_that_closes_a_kind_is_offered_and_works(ward: Ward) -> None:
    for kind, outcomes in CLOSES.items():
        for outcome in outcomes:
            with unit_of_work(ward.sessions) as session:
                open_now = session.scalars(
                    sa.select(Flag).where(
                        Flag.patient_id == ward.noor.patient.id, Flag.kind == kind, Flag.closed_at.is_(None)
                    )
                ).one_or_none()
                flag_id = open_now.id if open_now else self_made(session, ward.noor, kind)
            offered = ward.maren_s.get("/", open=str(ward.noor.patient.id)).text
            assert f'name="outcome" value="{outcome.value}"' in offered
            page = ward.maren_s.post(f"/flags/{flag_id}/close", outcome=outcome.value, reason="Said and done.")
            assert page.status_code == 303, (kind, outcome)
            assert ward.now(flag_id).outcome is outcome


def self_made(session, care: InCare, kind: FlagKind) -> UUID:
    """A flag of a kind, whether or not one was closed a moment ago."""
    flag = a_flag(care, kind, due_at=NOW + timedelta(hours=2))
    session.add(flag)
    session.flush()
    evidence = [{"code": "call_wanted", "params": {}}]
    session.add(
        FlagEvent(
            flag_id=flag.id,
            at=NOW,
            kind=FlagEventKind.OPENED,
            rule=Rule.C1,
            evidence=evidence,
            patient_id=care.patient.id,
        )
    )
    session.flush()
    return flag.id


# ---- later, mine, undone, many at once ----


def events(ward: Ward, flag_id: UUID, kind: FlagEventKind) -> list[FlagEvent]:
    return [each for each in ward.now(flag_id).events if each.kind is kind]


@pytest.fixture
def missed(ward: Ward) -> UUID:
    """Noor has missed check-ins besides."""
    with unit_of_work(ward.sessions) as session:
        return ward.raise_flag(session, ward.noor, FlagKind.MISSED_CHECK_INS)


def test_a_flag_is_set_aside_with_a_reason_and_a_day(ward: Ward, missed: UUID) -> None:
    page = ward.maren_s.post(f"/flags/{missed}/snooze", until="2026-11-30", why="Away until then, told us by text.")

    assert page.status_code == 303
    assert ward.now(missed).snoozed_until == datetime(2026, 11, 30, tzinfo=UTC)
    assert "Set aside until Mon 30 Nov." in ward.maren_s.text(f"/flags/{missed}")


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("2026-11-30", ""),
        ("", "Away."),
        ("2026-11-24", "Today is no day to come."),
        ("2020-01-01", "Long ago."),
        ("2027-11-24", "Far too late."),
        ("next week", "Not a day."),
    ],
)
def test_without_a_reason_or_a_day_that_is_allowed_it_stays_where_it_is(
    ward: Ward, missed: UUID, until: str, why: str
) -> None:
    page = ward.maren_s.post(f"/flags/{missed}/snooze", until=until, why=why)

    assert page.status_code == 422
    assert why in page.text
    assert until in page.text
    assert ward.now(missed).snoozed_until is None


def test_a_day_that_has_passed_is_said_together_with_the_missing_reason(ward: Ward, missed: UUID) -> None:
    page = ward.maren_s.post(f"/flags/{missed}/snooze", until="2020-01-01", why="")

    said = words(page)
    assert said.index("Until : Choose the day") < said.index("Why it can wait : Write why")
    for name in ("until", "why"):
        assert re.search(f'name="{name}"[^>]* aria-invalid="true" aria-describedby="{name}-fault"', page.text)


def test_the_field_without_a_new_owner_is_marked_as_wrong(ward: Ward) -> None:
    page = ward.maren_s.post(f"/flags/{ward.flag}/hand-over", to="")

    assert re.search('name="to"[^>]* aria-invalid="true" aria-describedby="to-fault"', page.text)


def test_what_closes_nothing_stands_apart_from_what_does(ward: Ward) -> None:
    page = ward.maren_s.get(f"/flags/{ward.flag}").text

    closing, _, others = page.partition('<div class="others">')
    assert "Settled: closes this flag" in closing
    assert "I have seen it; the clock runs on" not in closing
    assert "I have seen it; the clock runs on" in others


def test_a_try_that_was_not_chosen_leads_to_the_tries_and_a_close_to_what_closes(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        review = ward.raise_flag(session, ward.noor, FlagKind.REVIEW_DUE)

    for flag, legend in ((ward.flag, "Settled: closes this flag"), (review, "Tried: stays open")):
        page = ward.maren_s.post(f"/flags/{flag}/{'close' if flag == ward.flag else 'attempt'}", reason="Spoke.")
        assert f'<a href="#outcome-{flag}">{legend}</a>' in page.text
        assert re.search(rf'id="outcome-{flag}">\s*<legend>{legend}', page.text)


def test_an_empty_view_says_which_reason_it_is_of(ward: Ward) -> None:
    said = ward.maren_s.get("/?reason=unreachable")

    assert "Nothing is waiting in this view." in words(said)
    assert re.search(r'aria-current="true">Unreachable <span class="m">0<', said.text)


def test_a_safety_answer_is_never_set_aside(ward: Ward) -> None:
    offered = ward.maren_s.get(f"/flags/{ward.flag}").text
    assert f"/flags/{ward.flag}/snooze" not in offered
    assert "data-later" not in ward.maren_s.get("/").text

    page = ward.maren_s.post(f"/flags/{ward.flag}/snooze", until="2026-11-30", why="Please.")

    assert page.status_code == 422
    assert ward.now().snoozed_until is None


def test_a_flag_is_taken_by_whoever_will_see_to_it(ward: Ward) -> None:
    ward.app.wait(seconds=31)
    daniel_s = ward.app.browser("daniel@example.org")

    assert daniel_s.post(f"/flags/{ward.flag}/take").status_code == 303

    assert ward.now().owner_id == ward.daniel.id
    assert f"/flags/{ward.flag}/take" not in daniel_s.get(f"/flags/{ward.flag}").text


UNDO = re.compile(r'name="event" value="([^"]+)"')


def test_a_slip_is_undone_from_the_page_that_says_what_was_done(ward: Ward) -> None:
    ward.maren_s.post(f"/flags/{ward.flag}/hand-over", to=str(ward.daniel.id))
    page = ward.maren_s.get("/").text
    assert f'action="/flags/{ward.flag}/undo"' in page

    undone = ward.maren_s.post(f"/flags/{ward.flag}/undo", event=UNDO.findall(page)[0])

    assert undone.status_code == 303
    assert ward.now().owner_id == ward.maren.id
    assert f"/flags/{ward.flag}/undo" not in ward.maren_s.get("/").text


def test_after_ten_minutes_or_by_somebody_else_nothing_is_undone(ward: Ward) -> None:
    ward.maren_s.post(f"/flags/{ward.flag}/hand-over", to=str(ward.daniel.id))
    event = str(events(ward, ward.flag, FlagEventKind.HANDED_OVER)[0].id)
    ward.app.wait(seconds=31)
    daniel_s = ward.app.browser("daniel@example.org")

    assert daniel_s.post(f"/flags/{ward.flag}/undo", event=event).status_code == 422
    ward.app.wait(minutes=10)
    late = ward.maren_s.post(f"/flags/{ward.flag}/undo", event=event)

    assert late.status_code == 422
    assert "This cannot be undone any more" in words(late)
    assert ward.now().owner_id == ward.daniel.id
    assert f"/flags/{ward.flag}/undo" not in ward.maren_s.get(f"/flags/{ward.flag}").text


def test_what_was_said_does_not_run_into_the_way_to_take_it_back(ward: Ward, missed: UUID) -> None:
    ward.maren_s.post(f"/flags/{missed}/snooze", until="2026-11-30", why="Back on Friday.")

    assert "Back on Friday.</bdi></q> <form" in ward.maren_s.get(f"/flags/{missed}").text


def test_a_try_is_not_offered_to_be_undone(ward: Ward) -> None:
    ward.maren_s.post(f"/flags/{ward.flag}/attempt", outcome="left_message")

    assert "/undo" not in ward.maren_s.get("/").text


def test_the_same_try_is_written_down_for_several_at_once(sessions: Sessions, settings: Settings) -> None:
    ward = Ward(sessions, settings)
    with unit_of_work(sessions) as session:
        team, maren = ward.noor.team, ward.maren
        others = [a_patient(session, team, maren, number=f"+4477009000{n}") for n in range(10, 13)]
        flags = [ward.raise_flag(session, care, FlagKind.MISSED_CHECK_INS) for care in others]
    assert 'name="flag"' in ward.maren_s.get("/").text

    page = ward.maren_s.post("/flags/attempts", flag=[str(each) for each in flags], outcome="left_message")

    assert page.status_code == 303
    assert "Recorded for 3 patients. Their flags stay open." in words(ward.maren_s.get("/"))
    for flag_id in flags:
        assert [each.outcome for each in events(ward, flag_id, FlagEventKind.ATTEMPT)] == ["left_message"]
        assert ward.now(flag_id).closed_at is None


def test_many_at_once_is_for_missed_check_ins_alone_and_for_one_s_own_teams(ward: Ward, missed: UUID) -> None:
    before = ward.app.rows()

    for ids in ([str(missed), str(ward.flag)], [str(missed), str(ward.foreign)], [str(missed), "x"]):
        assert ward.maren_s.post("/flags/attempts", flag=ids, outcome="left_message").status_code == 404
    assert ward.app.rows() == before


@pytest.mark.parametrize(("fields", "said"), [({}, "Choose what"), ({"outcome": "left_message"}, "Nobody was ticked")])
def test_nothing_ticked_or_chosen_writes_nothing(ward: Ward, missed: UUID, fields: dict[str, str], said: str) -> None:
    before = ward.app.rows()

    flag = {} if "outcome" in fields else {"flag": str(missed)}
    assert ward.maren_s.post("/flags/attempts", **fields, **flag).status_code == 303

    assert said in words(ward.maren_s.get("/"))
    assert ward.app.rows() == before


def test_one_flag_has_a_page_with_the_last_answers(ward: Ward) -> None:
    page = ward.maren_s.get(f"/flags/{ward.flag}")

    said = words(page)
    assert "Item 9 answered 2, more than half the days." in said
    assert "No check-in has been answered yet." in said
    assert f"/flags/{ward.flag}/close" in page.text
    assert len(ward.app.audit("viewed patient")) == 1


def test_keys_are_turned_off_for_good_and_on_again(ward: Ward) -> None:
    assert "staff.js" in ward.maren_s.get("/").text

    assert ward.maren_s.post("/keys", keys="off").status_code == 303
    page = ward.maren_s.get("/")
    assert "staff.js" not in page.text
    assert "Single keys are off for you, on every computer." in words(page)

    ward.maren_s.post("/keys", keys="on")
    assert "staff.js" in ward.maren_s.get("/").text


def test_a_review_that_is_due_is_settled_by_a_review_alone(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        flag_id = self_made(session, ward.noor, FlagKind.REVIEW_DUE)

    page = ward.maren_s.get(f"/flags/{flag_id}")

    assert f'href="/patients/{ward.noor.patient.id}/review"' in page.text
    assert "Only the decision of a review settles this." in words(page)
    assert re.findall(r'<button name="outcome" value="(\w+)"', page.text) == [*AttemptOutcome]
    assert ward.maren_s.post(f"/flags/{flag_id}/close", outcome="reviewed", reason="x").status_code == 422
    assert ward.now(flag_id).closed_at is None


def test_what_to_think_of_stands_beside_a_flag_about_a_course(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        flag_id = ward.raise_flag(session, ward.noor, FlagKind.NOT_IMPROVING)

    assert "Worth asking about" in ward.maren_s.text(f"/flags/{flag_id}")
    assert "Worth asking about" not in ward.maren_s.text(f"/flags/{ward.flag}")


def test_somebody_who_wanted_no_contact_on_a_topic_can_want_it_again(ward: Ward) -> None:
    address = f"/patients/{ward.noor.patient.id}"
    with unit_of_work(ward.sessions) as session:
        episode, by = session.get_one(Episode, ward.noor.episode.id), session.get_one(StaffMember, ward.maren.id)
        write_decline(session, episode, FlagKind.MISSED_CHECK_INS, by, "Not about missed ones.", NOW)
    assert "Wants no contact about" in ward.maren_s.text(address)

    for nothing in ({"topic": "missed_check_ins", "words": " "}, {"topic": "safety", "words": "Yes."}):
        ward.maren_s.post(f"{address}/contact-again", **nothing)
        assert "Wants no contact about" in ward.maren_s.text(address)
    page = ward.maren_s.post(f"{address}/contact-again", topic="missed_check_ins", words="Ring me after all.")

    assert page.location == address
    assert "Wants no contact about" not in ward.maren_s.text(address)


def test_a_manager_sees_how_many_notices_never_went(ward: Ward) -> None:
    boss = ward.app.browser("boss@example.org")
    assert "could not be sent" not in boss.text("/", view="counts")

    with unit_of_work(ward.sessions) as session:
        given_up = {"due_at": NOW, "created_at": NOW, "given_up_at": NOW, "channel": NoticeChannel.EMAIL}
        session.add(
            Notice(staff_member_id=ward.maren.id, kind=NoticeKind.FLAG_OVERDUE, dedupe_key="overdue", **given_up)
        )

    assert "1 notice to a colleague could not be sent." in boss.text("/", view="counts")
