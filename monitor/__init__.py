"""Symptom monitoring for stepped mental-health care: one factory, two surfaces that share no view, cookie or import."""

import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor import clock as _clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

    from monitor.clock import Clock
    from monitor.config import Settings
    from monitor.db import Sessions


class Surface(StrEnum):
    """Who an application is for."""

    PATIENT = "patient"
    STAFF = "staff"


STAFF_PATH = "/staff"


def create_app(
    settings: "Settings", surface: Surface, *, sessions: "Sessions | None" = None, clock: "Clock" = _clock.now
) -> "Flask":
    """Return the application of one surface.

    `sessions` and `clock` are for a caller that has them already; without them the database of the settings is opened.
    Raises ConfigurationError, DatabaseUnavailable or MigrationPending, each with one line that says what to do.
    """
    from flask import Flask

    from monitor import health
    from monitor.config import RESOURCES, Environment
    from monitor.http import MAX_BODY_BYTES, Runtime, mount, prepare
    from monitor.startup import open_database

    patient = surface is Surface.PATIENT
    app = Flask(
        "monitor",
        template_folder=str(RESOURCES / "templates"),
        static_folder=None if patient else str(RESOURCES / "static"),
    )
    secret = settings.secret_key.get_secret_value().encode()
    name = "device" if patient else "staff"
    app.config.update(
        SECRET_KEY=hmac.digest(secret, surface.value.encode(), "sha256"),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=200,
        TRUSTED_HOSTS=sorted(settings.hosts) or None,
        SESSION_COOKIE_NAME=f"__Host-{name}" if settings.secure_cookies else name,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax" if patient else "Strict",
        SESSION_COOKIE_PATH="/",
        MESSAGE_DOMAIN="messages" if patient else "staff",
        OWN_STATIC_FILES=not patient,
        ERROR_TEMPLATE="patient/error.html" if patient else "staff/error.html",
    )
    app.extensions["monitor"] = Runtime(settings, sessions or open_database(settings), clock)
    prepare(app)
    mount(app, health.blueprint, health.anyone)
    if patient:
        from monitor import patient_surface

        patient_surface.register(app)
        if settings.environment is Environment.DEMO:
            from monitor.demo import views as demonstration

            demonstration.register(app)
    else:
        from monitor import staff_surface

        staff_surface.register(app)
    return app


def compose(
    settings: "Settings",
    surfaces: frozenset[Surface] = frozenset(Surface),
    *,
    sessions: "Sessions | None" = None,
    clock: "Clock" = _clock.now,
) -> "WSGIApplication":
    """Return one WSGI application for one process: the patient surface at the root, the staff surface under /staff."""
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.middleware.proxy_fix import ProxyFix

    from monitor.startup import open_database

    sessions = sessions or open_database(settings)
    apps = {surface: create_app(settings, surface, sessions=sessions, clock=clock) for surface in surfaces}
    root = apps.get(Surface.PATIENT) or _nothing_here
    staff = apps.get(Surface.STAFF)
    application: WSGIApplication = DispatcherMiddleware(root, {STAFF_PATH: staff} if staff else {})
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        application = ProxyFix(application, x_for=hops, x_proto=hops, x_host=0)
    return application


def _nothing_here(environ, start_response):  # type: ignore[no-untyped-def]  # the root of a staff-only host
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"Not found. Staff sign in at /staff/\n"]
