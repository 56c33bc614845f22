"""A patient's texts, for staff: what became of each, and what the patient wrote back."""

from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.access import note_reads, viewer
from monitor.care.scope import patient_in_scope
from monitor.db import reading
from monitor.flags.due import Reader
from monitor.http import runtime
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
