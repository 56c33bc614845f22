"""The two plans that a patient makes with the team: written here, every version kept, and printed for them."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor import i18n
from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record as write_down
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.care.staff_words import step_in_full
from monitor.db import reading, unit_of_work
from monitor.flags.due import Reader
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.keywords import Keyword, words_of
from monitor.people.words import language_name
from monitor.relapse.kinds import PlanKind, PlanState
from monitor.relapse.models import RelapsePlan
from monitor.relapse.patient_plan import kept_plan_page, kept_safety_page, plan_page, safety_page
from monitor.relapse.plan_rules import safety_faults
from monitor.relapse.plan_shown import clash, in_a_list, parts
from monitor.relapse.plan_start import Offer, offer
from monitor.relapse.plans import CareHasEnded, PlanRefused, Saved, lacks, save_safety, save_staying_well, versions
from monitor.relapse.staff_plan_forms import (
    PEOPLE,
    PROFESSIONALS,
    SIGNS,
    PlanForm,
    SafetyForm,
    beginning,
    typed_plan,
    typed_safety,
)
from monitor.relapse.staff_words import (
    GIVEN,
    PERSON_NUMBER,
    PROFESSIONAL_NUMBER,
    SIGN_KINDS,
    SIGN_NUMBER,
    given_label,
    kind_label,
    labels,
    sign_kind_label,
)

plan = Blueprint("plan", __name__)
planning = Blueprint("planning", __name__)

AnyForm = PlanForm | SafetyForm

DRAFT_KEPT = N_("The draft is kept. What the patient reads is still the version that was agreed last.")
AGREED = N_("The plan is agreed. This is what the patient reads from now on.")


@plan.get("/patients/<uuid:patient_id>/plan")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the relapse plan in its form, beside what the patient reads."""
    return _opened(patient_id, PlanKind.STAYING_WELL)


@plan.get("/patients/<uuid:patient_id>/safety-plan")
def safety(patient_id: UUID) -> ResponseReturnValue:
    """Show the safety plan in its form, step by step."""
    return _opened(patient_id, PlanKind.SAFETY)


@planning.post("/patients/<uuid:patient_id>/plan")
def kept(patient_id: UUID) -> ResponseReturnValue:
    """Keep a draft of the relapse plan, or what was agreed; or say what it lacks."""
    return _kept(patient_id, PlanForm(request.form))


@planning.post("/patients/<uuid:patient_id>/safety-plan")
def safety_kept(patient_id: UUID) -> ResponseReturnValue:
    """Keep a draft of the safety plan, or what was agreed; or say what it lacks."""
    return _kept(patient_id, SafetyForm(request.form))


