"""The weekly caseload review on a page: who waits longest, what was seen, who is what to each patient."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record as write_down
from monitor.care import roles
from monitor.care.caseload import LOOK_EVERY_DAYS, newest_looks, record_look, reviewed_codes
from monitor.care.caseload_words import LISTS
from monitor.care.kinds import CareRole
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.scope import patient_in_scope
from monitor.care.staff_words import DOMAIN
from monitor.checkins.closing import hold
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import N_, translate
from monitor.people.teams import carers
from monitor.progress.caseload import caseload
from monitor.progress.staff_caseload_forms import LookForm

weekly = Blueprint("weekly", __name__)
looking = Blueprint("looking", __name__)

NOBODY = N_("Choose who it is: somebody who works in the patient's team.")


@weekly.get("/caseload")
def page() -> ResponseReturnValue:
    """Show one row for each patient of the viewer's teams who is looked at once a week."""
    there = runtime()
    with reading(there.sessions) as session:
        body = _page(session, request.args.get("open", ""), LookForm(MultiDict()))
    note_reads("viewed caseload", "care_team", viewer().team_ids)
    return body


@looking.post("/patients/<uuid:patient_id>/caseload-look")
def look(patient_id: UUID) -> ResponseReturnValue:
    """Record one look at a patient. Somebody else's newer look is shown first."""
    there, who, form = runtime(), viewer(), LookForm(request.form)
    with unit_of_work(there.sessions) as session:
        episode = _reviewed(session, patient_id)
        newest = newest_looks(session, [episode.id]).get(episode.id)
        if form.text("read_to") != (str(newest.id) if newest else ""):
            return _again(session, patient_id, form, meanwhile="look"), 409
        seen = form.look()
        if seen is None:
            return _again(session, patient_id, form), 422
        record_look(session, episode, seen, staff_member_id=who.staff_member_id, now=there.clock())
    flash(N_("The look is recorded."))
    return redirect(url_for("weekly.page"), 303)


@looking.post("/patients/<uuid:patient_id>/care-roles")
def assign(patient_id: UUID) -> ResponseReturnValue:
    """Say who holds the care roles of a patient from now on."""
    there, who, form = runtime(), viewer(), LookForm(request.form)
    with unit_of_work(there.sessions) as session:
        episode = _reviewed(session, patient_id)
        named = in_force(session, episode.pathway).pathway.care_roles
        held = roles.current(session, [episode.id])[episode.id]
        if any(form.text(f"was_{role}") != _holder(held, role) for role in named):
            return _again(session, patient_id, form, meanwhile="roles"), 409
        people = {str(each.id): each.id for each in carers(session, [episode.care_team_id])}
        chosen = {role: form.one_of(role, people, missing=NOBODY) for role in named if form.text(role) or role in held}
        if form.faults:
            return _again(session, patient_id, form), 422
        for role, holder_id in chosen.items():
            if holder_id:
                roles.assign(session, episode, role, holder_id, decided_by_id=who.staff_member_id, now=there.clock())
    flash(N_("Saved."))
    return redirect(url_for("weekly.page", open=patient_id, _anchor=f"p-{patient_id}"), 303)


def _reviewed(session: Session, patient_id: UUID) -> Episode:
    """Return a patient's open episode, held, on a pathway with a weekly look. Raises OutOfScope."""
    episode = patient_in_scope(session, viewer(), patient_id)
    hold(session, episode.id)
    session.refresh(episode)
    if episode.closed_at is not None or episode.pathway not in reviewed_codes(session):
        raise OutOfScope("patient", patient_id)
    return episode


def _holder(held: roles.Holders, role: CareRole) -> str:
    return str(held[role].staff_member_id) if role in held else ""


def _again(session: Session, patient_id: UUID, form: LookForm, *, meanwhile: str = "") -> str:
    """Show the page again with what was typed, and with what somebody else wrote meanwhile."""
    write_down(session, viewer().actor, "viewed patient", "patient", patient_id, now=runtime().clock())
    return _page(session, str(patient_id), form, meanwhile=meanwhile)


def _page(session: Session, opened: str, form: LookForm, *, meanwhile: str = "") -> str:
    there, who = runtime(), viewer()
    rows = caseload(session, who, now=there.clock(), region=there.settings.default_region)
    row = next((row for row in rows if str(row.patient_id) == opened), None)
    people = carers(session, [row.team_id]) if row else ()
    labels = {holder.role.value: holder.label for holder in row.people} if row else {}
    return render_template(
        "staff/caseload.html",
        rows=rows,
        late=sum(row.is_late for row in rows),
        every=LOOK_EVERY_DAYS,
        opened=row,
        carers=[(each.id, each.name) for each in people],
        roles=labels,
        form=LookForm(MultiDict()) if meanwhile == "roles" else form,
        lists={
            name: [(word.value, translate(who.language, said, DOMAIN)) for word, said in words.items()]
            for name, words in LISTS.items()
        },
        meanwhile=meanwhile,
    )
