"""The page for a patient's own doctor: what the record holds, only with consent, and nothing that sorts a person."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.checkins.models import MonitoringPlan
from monitor.config import RESOURCES, Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import CareTeam, Channel, Party, Patient, Role, StaffMember
from monitor.people.service import change_preference, preference
from monitor.people.sharing import Asked, withdraw, write_down
from monitor.relapse.content import Sign
from monitor.relapse.kinds import Guardrail, GuardrailAct, How
from monitor.relapse.models import GuardrailRecord
from monitor.relapse.reentry import come_back
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team, answers
from tests.flags.test_words import FORBIDDEN
from tests.plans import CONTENT, SIGNS, an_agreed_plan, stepped_down
from tests.progress.test_staff_page import Course
from tests.staff_browser import words

WEEK = timedelta(weeks=1)
MEDICINES = "Sertraline 100 mg in the morning"
LONG = "Sertraline 100 mg in the morning, since spring; not with the other tablets. " * 13


class Letter(Course):
    """Noor's page, as Maren opens it."""

    def path(self, page: str = "summary") -> str:
        return f"/patients/{self.noor.patient.id}/{page}"

    def here(self, session: Session) -> InCare:
        """Noor's care in a session."""
        episode = session.get_one(Episode, self.noor.episode.id)
        return replace(self.noor, episode=episode, patient=episode.patient)

    def agrees(self, granted: bool = True, *, at: timedelta = WEEK) -> None:
        with unit_of_work(self.sessions) as session:
            patient = self.here(session).patient
            write_down(session, patient, granted, Asked.VISIT, staff_member_id=self.maren.id, now=NOW - at)

    def steps_down(self, medicines: str = MEDICINES, more_signs: int = 0) -> None:
        content = CONTENT.model_copy(update={"medicines": medicines, "prescriber": "Dr Lind"})
        signs = (*SIGNS, *(Sign(words=f"Sign number {number} of mine") for number in range(more_signs)))
        with unit_of_work(self.sessions) as session:
            care = self.here(session)
            agreed = an_agreed_plan(session, care, NOW - 3 * WEEK, content=content, signs=signs)
            stepped_down(session, care, agreed, at=NOW - 2 * WEEK)

    def confirms(self, act: GuardrailAct, said: str = "Goes on for a year, with Dr Lind.") -> None:
        with unit_of_work(self.sessions) as session:
            session.add(
                GuardrailRecord(
                    patient=self.here(session).patient,
                    patient_id=self.noor.patient.id,
                    episode_id=self.noor.episode.id,
                    guardrail=Guardrail.MEDICINES,
                    act=act,
                    at=NOW - 2 * WEEK,
                    staff_member_id=self.maren.id,
                    words=said,
                )
            )

    def letter(self, **query: str) -> str:
        return self.maren_s.text(self.path(), **query)


@pytest.fixture
def letter(sqlite_sessions: Sessions, settings: Settings) -> Letter:
    return Letter(sqlite_sessions, settings)


# ---- what stands on it ----


def test_it_tells_where_care_stands(sessions: Sessions, settings: Settings) -> None:
    letter = Letter(sessions, settings)
    letter.agrees()
    letter.answers(9, answers(18, 13))
    letter.answers(3, answers(4, 3))
    letter.steps_down()
    letter.answers(1, answers(6, 5))
    letter.confirms(GuardrailAct.CONFIRMED)

    said = letter.letter()

    assert "In care since 15 September 2026." in said
    assert "Stepped down. Treatment has come to its end." in said
    assert "Stepped down on 10 November 2026." in said
    assert (
        "PHQ-9, depression, 0 to 27 18, moderately severe, 22 September 2026"
        " 4, minimal, 3 November 2026 6, mild, 17 November 2026"
    ) in said
    assert MEDICINES in said
    assert "Prescribed by: Dr Lind" in said
    assert "Looked at on 10 November 2026 by Maren Okafor: Goes on for a year, with Dr Lind." in said
    assert "I wake before four" in said
    assert "they ask, and start again at Step 2. Somebody speaks with them within 5 working days." in said
    assert "+441632960123" not in said, "every number stands as it is read aloud"
    assert "Whom to call Maren Okafor , North team , +44 1632 960123" in said
    assert "Monday to Friday 9:00–17:00" in said
    assert "A check-in every week. They are asked by text." in said
    assert "Made from the record by Maren Okafor on 24 November 2026, 10:00." in said
    assert "Agreed that their doctor may be told, 17 Nov 2026, asked at a visit." in said


