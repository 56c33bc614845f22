"""A patient's record for staff: where they stand, what was asked and answered, what is open and what was done."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor.access import OutOfScope, note_reads, viewer
from monitor.audit import record as write_down
from monitor.care.models import AppointmentState, Episode, Step
from monitor.care.scope import patient_in_scope
from monitor.checkins.enrolment import Preview, preview
from monitor.checkins.staff_intake_page import treatment_lines
from monitor.checkins.staff_measures_forms import EVERY, panel_of
from monitor.db import reading, unit_of_work
from monitor.flags import appointments
from monitor.flags.detail import all_flags_of, details, open_flags_of
from monitor.flags.due import Reader
from monitor.flags.kinds import FlagKind
from monitor.flags.waiting import Place
from monitor.flags.whom import colleagues, person
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_utc
from monitor.people.models import StaffMember
from monitor.people.staff_forms import Typed
from monitor.progress.before_session import before_session
from monitor.progress.happened import happened
from monitor.progress.history import log_of
from monitor.progress.my_patients import my_patients
from monitor.progress.own_word import own_word_at
from monitor.progress.record import record_of
from monitor.progress.series import occasions
from monitor.progress.staff_chart import course
from monitor.progress.staff_columns import COLUMNS
from monitor.progress.staff_happened import notes_of
from monitor.progress.staff_news import kept, outages_of
from monitor.progress.staff_page import marks_of, page_of
from monitor.progress.staff_words import StaffWords
from monitor.progress.submission_page import submission_page
from monitor.relapse.plan_now import plan_now
from monitor.relapse.returning import returning
from monitor.reviews.service import after_contact

record = Blueprint("record", __name__)
appointing = Blueprint("appointing", __name__)

ENDS = {each.value: each for each in AppointmentState if each is not AppointmentState.PLANNED}


@record.get("/patients/<uuid:patient_id>")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the record of a patient of the viewer's teams."""
    there, who = runtime(), viewer()
    now, settings = there.clock(), there.settings
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        reader = Reader(who.language, settings.default_region, episode.care_team.time_zone)
        found = record_of(session, episode)
        every = all_flags_of(session, episode)
        flags = details(session, every, now, reader, who.staff_member_id)
        steps, appointed = marks_of(found, reader)
        notes = notes_of(happened(session, episode, reader.zone), reader)
        body = render_template(
            "staff/record.html",
            beside={flag.id: plan_now(session, flag, reader) for flag in every if flag.closed_at is None},
            returning=returning(session, episode, now, reader),
            has_returned="returned" in request.args,
            page=page_of(session, found, now, reader),
            person=person(session, episode.patient, who.language),
            flags=sorted(
                (flag for flag in flags if flag.is_open), key=lambda flag: list(FlagKind).index(flag.tag.kind)
            ),
            team=colleagues(session, episode.care_team_id, who),
            log=log_of(session, found, flags, reader),
            kept=kept(session, found, request.args.get("kept"), flags, now, reader),
            outages=outages_of(session, found, now, reader),
            course=course(
                found.trajectories,
                chosen=request.args.get("corridor", ""),
                steps=steps,
                appointments=appointed,
                notes=notes,
                columns=None if request.args.get("columns") == "all" else COLUMNS,
            ),
            words=StaffWords(who.language),
            whole_log=request.args.get("log") == "all",
            all_texts=request.args.get("texts") == "all",
            preview=None if found.was_invited else _invitation(episode.patient.language),
            form=Typed(MultiDict()),
            measures=panel_of(session, episode, settings, who.language),
            every=EVERY,
            treatments=treatment_lines(session, episode, who.language, settings.default_region),
        )
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@record.get("/patients")
def caseload() -> ResponseReturnValue:
    """Show the viewer's own patients, and those of whoever they stand in for."""
    there, who = runtime(), viewer()
    step = request.args.get("step")
    with reading(there.sessions) as session:
        found = my_patients(
            session,
            who,
            step=Step(step) if step in set(Step) else None,
            after=Place.read(request.args.get("after", "")),
            now=there.clock(),
            region=there.settings.default_region,
        )
    note_reads("viewed caseload", "staff_member", (who.staff_member_id,))
    return render_template("staff/my_patients.html", list=found)


