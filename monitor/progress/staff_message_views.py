"""Texts for staff: those of one patient with what they wrote back, and those of all teams by day."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor.access import note_reads, viewer
from monitor.care.scope import patient_in_scope
from monitor.db import reading
from monitor.flags.due import Reader
from monitor.flags.text_counts import TextView, text_counts
from monitor.flags.waiting import Place
from monitor.http import runtime
from monitor.people.teams import first_team
from monitor.progress.all_messages import sent_texts
from monitor.progress.staff_messages import texts_of

messages = Blueprint("messages", __name__)


@messages.get("/patients/<uuid:patient_id>/messages")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the texts of a patient of the viewer's teams, on the patient's own clock."""
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        patient = patient_in_scope(session, who, patient_id).patient
        reader = Reader(who.language, there.settings.default_region, patient.time_zone)
        everything = request.args.get("all") == "1"
        body = render_template(
            "staff/messages.html",
            patient=patient,
            texts=texts_of(session, patient, everything=everything, now=there.clock(), reader=reader),
        )
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@messages.get("/messages")
def of_teams() -> ResponseReturnValue:
    """Show a kind of the texts of the viewer's teams; whom texts do not reach has a page of its own."""
    there, who, asked = runtime(), viewer(), request.args.get("kind")
    view = TextView(asked) if asked in set(TextView) else TextView.ALL
    if view is TextView.NEEDS_YOU:
        return redirect(url_for("reach.page"), 303)
    now = there.clock()
    with reading(there.sessions) as session:
        team = first_team(session, who.team_ids)
        reader = Reader(who.language, there.settings.default_region, team.time_zone if team else "UTC")
        body = render_template(
            "staff/sent_texts.html",
            view=view,
            counts=text_counts(session, who, now, reader.zone),
            texts=sent_texts(session, who, view, Place.read(request.args.get("after", "")), now, reader),
            zone=reader.zone,
        )
    note_reads("viewed messages", "care_team", who.team_ids)
    return body
