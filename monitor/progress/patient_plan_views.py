"""A patient's own plans, behind the PIN of their own phone: to read, to print, to keep; and the way back."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.planning import open_episode
from monitor.db import reading, unit_of_work
from monitor.http import language, runtime
from monitor.people.models import Device
from monitor.progress.patient_plan import patient_plan
from monitor.relapse.kinds import How
from monitor.relapse.reentry import NotSteppedDown, come_back
from monitor.relapse.watching import NotTheirSign, notice_sign

blueprint = Blueprint("plan", __name__)

COPY = "Plan-Copy"
"""The header of a copy that may be kept: never of a page that asks for the PIN at the same address."""


@blueprint.route("/plan", methods=("GET", "POST"))
def show() -> ResponseReturnValue:
    """Show the plans that count, or do what was tapped."""
    if request.method == "POST":
        return _do(runtime().clock())
    now, kept = runtime().clock(), "kept" in request.args
    with reading(runtime().sessions) as session:
        page = _page(session, now, kept=kept)
    return Response(page, headers={COPY: "1"}) if kept else page


def _do(now: datetime) -> ResponseReturnValue:
    """Tell the team, once however often a button is pressed; the page then says by when somebody rings."""
    wanted = request.form.get("do")
    if wanted not in ("sign", "back"):
        abort(400)
    with unit_of_work(runtime().sessions) as session:
        episode = open_episode(session, session.get_one(Device, g.device_id).patient_id)
        if episode is not None:
            _tell(session, episode, wanted, now)
    return redirect(url_for("plan.show", done=wanted, lang=request.args.get("lang")), 303)


def _tell(session: Session, episode: Episode, wanted: str, now: datetime) -> None:
    """Whoever has not stepped down, or is on the way back already, changes nothing: the page says what to do."""
    try:
        if wanted == "sign":
            notice_sign(session, episode, now, by="page", signs=tuple(_ticked()))
        else:
            come_back(session, episode, How.PAGE, now=now)
    except NotSteppedDown:
        return
    except NotTheirSign:
        abort(400)


def _ticked() -> Iterator[UUID]:
    for text in request.form.getlist("sign"):
        try:
            yield UUID(text)
        except ValueError:
            abort(400)


def _page(session: Session, now: datetime, *, kept: bool) -> str:
    device = session.get_one(Device, g.device_id)
    page = patient_plan(session, device.patient, language().tag, now)
    return render_template(
        "patient/plan.html",
        page=page,
        kept_at=now if kept else None,
        shelf=f"plan-{device.id}",
        done=request.args.get("done"),
        zone=device.patient.time_zone,
        country=page.country if page else device.patient.region,
    )
