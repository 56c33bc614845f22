"""Adding a patient, inviting them, setting up their phone, and how they are reached."""

from datetime import date, timedelta
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.access import viewer
from monitor.audit import record
from monitor.care.intake import on_offer
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.care.staff_intake_words import pathway_label
from monitor.checkins import enrolment, staff_forms
from monitor.checkins.enrolment import NumberInUse, Preview
from monitor.checkins.service import provisional_pairs
from monitor.checkins.staff_forms import Enrolment, Options
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import LANGUAGES, N_, weekday_name
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import to_local
from monitor.people.devices import begin_enrolment
from monitor.people.models import Party
from monitor.people.staff_forms import Typed
from monitor.people.teams import carers, teams_of
from monitor.people.words import language_name, region_name

enrolling = Blueprint("enrolling", __name__)

LONGEST_PAUSE = timedelta(days=92)
"""Local protocol: a pause of more than three months is a decision about care, not about texts."""
UNTIL_WHEN = N_("Write the first day on which we may ask again: after today, and within three months.")


@enrolling.get("/patients/new")
def page() -> ResponseReturnValue:
    """Show the empty form."""
    with reading(runtime().sessions) as session:
        options = _options(session)
    if not options.teams:
        return render_template("staff/error.html", code=404, reference=None), 404
    language = runtime().settings.default_language
    values = staff_forms.first_values(options, viewer().staff_member_id, language, _today(options))
    return _form_page(Enrolment(values), options)


@enrolling.post("/patients/new")
def submit() -> ResponseReturnValue:
    """Add the patient, or say what is missing."""
    there, who, form = runtime(), viewer(), Enrolment(request.form)
    try:
        with unit_of_work(there.sessions) as session:
            options = _options(session)
            new = form.read(options, _today(options))
            if new is not None:
                patient = enrolment.enrol_patient(session, new, who.staff_member_id, there.clock())
    except (NumberInUse, IntegrityError):
        form.fault("number", staff_forms.NUMBER_IN_USE)
        new = None
    if new is None:
        return _form_page(form, options), 422
    flash(N_("Added. Nothing has been sent yet. The intake comes next: now, or by the date below."))
    return redirect(url_for("intake.page", patient_id=patient.id), 303)


@enrolling.post("/patients/preview")
def preview() -> ResponseReturnValue:
    """Show the invitation in the chosen language, and which measures that language has; save nothing."""
    with reading(runtime().sessions) as session:
        options = _options(session)
    form = Enrolment(request.form)
    language = form.one_of("language", {each: each for each in LANGUAGES})
    form.faults.clear()
    settings = runtime().settings
    shown = enrolment.preview(language, sender=settings.sender_name, base_url=settings.base_url) if language else None
    return _form_page(form, options, shown)


@enrolling.post("/patients/<uuid:patient_id>/invite")
def invite(patient_id: UUID) -> ResponseReturnValue:
    """Queue the invitation, or a new link for somebody who had one."""
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        sent = enrolment.send_link(session, episode, viewer().staff_member_id, runtime().clock())
    flash(
        N_("The text is on its way. It keeps to the hours in which texts may go.")
        if sent
        else N_("Nothing was sent: they have not agreed to texts, have just answered, or are called instead of texted.")
    )
    return _to_record(patient_id)


@enrolling.post("/patients/<uuid:patient_id>/device")
def device(patient_id: UUID) -> ResponseReturnValue:
    """Show once, for ten minutes, what sets up the patient's own phone."""
    there, who = runtime(), viewer()
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        invited = begin_enrolment(session, episode.patient, who.staff_member_id, there.clock())
        name, zone = episode.patient.preferred_name, episode.care_team.time_zone
    address = f"{there.settings.base_url}/set-up"
    return render_template(
        "staff/device.html",
        patient_id=patient_id,
        name=name,
        zone=zone,
        address=address,
        code=f"{invited.code[:4]} {invited.code[4:]}",
        squares=_squares(f"{address}/{invited.token}"),
        until=there.clock() + timedelta(minutes=10),
    )


