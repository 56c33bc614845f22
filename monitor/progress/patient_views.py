"""A patient's own trajectory, behind the PIN of their own phone."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from monitor.db import reading
from monitor.http import language, runtime
from monitor.people.models import Device
from monitor.progress.patient_chart import WEEKS
from monitor.progress.patient_course import course
from monitor.progress.patient_progress import patient_progress

blueprint = Blueprint("progress", __name__)


@blueprint.get("/me")
def show() -> ResponseReturnValue:
    """Show the trajectory of the episode that is open: the last half year, or all of it."""
    with reading(runtime().sessions) as session:
        patient = session.get_one(Device, g.device_id).patient
        found = course(session, patient.id)
    weeks = None if "all" in request.args else WEEKS
    return render_template(
        "patient/progress.html",
        progress=patient_progress(found.trajectories, language().tag, weeks=weeks),
        check_ins=found.answered,
        country=found.country or patient.region,
    )
