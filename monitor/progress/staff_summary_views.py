"""The page for a patient's own doctor, and what the patient has said about who may be told."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import note_reads, viewer
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.db import reading, unit_of_work
from monitor.flags.due import Reader
from monitor.http import runtime
from monitor.i18n import LANGUAGES, N_, SOURCE_LANGUAGE, STAFF_LANGUAGES
from monitor.people.sharing import history, may_be_shared, write_down
from monitor.people.staff_sharing_forms import SharingForm
from monitor.progress.record import record_of
from monitor.progress.staff_sharing_words import asked_choices, lines
from monitor.progress.summary import summary

sharing = Blueprint("sharing", __name__)
agreeing = Blueprint("agreeing", __name__)

PLACE = "/patients/<uuid:patient_id>/sharing"


@sharing.get("/patients/<uuid:patient_id>/summary")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the page, in the viewer's language or in the service's; without the patient's consent, say how to get it."""
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        if not may_be_shared(session, patient_id):
            body, action = _consent(session, episode, SharingForm(MultiDict()), is_refused=True), "refused summary"
        else:
            body, action = _summary(session, episode), "viewed summary"
    note_reads(action, "patient", (patient_id,))
    return body, 403 if action == "refused summary" else 200


@sharing.get(PLACE)
def statements(patient_id: UUID) -> ResponseReturnValue:
    """Show what a patient has agreed to, and the form for what they say now."""
    there = runtime()
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        body = _consent(session, episode, SharingForm(MultiDict()))
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@agreeing.post(PLACE)
def say(patient_id: UUID) -> ResponseReturnValue:
    """Write down what the patient said; it counts from this moment on."""
    there, who, form = runtime(), viewer(), SharingForm(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        said = form.read()
        if said is None:
            return _consent(session, episode, form), 422
        granted, asked = said
        write_down(session, episode.patient, granted, asked, staff_member_id=who.staff_member_id, now=there.clock())
    flash(N_("Written down. It counts from now on."))
    return redirect(url_for("sharing.statements", patient_id=patient_id), 303)


def _summary(session: Session, episode: Episode) -> str:
    there, own = runtime(), service_language()
    other = own if viewer().language != own else None
    if other is not None and request.args.get("language") == other:
        g.language, other = other, viewer().language
    reader = _reader(episode, str(g.language))
    return render_template(
        "staff/summary.html",
        page=summary(session, record_of(session, episode), viewer().name, there.clock(), reader),
        consent=lines(history(session, episode.patient_id), reader),
        patient_id=episode.patient_id,
        other=LANGUAGES[other] if other else None,
        is_copy=g.language != viewer().language,
    )


def _consent(session: Session, episode: Episode, form: SharingForm, *, is_refused: bool = False) -> str:
    reader = _reader(episode, viewer().language)
    return render_template(
        "staff/sharing.html",
        patient=episode.patient,
        history=lines(history(session, episode.patient_id), reader),
        shares=may_be_shared(session, episode.patient_id),
        is_refused=is_refused,
        asked=asked_choices(reader),
        form=form,
    )


def service_language() -> str:
    """Return the language in which the service writes to others, as far as staff pages have it."""
    own = runtime().settings.default_language
    return own if own in STAFF_LANGUAGES else SOURCE_LANGUAGE


def _reader(episode: Episode, language: str) -> Reader:
    return Reader(language, runtime().settings.default_region, episode.care_team.time_zone)
