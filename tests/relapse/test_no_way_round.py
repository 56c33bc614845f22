"""No form, whoever sends it and whatever is forged in it, makes help less while a guardrail is missing."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.care.intake import GuardrailsOwed
from monitor.care.kinds import DeviationReason, Step
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people.models import Role, StaffMember
from monitor.relapse.guardrail_words import GUARDRAILS
from monitor.relapse.guardrails import countersign, let_go, withdraw
from monitor.relapse.kinds import Guardrail, GuardrailAct
from monitor.relapse.models import GuardrailRecord, StepDown
from monitor.reviews import service as reviews
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import seen
from tests.builders import a_staff_member
from tests.care.intakes import MODERATE, MORE_SEVERE, Clinic
from tests.plans import meet_guardrails
from tests.staff_browser import Browser, words

MISSING = (*tuple(Guardrail)[:8], Guardrail.LANGUAGE)
"""What nobody has seen to: item 9 was never above 0, and the check-ins go on."""
MAY_DECIDE = (Role.CLINICIAN, Role.COORDINATOR, Role.SUPERVISOR)
MAY_NOT = (Role.MANAGER, Role.ADMINISTRATOR)
WHY = "Feels much better than in the autumn."
STATES = [{"guardrail": each.value, "state": "met"} for each in Guardrail]
FORGED = {
    "guardrails": str(STATES),
    "checklist": "11",
    "standing": "11",
    "missing": "",
    "countersigned": "yes",
    "was_asked": "",
    "plan_id": str(new_id()),
    "from_step": "stepped_down",
    "to_step": "stepped_down",
    "care_ends": "",
}
"""What no form has."""


class Gate(Clinic):
    """A patient whom an intake assigned to step three two days ago, and a colleague of every role."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        super().__init__(sessions, settings)
        with unit_of_work(sessions) as session:
            for role in Role:
                a_staff_member(session, self.team, f"{role}@example.org", name=role.title(), role=role)
        self.app.wait(minutes=20)
        self.hold(self.new(MORE_SEVERE, Step.THREE))
        self.app.wait(days=2)
        self.patient = f"/patients/{self.noor.patient.id}"
        self.browser = self.app.browser("maren@example.org")
        self.app.wait(minutes=1)

    def as_a(self, role: Role) -> Browser:
        return self.app.browser(f"{role}@example.org")

    def review(self, browser: Browser, decision: str, **more: str) -> TestResponse:
        """Send the form of a review as the page of whoever decides carries it."""
        page = self.browser.get(f"{self.patient}/review")
        read_to = re.search(r'name="read_to" value="([^"]*)"', page.text)
        assert read_to is not None, page.text
        said = {"words": WHY, "preference": "less", "deviation": "preference", "next_review": ""}
        return browser.post(f"{self.patient}/review", decision=decision, read_to=read_to[1], **said, **more)

    def intake(self, browser: Browser, step: Step, **more: str) -> TestResponse:
        """Send the form of an intake that leads to a step."""
        departs = {"deviation": "preference"} if step is not Step.TWO else {}
        fields = self.fields(step=step.value, reason=WHY, **departs)
        return browser.post(self.path, **fields | more)

    def act(self, browser: Browser, guardrail: Guardrail, do: str, **fields: str) -> TestResponse:
        return browser.post(f"{self.patient}/step-down/{guardrail}", do=do, **fields)

    def all_but(self, *guardrails: Guardrail) -> None:
        """Meet every guardrail but some, which were confirmed and then taken back."""
        with unit_of_work(self.sessions) as session:
            episode, by = self.episode(session), session.get_one(StaffMember, self.maren.id)
            meet_guardrails(session, episode, by, self.app.now - timedelta(minutes=5))
            for each in guardrails:
                withdraw(session, episode, each, by=by, now=self.app.now - timedelta(minutes=4))

    def lets_go(self, guardrail: Guardrail, by: UUID) -> UUID:
        """Let a guardrail go with a reason."""
        with unit_of_work(self.sessions) as session:
            member, now = session.get_one(StaffMember, by), self.app.now - timedelta(minutes=3)
            return let_go(session, self.episode(session), guardrail, "It cannot be had here.", by=member, now=now).id

    def step(self) -> Step:
        with self.sessions() as session:
            return self.episode(session).step

    def downs(self) -> list[StepDown]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(StepDown)))


@pytest.fixture
def gate(sqlite_sessions: Sessions, settings: Settings) -> Gate:
    return Gate(sqlite_sessions, settings)


