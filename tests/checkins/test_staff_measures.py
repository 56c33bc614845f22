"""Which measures a patient is asked, changed on their record; and what staff read of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.checkins.models import CheckIn, CheckInKind, MonitoringPlan
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.measures.catalogue import use_folder
from monitor.worker import make_courier, plan
from tests.builders import NOW, a_staff_member
from tests.checkins.desk import Desk
from tests.measures.own_wording import write_wsas
from tests.phones import form_of
from tests.staff_browser import words

NOBODY = "Nothing here says anything about safety: ask in person."


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    return Desk(sqlite_sessions, settings)


@pytest.fixture
def no_folder() -> Iterator[None]:
    yield
    use_folder(None)


def plans(sessions: Sessions) -> list[MonitoringPlan]:
    with sessions() as session:
        return list(session.scalars(sa.select(MonitoringPlan).order_by(MonitoringPlan.from_at)))


def record(desk: Desk) -> TestResponse:
    return desk.maren_s.get(f"/patients/{desk.noor.patient.id}")


def send(desk: Desk, **chosen: Any) -> Any:
    """Send the form as it stands on the record, with some of its fields changed."""
    with desk.sessions() as session:
        open_plan = session.scalars(sa.select(MonitoringPlan).where(MonitoringPlan.until_at.is_(None))).one()
    offered = ("who5", "wsas", "phq15", "pcptsd5", "auditc", "readiness", "social_needs")
    values = {f"every_{code}": open_plan.slower.get(code, "") for code in offered}
    kept = {"plan": open_plan.id, "depression": open_plan.instruments[0]}
    fields = {**kept, **values, **chosen}
    return desk.maren_s.post(f"/patients/{desk.noor.patient.id}/measures", **{k: str(v) for k, v in fields.items()})


def test_slower_measures_take_the_place_of_the_plan_in_one_step(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)

    page = send(desk, every_who5=4, every_auditc=52)

    assert page.status_code == 303
    before, after = plans(sessions)
    assert (before.slower, before.until_at) == ({}, NOW)
    assert (after.slower, after.instruments) == ({"who5": 4, "auditc": 52}, ["phq9", "gad7"])
    assert (after.every_weeks, after.starts_on) == (before.every_weeks, before.starts_on)
    [entry] = desk.app.audit("changed measures")
    assert (entry.actor_id, entry.subject, entry.subject_id) == (desk.maren.id, "monitoring_plan", after.id)
    said = words(record(desk))
    assert "Every check-in asks: PHQ-9, GAD-7. About 19 questions a week; the ceiling is 32." in said
    assert "WHO-5: every 4 weeks." in said
    assert "AUDIT-C (US): every 52 weeks." in said


def test_the_next_check_in_takes_them_along(desk: Desk, settings: Settings) -> None:
    send(desk, every_who5=4)
    for days in range(7):
        plan(make_courier(settings, desk.sessions, lambda now=NOW + timedelta(days=days): now))

    with desk.sessions() as session:
        first = session.scalars(sa.select(CheckIn).where(CheckIn.kind == CheckInKind.SCHEDULED)).first()
    assert first is not None
    assert first.instruments == ["phq9", "gad7", "who5"]


def test_what_changes_nothing_leaves_the_plan_alone(desk: Desk) -> None:
    assert send(desk).status_code == 303
    assert len(plans(desk.sessions)) == 1
    assert desk.app.audit("changed measures") == []


def test_more_than_the_ceiling_is_said_on_the_record(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings.model_copy(update={"items_per_week": 20}))
    send(desk, every_phq15=12)

    said = words(record(desk))
    assert "More than the ceiling." in said
    assert "what every check-in asks is never left out. PHQ-15 never finds room beside it." in said


def test_what_cannot_be_asked_in_their_language_says_why_and_is_turned_away(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    desk = Desk(sqlite_sessions, settings, language="fr")
    page = record(desk)

    said = words(page)
    assert "WHO-5 5 questions There is no wording in French." in said
    assert (
        "Readiness: importance and confidence 2 questions In French there is a draft, and the service has not" in said
    )
    assert "WSAS 5 questions Its words need the copyright holder’s permission, and the service has set none up." in said
    refused = send(desk, every_who5=4, every_auditc=12)
    assert refused.status_code == 422
    assert "This measure cannot be asked in their language now." in words(refused)
    assert len(plans(sqlite_sessions)) == 1


def test_drafts_that_are_switched_on_and_words_with_permission_may_be_chosen(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path, no_folder: None
) -> None:
    write_wsas(tmp_path)
    has_both = {"instruments_dir": tmp_path, "provisional_instruments": frozenset({"social_needs:en"})}
    desk = Desk(sqlite_sessions, settings.model_copy(update=has_both))

    assert "Asked on the page or in person, never by text." in words(record(desk))
    assert send(desk, every_wsas=4, every_social_needs=26).status_code == 303
    assert plans(sqlite_sessions)[-1].slower == {"wsas": 4, "social_needs": 26}


# ---- the PHQ-8 in place of the PHQ-9 ----


def test_item_9_is_left_out_only_on_purpose_and_with_a_name_to_it(desk: Desk) -> None:
    assert NOBODY not in words(record(desk))
    hasty = send(desk, depression="phq8")
    assert hasty.status_code == 422
    assert "Tick below that item 9 is left out on purpose, or choose the PHQ-9." in words(hasty)
    assert 'value="phq8" checked' in hasty.text, "what was chosen stays"

    assert send(desk, depression="phq8", no_item_9="yes").status_code == 303

    assert plans(desk.sessions)[-1].instruments == ["phq8", "gad7"]
    assert [entry.actor_id for entry in desk.app.audit("left item 9 out")] == [desk.maren.id]
    said = words(record(desk))
    assert "Item 9 is not asked. The PHQ-8 leaves it out, and no flag follows a change of the PHQ-8." in said
    assert said.count(NOBODY) == 2, "where the measures stand, and where safety answers do"
    assert "Item 9 has not been answered yet." not in said

    assert send(desk, depression="phq9").status_code == 303
    assert plans(desk.sessions)[-1].instruments == ["phq9", "gad7"]
    assert len(desk.app.audit("left item 9 out")) == 1


# ---- who else ----


def test_a_plan_that_somebody_changed_meanwhile_is_not_written_over(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        team = desk.noor.team
        a_staff_member(session, team, "ida@example.org", name="Ida Sand")
    stale = plans(desk.sessions)[0].id
    ida = desk.app.browser("ida@example.org")
    fields = dict.fromkeys((f"every_{code}" for code in ("wsas", "phq15", "pcptsd5", "readiness", "social_needs")), "")
    path = f"/patients/{desk.noor.patient.id}/measures"
    ida.post(path, plan=str(stale), depression="phq9", every_who5="4", every_auditc="", **fields)

    late = send(desk, plan=stale, every_auditc=12)

    assert late.status_code == 409
    said = words(late)
    assert "Not saved: the plan has changed meanwhile. Ida Sand changed it on" in said
    assert "10:00. What counts now stands below." in said
    assert "WHO-5: every 4 weeks." in said, "what counts now"
    assert plans(desk.sessions)[-1].slower == {"who5": 4}


@pytest.mark.parametrize("plan_id", ["", "no id", "00000000-0000-7000-8000-000000000000"])
def test_a_form_without_its_plan_changes_nothing(desk: Desk, plan_id: str) -> None:
    assert send(desk, plan=plan_id, every_who5=4).status_code == 409
    assert len(plans(desk.sessions)) == 1


def test_other_teams_and_managers_change_nothing(desk: Desk) -> None:
    path = f"/patients/{desk.noor.patient.id}/measures"

    assert desk.app.browser("sven@example.org").post(path).status_code == 404
    assert desk.app.browser("boss@example.org").post(path).status_code == 404
    assert len(plans(desk.sessions)) == 1


@pytest.mark.parametrize(("name", "value"), [("every_who5", "0"), ("every_who5", "5"), ("depression", "gad7")])
def test_a_crafted_form_chooses_nothing_that_is_not_on_it(desk: Desk, name: str, value: str) -> None:
    assert send(desk, **{name: value}).status_code == 422
    assert len(plans(desk.sessions)) == 1


def test_after_the_end_of_care_there_is_nothing_to_choose(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        episode = session.merge(desk.noor.episode)
        episode.closed_at, episode.close_reason = NOW, "completed"

    assert send(desk, every_who5=4).status_code == 404
    assert "Every check-in asks" not in words(record(desk))


def test_the_form_stands_on_the_record_as_it_counts(desk: Desk) -> None:
    send(desk, every_who5=8)
    page = record(desk).text

    assert 'name="every_who5"' in page
    assert '<option value="8" selected>every 8 weeks</option>' in page
    assert form_of(page).radios["depression"] == ["phq9", "phq8"]
