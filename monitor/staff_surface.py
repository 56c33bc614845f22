"""The staff surface: every blueprint behind the staff sign-in, each with its guard."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from monitor import access
from monitor.access import Action, may
from monitor.care import staff_views as care
from monitor.checkins import staff_views as checkins
from monitor.config import Environment
from monitor.flags import staff_views as flags
from monitor.http import mount, runtime
from monitor.people import staff_views as people
from monitor.progress import staff_views as progress


def register(app: Flask) -> None:
    """Register the staff blueprints."""
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open for a whole shift
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which our pages never send; `http` compares the origin instead
    )
    CSRFProtect(app)
    access.install(app)
    app.context_processor(_everywhere)
    mount(app, people.doorway, access.anyone)
    mount(app, people.way_out, access.signed_in)
    mount(app, flags.worklist, access.signed_in)
    mount(app, flags.flags, may(Action.RECORD))
    mount(app, care.finding, may(Action.SEE_PATIENTS))
    mount(app, care.appointments, may(Action.RECORD))
    mount(app, checkins.enrolling, may(Action.ENROL))
    mount(app, progress.record, may(Action.SEE_PATIENTS))


def _everywhere() -> dict[str, object]:
    settings = runtime().settings
    return {"service": settings.service_name, "fictional": settings.environment is Environment.DEMO}