@enrolling.post("/patients/<uuid:patient_id>/pause")
def pause(patient_id: UUID) -> ResponseReturnValue:
    """Ask nothing before a day; an empty day ends the pause."""
    there, form = runtime(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        until = form.day("until", missing=None)
        today = to_local(there.clock(), episode.patient.time_zone).date()
        if until is not None and not today < until <= today + LONGEST_PAUSE:
            form.fault("until", UNTIL_WHEN)
        if form.faults:
            return _contact_page(session, episode, form), 422
        enrolment.pause(session, episode.patient, until, staff_member_id=viewer().staff_member_id, now=there.clock())
    flash(N_("Paused. Nothing is asked before that day.") if until else N_("The pause has ended."))
    return _to_record(patient_id)


@enrolling.post("/patients/<uuid:patient_id>/by-text")
def by_text(patient_id: UUID) -> ResponseReturnValue:
    """Put the questions themselves into texts, for a phone that opens no links, or a link to them; or ask by phone."""
    form, by, now = Typed(request.form), viewer().staff_member_id, runtime().clock()
    wanted, is_rung = form.ticked("by_text"), form.ticked("by_phone")
    with unit_of_work(runtime().sessions) as session:
        patient = patient_in_scope(session, viewer(), patient_id).patient
        if is_rung:
            enrolment.ask_by_phone(session, patient, staff_member_id=by, now=now)
        else:
            enrolment.ask_by_text(session, patient, wanted, staff_member_id=by, now=now)
    if is_rung:
        flash(N_("The next questions are asked by phone: they stand among the calls to make."))
    else:
        flash(N_("The next questions come by text.") if wanted else N_("The next questions come as a link."))
    return _to_record(patient_id)


@enrolling.post("/patients/<uuid:patient_id>/opt-out")
def opt_out(patient_id: UUID) -> ResponseReturnValue:
    """Stop every text, because the patient told staff so."""
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        workflows.opt_out(
            session,
            episode.patient,
            said_by=Party.STAFF,
            now=runtime().clock(),
            staff_id=viewer().staff_member_id,
        )
    flash(N_("Every text to them has stopped. Care goes on; agree another way to keep in touch."))
    return _to_record(patient_id)


@enrolling.post("/patients/<uuid:patient_id>/opt-in")
def opt_in(patient_id: UUID) -> ResponseReturnValue:
    """Start texts again, because the patient told staff so."""
    with unit_of_work(runtime().sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        workflows.opt_in(
            session,
            episode.patient,
            said_by=Party.STAFF,
            now=runtime().clock(),
            staff_id=viewer().staff_member_id,
        )
    flash(N_("Texts start again with the next check-in."))
    return _to_record(patient_id)


@enrolling.post("/patients/<uuid:patient_id>/number")
def number(patient_id: UUID) -> ResponseReturnValue:
    """Change the number; links that are out stop working."""
    there, form, who = runtime(), Typed(request.form), viewer()
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        new = form.number("number", episode.patient.region, for_texts=True)
        try:
            if not form.faults:
                enrolment.change_number(
                    session,
                    episode.patient,
                    new,
                    shared=form.ticked("number_is_shared"),
                    staff_member_id=who.staff_member_id,
                    now=there.clock(),
                )
        except NumberInUse:
            form.fault("number", staff_forms.NUMBER_IN_USE)
        if form.faults:
            return _contact_page(session, episode, form), 422
    flash(N_("The number is changed. Links that went to the old one no longer work."))
    return _to_record(patient_id)


def _options(session: Session) -> Options:
    pairs = provisional_pairs(runtime().settings.provisional_instruments)
    return Options(teams_of(session, viewer()), carers(session, viewer().team_ids), on_offer(session), pairs)


def _today(options: Options) -> date:
    return to_local(runtime().clock(), options.teams[0].zone if options.teams else "UTC").date()


def _form_page(form: Enrolment, options: Options, shown: Preview | None = None) -> str:
    speaks = viewer().language
    return render_template(
        "staff/add_patient.html",
        form=form,
        options=options,
        preview=shown,
        measures=[_measure(code, options, speaks) for code in catalogue.TRACKED],
        spoken=sorted(((tag, language_name(tag, speaks)) for tag in LANGUAGES), key=lambda pair: pair[1]),
        regions=sorted(((each, region_name(each, speaks)) for each in staff_forms.REGIONS), key=lambda pair: pair[1]),
        zones=[(zone, zone.replace("_", " ")) for zone in staff_forms.ZONES],
        pathways=[(each.code, pathway_label(each, speaks)) for each in options.pathways],
        weekdays=[(str(day), weekday_name(day, speaks)) for day in range(7)],
        hours=[(each.isoformat("minutes"), each.isoformat("minutes")) for each in staff_forms.HOURS],
        cadences=staff_forms.CADENCES,
    )


def _measure(code: str, options: Options, speaks: str) -> dict[str, object]:
    """Say where a measure is not offered, and whether it is for want of any wording or of the service's decision."""
    missing = [tag for tag in LANGUAGES if code not in options.offered(tag)]
    wordless = [tag for tag in missing if tag not in catalogue.languages(code)]
    undecided = [tag for tag in missing if tag in catalogue.languages(code)]
    return {
        "code": code,
        "name": catalogue.spec(code).name,
        "wordless": ", ".join(language_name(tag, speaks) for tag in wordless),
        "undecided": ", ".join(language_name(tag, speaks) for tag in undecided),
    }


def _contact_page(session: Session, episode: Episode, form: Typed) -> str:
    """Show the one form that was not right, as it was typed."""
    record(session, viewer().actor, "viewed patient", "patient", episode.patient_id, now=runtime().clock())
    return render_template(
        "staff/contact.html",
        form=form,
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        changing="number" if "number" in form.values else "pause",
    )


def _squares(text: str) -> tuple[int, str]:
    """Return a QR code's width in modules, quiet zone included, and its dark modules as one SVG path."""
    rows = tuple(segno.make(text, error="m").matrix_iter(border=4))
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return len(rows), path


def _to_record(patient_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("record.page", patient_id=patient_id), 303)