def test_who_came_back_has_that_said_too(letter: Letter) -> None:
    letter.agrees()
    letter.steps_down()
    with unit_of_work(letter.sessions) as session:
        come_back(session, letter.here(session).episode, How.CALL, now=NOW - WEEK, taken_by=letter.maren.id)

    said = letter.letter()

    assert "Step 2, guided self-help. " in said
    assert "Stepped down on 10 November 2026. Came back on 17 November 2026." in said


def test_a_patient_who_has_not_stepped_down_has_a_page_too(letter: Letter) -> None:
    letter.agrees()

    said = letter.letter()

    assert "Step 2, guided self-help" in said
    assert "There is no score yet." in said
    assert "No plan for staying well is agreed yet." in said
    assert "Stepped down" not in said


def test_a_total_worked_out_from_fewer_answers_says_so(sqlite_sessions: Sessions, settings: Settings) -> None:
    letter = Letter(sqlite_sessions, settings.model_copy(update={"estimate_totals": True}))
    letter.agrees()
    given = {**answers(16, 12), ("gad7", 7): None}
    letter.answers(1, given)

    assert ", estimated, 17 November 2026" in letter.letter()


def test_medicines_that_were_let_go_do_not_count_as_looked_at(letter: Letter) -> None:
    letter.agrees()
    letter.confirms(GuardrailAct.CONFIRMED)
    letter.confirms(GuardrailAct.EXCEPTED, "Asked for on another day.")

    said = letter.letter()

    assert "Nothing is written down about medicines." in said
    assert "Asked for on another day." not in said


def test_the_follow_up_says_when_it_becomes_less_and_who_is_rung(letter: Letter) -> None:
    letter.agrees()
    with unit_of_work(letter.sessions) as session:
        plan = session.get_one(MonitoringPlan, letter.noor.plan.id)
        plan.every_weeks, plan.eases_on, plan.eases_to = 2, (NOW + 13 * WEEK).date(), 4
        patient = session.get_one(Patient, letter.noor.patient.id)
        before = preference(session, patient.id)
        assert before is not None
        change_preference(session, patient, before, set_by=Party.STAFF, now=NOW, channel=Channel.PHONE)

    assert (
        "A check-in every 2 weeks. From 23 February 2027 on every 4 weeks. They are asked by phone." in letter.letter()
    )


@pytest.mark.parametrize("item9", [0, 2])
def test_no_answer_about_safety_leaves_the_team(letter: Letter, item9: int) -> None:
    letter.agrees()
    letter.answers(3, answers(12, 9, item9=item9), note="Words for my team alone.")
    letter.steps_down()

    page = letter.maren_s.get(letter.path())
    said = words(page)

    assert "Item 9 of the PHQ-9 is asked about at each check-in" in said
    assert "Answers to it are not passed on" in said
    assert "Item 9 answered" not in said
    assert "Words for my team alone." not in said
    body = said[said.index("Summary for their doctor") :]
    assert not re.findall(rf"\b({FORBIDDEN})\b", body.casefold())


def test_the_plan_s_words_stay_in_the_patient_s_language(sqlite_sessions: Sessions, settings: Settings) -> None:
    letter = Letter(sqlite_sessions, settings, language="ar")
    letter.agrees()
    letter.steps_down(medicines="حبة في الصباح")

    page = letter.maren_s.get(letter.path()).text

    assert '<p class="text" lang="ar" dir="auto">حبة في الصباح</p>' in page
    assert '<li lang="ar" dir="auto">I wake before four' in page


def test_a_copy_speaks_the_service_s_language(letter: Letter) -> None:
    letter.agrees()
    with unit_of_work(letter.sessions) as session:
        session.execute(sa.update(StaffMember).values(language="es"))

    own, copy = letter.maren_s.get(letter.path()).text, letter.maren_s.get(letter.path(), language="en").text

    assert '<html lang="es"' in own
    assert "summary?language=en" in own
    assert '<html lang="en"' in copy
    assert "In care since" in copy
    assert '<html lang="es"' in letter.maren_s.get(letter.path(), language="de").text