def named(page: TestResponse) -> tuple[Guardrail, ...]:
    """The guardrails that a refusal names, each with the link to where it is mended."""
    said = words(page)
    assert "guardrails are missing" in said or "guardrail is missing" in said, said
    linked = set(re.findall(r'href="(?:/patients/[^"]*/step-down[^"#]*)?#([a-z_]+)"', page.text))
    return tuple(each for each in Guardrail if each in linked and GUARDRAILS[each] in said)


# ---- without a plan ----


@pytest.mark.parametrize("role", MAY_DECIDE)
def test_whoever_decides_is_refused_by_every_form_and_told_what_is_missing(gate: Gate, role: Role) -> None:
    browser = gate.as_a(role)
    gate.app.wait(minutes=1)
    before = gate.app.rows()

    for to in ("", "end"):
        page = browser.post(f"{gate.patient}/step-down", to=to, **FORGED)
        owes = (*MISSING[:8], Guardrail.FOLLOW_UP, Guardrail.LANGUAGE) if to else MISSING
        assert (page.status_code, named(page)) == (422, owes)
    for decision in ("step_down:stepped_down", "step_down:one", "step_down:two", "discharge:completed"):
        page = gate.review(browser, decision, **FORGED)
        owes = (*MISSING[:8], Guardrail.FOLLOW_UP, Guardrail.LANGUAGE) if "discharge" in decision else MISSING
        assert (page.status_code, named(page)) == (422, owes), decision
    for step in (Step.ONE, Step.TWO, Step.MIDDLE):
        page = gate.intake(browser, step, **FORGED)
        assert (page.status_code, named(page)) == (409, MISSING), step

    assert gate.app.rows() == before, "not one row"
    assert gate.step() is Step.THREE


@pytest.mark.parametrize("role", MAY_NOT)
def test_whoever_may_not_decide_gets_no_further_with_every_guardrail_met(gate: Gate, role: Role) -> None:
    gate.all_but()
    browser = gate.as_a(role)
    gate.app.wait(minutes=1)
    before = gate.app.rows()

    asked = [
        browser.post(f"{gate.patient}/step-down", **FORGED),
        gate.review(browser, "step_down:stepped_down", **FORGED),
        gate.intake(browser, Step.TWO, **FORGED),
        gate.act(browser, Guardrail.LINKS, "confirm", words=WHY),
    ]

    assert {page.status_code for page in asked} == {404}
    assert gate.app.rows() == before


def test_no_intake_leads_to_where_others_have_stepped_down_to(gate: Gate) -> None:
    gate.all_but()
    before = gate.app.rows()
    page = gate.intake(gate.browser, Step.STEPPED_DOWN)
    assert page.status_code in {409, 422}
    assert gate.app.rows() == before


