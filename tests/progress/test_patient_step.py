"""A patient's page "My step": why, what, until when, what comes next; and a wish that becomes a flag with a clock."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.intake_kinds import IntakeRule
from monitor.care.intake_models import Intake
from monitor.care.kinds import DeviationReason, Preference, Step
from monitor.care.models import Appointment, CloseReason, Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, keep_text, shipped_text
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.service import close
from monitor.flags.wishes import Wish
from monitor.i18n import LANGUAGES
from monitor.people import devices
from monitor.people.models import SafetyCover, StaffMember
from monitor.progress import patient_step_words as words
from monitor.reviews.kinds import Criterion
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.phones import Phone, every_row
from tests.staff_browser import words as words_of

PIN = "284915"
FOUND = [{"rule": "scores_at_or_above", "step": "three"}, {"rule": "function_impaired", "step": "middle"}]


# ---- what the page says ----


def test_the_page_tells_what_the_step_is_and_when_it_is_looked_at_again(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions, step=Step.THREE, fired=FOUND)
    with unit_of_work(sqlite_sessions) as session:
        session.add(Appointment(episode_id=care.episode.id, starts_at=NOW - timedelta(days=4), attended_at=NOW))
        session.add(Appointment(episode_id=care.episode.id, starts_at=NOW + timedelta(days=2)))

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "More intensive help" in page
    assert "Everyday things are hard to do at the moment." in page
    assert "We are in touch Every week" in page
    assert "somebody answers Within 1 working day" in page
    assert "How long Up to 20 meetings" in page
    assert "So far 1 meeting" in page
    assert "Next meeting Thursday 26 November, 10:00" in page
    assert "By Monday 22 February, with you" in page
    assert "If you need more: A specialist team." in page
    assert "When things are lighter: Afterwards." in page
    assert "Decided by Maren Okafor on Friday 25 September." in page


def test_the_promises_are_those_of_the_version_that_the_step_was_decided_under(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    older = shipped_text(USUAL_PATHWAY).replace("answers_within_days = 2", "answers_within_days = 7")
    care = somebody(sqlite_sessions, step=Step.TWO, pathway=older)

    assert "Within 7 working days" in text(own_phone(sqlite_sessions, settings, care))


def test_dates_are_those_of_the_patients_own_zone(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, zone="Pacific/Auckland")
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.update(Episode).values(next_review_at=NOW.replace(hour=20)))

    assert "By Wednesday 25 November, with you" in text(own_phone(sqlite_sessions, settings, care))


def test_whoever_has_no_intake_yet_reads_that_nothing_is_decided(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, step=Step.ONE, intake=False)

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "Which kind of help fits you has not been decided yet." in page
    assert "Your team talks with you about it by Monday 22 February." in page
    assert "You are here" not in page
    assert "Decided by" not in page


def test_whoever_was_assigned_the_lightest_step_reads_why(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, step=Step.ONE, fired=[{"rule": "scores_below", "step": "one"}])

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "not been decided" not in page
    assert "on the lighter side" in page


def test_a_review_that_is_late_is_called_late(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.update(Episode).values(next_review_at=NOW - timedelta(days=2)))

    assert "This was due on Sunday 22 November and has not happened yet." in text(
        own_phone(sqlite_sessions, settings, care)
    )


def test_a_step_that_departs_from_the_rules_says_so_and_why(sqlite_sessions: Sessions, settings: Settings) -> None:
    otherwise = {
        "proposed_step": Step.THREE,
        "deviation_reason": DeviationReason.PREFERENCE,
        "reason": "Works nights.",
    }
    care = somebody(sqlite_sessions, step=Step.TWO, fired=FOUND, **otherwise)

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "chosen all the same: it is what you wanted." in page
    assert "Works nights" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_and_every_step_has_its_words_in_every_language(language: str) -> None:
    for rule in (*IntakeRule, *Criterion):
        assert all(words.reason(rule, language))
    for step in Step:
        assert words.name(step, language)
        assert words.about(step, language)
    for why in DeviationReason:
        assert words.decided_otherwise(why, language)


FORBIDDEN = (
    "depress",
    "anxiety",
    "ptsd",
    "bipolar",
    "psychosis",
    "severe",
    "disorder",
    "risk",
    "suicid",
    "phq",
    "gad-7",
)


def test_no_reason_names_a_diagnosis_or_a_score() -> None:
    for sentence in [part for both in words.REASONS.values() for part in both]:
        assert not [word for word in FORBIDDEN if word in sentence.lower()]
        assert not any(character.isdigit() for character in sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_page_opens_in_every_language(sqlite_sessions: Sessions, settings: Settings, language: str) -> None:
    every_rule = [{"rule": rule.value, "step": "three"} for rule in (*IntakeRule, *Criterion)]
    care = somebody(sqlite_sessions, step=Step.THREE, fired=every_rule, language=language)
    phone = own_phone(sqlite_sessions, settings, care)
    for wish in Wish:
        assert phone.post("/me/step", {"wish": wish}).status_code == 303

    assert phone.get("/me/step").status_code == 200


def test_whoever_is_not_in_care_reads_so_and_can_ask_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.update(Episode).values(closed_at=NOW, close_reason=CloseReason.COMPLETED))

    page = phone.get("/me/step").text
    assert "You are not in care with us" in page
    assert "To ask for help again, ring the team" in page
    assert 'href="tel:+441632960123"' in page
    assert "You are not in care with us" in phone.post("/me/step", {"wish": "call"}).text
    assert flags(sqlite_sessions) == []


# ---- asking ----


@pytest.mark.parametrize(
    ("wish", "kind", "rule"),
    [
        (Wish.REVIEW, FlagKind.REVIEW_REQUESTED, "R2"),
        (Wish.CALL, FlagKind.CALL_REQUESTED, "C1"),
        (Wish.MORE, FlagKind.REVIEW_REQUESTED, "R3"),
        (Wish.LESS, FlagKind.REVIEW_REQUESTED, "R3"),
        (Wish.ANOTHER_KIND, FlagKind.REVIEW_REQUESTED, "R3"),
    ],
)
def test_a_wish_opens_a_flag_with_a_clock_and_the_page_says_by_when(
    sessions: Sessions, settings: Settings, wish: Wish, kind: FlagKind, rule: str
) -> None:
    phone = own_phone(sessions, settings, somebody(sessions))

    answer = phone.post("/me/step", {"wish": wish})
    page = text(phone)

    assert answer.status_code == 303
    [flag] = flags(sessions)
    assert flag.kind is kind
    assert flag.due_at > NOW
    assert [event.rule for event in events(sessions)] == [rule]
    assert "Your team has it" in page
    assert ("They ring you by Wednesday 25 November, 11:00" if wish is Wish.CALL else "They answer by") in page


def test_what_kind_of_step_is_wanted_reaches_the_team(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))

    phone.post("/me/step", {"wish": "less"})

    [event] = events(sqlite_sessions)
    assert event.evidence == [{"code": "other_step_wanted", "params": {"wish": "less"}}]
    assert "You asked for less help." in text(phone)


def test_a_double_tap_is_one_wish(sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sessions, settings, somebody(sessions))

    for wish in ("call", "call", "review", "review", "more", "more"):
        phone.post("/me/step", {"wish": wish})

    assert {flag.kind for flag in flags(sessions)} == {FlagKind.CALL_REQUESTED, FlagKind.REVIEW_REQUESTED}
    assert sorted(event.rule or "" for event in events(sessions)) == ["C1", "R2", "R3"]


def test_a_wish_after_the_last_one_was_answered_is_a_new_one(sessions: Sessions, settings: Settings) -> None:
    care = somebody(sessions)
    phone = own_phone(sessions, settings, care)
    phone.post("/me/step", {"wish": "review"})
    with unit_of_work(sessions) as session:
        flag = session.scalars(sa.select(Flag)).one()
        member = session.get_one(StaffMember, care.clinician.id)
        close(session, flag, member, Outcome.SPOKE, "Talked it through.", NOW)
    phone.wait(minutes=5)

    phone.post("/me/step", {"wish": "review"})

    assert [flag.closed_at is None for flag in flags(sessions)] == [False, True]


def test_a_request_pulls_the_next_review_nearer_and_a_call_does_not(sessions: Sessions, settings: Settings) -> None:
    care = somebody(sessions)
    with unit_of_work(sessions) as session:
        session.execute(sa.update(Episode).values(next_review_at=NOW + timedelta(days=60)))
    phone = own_phone(sessions, settings, care)

    phone.post("/me/step", {"wish": "call"})
    after_call = next_review(sessions)
    phone.post("/me/step", {"wish": "review"})

    assert after_call == NOW + timedelta(days=60)
    assert next_review(sessions) < NOW + timedelta(days=14)


def test_without_cover_no_time_is_promised(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.delete(SafetyCover))

    for wish in ("call", "review"):
        phone.post("/me/step", {"wish": wish})
    page = text(phone)

    assert "We cannot promise when they ring." in page
    assert "We cannot promise when they answer." in page
    assert "They answer by" not in page


def test_an_answer_that_is_late_is_admitted_with_a_number_to_ring(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))
    phone.post("/me/step", {"wish": "call"})
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.update(Flag).values(due_at=NOW - timedelta(hours=1)))

    page = phone.get("/me/step").text

    assert "has not come. You can ring your team" in page
    assert "You are still waiting for an answer" in page
    assert "Your team has it" not in page
    assert 'href="tel:+441632960123"' in page


def test_asking_leaves_a_trail_that_names_the_patient_by_id(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    own_phone(sqlite_sessions, settings, care).post("/me/step", {"wish": "more"})

    with sqlite_sessions() as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "asked for more")).one()
    assert (entry.actor, entry.actor_id) == ("patient", care.patient.id)


def test_what_no_button_says_is_refused_and_changes_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))
    before = every_row(sqlite_sessions)

    assert phone.post("/me/step", {"wish": "discharge"}).status_code == 400
    assert phone.post("/me/step").status_code == 400
    assert every_row(sqlite_sessions) == before


def test_the_three_pages_lead_to_one_another_and_the_pin_leads_back(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))
    pages = {"/me", "/me/step", "/me/settings"}

    for path in pages:
        page = phone.get(path).text
        assert {other for other in pages if f'href="{other}"' in page} == pages - {path}
    phone.wait(minutes=16)
    assert 'value="step.show"' in phone.get("/me/step").text
    unlocked = phone.post("/me/unlock", {"pin": PIN, "next": "step.show"})
    assert unlocked.headers["Location"] == "/me/step"


# ---- what helps meanwhile ----


def test_the_service_may_list_its_own_ideas(sqlite_sessions: Sessions, settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "resources.toml"
    own.write_text(
        'status = "reviewed"\n[[resource]]\nlanguage = "en"\nsteps = ["two"]\ntitle = "The walking group"\n'
        'text = "Tuesdays at ten."\nlink = "https://walks.example/"\n',
        encoding="utf-8",
    )
    care = somebody(sqlite_sessions)

    ours = own_phone(sqlite_sessions, settings, care).get("/me/step").text
    theirs = own_phone(sqlite_sessions, settings.model_copy(update={"resources_file": own}), care).get("/me/step").text

    assert "in a draft that your service has not checked yet" in ours
    assert "The walking group" in theirs
    assert 'href="https://walks.example/"' in theirs
    assert "draft" not in theirs


def somebody(
    sessions: Sessions,
    *,
    step: Step = Step.TWO,
    fired: list[dict[str, str]] | None = None,
    intake: bool = True,
    pathway: str = shipped_text(USUAL_PATHWAY),
    proposed_step: Step | None = None,
    deviation_reason: DeviationReason | None = None,
    reason: str | None = None,
    **patient: Any,
) -> InCare:
    """A patient whose step was assigned at intake, unless told otherwise."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team), step=step, **patient)
        if not intake:
            return care
        assignment = StepAssignment(
            episode_id=care.episode.id,
            step=step,
            from_at=care.episode.opened_at + timedelta(hours=1),
            decided_by_id=care.clinician.id,
            pathway_version_id=keep_text(session, pathway, USUAL_PATHWAY, NOW),
            proposed_step=proposed_step,
            deviation_reason=deviation_reason,
            fired=fired or [],
            patient=care.patient,
            patient_id=care.patient.id,
        )
        assignment.reason = reason
        session.add(assignment)
        session.flush()
        learned = Intake(
            episode_id=care.episode.id,
            step_assignment_id=assignment.id,
            at=assignment.from_at,
            referred_on=assignment.from_at.date(),
            staff_member_id=care.clinician.id,
            preference=Preference.NOT_ASKED,
            understood=True,
            patient=care.patient,
            patient_id=care.patient.id,
        )
        learned.findings = "{}"
        session.add(learned)
        return care


def own_phone(sessions: Sessions, settings: Settings, care: InCare) -> Phone:
    phone = Phone(sessions, settings)
    with unit_of_work(sessions) as session:
        token = devices.begin_enrolment(session, care.patient, None, NOW).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    return phone


def text(phone: Phone) -> str:
    """What the page says, without its markup and the gaps that it leaves before a comma."""
    return re.sub(r" (?=[.,])", "", words_of(phone.get("/me/step")))


def flags(sessions: Sessions) -> list[Flag]:
    with sessions() as session:
        return list(session.scalars(sa.select(Flag).order_by(Flag.opened_at)))


def events(sessions: Sessions) -> list[FlagEvent]:
    with sessions() as session:
        return list(session.scalars(sa.select(FlagEvent).where(FlagEvent.rule.is_not(None)).order_by(FlagEvent.at)))


def next_review(sessions: Sessions) -> Any:
    with sessions() as session:
        return session.scalars(sa.select(Episode.next_review_at)).one()