@plan.get("/patients/<uuid:patient_id>/plans/<uuid:plan_id>")
def version(patient_id: UUID, plan_id: UUID) -> ResponseReturnValue:
    """Show one version as it was kept, and what another that was written at once says differently."""
    with reading(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        found, every = _version(session, episode, plan_id)
        now, reader = runtime().clock(), _reader(episode)
        listed = in_a_list(every, now, reader)
        body = render_template(
            "staff/plan_version.html",
            **_about(episode, found.kind),
            versions=listed,
            version=next(each for each in listed if each.id == plan_id),
            title=kind_label(found.kind, reader.language),
            parts_of=[each for each in parts(found, reader) if each.lines],
            clash=clash(every, now, reader, found),
            **_as_kept(found),
        )
    note_reads("viewed plan", "patient", (patient_id,))
    return body


@plan.get("/patients/<uuid:patient_id>/plans/<uuid:plan_id>/print")
def printed(patient_id: UUID, plan_id: UUID) -> ResponseReturnValue:
    """Show one version on paper, large, in the patient's own language."""
    with reading(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        found, _ = _version(session, episode, plan_id)
        body = render_template("staff/plan_print.html", **_about(episode, found.kind), version=found, **_as_kept(found))
    note_reads("printed plan", "patient", (patient_id,))
    return body


def _opened(patient_id: UUID, kind: PlanKind) -> str:
    with reading(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        every = versions(session, episode.id, kind)
        source = next((each for each in every if str(each.id) == request.args.get("from")), every[0] if every else None)
        choices = offer(session, episode, runtime().clock())
        form: AnyForm
        if kind is PlanKind.SAFETY:
            form = SafetyForm(typed_safety(source) if source else MultiDict())
        else:
            form = PlanForm(typed_plan(source) if source else beginning(choices))
        body = _editor(episode, form, every, choices)
    note_reads("viewed plan", "patient", (patient_id,))
    return body


def _kept(patient_id: UUID, form: AnyForm) -> ResponseReturnValue:
    there, who = runtime(), viewer()
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        choices = offer(session, episode, there.clock())
        if form.text("do") in form.fewest:
            form, status, saved = form.with_another(form.text("do")), 200, None
        else:
            status, saved = _save(session, episode, form, choices)
        if saved is None:
            write_down(session, who.actor, "viewed plan", "patient", patient_id, now=there.clock())
            return _editor(episode, form, versions(session, episode.id, _kind(form)), choices), status
        if saved.meanwhile is not None:
            return redirect(url_for("plan.version", patient_id=patient_id, plan_id=saved.plan.id), 303)
    flash(AGREED if saved.plan.state is PlanState.AGREED else DRAFT_KEPT)
    back = "plan.safety" if saved.plan.kind is PlanKind.SAFETY else "plan.page"
    return redirect(url_for(back, patient_id=patient_id), 303)


def _save(session: Session, episode: Episode, form: AnyForm, choices: Offer) -> tuple[int, Saved | None]:
    """Keep what was typed. Return the status of the page that says why not, where it was not."""
    agree, by, now = form.text("do") == "agree", viewer().staff_member_id, runtime().clock()
    how: dict[str, Any] = {"agree": agree, "based_on_id": _id(form.text("based_on")), "by": by, "now": now}
    try:
        if isinstance(form, SafetyForm):
            safety = form.written(episode.patient)
            if not form.faults:
                return 303, save_safety(session, episode, safety, **how)
            form.lacks(safety_faults(safety) if agree else ())
        else:
            written = form.written(episode.patient, owners=choices.owner_ids, steps=choices.steps)
            if not form.faults:
                return 303, save_staying_well(session, episode, written, **how)
            form.lacks(lacks(session, episode, written, now) if agree else ())
    except PlanRefused as refusal:
        form.lacks(refusal.faults)
    except CareHasEnded:
        return 409, None
    return 422, None


def _editor(episode: Episode, form: AnyForm, every: Sequence[RelapsePlan], choices: Offer) -> str:
    """Return the page of a plan: its form, what the patient will read, and its versions."""
    now, reader = runtime().clock(), _reader(episode)
    is_safety = isinstance(form, SafetyForm)
    numbered = {SIGNS: SIGN_NUMBER, PEOPLE: PERSON_NUMBER, PROFESSIONALS: PROFESSIONAL_NUMBER}
    lines = [(name, numbered[name], form.rows(name)) for name in form.fewest]
    lines += [(f"{name}-{part}", message, count) for name, message, count in lines for part in ("who", "number")]
    found = clash(every, now, reader)
    form.sort_faults()
    return render_template(
        "staff/safety_plan.html" if is_safety else "staff/plan.html",
        **_about(episode, _kind(form)),
        form=form,
        based_on=form.values.get("based_on", str(every[0].id) if every else ""),
        rows={name: form.rows(name) for name in form.fewest},
        labels=labels(reader.language, lines, safety=is_safety),
        versions=in_a_list(every, now, reader),
        clash=found,
        owners=[(str(each.id), each.name) for each in choices.owners],
        steps=[(each.value, step_in_full(each, reader.language)) for each in choices.steps],
        kinds=[(each.value, sign_kind_label(each, reader.language)) for each in SIGN_KINDS],
        givens=[(each.value, given_label(each, reader.language)) for each in GIVEN],
        is_written=_is_written(episode),
        **(_as_typed(episode, form, choices) if _is_written(episode) else _as_agreed(every, _kind(form))),
    )


def _as_typed(episode: Episode, form: AnyForm, choices: Offer) -> dict[str, object]:
    """Return what the patient would read of a form as it stands."""
    patient = episode.patient
    read = type(form)(form.values)  # its faults are said once, by whoever saves
    if isinstance(read, SafetyForm):
        return {"safety": safety_page(read.written(patient).content, words_in=patient.language)}
    written = read.written(patient, owners=choices.owner_ids, steps=choices.steps)
    return {
        "plan": plan_page(
            written.content,
            [each.words for each in written.signs],
            words_in=patient.language,
            read_in=patient.language,
            review_on=written.review_on,
            owner=next((each.name for each in choices.owners if each.id == written.owner_id), None),
        )
    }


def _as_agreed(every: Sequence[RelapsePlan], kind: PlanKind) -> dict[str, object]:
    """Return what the patient does read: the version that counts, or nothing."""
    counts = next((each for each in every if each.state is PlanState.AGREED), None)
    return _as_kept(counts) if counts else {"safety" if kind is PlanKind.SAFETY else "plan": None}


def _as_kept(found: RelapsePlan) -> dict[str, object]:
    if found.kind is PlanKind.SAFETY:
        return {"safety": kept_safety_page(found)}
    return {"plan": kept_plan_page(found, found.language)}


def _about(episode: Episode, kind: PlanKind) -> dict[str, object]:
    """Return what every page of a plan says of its patient, and the words of the patient's own catalogue."""
    patient = episode.patient
    return {
        "patient_id": patient.id,
        "name": patient.preferred_name,
        "spoken": language_name(patient.language, viewer().language),
        "theirs": i18n.LANGUAGES[patient.language],
        "plan_word": words_of(patient.language, Keyword.PLAN)[0].upper(),
        "their_words": partial(i18n.markup, patient.language),
        "is_safety": kind is PlanKind.SAFETY,
        "is_open": episode.closed_at is None,
        "here": "plans",
    }


def _version(session: Session, episode: Episode, plan_id: UUID) -> tuple[RelapsePlan, Sequence[RelapsePlan]]:
    """Return a version of one of the episode's plans, and all versions of that plan. Raises OutOfScope."""
    for kind in PlanKind:
        every = versions(session, episode.id, kind)
        found = next((each for each in every if each.id == plan_id), None)
        if found is not None:
            return found, every
    raise OutOfScope("plan", plan_id)


def _is_written(episode: Episode) -> bool:
    """Whether the viewer may write the plan, and it can still be written."""
    return episode.closed_at is None and viewer().may("record")


def _kind(form: AnyForm) -> PlanKind:
    return PlanKind.SAFETY if isinstance(form, SafetyForm) else PlanKind.STAYING_WELL


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _reader(episode: Episode) -> Reader:
    return Reader(viewer().language, runtime().settings.default_region, episode.care_team.time_zone)
