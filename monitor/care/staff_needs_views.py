"""What each patient needs in order to be reached and understood, for staff."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload
from werkzeug.datastructures import MultiDict

from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to, patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_local
from monitor.people.needs import Needs, history, needs_of, needs_of_all, state_needs
from monitor.people.needs_models import TimeOfDay
from monitor.people.needs_words import MARKS, TIMES, need_labels, recorded, time_label
from monitor.people.staff_forms import Typed
from monitor.people.words import language_name

needing = Blueprint("needing", __name__)
needs_stating = Blueprint("needs_stating", __name__)

CHOOSE_A_TIME = N_("Choose when a call suits them.")


@dataclass(frozen=True)
class NeedsRow:
    """One patient of the list."""

    patient_id: UUID
    name: str
    language: str
    spoken: str
    team: str
    zone: str
    marks: frozenset[str]
    """What they need, by the names of `Needs`."""
    labels: tuple[str, ...]
    best: str
    words: str | None
    access: str | None
    from_at: datetime | None


@needing.get("/needs")
def page_of_all() -> ResponseReturnValue:
    """Show what the patients of the viewer's teams need; those of whom nobody has asked stand apart."""
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        rows = _rows(session)
    note_reads("viewed needs", "care_team", who.team_ids)
    asked = [row for row in rows if row.from_at is not None]
    views = {
        "": [row for row in asked if row.labels or row.best or row.words],
        **{name: [row for row in asked if name in row.marks] for name in MARKS},
        "never": [row for row in rows if row.from_at is None],
    }
    chosen = request.args.get("need", "") if request.args.get("need", "") in views else ""
    return render_template(
        "staff/needs_of_all.html",
        rows=views[chosen],
        chosen=chosen,
        counts={name: len(found) for name, found in views.items()},
        marks=MARKS,
    )


@needing.get("/patients/<uuid:patient_id>/needs")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show what one patient needs now, and what was written down before."""
    with reading(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        body = _page(session, episode, Typed(_values(needs_of(session, patient_id))))
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@needs_stating.post("/patients/<uuid:patient_id>/needs")
def submit(patient_id: UUID) -> ResponseReturnValue:
    """Write down what a patient needs from now on; what held before stays in the history."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    best = form.one_of("best_time", {each.value: each for each in TimeOfDay}, missing=CHOOSE_A_TIME)
    words = form.maybe("words")
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        if best is None or form.faults:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _page(session, episode, form), 422
        needs = Needs(
            best_time=best,
            interpreter=form.ticked("interpreter"),
            large_text=form.ticked("large_text"),
            audio=form.ticked("audio"),
            paper=form.ticked("paper"),
            words=words,
        )
        said = state_needs(session, episode.patient, needs, by=who.staff_member_id, now=there.clock())
    flash(N_("Written down. It stands on the record, beside each call and on the sheet.") if said else N_("As before."))
    return redirect(url_for("needing.page", patient_id=patient_id), 303)


def _rows(session: Session) -> list[NeedsRow]:
    who = viewer()
    episodes = session.scalars(
        episodes_visible_to(who)
        .where(Episode.closed_at.is_(None))
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    ).all()
    needs = needs_of_all(session, [each.patient_id for each in episodes])
    rows = [_row(episode, needs[episode.patient_id], who.language) for episode in episodes]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.patient_id))


def _row(episode: Episode, needs: Needs, language: str) -> NeedsRow:
    patient = episode.patient
    return NeedsRow(
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        spoken=language_name(patient.language, language),
        team=episode.care_team.name,
        zone=episode.care_team.time_zone,
        marks=frozenset(name for name in MARKS if getattr(needs, name)),
        labels=need_labels(needs, patient.language, language),
        best="" if needs.best_time is TimeOfDay.ANY else time_label(needs.best_time, language),
        words=needs.words,
        access=patient.access_needs,
        from_at=needs.from_at,
    )


def _values(needs: Needs) -> MultiDict[str, str]:
    """Return the form as what counts now fills it in."""
    ticked = {name: "yes" for name in MARKS if getattr(needs, name)}
    return MultiDict({"best_time": needs.best_time.value, "words": needs.words or "", **ticked})


def _page(session: Session, episode: Episode, form: Typed) -> str:
    patient, language = episode.patient, viewer().language
    earlier = [
        {
            "at": needs.from_at,
            "on": to_local(needs.from_at, episode.care_team.time_zone).date() if needs.from_at else None,
            "labels": need_labels(needs, patient.language, language),
            "best": time_label(needs.best_time, language),
            "words": needs.words,
            "who": by.name,
        }
        for needs, by in history(session, patient.id)
    ]
    return render_template(
        "staff/needs.html",
        patient=patient,
        spoken=language_name(patient.language, language),
        recorded=recorded(patient.language, language),
        zone=episode.care_team.time_zone,
        is_open=episode.closed_at is None,
        form=form,
        earlier=earlier,
        marks=MARKS,
        times=[(each.value, time_label(each, language)) for each in TIMES],
    )
