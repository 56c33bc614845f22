"""The patient surface: every blueprint that a patient's phone can reach, each with its guard."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from monitor import assets, texting
from monitor.care import resources
from monitor.checkins import patient_views as check_in_views
from monitor.config import Dispatcher, Environment
from monitor.db import reading
from monitor.errors import DatabaseUnavailable
from monitor.http import language, mount, runtime
from monitor.measures.catalogue import use_folder
from monitor.messaging import hooks
from monitor.messaging.models import InboundText, Understood
from monitor.people import patient_views as phone_views
from monitor.people.help_lines import Help, lines_for
from monitor.people.phone import has_cookie, letters, this_phone, unlocked_phone
from monitor.progress import patient_plan_views as plan_views
from monitor.progress import patient_settings_views as settings_views
from monitor.progress import patient_step_views as step_views
from monitor.progress import patient_views as progress_views
from monitor.progress.patient_plan import has_safety_plan
from monitor.worker import make_followers

KNOWN_FOR = timedelta(days=400)
"""How long a phone stays known without being used: the longest that browsers keep a cookie."""


def register(app: Flask) -> None:
    """Register the patient blueprints."""
    app.config.update(PERMANENT_SESSION_LIFETIME=KNOWN_FOR, SESSION_REFRESH_EACH_REQUEST=False)
    app.jinja_env.globals.update(help_lines=help_lines, safety_plan_here=safety_plan_here)
    app.jinja_env.globals.update(letters=letters, is_known_phone=has_cookie)
    app.context_processor(_everywhere)
    assets.prepare(app)
    mount(app, check_in_views.blueprint, link_is_enough)
    mount(app, phone_views.help_pages, anyone)
    mount(app, phone_views.phone, invitation_or_pin)
    mount(app, settings_views.blueprint, unlocked_phone)
    mount(app, progress_views.blueprint, unlocked_phone)
    mount(app, step_views.blueprint, unlocked_phone)
    mount(app, plan_views.blueprint, unlocked_phone)
    mount(app, hooks.blueprint, hooks.signed_by_twilio)
    settings = app.extensions["monitor"].settings
    use_folder(settings.instruments_dir)
    if settings.resources_file is not None:
        resources.load(settings.resources_file)  # a service's own ideas that cannot be read stop the start
    hooks.prepare(app, followers=make_followers(settings), receive=_receive)


def _receive(session: Session, inbound: InboundText, now: datetime) -> Understood:
    settings = runtime().settings
    understood = texting.receive(session, inbound, settings=settings, now=now)
    if settings.dispatcher is Dispatcher.DISTRIBUTED and inbound.patient_id is not None:
        from monitor.messaging.distributed import hurry  # procrastinate is imported by those alone who need it

        hurry(session, inbound.patient_id, now)
    return understood


def _everywhere() -> dict[str, object]:
    settings = runtime().settings
    return {"service": settings.sender_name, "fictional": settings.environment is Environment.DEMO}


def help_lines(country: str | None) -> Help:
    """Return who answers in a country, else in the service's own; lines in the page's language first."""
    return lines_for(country or runtime().settings.default_region, language().tag)


def safety_plan_here(patient_id: UUID | None = None) -> bool:
    """Return whether this is the known phone of somebody, of just this patient if named, who has a safety plan.

    Pages of help ask, and nothing may keep them from opening: without a database there is no plan to point to.
    """
    if not has_cookie():
        return False
    try:
        with reading(runtime().sessions) as session:
            device = this_phone(session)
            is_theirs = device is not None and patient_id in (None, device.patient_id)
            return device is not None and is_theirs and has_safety_plan(session, device.patient_id)
    except (DatabaseUnavailable, SQLAlchemyError):
        return False


def anyone() -> None:
    """Let everybody in: the pages say nothing about anyone."""


def link_is_enough() -> None:
    """Let everybody in: each view looks its link up itself, since an unknown one must look like one that has ended."""


def invitation_or_pin() -> None:
    """Let everybody in: each view asks for a code, a QR code or the PIN before it does anything."""
