"""A check-in on a patient's phone: one document to open, one form to send. A GET writes nothing and sets no cookie."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.promises import promise
from monitor.checkins.afterwards import says_otherwise, since_last_time
from monitor.checkins.forms import CheckInForm, Question, questions, read_key
from monitor.checkins.listening import Recordings, recording, recordings
from monitor.checkins.models import SIGNS_BY_TEXT, CheckIn, Mode, Submission
from monitor.checkins.next_one import calendar_file, next_one
from monitor.checkins.service import (
    Delivery,
    courses_of,
    find,
    find_open,
    instruments_for,
    look_up,
    provisional_pairs,
    save_drafts,
    submission_by_key,
)
from monitor.checkins.sign_questions import SignAsked, any_sign, noticed_of_each, sign_questions
from monitor.checkins.wishes import wishes_of
from monitor.db import reading, unit_of_work
from monitor.http import allow_sound, language, make_smallest, runtime, speak
from monitor.i18n import translate
from monitor.people.models import Purpose
from monitor.people.phone import is_this_phone_of
from monitor.people.service import newest_consent

blueprint = Blueprint("check_in", __name__)

FINISHED = 404
"""For every link that opens nothing. 410 would admit that an unknown link had once been one; 200 would claim a page."""


@blueprint.get("/c/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the whole check-in in one document, or let one of its questions be heard."""
    now = runtime().clock()
    with reading(runtime().sessions) as session:
        check_in = find_open(session, token, now)
        if check_in is None:
            return _finished(token)
        speak(check_in.patient.language)
        if "listen" in request.args:
            return _recording(_questions(check_in))
        signs = workflows.signs_to_ask(session, check_in.episode_id)
        in_words = bool(signs) and is_this_phone_of(session, check_in.patient_id)
        form = CheckInForm.empty(_questions(check_in, signs, in_words=in_words))
        if "agree" not in request.args and newest_consent(session, check_in.patient_id, Purpose.CHECK_INS) is None:
            return _consent_page(session, check_in, form, now)
        return _check_in_page(session, check_in, form, now)


@blueprint.post("/c/<token>")
def send(token: str) -> ResponseReturnValue:
    """Keep the answers; with questions left open or a call asked for, keep what there is and show the form again."""
    now = runtime().clock()
    key = read_key(request.form.get("key")) or abort(400)
    with unit_of_work(runtime().sessions) as session:
        found = look_up(session, token)
        if found is None:
            return _finished(token)
        check_in = found.check_in
        receipt = workflows.repeat_of(session, check_in, key)
        if receipt is not None:
            return _receipt_page(session, check_in, token, key, receipt, now)
        if not found.is_open(now):
            return _finished(token)
        speak(check_in.patient.language)
        signs = workflows.signs_to_ask(session, check_in.episode_id) if "signs" in request.form else ()
        known_device = is_this_phone_of(session, check_in.patient_id)
        in_words = known_device and request.form.get("signs") == "words"
        asked = _questions(check_in, signs, in_words=in_words)
        form = CheckInForm.parse(asked, request.form, key, in_words=in_words)
        call_asked = "call" in request.form
        if call_asked or not form.is_complete:
            workflows.save_early(session, check_in, form.answers, call_asked=call_asked, now=now)
            if call_asked:
                return _check_in_page(session, check_in, form, now, call_asked=True)
            return _open_questions_page(session, check_in, form, now)
        delivery = Delivery(
            key=key,
            language=language().tag,
            mode=Mode.LINK,
            known_device=known_device,
            note=form.note or None,
            compared=form.compared,
        )
        noticed = {**form.noticed, **noticed_of_each(form.of_any_sign.get(SIGNS_BY_TEXT), signs)}
        save_drafts(session, check_in, form.of_any_sign, now=now)
        try:
            receipt = workflows.complete_check_in(
                session, check_in, form.answers, delivery, noticed=noticed, settings=runtime().settings, now=now
            )
        except workflows.CheckInTaken:
            return _finished(token)
        except workflows.NotTheirSign:
            abort(400)
        return _receipt_page(session, check_in, token, key, receipt, now)


@blueprint.post("/c/<token>/early")
def save_early(token: str) -> ResponseReturnValue:
    """Keep the safety item as soon as it is answered. The page's script sends it and reads no reply."""
    now = runtime().clock()
    with unit_of_work(runtime().sessions) as session:
        check_in = find_open(session, token, now)
        if check_in is not None:
            speak(check_in.patient.language)
            form = CheckInForm.parse(_questions(check_in), request.form)
            workflows.save_early(session, check_in, form.answers, call_asked=False, now=now)
    return "", 204


@blueprint.post("/c/<token>/after")
def add(token: str) -> ResponseReturnValue:
    """Take a wish for a call, or how safe somebody feels, from the page that their own key opened.

    Or hand out the date of the next check-in for the phone's own calendar.
    """
    now = runtime().clock()
    key = read_key(request.form.get("key")) or abort(400)
    said, before = request.form.get("safe"), request.form.get("said")
    if not {said, before} <= {None, *workflows.SelfSafety}:
        abort(400)
    call_asked = "call" in request.form
    with unit_of_work(runtime().sessions) as session:
        check_in = find(session, token)
        if "calendar" in request.form:
            return _calendar(session, check_in, key, now) or _finished(token)
        safe = workflows.SelfSafety(said) if said else None
        if check_in is None or not workflows.after_safety(
            session, check_in, key, call_asked=call_asked, self_safety=safe, now=now
        ):
            return _finished(token)
        speak(check_in.patient.language)
        called = call_asked or "called" in request.form
        return _support_page(session, check_in, token, key, now, called=called, said=said or before)


