"""The intake: what is known, what the rules propose, the step that a person assigns; and who still waits for one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care import intake, roles, treatments
from monitor.care.intake import AnswersSince, GuardrailsOwed, IntakeRefused, NewIntake, ReviewOwed, StepDecided
from monitor.care.intake_rules import propose
from monitor.care.kinds import Treatment
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.scope import patient_in_scope
from monitor.checkins.known import Known, known_of
from monitor.checkins.planning import open_plan
from monitor.checkins.staff_intake_forms import Choices, IntakeForm, first_values
from monitor.checkins.staff_intake_page import page_of, treatment_lines, waiting_rows
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_local
from monitor.people.staff_forms import Typed
from monitor.people.teams import carers

holding = Blueprint("intake", __name__)
waiting = Blueprint("intakes", __name__)

STARTED_AHEAD = N_("This date lies ahead. Write the day on which it began.")
NOT_UNDER_WAY = N_("It is not under way, so it cannot end. Somebody may have written it down meanwhile.")


@waiting.get("/intakes")
def page_of_waiting() -> ResponseReturnValue:
    """Show who has no step assigned yet, whoever has the nearest date first."""
    there, who = runtime(), viewer()
    now, region = there.clock(), there.settings.default_region
    with reading(there.sessions) as session:
        rows = waiting_rows(intake.waiting(session, who), now, who.language, region)
    note_reads("viewed patient", "patient", (row.patient_id for row in rows))
    return render_template("staff/intakes.html", rows=rows)


@holding.get("/patients/<uuid:patient_id>/intake")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the intake that was held, or a form with what is known already."""
    with reading(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        body = _page(session, episode, _first_form(session, episode), again="again" in request.args)
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@holding.post("/patients/<uuid:patient_id>/intake")
def submit(patient_id: UUID) -> ResponseReturnValue:
    """Say what the rules propose, or assign the step; what was typed stays whatever comes of it."""
    form = IntakeForm(request.form)
    try:
        with unit_of_work(runtime().sessions) as session:
            episode = patient_in_scope(session, viewer(), patient_id)
            facts = form.facts()
            if form.text("do") == "propose":
                return _again(session, episode, form), 422 if form.faults else 200
            choices = _choices(session, episode)
            proposal = propose(facts, choices.pathway) if facts else None
            new = form.read(facts, proposal, choices)
            if new is None:
                return _again(session, episode, form), 422
            _assign(session, episode, form, new, choices)
    except IntakeRefused as refusal:
        return _refused(patient_id, form, refusal), 409
    flash(N_("The step is assigned."))
    return redirect(url_for("intake.page", patient_id=patient_id), 303)


@holding.post("/patients/<uuid:patient_id>/treatments")
def treatment(patient_id: UUID) -> ResponseReturnValue:
    """Write down that a treatment began, or that it has ended."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        what = form.one_of("treatment", {each.value: each for each in Treatment})
        stops = form.text("do") == "stop"
        on = None if stops else _began_on(form, _today(episode))
        if what and stops:
            try:
                treatments.stop(session, episode, what, by=who.staff_member_id, now=there.clock())
            except treatments.NotUnderWay:
                form.fault("treatment", NOT_UNDER_WAY)
        elif what and on:
            treatments.start(session, episode, what, on, by=who.staff_member_id, now=there.clock())
        if form.faults:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _treatment_page(session, episode, form), 422
    flash(N_("Saved."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _assign(session: Session, episode: Episode, form: IntakeForm, new: NewIntake, choices: Choices) -> None:
    plan = open_plan(session, episode.id)
    workflows.assign_step(
        session,
        episode,
        new,
        mark=form.text("read_to"),
        every_weeks=form.weeks(new.step, choices.pathway, plan.every_weeks if plan else None),
        by=viewer().staff_member_id,
        now=runtime().clock(),
    )


def _refused(patient_id: UUID, form: IntakeForm, refusal: IntakeRefused) -> str:
    """Show what has changed, and the form as it was typed: the next sending is about what is shown now."""
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        return _again(session, episode, form, refusal)


def _again(session: Session, episode: Episode, form: IntakeForm, refusal: IntakeRefused | None = None) -> str:
    record(session, viewer().actor, "viewed patient", "patient", episode.patient_id, now=runtime().clock())
    return _page(session, episode, form, again=True, refusal=refusal)


def _first_form(session: Session, episode: Episode) -> IntakeForm:
    """Return the empty form with what is known."""
    holders = roles.current(session, [episode.id])[episode.id]
    opened_on = to_local(episode.opened_at, episode.care_team.time_zone).date()
    return IntakeForm(
        first_values(
            known_of(session, episode),
            opened_on,
            episode.accountable_id,
            {role: held.staff_member_id for role, held in holders.items()},
        )
    )


def _page(
    session: Session, episode: Episode, form: IntakeForm, *, again: bool, refusal: IntakeRefused | None = None
) -> str:
    there, who = runtime(), viewer()
    held = intake.newest_held(session, episode)
    choices, plan = _choices(session, episode), open_plan(session, episode.id)
    known = known_of(session, episode)
    facts = IntakeForm(form.values).facts()
    shown = page_of(
        session,
        episode,
        held,
        choices,
        facts,
        now=there.clock(),
        language=who.language,
        region=there.settings.default_region,
    )
    return render_template(
        "staff/intake.html",
        page=shown,
        form=form,
        known=_dated(known, episode),
        mark=known.mark,
        every_weeks=plan.every_weeks if plan else None,
        shows_form=episode.closed_at is None and (held is None or again),
        decided=refusal if isinstance(refusal, StepDecided) else None,
        answered=isinstance(refusal, AnswersSince),
        review_owed=isinstance(refusal, ReviewOwed),
        guardrails_owed=refusal.missing if isinstance(refusal, GuardrailsOwed) else (),
        patient_id=episode.patient_id,
    )


def _dated(known: Known, episode: Episode) -> dict[str, object]:
    """Return what is known, each with the local date on which it was answered."""
    zone = episode.patient.time_zone
    return {name: (each.value, to_local(each.at, zone).date()) for name, each in known.found.items()}


def _choices(session: Session, episode: Episode) -> Choices:
    team: Sequence[UUID] = (episode.care_team_id,)
    return Choices(in_force(session, episode.pathway).pathway, carers(session, team), _today(episode))


def _today(episode: Episode) -> date:
    return to_local(runtime().clock(), episode.care_team.time_zone).date()


def _began_on(form: Typed, today: date) -> date | None:
    on = form.day("started_on")
    if on and on > today:
        form.fault("started_on", STARTED_AHEAD)
        return None
    return on


def _treatment_page(session: Session, episode: Episode, form: Typed) -> str:
    """Show the one form that was not right, as it was typed."""
    return render_template(
        "staff/treatment.html",
        form=form,
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        treatments=treatment_lines(session, episode, viewer().language, runtime().settings.default_region),
    )
