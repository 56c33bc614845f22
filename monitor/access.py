"""Who may see and do what: roles, the signed-in viewer, the guards of the staff surface and the trail of reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast
from uuid import UUID

from flask import Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from monitor.audit import Actor, record
from monitor.db import reading, unit_of_work
from monitor.errors import MonitorError
from monitor.http import Guard, runtime
from monitor.i18n import SOURCE_LANGUAGE, STAFF_LANGUAGES
from monitor.people.models import Role
from monitor.people.sign_in import session_of

IDLE_SECONDS = 30 * 60
"""A browser that nobody has used for this long is signed out (security research, part 5b)."""

_SEEN = "seen"


class Action(StrEnum):
    """What a role may allow, always within the viewer's own teams unless it says otherwise."""

    SEE_COUNTS = "see_counts"
    """How many flags each team of the service has open; no person."""
    SEE_PATIENTS = "see_patients"
    RECORD = "record"
    """What was done about flags, contacts and appointments."""
    ENROL = "enrol"
    """Add patients, invite them, set up their phones, change how they are reached."""


_CARE = frozenset({Action.SEE_PATIENTS, Action.RECORD, Action.ENROL})

POLICY: Mapping[Role, frozenset[Action]] = {
    Role.CLINICIAN: _CARE,
    Role.COORDINATOR: _CARE,
    Role.SUPERVISOR: _CARE | {Action.SEE_COUNTS},
    Role.MANAGER: frozenset({Action.SEE_COUNTS, Action.SEE_PATIENTS}),
    Role.ADMINISTRATOR: frozenset(),
}
"""Role x action. A manager sees patients of a team only as its member; an administrator sees none at all."""


@dataclass(frozen=True)
class Viewer(UserMixin):
    """The staff member behind a request, as they stand now: a change of role or team applies to the next page."""

    staff_member_id: UUID
    session_id: UUID
    role: Role
    team_ids: tuple[UUID, ...]
    language: str
    name: str = field(repr=False)
    token: str = field(repr=False, compare=False)

    def get_id(self) -> str:
        """Return what the cookie holds: the random token, never the person."""
        return self.token

    def may(self, action: Action | str) -> bool:
        """Return whether the viewer's role allows an action."""
        return action in POLICY[self.role]

    @property
    def actor(self) -> Actor:
        """The viewer in the audit trail."""
        return Actor("staff", self.staff_member_id)


class OutOfScope(MonitorError):
    """Something that the viewer may not see, or that does not exist: the page says the same of both."""

    def __init__(self, subject: str, subject_id: UUID | None) -> None:
        super().__init__("nothing that this viewer may see")
        self.subject, self.subject_id = subject, subject_id


def anyone() -> None:
    """Let everybody in: the sign-in page."""


def speak_staff(_endpoint: str | None, _values: object) -> None:
    """Answer in a language that the staff pages have, until the viewer's own is known."""
    g.language = request.accept_languages.best_match(STAFF_LANGUAGES, SOURCE_LANGUAGE)


def signed_in() -> ResponseReturnValue | None:
    """Let a signed-in staff member in, send everybody else to the sign-in page."""
    who = viewer_if_any()
    if who is None:
        return redirect(url_for("sign_in.page"), 303)
    session[_SEEN] = int(runtime().clock().timestamp())
    g.language = who.language
    return None


def may(action: Action) -> Guard:
    """Return the guard that lets in those whose role allows `action`."""

    def guard() -> ResponseReturnValue | None:
        turned_away = signed_in()
        if turned_away is None and not viewer().may(action):
            raise OutOfScope("page", None)
        return turned_away

    guard.__name__ = f"may_{action}"
    return guard


def viewer_if_any() -> Viewer | None:
    """Return the signed-in viewer of any page."""
    found = current_user._get_current_object()
    return found if isinstance(found, Viewer) else None


def viewer() -> Viewer:
    """Return the viewer of a guarded page."""
    return cast(Viewer, current_user._get_current_object())


def note_reads(action: str, subject: str, subject_ids: Iterable[UUID | None]) -> None:
    """Add one audit entry for each thing of which the viewer is about to see something."""
    there, who = runtime(), viewer().actor
    with unit_of_work(there.sessions) as unit:
        for subject_id in subject_ids:
            record(unit, who, action, subject, subject_id, now=there.clock())


def begin(token: str) -> None:
    """Sign this browser in with a fresh cookie: nothing of an earlier one is carried over."""
    session.clear()
    session[_SEEN] = int(runtime().clock().timestamp())
    login_user(cast(UserMixin, _load(token)), remember=False)


def forget() -> None:
    """Sign this browser out."""
    logout_user()
    session.clear()


def install(app: Flask) -> None:
    """Give an application its viewer."""
    app.config["SESSION_PROTECTION"] = None  # a phone changes its address; the token is what counts
    LoginManager(app, add_context_processor=False).user_loader(_load)
    app.url_value_preprocessor(speak_staff)
    app.register_error_handler(OutOfScope, _out_of_scope)


def _load(token: str) -> Viewer | None:
    """Return the viewer behind a cookie, unless it has lain idle: the time of last use is in the signed cookie."""
    there = runtime()
    now = there.clock()
    seen = session.get(_SEEN)
    if not isinstance(seen, int) or now.timestamp() - seen > IDLE_SECONDS:
        return None
    with reading(there.sessions) as unit:
        found = session_of(unit, token, now)
        if found is None:
            return None
        member = found.staff_member
        return Viewer(
            staff_member_id=member.id,
            session_id=found.id,
            role=member.role,
            team_ids=tuple(each.care_team_id for each in member.memberships if each.until_at is None),
            language=member.language if member.language in STAFF_LANGUAGES else SOURCE_LANGUAGE,
            name=member.name,
            token=token,
        )


def _out_of_scope(error: OutOfScope) -> ResponseReturnValue:
    """Write down who asked for what, then answer as for something that does not exist."""
    note_reads("refused", error.subject, (error.subject_id,))
    return render_template("staff/error.html", code=404, reference=None), 404
