"""Staff take the call of somebody who stepped down: they come back, or they notice a sign of their own plan."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.care.kinds import CareRole, Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.roles import assign
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.service import close, raise_flags
from monitor.people.models import Role, StaffMember
from monitor.relapse.kinds import How
from monitor.relapse.models import Reentry, WarningSign
from monitor.relapse.reentry import come_back
from tests.builders import NOW, a_patient, a_staff_member, a_team
from tests.plans import CONTENT, SIGNS, an_agreed_plan, stepped_down
from tests.staff_browser import StaffApp

RANG = "Noor rang herself: sleep is going, and she would like to talk."


class Ward:
    """Noor has stepped down, and Kim coordinates her care; Otto is another team's."""

    def __init__(self, sessions: Sessions, settings: Settings, **plan: object) -> None:
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, team)
            self.kim = a_staff_member(session, team, "kim@example.org", name="Kim Vale", role=Role.COORDINATOR)
            a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
            self.noor = a_patient(session, team, self.maren, language="es")
            sven = a_staff_member(session, other, "sven@example.org", name="Sven Lund")
            self.otto = a_patient(session, other, sven, name="Otto", number="+447700900002")
            self.plan = an_agreed_plan(session, self.noor, NOW - timedelta(days=8), **plan)
            stepped_down(session, self.noor, self.plan)
            stepped_down(session, self.otto)
            assign(session, self.noor.episode, CareRole.COORDINATOR, self.kim.id, decided_by_id=self.maren.id, now=NOW)
            self.signs = {sign.position: sign.id for sign in self.plan.signs}
        self.sessions, self.app = sessions, StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")
        self.record = f"/patients/{self.noor.patient.id}"
        self.coming_back = f"{self.record}/coming-back"

    def all(self, model: type) -> list:  # type: ignore[type-arg]
        with self.sessions() as session:
            return list(session.scalars(sa.select(model)))

    def step(self) -> Step:
        with self.sessions() as session:
            return session.get_one(Episode, self.noor.episode.id).step

    def raised(self, *found: tuple[Rule, Evidence]) -> UUID:
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, self.noor.episode.id)
            findings = [Finding(FlagKind.RELAPSE_SIGNAL, rule, Severity.HIGH, (said,)) for rule, said in found]
            raise_flags(session, episode, findings, now=NOW)
            return session.scalars(sa.select(Flag.id).where(Flag.kind == FlagKind.RELAPSE_SIGNAL)).one()


@pytest.fixture
def ward(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sqlite_sessions, settings)


def said(text: str) -> str:
    return re.sub(r" (?=[.,:])", "", text)


# ---- they come back ----


@pytest.mark.parametrize("where", ["record", "coming_back"])
def test_what_coming_back_means_stands_there_before_the_button_is_pressed(ward: Ward, where: str) -> None:
    page = said(ward.maren_s.text(getattr(ward, where)))

    assert "their step is Step 2, guided self-help" in page
    assert "somebody speaks with them within 5 working days, Tue 1 Dec: Kim Vale" in page
    assert "they are asked every week, and a first review is set" in page
    assert "This is what their own plan has agreed." in page


def test_a_call_takes_them_back_and_the_record_says_who_calls_and_by_when(ward: Ward) -> None:
    page = ward.maren_s.post(ward.coming_back, words=RANG)

    assert (page.status_code, page.location) == (303, f"{ward.record}?returned=1")
    assert ward.step() is Step.TWO
    [row] = ward.all(Reentry)
    assert (row.how, row.staff_member_id) == (How.CALL, ward.maren.id)
    shown = said(ward.maren_s.text(page.location))
    assert "They are back: Step 2" in shown
    assert "Kim Vale speaks with them by Tue 1 Dec." in shown
    assert "Came back to: Step 2." in shown
    assert RANG in shown


def test_without_a_word_of_who_called_nothing_is_written(ward: Ward) -> None:
    before = ward.app.rows()

    page = ward.maren_s.post(ward.coming_back, words="  ")

    assert page.status_code == 422
    assert "Write who called and what they said." in page.text
    assert ward.app.rows() == before


