"""What both surfaces share: the runtime at hand, guarded blueprints, headers, compression, language, error pages."""

import gzip
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import brotli
from flask import Blueprint, Flask, Response, abort, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError

from monitor import i18n
from monitor.clock import Clock
from monitor.config import Settings
from monitor.db import Sessions
from monitor.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

Guard = Callable[[], ResponseReturnValue | None]

MAX_BODY_BYTES = 64 * 1024
"""A whole check-in with a long note is under 8 kB."""

COMPRESSED_FROM_BYTES = 500
QUALITY, BEST_QUALITY = 9, 10
"""Of brotli: half a millisecond for a check-in, and ten for a tenth less. 11 takes forty, for 1 % more."""
WINDOW = 16
"""64 kB, which hold any page; the usual window takes ten milliseconds to set up."""


@dataclass(frozen=True)
class Runtime:
    """What a request needs from outside: settings, the database, the time."""

    settings: Settings
    sessions: Sessions
    clock: Clock


def runtime() -> Runtime:
    """Return the runtime of the present application."""
    return cast(Runtime, current_app.extensions["monitor"])


def mount(app: Flask, blueprint: Blueprint, guard: Guard) -> None:
    """Register a blueprint together with the guard that runs before each of its views: no guard, no blueprint."""
    app.before_request_funcs.setdefault(blueprint.name, []).append(guard)  # of this application: others guard anew
    app.extensions.setdefault("guards", {})[blueprint.name] = guard.__name__
    app.register_blueprint(blueprint)


def prepare(app: Flask) -> None:
    """Give an application its language, headers, compression and error pages."""
    app.before_request(_refuse_foreign_posts)
    app.before_request(_refuse_nul)
    app.after_request(_headers)
    app.after_request(_compress)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DatabaseUnavailable, _database_error)
    app.register_error_handler(SQLAlchemyError, _unexpected)
    app.register_error_handler(Exception, _unexpected)
    app.jinja_env.globals.update(_=_markup, ngettext=_plural, nonce=nonce, languages=i18n.LANGUAGES, language=language)
    app.jinja_env.filters.update(
        date=lambda value, skeleton="dMMMM": i18n.format_date(value, language().tag, skeleton),
        time=lambda value, zone=None: i18n.format_time(value, language().tag, zone),
        moment=lambda value, zone: i18n.format_moment(value, language().tag, zone),
        weekday=lambda value: i18n.weekday_name(value, language().tag),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def language() -> i18n.Language:
    """Return the language of the present request; a view may have set `g.language` to a patient's own."""
    if "language" not in g:
        asked = _language_asked_for()
        accepted = request.accept_languages.values()
        g.language = asked or i18n.best_language(accepted, runtime().settings.default_language)
    return i18n.LANGUAGES[g.language]


def _language_asked_for() -> str | None:
    try:
        return i18n.known_language(request.values.get("lang"))
    except HTTPException:  # a body that cannot be read, such as one too large
        return i18n.known_language(request.args.get("lang"))


def speak(tag: str) -> None:
    """Answer in `tag`, unless the person has just picked another language in the page's own list."""
    g.language = _language_asked_for() or tag


def nonce() -> str:
    """Return the value that lets this page's own inline script and style run."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(12)
    return cast(str, g.nonce)


def make_smallest() -> None:
    """Let this page be a tenth smaller for ten milliseconds of work: for what is opened on the poorest line."""
    g.quality = BEST_QUALITY


def allow_worker() -> None:
    """Let this page have a service worker of our own."""
    g.worker = True


def allow_sound() -> None:
    """Let this page play recordings of our own."""
    g.sound = True


def _domain() -> str:
    return cast(str, current_app.config["MESSAGE_DOMAIN"])


def _markup(message: str, **params: object) -> Markup:
    return i18n.markup(language().tag, message, _domain(), **params)


def _plural(singular: str, plural: str, count: int, **params: object) -> str:
    return i18n.translate_plural(language().tag, singular, plural, count, _domain(), **params)


def _refuse_foreign_posts() -> None:
    """Refuse a POST that another site's page sent (OWASP: Sec-Fetch-Site first, Origin as the fallback)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
        return
    # Browsers without Sec-Fetch-Site send "null" for our own forms, since our pages send no referrer. What guards
    # against another site's form then is a staff form's token, a link's token, and cookies that are Lax or Strict.
    origin = request.headers.get("Origin", "null")
    if origin != "null" and origin.partition("://")[2] != request.host:
        abort(403)


def _refuse_nul() -> None:
    """Refuse the one character that PostgreSQL cannot store in a text."""
    if any("\x00" in value for values in request.values.listvalues() for value in values):
        abort(400)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _content_security_policy())
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if runtime().settings.secure_cookies:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return response


def _content_security_policy() -> str:
    """Let a page load our own files, if its surface has any, and run what carries this page's nonce; nothing else."""
    own = ["'self'"] if current_app.config["OWN_STATIC_FILES"] else []
    inline = [f"'nonce-{g.nonce}'"] if "nonce" in g else []
    code, images = " ".join(own + inline) or "'none'", " ".join([*own, "data:"])
    worker = "worker-src 'self'; " if "worker" in g else ""
    sound = "media-src 'self'; " if "sound" in g else ""
    return (
        f"default-src 'none'; style-src {code}; script-src {code}; {worker}{sound}img-src {images}; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _compress(response: Response) -> Response:
    """Compress here, since a small service has no proxy to do it."""
    if (
        response.direct_passthrough
        or "Content-Encoding" in response.headers
        or response.mimetype not in ("text/html", "text/css", "text/javascript", "application/json", "image/svg+xml")
    ):
        return response
    body = response.get_data()
    if len(body) < COMPRESSED_FROM_BYTES:
        return response
    response.vary.add("Accept-Encoding")
    accepted = request.accept_encodings
    if accepted["br"]:
        response.set_data(brotli.compress(body, quality=g.get("quality", QUALITY), lgwin=WINDOW))
        response.headers["Content-Encoding"] = "br"
    elif accepted["gzip"]:
        response.set_data(gzip.compress(body, 9, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError) and current_app.config["OWN_STATIC_FILES"]:
        # The host is not ours, so the files of the error page have no address.
        return Response("Bad request\n", 400, mimetype="text/plain")
    if error.code is None or error.code < 400:
        return error
    return _error_page(error.code)


def _database_error(error: DatabaseUnavailable) -> ResponseReturnValue:
    log.error("database.unavailable", extra={"endpoint": request.endpoint})
    return _error_page(503)


def _unexpected(error: Exception) -> ResponseReturnValue:
    """Log where and what kind, never the message: a database's error text quotes the row."""
    reference = secrets.token_hex(4)
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{place.tb_lineno}" if place else "?"
    log.error("request.failed %s %s %s %s", reference, request.endpoint, type(error).__name__, where)
    if current_app.testing:
        raise error
    return _error_page(500, reference)


def _error_page(code: int, reference: str | None = None) -> ResponseReturnValue:
    template = current_app.config["ERROR_TEMPLATE"]
    return render_template(template, code=code, reference=reference), code
