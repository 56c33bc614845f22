"""The intake page, the list of who waits for one, and treatments: what they show, keep and refuse."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from monitor.care.intake import newest_held
from monitor.care.intake_kinds import Barrier, Need
from monitor.care.intake_rules import propose
from monitor.care.kinds import CareRole, DeviationReason, Step, Treatment
from monitor.care.models import StepAssignment
from monitor.care.pathways import shipped
from monitor.care.treatments import under_way
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery
from monitor.checkins.staff_intake_forms import Choices, IntakeForm
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import StaffMember
from monitor.people.teams import Carer
from monitor.workflows import complete_check_in
from tests.builders import NOW, a_check_in, a_patient, an_id, answers
from tests.care.intakes import Clinic
from tests.staff_browser import words


@pytest.fixture
def clinic(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    found = Clinic(sqlite_sessions, settings)
    found.app.wait(minutes=20)
    return found


# ---- what is proposed ----


def test_the_page_is_filled_with_their_own_latest_answers_and_their_date(clinic: Clinic, settings: Settings) -> None:
    with unit_of_work(clinic.sessions) as session:
        check_in = a_check_in(session, clinic.noor)
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        complete_check_in(session, check_in, answers(18, 13, 1), sent, settings=settings, now=NOW)

    page = clinic.browser.get(clinic.path)

    assert 'name="phq9" type="text" value="18"' in page.text
    assert "18 by their own answers of 24 November 2026." in words(page)
    assert "The rules propose Step 3, high intensity" in words(page)


def test_without_any_answer_nothing_is_proposed_and_what_is_missing_is_named(clinic: Clinic) -> None:
    said = clinic.browser.text(clinic.path)

    assert "The rules propose Nothing yet" in said
    assert "Not known: PHQ-9; GAD-7" in said
    assert "14 days left" in said


def test_asking_what_the_rules_propose_saves_nothing_and_keeps_what_was_typed(clinic: Clinic) -> None:
    before = clinic.app.rows()

    page = clinic.browser.post(clinic.path, **clinic.fields(do="propose", phq9="18", step="", reason=""))

    assert page.status_code == 200
    assert "The rules propose Step 3, high intensity. PHQ-9 is 18: 16 or more." not in words(page)
    assert "The rules propose Step 3, high intensity Step 3, high intensity. PHQ-9 is 18: 16 or more." in words(page)
    assert "Outranked by a heavier step." in words(page)
    assert "Ran every morning, which helped." in page.text
    assert clinic.app.rows() == before


def test_low_readiness_is_answered_with_an_offer(clinic: Clinic) -> None:
    offered = words(clinic.browser.post(clinic.path, **clinic.fields(do="propose", confidence="3")))
    ready = words(clinic.browser.post(clinic.path, **clinic.fields(do="propose", confidence="4")))

    assert "offer them a choice of how to begin, and a call from the coordinator" in offered
    assert "offer them a choice" not in ready
    assert "The rules propose Step 2" in offered


# ---- assigning ----


def test_an_assigned_step_says_why_and_what_it_promises(clinic: Clinic) -> None:
    page = clinic.browser.post(clinic.path, **clinic.fields())

    assert (page.status_code, page.location) == (303, clinic.path)
    said = clinic.browser.text(clinic.path)
    assert "As the rules proposed." in said
    assert "Maren Okafor , 24 November 2026." in said
    assert "In contact every 14 days. A check-in every week. A question is answered within 2 working days." in said
    assert "Who needs more goes to: Middle step" in said
    assert "Looked at again by 8 December 2026, whatever happens." in said
    assert "Agreed with her." in said


def test_departing_from_the_rules_is_shown_with_its_reason(clinic: Clinic) -> None:
    clinic.browser.post(clinic.path, **clinic.fields(step="three", deviation="safety", reason="In hospital in May."))

    said = clinic.browser.text(clinic.path)

    assert "The rules proposed Step 2, guided self-help. Safety that is not in the scores." in said
    assert "In hospital in May." in said


FAULTY = [
    ({"step": "three"}, "deviation", "Choose why you depart"),
    ({"step": "three", "deviation": "because"}, "deviation", "Choose why you depart"),
    ({"phq9": "18"}, "deviation", "The rules propose another step"),
    ({"reason": " "}, "reason", "Write why this step"),
    ({"step": ""}, "step", "Choose the step"),
    ({"step": "stepped_down"}, "step", "Choose the step"),
    ({"step": "five"}, "step", "Choose the step"),
    ({"phq9": "28"}, "phq9", "from 0 to 27"),
    ({"phq9": "١٢"}, "phq9", "from 0 to 27"),
    ({"gad7": "-1"}, "gad7", "from 0 to 21"),
    ({"wsas": "4.5"}, "wsas", "from 0 to 40"),
    ({"item9": "4"}, "item9", "from 0 to 3"),
    ({"importance": "11"}, "importance", "from 0 to 10"),
    ({"plan_or_attempt": "perhaps"}, "plan_or_attempt", "Choose one"),
    ({"preference": ""}, "preference", "Choose one"),
    ({"referred_on": ""}, "referred_on", "Fill this in"),
    ({"referred_on": "2026-11-25"}, "referred_on", "lies ahead"),
    ({"history_words": "x" * 2001}, "history_words", "At most 2000"),
    ({"plan_or_attempt": "yes", "step": "four"}, "contact_words", "who speaks with them today"),
    ({"able_to_keep_safe": "no", "step": "four"}, "contact_words", "who speaks with them today"),
    ({"accountable": ""}, "accountable", "Choose one"),
    ({"cadence": "never"}, "cadence", "Choose one"),
]


@pytest.mark.parametrize(("changed", "name", "mend"), FAULTY)
def test_each_fault_is_named_with_its_mend_and_nothing_is_saved(
    clinic: Clinic, changed: dict[str, str], name: str, mend: str
) -> None:
    before = clinic.app.rows()

    page = clinic.browser.post(clinic.path, **clinic.fields(**changed))

    assert page.status_code == 422
    assert f'<a href="#{name}">' in page.text, "the summary leads to the field"
    assert f'id="{name}"' in page.text
    assert mend in words(page)
    assert 'name="gad7" type="text" value="' + clinic.fields(**changed)["gad7"] in page.text, "what was typed stays"
    assert clinic.app.rows() == before


def test_who_works_elsewhere_cannot_become_accountable(clinic: Clinic) -> None:
    page = clinic.browser.post(clinic.path, **clinic.fields(accountable=str(clinic.stranger.id)))

    assert page.status_code == 422
    assert "Ola Berg" not in page.text


def test_with_words_about_today_a_plan_is_kept_and_the_page_says_what_comes_first(clinic: Clinic) -> None:
    page = clinic.browser.get(clinic.path)
    assert "Do not wait for this form." in words(page)
    assert 'href="tel:999"' in page.text

    kept = clinic.browser.post(
        clinic.path,
        **clinic.fields(plan_or_attempt="yes", step="four", contact_words="Sven, at noon, by phone."),
    )

    assert kept.status_code == 303
    with clinic.sessions() as session:
        held = newest_held(session, clinic.episode(session))
        assert held
        assert held.facts.safety.contact_words == "Sven, at noon, by phone."


def test_the_roles_that_a_pathway_names_are_asked_for(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, pathway="co_occurring_needs")
    clinic.app.wait(minutes=20)
    fields = clinic.fields(step="three", deviation="clinical_judgement")

    assert "This pathway names one" in words(clinic.browser.post(clinic.path, **fields))
    assert clinic.browser.post(clinic.path, **fields, role_coordinator=str(clinic.sven.id)).status_code == 303

    assert "Coordinator Sven Lund" in clinic.browser.text(clinic.path)


# ---- somebody else, or the patient, was faster ----


def test_whoever_comes_second_sees_who_decided_what_and_keeps_their_words(clinic: Clinic) -> None:
    opened = clinic.mark()
    clinic.app.browser("sven@example.org").post(
        clinic.path, **clinic.fields(step="three", deviation="preference", reason="She asked for it.")
    )
    before = clinic.app.rows()

    page = clinic.browser.post(clinic.path, **clinic.fields(read_to=opened, reason="My own words."))

    assert page.status_code == 409
    said = words(page)
    assert "Sven Lund has just decided" in said
    assert "Step 3, high intensity Sven Lund , 24 November 2026." in said
    assert "She asked for it." in said
    assert "My own words." in page.text
    assert clinic.app.rows() == before


def test_answers_that_came_meanwhile_are_shown_before_anything_is_decided(clinic: Clinic, settings: Settings) -> None:
    opened = clinic.mark()
    with unit_of_work(clinic.sessions) as session:
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        check_in = a_check_in(session, clinic.noor)
        complete_check_in(session, check_in, answers(20, 14, 2), sent, settings=settings, now=clinic.app.now)

    page = clinic.browser.post(clinic.path, **clinic.fields(read_to=opened))

    assert page.status_code == 409
    assert "they have answered since you opened this page" in words(page)
    assert "20 by their own answers of 24 November 2026." in words(page)
    assert clinic.intakes() == []


def test_a_step_that_has_changed_since_is_not_passed_off_as_the_present_one(clinic: Clinic) -> None:
    clinic.browser.post(clinic.path, **clinic.fields())
    clinic.app.wait(minutes=5)
    with unit_of_work(clinic.sessions) as session:
        episode = clinic.episode(session)
        step = StepAssignment(
            episode_id=episode.id,
            patient=episode.patient,
            step=Step.THREE,
            from_at=clinic.app.now,
            decided_by_id=clinic.maren.id,
            pathway_version_id=shipped(episode.pathway).version_id,
        )
        session.add(step)

    assert "Changed since, to: Step 3, high intensity." in clinic.browser.text(clinic.path)


# ---- who may ----


def test_other_teams_see_neither_the_intake_nor_the_waiting(clinic: Clinic) -> None:
    stranger = clinic.app.browser("ola@example.org")

    assert stranger.get(clinic.path).status_code == 404
    assert stranger.post(clinic.path, **clinic.fields()).status_code == 404
    assert "Noor" not in stranger.text("/intakes")
    assert "Everybody has a step." in stranger.text("/intakes")


# ---- who waits ----


def test_whoever_has_no_step_waits_with_the_nearest_date_first(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        clinic.waits(session, name="Late Lena", number="+447700900002", opened_at=NOW - timedelta(days=17))
        clinic.waits(session, name="Today Tom", number="+447700900003", opened_at=NOW - timedelta(days=14))
        a_patient(session, clinic.other, session.get_one(StaffMember, clinic.stranger.id), number="+447700900009")

    said = clinic.browser.text("/intakes")

    rows = ("Late Lena", "overdue 3 days", "Today Tom", "to be done today", "Noor", "14 days left")
    places = [said.index(each) for each in rows]
    assert places == sorted(places)


def test_an_assigned_step_ends_the_waiting(clinic: Clinic) -> None:
    assert "Noor" in clinic.browser.text("/intakes")

    clinic.browser.post(clinic.path, **clinic.fields())

    assert "Everybody has a step." in clinic.browser.text("/intakes")


# ---- treatments ----


def test_a_treatment_begins_and_ends_on_the_record(clinic: Clinic) -> None:
    path = f"/patients/{clinic.noor.patient.id}"
    began = {"treatment": "antidepressant", "started_on": "2026-11-02"}
    assert "No treatment has been written down." in clinic.browser.text(path)

    assert clinic.browser.post(f"{path}/treatments", **began, do="start").status_code == 303
    with clinic.sessions() as session:
        assert under_way(session, clinic.noor.episode.id) == {Treatment.ANTIDEPRESSANT: NOW.date() - timedelta(days=22)}
    assert "Antidepressant, at a recognised dose, since 2 November 2026" in clinic.browser.text(path)

    clinic.app.wait(minutes=1)
    clinic.browser.post(f"{path}/treatments", treatment="antidepressant", do="stop")
    with clinic.sessions() as session:
        assert under_way(session, clinic.noor.episode.id) == {}
    actions = [len(clinic.app.audit(action)) for action in ("treatment started", "treatment ended")]
    assert actions == [1, 1]


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ({"treatment": "psychological", "started_on": "2026-11-25", "do": "start"}, "lies ahead"),
        ({"treatment": "psychological", "started_on": "", "do": "start"}, "Fill this in"),
        ({"treatment": "leeches", "started_on": "2026-11-02", "do": "start"}, "Choose one"),
        ({"treatment": "psychological", "do": "stop"}, "not under way"),
    ],
)
def test_a_treatment_that_cannot_be_is_shown_again_as_typed(clinic: Clinic, typed: dict[str, str], mend: str) -> None:
    before = clinic.app.rows()

    page = clinic.browser.post(f"/patients/{clinic.noor.patient.id}/treatments", **typed)

    assert page.status_code == 422
    assert mend in words(page)
    assert clinic.app.rows() == before


# ---- readiness, whatever else was typed ----

PATHWAY = shipped("common_mental_health").pathway
SOMEBODY = an_id()
CHOICES = Choices(PATHWAY, (Carer(SOMEBODY, an_id(), "Maren"),), NOW.date())
rulers = st.sampled_from(["", *map(str, range(11))])


@given(
    importance=rulers,
    confidence=rulers,
    barriers=st.sets(st.sampled_from(Barrier)),
    needs=st.sets(st.sampled_from(Need)),
    phq9=st.integers(0, 27),
    step=st.sampled_from([each for each in Step if each is not Step.STEPPED_DOWN]),
)
def test_no_readiness_keeps_a_form_from_being_taken(
    importance: str, confidence: str, barriers: set[Barrier], needs: set[Need], phq9: int, step: Step
) -> None:
    typed: dict[str, Any] = {
        "phq9": str(phq9),
        "importance": importance,
        "confidence": confidence,
        "barriers": [*barriers],
        "unmet_needs": [*needs],
        "preference": "undecided",
        "referred_on": "2026-11-20",
        "step": step.value,
        "deviation": DeviationReason.CLINICAL_JUDGEMENT.value,
        "reason": "Agreed.",
        "accountable": str(SOMEBODY),
        "cadence": "step",
    }
    form = IntakeForm(MultiDict(typed))

    facts = form.facts()
    new = form.read(facts, propose(facts, PATHWAY) if facts else None, CHOICES)

    assert form.faults == {}
    assert new
    assert (new.step, new.facts.barriers, new.roles) == (step, barriers, dict[CareRole, Any]())