@record.get("/patients/<uuid:patient_id>/submissions/<uuid:submission_id>")
def submission(patient_id: UUID, submission_id: UUID) -> ResponseReturnValue:
    """Show one submission as it was given, beside the weeks around it."""
    there, who = runtime(), viewer()
    now = there.clock()
    with reading(there.sessions) as session:
        zone = patient_in_scope(session, who, patient_id).care_team.time_zone
        reader = Reader(who.language, there.settings.default_region, zone)
        page = submission_page(session, who, patient_id, submission_id, now, reader)
        found = record_of(session, page.episode)
        _, appointed = marks_of(found, reader)
        drawn = [
            course(found.trajectories, chosen=each.code, appointments=appointed, columns=COLUMNS)
            for each in found.trajectories
        ]
        body = render_template(
            "staff/submission.html",
            page=page,
            person=person(session, page.episode.patient, who.language),
            own_word=own_word_at(occasions(found.trajectories), page.compared, page.trail[-1].at),
            courses=[each for each in drawn if each is not None],
            words=StaffWords(who.language),
        )
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@record.get("/patients/<uuid:patient_id>/before")
def before(patient_id: UUID) -> ResponseReturnValue:
    """Show what somebody needs to know before they meet the patient, on one page of paper."""
    there, who = runtime(), viewer()
    now = there.clock()
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        reader = Reader(who.language, there.settings.default_region, episode.care_team.time_zone)
        found = record_of(session, episode)
        flags = details(session, open_flags_of(session, episode), now, reader, who.staff_member_id)
        steps, appointed = marks_of(found, reader)
        notes = notes_of(happened(session, episode, reader.zone), reader)
        body = render_template(
            "staff/before_session.html",
            page=before_session(found, flags, now, reader),
            person=person(session, episode.patient, who.language),
            course=course(found.trajectories, steps=steps, appointments=appointed, notes=notes, columns=COLUMNS),
            words=StaffWords(who.language),
            now=now,
            zone=episode.care_team.time_zone,
        )
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@appointing.post("/patients/<uuid:patient_id>/appointments")
def add(patient_id: UUID) -> ResponseReturnValue:
    """Add an appointment, or write down what became of one."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        if form.text("appointment"):
            became = form.one_of("became", ENDS)
            if became:
                ended, now = _id(form.text("appointment")), there.clock()
                appointments.end(session, episode, ended, became, staff_member_id=who.staff_member_id, now=now)
                if became is AppointmentState.ATTENDED:
                    member = session.get_one(StaffMember, who.staff_member_id)
                    after_contact(session, episode, ended, by=member, now=now)
        else:
            on, at = form.day("on"), form.time_of_day("at")
            if on and at:
                starts_at = to_utc(on, at, episode.care_team.time_zone)
                appointments.agree(session, episode, starts_at, staff_member_id=who.staff_member_id, now=there.clock())
        if form.faults:
            return _faulty(session, episode, form), 422
    flash(N_("Saved."))
    return redirect(url_for("record.page", patient_id=patient_id), 303)


def _invitation(language: str) -> Preview:
    settings = runtime().settings
    return preview(language, sender=settings.sender_name, base_url=settings.base_url)


def _faulty(session: Session, episode: Episode, form: Typed) -> str:
    """Show the form again as it was typed."""
    write_down(session, viewer().actor, "viewed patient", "patient", episode.patient_id, now=runtime().clock())
    return render_template(
        "staff/contact.html",
        form=form,
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        changing="appointment",
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise OutOfScope("appointment", None) from None