@blueprint.post("/c/link")
def new_link() -> ResponseReturnValue:
    """Text a new link to the number that staff enrolled. The reply is the same whatever happens."""
    with unit_of_work(runtime().sessions) as session:
        workflows.request_link(session, request.form.get("token", ""), runtime().clock())
    return render_template("patient/link_sent.html")


def _finished(token: str) -> ResponseReturnValue:
    return render_template("patient/closed_link.html", token=token), FINISHED


def _questions(check_in: CheckIn, signs: Sequence[SignAsked] = (), *, in_words: bool = False) -> tuple[Question, ...]:
    """Return what is asked: the measures, and after them the signs of whoever has stepped down with a plan.

    In the patient's own words only on their own phone: a link, which a preview may open too, never shows history.
    """
    provisional = provisional_pairs(runtime().settings.provisional_instruments)
    items = questions(instruments_for(check_in, language().tag, provisional))
    if in_words:
        return (*items, *sign_questions(signs, items, language().tag))
    return (*items, any_sign(items, language().tag)) if signs else items


def _context(session: Session, check_in: CheckIn, now: datetime) -> dict[str, object]:
    """What every page of a check-in says about the team's hours, in the patient's own time."""
    team, zone = check_in.episode.care_team, check_in.patient.time_zone
    promised = promise(session, team, now)
    return {"promise": promised, "zone": zone, "same_zone": zone == promised.zone, "country": team.country}


def _recording(asked: Sequence[Question]) -> ResponseReturnValue:
    """Send one recording, whole or in the parts that an iPhone asks for. Kept nowhere: its address is the link's."""
    clip = recording(asked, language().tag, request.args["listen"], request.args.get("as")) or abort(404)
    response = Response(clip.content, content_type=clip.mimetype)
    return response.make_conditional(request, accept_ranges=True, complete_length=len(clip.content))


def _heard(form: CheckInForm) -> Recordings:
    """Return what the page lets a patient listen to; without any it may play nothing."""
    found = recordings(form.asked, language().tag)
    if found:
        allow_sound()
    return found


def _check_in_page(
    session: Session, check_in: CheckIn, form: CheckInForm, now: datetime, *, call_asked: bool = False
) -> ResponseReturnValue:
    asked = [question.id for question in form.asked]
    after_safety = next((at + 1 for at, question in enumerate(form.asked) if question.is_safety), 0)
    make_smallest()
    page = render_template(
        "patient/check_in.html",
        agrees="agree" in request.args,
        call_card=(*asked, "send")[after_safety] if call_asked else None,
        **_form_context(session, check_in, form, now),
    )
    return page.replace(">\n<", "><")  # twenty bytes of a page that is counted in bytes


def _open_questions_page(session: Session, check_in: CheckIn, form: CheckInForm, now: datetime) -> ResponseReturnValue:
    return render_template("patient/check_in_open.html", **_form_context(session, check_in, form, now)), 422


def _form_context(session: Session, check_in: CheckIn, form: CheckInForm, now: datetime) -> dict[str, object]:
    """What every page with questions needs; how things compare is asked of whoever has answered before."""
    compares = bool(courses_of(session, check_in.episode_id))
    return {"form": form, "heard": _heard(form), "compares": compares, **_context(session, check_in, now)}


def _consent_page(session: Session, check_in: CheckIn, form: CheckInForm, now: datetime) -> ResponseReturnValue:
    """Say what somebody would agree to who was never asked. Agreed it is when they send: a preview opens links too."""
    return render_template(
        "patient/consent.html",
        form=form,
        wishes=wishes_of(session, check_in.patient, now),
        **_context(session, check_in, now),
    )


def _receipt_page(
    session: Session, check_in: CheckIn, token: str, key: UUID, receipt: workflows.Receipt, now: datetime
) -> ResponseReturnValue:
    speak(check_in.patient.language)
    if receipt.safety:
        return _support_page(session, check_in, token, key, now)
    known_device = is_this_phone_of(session, check_in.patient_id)
    courses = courses_of(session, check_in.episode_id) if known_device else {}
    since = since_last_time(courses, check_in)
    said = session.get_one(Submission, receipt.submission_id).compared
    return render_template(
        "patient/thanks.html",
        token=token,
        key=key,
        known_device=known_device,
        since=since,
        said_otherwise=since is not None and says_otherwise(said, since),
        signs_call=workflows.call_after_signs(session, check_in.episode, check_in.id, now),
        next_one=next_one(session, check_in.episode, now),
        **_context(session, check_in, now),
    )


def _calendar(session: Session, check_in: CheckIn | None, key: UUID, now: datetime) -> ResponseReturnValue | None:
    """Return the file for a calendar; None unless the page that asks is the one after its own sending."""
    if check_in is None or submission_by_key(session, check_in.id, key) is None:
        return None
    speak(check_in.patient.language)
    coming = next_one(session, check_in.episode, now)
    if coming is None:
        return None
    title = f"{runtime().settings.sender_name} · {translate(language().tag, 'Check-in')}"
    file = calendar_file(coming, check_in.episode, title, now)
    name = {"Content-Disposition": 'attachment; filename="check-in.ics"'}
    return Response(file, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=name)


def _support_page(
    session: Session,
    check_in: CheckIn,
    token: str,
    key: UUID,
    now: datetime,
    *,
    called: bool = False,
    said: str | None = None,
) -> ResponseReturnValue:
    return render_template(
        "patient/support.html",
        token=token,
        patient_id=check_in.patient_id,
        key=key,
        called=called,
        said=said,
        next_one=next_one(session, check_in.episode, now),
        **_context(session, check_in, now),
    )