def test_it_prints_on_one_page(letter: Letter, chromium: Browser) -> None:
    letter.agrees()
    for week in range(9, -1, -1):
        letter.answers(week, answers(20 - week, 14 - week // 2))
    letter.steps_down(medicines=LONG[:990], more_signs=5)
    letter.confirms(GuardrailAct.CONFIRMED, "The tablets go on for a year; the doctor looks at them in spring. " * 4)
    styles = "".join((RESOURCES / "static" / f"{name}.css").read_text() for name in ("tokens", "staff"))
    html = letter.maren_s.get(letter.path()).text.replace("</head>", f"<style>{styles}</style></head>")

    for paper in ("A4", "Letter"):
        tab = chromium.new_page()
        tab.set_content(html)
        printed = tab.pdf(format=paper, print_background=True)
        tab.close()
        assert re.findall(rb"/Count (\d+)", printed) == [b"1"], paper


# ---- only with consent ----


def test_without_consent_there_is_no_page_and_it_says_how_to_get_it(letter: Letter) -> None:
    letter.steps_down()

    page = letter.maren_s.get(letter.path())

    assert page.status_code == 403
    said = words(page)
    assert "The summary cannot be shown" in said
    assert "Nobody has asked them yet." in said
    assert "Ask them, and write down below what they say." in said
    assert "I wake before four" not in said
    assert [entry.subject_id for entry in letter.app.audit("refused summary")] == [letter.noor.patient.id]


def test_from_the_moment_it_is_taken_back_the_page_is_gone(letter: Letter) -> None:
    letter.agrees()
    assert "In care since" in letter.letter()
    with unit_of_work(letter.sessions) as session:
        withdraw(session, session.get_one(Patient, letter.noor.patient.id), NOW)

    page = letter.maren_s.get(letter.path())

    assert page.status_code == 403
    assert "Does not want their doctor to be told, 24 Nov 2026, by themselves." in words(page)
    assert "In care since" not in page.text


def test_what_they_say_is_written_down_with_how_and_by_whom(letter: Letter) -> None:
    reply = letter.maren_s.post(letter.path("sharing"), said="yes", asked="phone")

    assert reply.status_code == 303
    said = letter.maren_s.text(letter.path("sharing"))
    assert "Written down. It counts from now on." in said
    assert "24 Nov 2026 Agreed that their doctor may be told , asked by phone Maren Okafor" in said
    assert "Agreed to texts" in said
    assert letter.maren_s.get(letter.path()).status_code == 200
    assert "May be told where care stands." in letter.said()


@pytest.mark.parametrize("fields", [{}, {"said": "yes"}, {"asked": "phone"}, {"said": "maybe", "asked": "phone"}])
def test_half_an_answer_is_not_kept_and_not_lost(letter: Letter, fields: dict[str, str]) -> None:
    before = letter.app.rows()

    page = letter.maren_s.post(letter.path("sharing"), **fields)

    assert page.status_code == 422
    assert "Choose one." in words(page)
    for value in set(fields.values()) - {"maybe"}:
        assert f'value="{value}" selected' in page.text
    assert letter.app.rows() == before


def test_whoever_only_reads_cannot_write_it_down(letter: Letter) -> None:
    with unit_of_work(letter.sessions) as session:
        team = session.query(CareTeam).one()
        a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
    boss = letter.app.browser("boss@example.org")

    page = boss.get(letter.path())

    assert page.status_code == 403
    assert "Somebody who cares for them asks them" in words(page)
    assert 'name="said"' not in page.text
    assert boss.post(letter.path("sharing"), said="yes", asked="phone").status_code == 404


def test_every_look_leaves_a_trail_and_another_team_sees_nothing(letter: Letter) -> None:
    letter.agrees()
    with unit_of_work(letter.sessions) as session:
        other = a_team(session, "South team")
        sven = a_staff_member(session, other, "sven@example.org", name="Sven Lund")
        a_patient(session, other, sven, number="+447700900009", step=Step.ONE)
    sven_s = letter.app.browser("sven@example.org")

    letter.letter()

    assert [entry.subject_id for entry in letter.app.audit("viewed summary")] == [letter.noor.patient.id]
    assert sven_s.get(letter.path()).status_code == 404
    assert sven_s.get(letter.path("sharing")).status_code == 404
    assert sven_s.post(letter.path("sharing"), said="yes", asked="phone").status_code == 404
