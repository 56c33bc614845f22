"""The calendar that a staff member subscribes to, and the page on which they make, replace or end its address."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from monitor.access import viewer
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import N_
from monitor.people.calendar_feeds import end_feed, feed_at, looks_like_a_token, make_feed, running_feed
from monitor.progress.feed import calendar, entries, may_have_feed
from monitor.progress.turnstile import Turnstile

feed = Blueprint("feed", __name__)
subscribing = Blueprint("subscribing", __name__)

QUARTER = timedelta(minutes=15)
READINGS = 60
"""Of one feed in a quarter of an hour: calendars read once an hour or so."""
WRONG_ADDRESSES = 30
"""From one network address in a quarter of an hour. A right one is 131 random bits, so nobody guesses it anyway."""
_DOORS = "calendar doors"


@feed.record_once
def _set_up_doors(state: BlueprintSetupState) -> None:
    state.app.extensions[_DOORS] = (Turnstile(READINGS, QUARTER), Turnstile(WRONG_ADDRESSES, QUARTER))


@feed.get("/calendar/<token>.ics")
def read(token: str) -> ResponseReturnValue:
    """Answer a calendar program, which signs in nowhere: the address is the key, and no cookie is read or set."""
    there, now = runtime(), runtime().clock()
    readings, wrong = current_app.extensions[_DOORS]
    with reading(there.sessions) as session:
        found = feed_at(session, token) if looks_like_a_token(token) else None
        if found is None or not may_have_feed(found.staff_member):
            return _plain(404 if wrong.lets_pass(request.remote_addr or "", now) else 429)
        if not readings.lets_pass(str(found.id), now):
            return _plain(429)
        body = calendar(entries(session, found.staff_member, now), found, there.settings.staff_url)
    return _private(Response(body, mimetype="text/calendar"))


@subscribing.get("/calendar")
def page() -> ResponseReturnValue:
    """Say whether there is an address, and what stands in the calendar."""
    return _page(None)


@subscribing.post("/calendar")
def change() -> ResponseReturnValue:
    """Make a new address, which this page shows and no other, or end the one there is."""
    there, who = runtime(), viewer()
    now = there.clock()
    with unit_of_work(there.sessions) as session:
        if request.form.get("do") == "make":
            token = make_feed(session, who.staff_member_id, now)
        else:
            end_feed(session, who.staff_member_id, now)
            token = None
    if token is not None:
        return _page(f"{there.settings.staff_url}calendar/{token}.ics")
    flash(N_("The address has ended: calendars that read it find nothing from now on."))
    return redirect(url_for("subscribing.page"), 303)


def _page(address: str | None) -> str:
    there, who = runtime(), viewer()
    with reading(there.sessions) as session:
        found = running_feed(session, who.staff_member_id)
        made_at = found.made_at if found else None
    return render_template("staff/calendar.html", made_at=made_at, address=address)


def _plain(status: int) -> Response:
    words = "Not found\n" if status == 404 else "Too often; try again later\n"
    answer = _private(Response(words, status, mimetype="text/plain"))
    if status == 429:
        answer.headers["Retry-After"] = str(int(QUARTER.total_seconds()))
    return answer


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