def test_pressed_twice_or_after_they_tapped_themselves_it_is_one_return(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        come_back(session, session.get_one(Episode, ward.noor.episode.id), How.PAGE, now=NOW)

    pages = [ward.maren_s.post(ward.coming_back, words=RANG) for _ in range(2)]

    assert [page.status_code for page in pages] == [303, 303]
    assert [row.how for row in ward.all(Reentry)] == [How.PAGE]
    assert len([each for each in ward.all(StepAssignment) if each.episode_id == ward.noor.episode.id]) == 3


def test_whoever_has_not_stepped_down_has_no_such_form_and_a_sent_one_changes_nothing(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        episode = session.get_one(Episode, ward.noor.episode.id)
        come_back(session, episode, How.PAGE, now=NOW)
        flag = session.scalars(sa.select(Flag)).one()
        by = session.get_one(StaffMember, ward.maren.id)
        close(session, flag, by, Outcome.FIRST_CONTACT_HELD, "We spoke.", NOW, read_to=NOW)
    before = ward.app.rows()

    page = ward.maren_s.post(ward.coming_back, words=RANG)

    assert page.status_code == 303
    assert "came back meanwhile. Nothing was written down." in ward.maren_s.text(ward.record)
    assert ward.app.rows() == before
    assert "They ask to come back" not in ward.maren_s.text(ward.record)
    assert "there is nothing to come back from" in ward.maren_s.text(ward.coming_back)


@pytest.mark.parametrize("path", ["coming-back", "noticed-sign"])
def test_another_teams_patient_and_a_role_that_may_not_record_get_nothing(ward: Ward, path: str) -> None:
    before = ward.app.rows()
    form = {"words": RANG, "said": RANG}

    assert ward.maren_s.post(f"/patients/{ward.otto.patient.id}/{path}", **form).status_code == 404
    assert ward.app.browser("boss@example.org").post(f"{ward.record}/{path}", **form).status_code == 404

    rows = ward.app.rows()
    assert {name: rows[name] for name in ("reentries", "flags", "step_assignments")} == {
        name: before[name] for name in ("reentries", "flags", "step_assignments")
    }


# ---- they notice a sign ----


def test_a_sign_that_was_named_in_a_call_is_a_flag_with_what_was_said(ward: Ward) -> None:
    page = ward.maren_s.post(f"{ward.record}/noticed-sign", said=RANG, sign=str(ward.signs[2]))

    assert (page.status_code, page.location) == (303, ward.record)
    assert ward.step() is Step.STEPPED_DOWN
    [flag] = ward.all(Flag)
    assert (flag.kind, flag.owner_id, flag.closed_at) == (FlagKind.RELAPSE_SIGNAL, ward.kim.id, None)
    shown = said(ward.maren_s.text(f"/flags/{flag.id}"))
    assert "Signs of their own plan noticed, as they said on the phone on 24 November: 1." in shown
    assert SIGNS[1].words in shown
    assert RANG in shown


def test_a_sign_may_be_noticed_without_saying_which(ward: Ward) -> None:
    ward.maren_s.post(f"{ward.record}/noticed-sign", said=RANG)

    [flag] = ward.all(Flag)
    assert "they notice a sign of their plan" in ward.maren_s.text(f"/flags/{flag.id}")


@pytest.mark.parametrize("sign", ["not an id", "00000000-0000-7000-8000-000000000000"])
def test_a_sign_of_nobodys_plan_is_refused_and_what_was_typed_stays(ward: Ward, sign: str) -> None:
    before = ward.app.rows()

    page = ward.maren_s.post(f"{ward.record}/noticed-sign", said=RANG, sign=sign)

    assert page.status_code == 422
    assert RANG in unescape(page.text)
    assert ward.app.rows() == before


def test_a_sign_of_another_patient_is_refused(ward: Ward) -> None:
    theirs = next(sign.id for sign in ward.all(WarningSign) if sign.patient_id == ward.otto.patient.id)

    assert ward.maren_s.post(f"{ward.record}/noticed-sign", said=RANG, sign=str(theirs)).status_code == 422
    assert ward.all(Flag) == []


# ---- the flags ----

NOTICED = Evidence(
    EvidenceCode.SIGN_NOTICED, {"by": "page", "on": "2026-11-24", "signs": 2, "which": "1, 2", "version": 1}
)
ROSE = Evidence(
    EvidenceCode.ROSE_AFTER_STEP_DOWN, {"measure": "phq9", "then": 4, "last": 9, "points": 5, "on": "2026-11-17"}
)
BACK = Evidence(
    EvidenceCode.BACK_AT_CASENESS, {"measure": "phq9", "then": 4, "last": 11, "caseness": 10, "on": "2026-11-17"}
)
QUIET = Evidence(EvidenceCode.QUIET_AFTER_STEP_DOWN, {"count": 2})


@pytest.mark.parametrize("page", ["flag", "record"])
@pytest.mark.parametrize(
    ("found", "title", "words"),
    [
        ([(Rule.W1, NOTICED)], "What they do at the first sign", CONTENT.first_sign),
        ([(Rule.W2, ROSE)], "What they do at the first sign", CONTENT.first_sign),
        ([(Rule.W5, QUIET)], "What they do at the first sign", CONTENT.first_sign),
        ([(Rule.W2, ROSE), (Rule.W3, BACK)], "What they do at a lapse", CONTENT.lapse),
        ([(Rule.W1, NOTICED), (Rule.W4, BACK)], "What they do when they are as unwell as before", CONTENT.relapse),
    ],
)
def test_beside_a_signal_stands_what_the_plan_says_for_that_moment(
    ward: Ward, page: str, found: list[tuple[Rule, Evidence]], title: str, words: str
) -> None:
    flag = ward.raised(*found)

    shown = ward.maren_s.text(f"/flags/{flag}" if page == "flag" else ward.record)

    assert f"{title} {words}" in shown
    assert CONTENT.helped in shown
    assert "Ana My sister" in shown


def test_the_signs_are_read_in_the_patients_own_words_and_language(ward: Ward) -> None:
    flag = ward.raised((Rule.W1, NOTICED))

    page = unescape(ward.maren_s.get(f"/flags/{flag}").text)

    for sign in SIGNS[:2]:
        assert f'<q><bdi lang="es">{sign.words}</bdi></q>' in page
    assert SIGNS[2].words not in page
    with ward.sessions() as session:
        stored = repr([event.evidence for event in session.scalars(sa.select(FlagEvent))])
    assert SIGNS[0].words not in stored


def test_a_moment_that_the_plan_leaves_empty_falls_back_on_the_first_sign(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    short = CONTENT.model_copy(update={"lapse": "", "relapse": ""})
    ward = Ward(sqlite_sessions, settings, content=short)
    flag = ward.raised((Rule.W4, BACK))

    assert CONTENT.first_sign in ward.maren_s.text(f"/flags/{flag}")


def test_the_flag_of_a_return_says_how_where_to_and_what_has_helped(ward: Ward) -> None:
    ward.maren_s.post(ward.coming_back, words=RANG)
    [flag] = ward.all(Flag)

    shown = said(ward.maren_s.text(f"/flags/{flag.id}"))

    assert "Came back on 24 November, by a call that a colleague took, to: Step 2, guided self-help." in shown
    assert "Rule B1, came back after stepping down." in shown
    assert CONTENT.helped in shown
    assert "First contact held" in shown
    assert "What they do" not in shown


def test_the_worklist_tells_a_return_silence_and_a_signal_apart(ward: Ward) -> None:
    ward.raised((Rule.W5, QUIET))
    kim = ward.app.browser("kim@example.org")
    assert "Gone quiet after stepping down" in kim.text("/")

    ward.raised((Rule.W2, ROSE))
    quiet_and_worse = kim.text("/")
    assert "Gone quiet after stepping down" not in quiet_and_worse
    assert "Relapse signal" in quiet_and_worse

    ward.maren_s.post(ward.coming_back, words=RANG)
    assert "Came back" in kim.text("/")


def test_an_attempt_on_a_return_leaves_it_open_with_its_day(ward: Ward) -> None:
    ward.maren_s.post(ward.coming_back, words=RANG)
    [flag] = ward.all(Flag)

    ward.maren_s.post(f"/flags/{flag.id}/attempt", outcome="tried_no_answer", reason="Rang at noon.")

    [after] = ward.all(Flag)
    assert (after.closed_at, after.due_at) == (None, flag.due_at)
    assert FlagEventKind.ATTEMPT in {event.kind for event in ward.all(FlagEvent)}