def test_a_step_that_a_review_assigned_is_not_undone_by_the_first_intake(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    """Somebody was stepped up before anybody held an intake: the intake that follows owes the guardrails as well."""
    clinic = Clinic(sqlite_sessions, settings)
    clinic.app.wait(minutes=20)
    up = reviews.Wanted(Decision.STEP_UP, WHY, to_step=Step.THREE, deviation_reason=DeviationReason.SAFETY)
    with unit_of_work(sqlite_sessions) as session:
        episode = clinic.episode(session)
        reviews.decide(session, episode.id, up, by=clinic.maren, now=clinic.app.now, read_to=seen(session, episode))
    clinic.app.wait(days=2)
    browser = clinic.app.browser("sven@example.org")
    before = clinic.app.rows()

    page = browser.post(clinic.path, **clinic.fields())

    assert (page.status_code, named(page)) == (409, MISSING)
    assert clinic.app.rows() == before
    clinic.hold(clinic.new(MORE_SEVERE, Step.THREE))
    clinic.app.wait(minutes=1)
    with pytest.raises(GuardrailsOwed):
        clinic.hold(clinic.new(MODERATE, Step.TWO))


# ---- exceptions ----


def test_an_exception_without_its_signature_holds_it_back_alone(gate: Gate) -> None:
    gate.all_but(Guardrail.PRIMARY_CARE)
    gate.lets_go(Guardrail.PRIMARY_CARE, gate.maren.id)
    browser, before = gate.as_a(Role.CLINICIAN), None
    gate.app.wait(minutes=1)
    before = gate.app.rows()

    asked = (
        browser.post(f"{gate.patient}/step-down", **FORGED),
        gate.review(browser, "step_down:stepped_down", **FORGED),
        gate.intake(browser, Step.TWO, **FORGED),
    )

    assert [named(page) for page in asked] == [(Guardrail.PRIMARY_CARE,)] * 3
    assert gate.app.rows() == before


def test_nobody_but_another_supervisor_can_sign_whatever_the_form_says(gate: Gate) -> None:
    gate.all_but(Guardrail.PRIMARY_CARE, Guardrail.LINKS)
    browsers = {role: gate.as_a(role) for role in Role}
    with gate.sessions() as session:
        supervisor = session.scalars(sa.select(StaffMember.id).where(StaffMember.role == Role.SUPERVISOR)).one()
    own, theirs = gate.lets_go(Guardrail.LINKS, supervisor), gate.lets_go(Guardrail.PRIMARY_CARE, gate.maren.id)
    gate.app.wait(minutes=1)
    before = gate.app.rows()

    for role, browser in browsers.items():
        forged = {"staff_member_id": str(supervisor), "by": str(supervisor), "role": "supervisor"}
        page = gate.act(browser, Guardrail.LINKS, "sign", exception=str(own), **forged)
        assert page.status_code == (404 if role in MAY_NOT else 422), role
        if role is not Role.SUPERVISOR:
            page = gate.act(browser, Guardrail.PRIMARY_CARE, "sign", exception=str(theirs), **forged)
            assert page.status_code == (404 if role in MAY_NOT else 422), role
    # The exception of another guardrail, one that does not exist, and the act itself by name.
    lead = browsers[Role.SUPERVISOR]
    for exception in (theirs, new_id()):
        assert gate.act(lead, Guardrail.LINKS, "sign", exception=str(exception)).status_code == 409
    for do in ("countersigned", "excepted", "met"):
        assert gate.act(lead, Guardrail.LINKS, do, exception=str(own), words=WHY).status_code == 422
    assert gate.app.rows() == before
    assert named(gate.review(lead, "step_down:stepped_down")) == (Guardrail.PRIMARY_CARE, Guardrail.LINKS)


def test_the_exception_of_one_patient_does_not_count_for_another(gate: Gate) -> None:
    gate.all_but(Guardrail.LINKS)
    with unit_of_work(gate.sessions) as session:
        other = gate.waits(session, number="+447700900177").episode
        by = session.get_one(StaffMember, gate.maren.id)
        elsewhere = let_go(session, other, Guardrail.LINKS, "Not for her.", by=by, now=gate.app.now).id
    gate.lets_go(Guardrail.LINKS, gate.maren.id)
    lead = gate.as_a(Role.SUPERVISOR)
    gate.app.wait(minutes=1)

    assert gate.act(lead, Guardrail.LINKS, "sign", exception=str(elsewhere)).status_code == 409

    assert named(gate.review(lead, "step_down:stepped_down")) == (Guardrail.LINKS,)


def test_signed_by_another_supervisor_the_same_form_steps_down_once(gate: Gate) -> None:
    """The gate does open: what was refused above was refused for what was missing."""
    gate.all_but(Guardrail.PRIMARY_CARE)
    exception = gate.lets_go(Guardrail.PRIMARY_CARE, gate.maren.id)
    with unit_of_work(gate.sessions) as session:
        supervisor = session.scalars(sa.select(StaffMember).where(StaffMember.role == Role.SUPERVISOR)).one()
        now = gate.app.now - timedelta(minutes=2)
        countersign(session, gate.episode(session), Guardrail.PRIMARY_CARE, exception, by=supervisor, now=now)

    done = gate.review(gate.as_a(Role.CLINICIAN), "step_down:stepped_down", **FORGED)

    assert done.status_code == 303, words(done)
    [row] = gate.downs()
    assert gate.step() is row.to_step is Step.STEPPED_DOWN
    states = {each["guardrail"]: each["state"] for each in row.guardrails}
    assert states.pop(Guardrail.PRIMARY_CARE) == "excepted"
    assert (len(states), set(states.values())) == (10, {"met"})
    assert row.from_step is Step.THREE
    assert str(row.plan_id) != FORGED["plan_id"]
    with gate.sessions() as session:
        acts = session.scalars(sa.select(GuardrailRecord.act).where(GuardrailRecord.of_id == exception)).all()
    assert acts == [GuardrailAct.COUNTERSIGNED]
