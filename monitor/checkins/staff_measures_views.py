"""Which measures a patient is asked, changed on their record."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor.access import viewer
from monitor.audit import record
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.checkins.choosing import PlanChanged, choose
from monitor.checkins.staff_measures_forms import EVERY, MeasuresForm, Panel, panel_of
from monitor.db import unit_of_work
from monitor.http import runtime
from monitor.i18n import N_

measuring = Blueprint("measuring", __name__)


@measuring.post("/patients/<uuid:patient_id>/measures")
def change(patient_id: UUID) -> ResponseReturnValue:
    """Ask other measures from the next check-in on, or say what is not right."""
    there, who, form = runtime(), viewer(), MeasuresForm(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        shown = panel_of(session, episode, there.settings, who.language) or abort(404)
        meanwhile, chosen = None, form.read(shown)
        if chosen is not None:
            try:
                made_from = _id(form.text("plan"))
                choose(session, episode, chosen, made_from=made_from, by=who.staff_member_id, now=there.clock())
            except PlanChanged as changed:
                meanwhile = changed
        if chosen is None or meanwhile is not None:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _page(episode, shown, form, meanwhile), 409 if meanwhile else 422
    flash(N_("Saved. It holds from the next check-in that has not been asked yet."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _page(episode: Episode, shown: Panel, form: MeasuresForm, meanwhile: PlanChanged | None) -> str:
    return render_template(
        "staff/measures.html",
        patient_id=episode.patient_id,
        patient=episode.patient,
        measures=shown,
        form=form,
        meanwhile=meanwhile,
        zone=episode.care_team.time_zone,
        every=EVERY,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
