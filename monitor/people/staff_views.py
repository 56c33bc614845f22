"""Signing in and out of the staff surface."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor.access import begin, forget, viewer, viewer_if_any
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.people import sign_in
from monitor.people.staff_forms import SignIn

doorway = Blueprint("sign_in", __name__)
way_out = Blueprint("sign_out", __name__)


@doorway.get("/sign-in")
def page() -> ResponseReturnValue:
    """Show the form, or the worklist to somebody who is signed in already."""
    if viewer_if_any() is not None:
        return redirect(url_for("worklist.page"), 303)
    return render_template("staff/sign_in.html", form=SignIn.empty(), refused=False)


@doorway.post("/sign-in")
def submit() -> ResponseReturnValue:
    """Sign in. A wrong e-mail, password or code gets the same words after the same time."""
    form = SignIn.read(request.form)
    if form.faults:
        return render_template("staff/sign_in.html", form=form, refused=False), 422
    there, tries = runtime(), sign_in.Tries.of(form.email, request.remote_addr or "")
    with reading(there.sessions) as session:
        if sign_in.too_many(session, tries, there.clock()):
            return render_template("staff/error.html", code=429, reference=None), 429
        found = sign_in.look_up(session, form.email)
    step = sign_in.accepted_step(found, form.password, form.code, there.clock())
    token = None
    with unit_of_work(there.sessions) as session:
        if step is not None and found.staff_member_id is not None:
            token = sign_in.admit(session, found.staff_member_id, step, there.clock())
        if token is None:
            sign_in.refuse(session, tries, found.staff_member_id, there.clock())
    if token is None:
        return render_template("staff/sign_in.html", form=form, refused=True), 422
    begin(token)
    return redirect(url_for("worklist.page"), 303)


@way_out.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End this session for good: the same cookie opens nothing afterwards."""
    there = runtime()
    with unit_of_work(there.sessions) as session:
        sign_in.end(session, viewer().session_id, there.clock())
    forget()
    return redirect(url_for("sign_in.page"), 303)
