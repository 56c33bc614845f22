"""The calls to make, and what came of each."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to, patient_in_scope
from monitor.checkins.call_models import CallOutcome
from monitor.checkins.calls import count_not_called
from monitor.db import reading, unit_of_work
from monitor.flags import outreach
from monitor.flags.call_words import OUTCOMES, CallRow, call_row, what_came
from monitor.flags.due import Reader
from monitor.flags.outreach import CalledMeanwhile, CallToMake
from monitor.flags.taking import EvidenceSince
from monitor.http import runtime
from monitor.i18n import N_
from monitor.messaging.quiet_hours import to_utc
from monitor.people.staff_forms import Typed
from monitor.people.words import language_name

calls = Blueprint("calls", __name__)
calling = Blueprint("calling", __name__)

SHOWN = 50
"""Rows on a page."""
NOT_CALLED = timedelta(weeks=4)
LONGEST_WAIT = timedelta(days=28)
"""Local protocol: a call further away than that is an appointment."""

OUTCOME_OWED = N_("Choose what came of the call.")
WORDS_OWED = N_("Write what you talked about: it closes what had asked for this call.")
WHEN_OWED = N_("Write the day and the time to call again: they lie ahead, within four weeks.")
READ_FIRST = N_(
    "Something new came in while this page was open. It stands here now; send this again if it still holds."
)
ENDED = N_("Care has ended, so no call is recorded any more.")

DONE = {
    CallOutcome.REACHED: N_("Recorded. What had asked for this call is settled as far as a talk settles it."),
    CallOutcome.AGREED_TO_CHECK_IN: N_("Recorded. A new link is on its way to them."),
    CallOutcome.CALL_LATER: N_("Recorded. They stand here with the time that they asked for."),
    CallOutcome.COULD_NOT_REACH: N_("Recorded. The next call is on another day, at another time of day."),
    CallOutcome.WRONG_NUMBER: N_("Recorded. Correct the number here, with them or on their file."),
}
ANSWERS_NOW = N_("Recorded. Ask the questions now, and write the answers down as they give them.")


@calls.get("/calls")
def page() -> ResponseReturnValue:
    """Show whom to ring, or one patient with the form; all of it from the address."""
    there, who = runtime(), viewer()
    one = _uuid(request.args.get("patient", ""))
    with reading(there.sessions) as session:
        if one is not None:
            body = _one(session, patient_in_scope(session, who, one), Typed(request.args))
        else:
            body = _list(session)
    if one is not None:
        note_reads("viewed patient", "patient", (one,))
    else:
        note_reads("viewed calls", "care_team", who.team_ids)
    return body


@calling.post("/patients/<uuid:patient_id>/calls")
def submit(patient_id: UUID) -> ResponseReturnValue:
    """Write down what came of a call; what is wrong, or came in meanwhile, is shown with all that was typed."""
    there, who, form = runtime(), viewer(), Typed(request.form)
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        outcome = form.one_of("outcome", {each.value: each for each in OUTCOMES}, missing=OUTCOME_OWED)
        done, status, meanwhile = None, 422, None
        try:
            done = _record(session, episode, outcome, form)
        except CalledMeanwhile as error:
            status, meanwhile = 409, error
        if done is None:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=there.clock())
            return _one(session, episode, form, meanwhile), status
        outcome, answers_now = done.call.outcome, done.answers_now
    flash(ANSWERS_NOW if answers_now else DONE[outcome])
    if answers_now:
        return redirect(url_for("entering.page", patient_id=patient_id), 303)
    if outcome is CallOutcome.WRONG_NUMBER:
        return redirect(url_for("record.page", patient_id=patient_id, _anchor="reach"), 303)
    where = {name: form.text(name) or None for name in ("view", "spoken")}
    return redirect(url_for("calls.page", **where), 303)  # type: ignore[arg-type]


def _record(session: Session, episode: Episode, outcome: CallOutcome | None, form: Typed) -> outreach.Recorded | None:
    now, words = runtime().clock(), form.maybe("words")
    call_at = _call_at(episode, form, now) if outcome is CallOutcome.CALL_LATER else None
    if outcome is None or form.faults:
        return None
    try:
        with session.begin_nested():  # evidence that joined one flag takes back what was done to another
            return outreach.record_call(
                session,
                episode,
                outcome,
                by=viewer().staff_member_id,
                now=now,
                call_at=call_at,
                words=words,
                check_in_id=_uuid(form.text("check_in")),
                read_to=_moment(form.text("read_to")),
            )
    except outreach.WordsOwed:
        form.fault("words", WORDS_OWED)
    except outreach.WhenOwed:
        form.fault("on", WHEN_OWED)
    except outreach.CareHasEnded:
        form.fault("outcome", ENDED)
    except EvidenceSince:
        form.fault("outcome", READ_FIRST)
    return None


def _call_at(episode: Episode, form: Typed, now: datetime) -> datetime | None:
    """Return when to call again: a day and a time on the team's clock."""
    on, at = form.day("on", missing=WHEN_OWED), form.time_of_day("at")
    if on is None or at is None:
        return None
    moment = to_utc(on, at, episode.care_team.time_zone)
    if not now < moment <= now + LONGEST_WAIT:
        form.fault("on", WHEN_OWED)
    return moment


def _one(session: Session, episode: Episode, form: Typed, meanwhile: CalledMeanwhile | None = None) -> str:
    """Show one patient with the form open."""
    now, reader = runtime().clock(), _reader(episode)
    row = call_row(outreach.call_to(session, episode, now), now, reader)
    said = None
    if meanwhile is not None:
        said = {
            "who": meanwhile.who,
            "when": reader.day_and_time(meanwhile.at, now),
            "what": what_came(meanwhile.outcome, reader),
        }
    return render_template(
        "staff/calls.html", rows=[row], alone=True, form=form, meanwhile=said, outcomes=OUTCOMES, whose="", spoken=""
    )


def _list(session: Session) -> str:
    now, who = runtime().clock(), viewer()
    whose = "mine" if request.args.get("view") == "mine" else ""
    found = list(outreach.calls_to_make(session, who, now))
    mine = [each for each in found if each.owner is not None and each.owner.id == who.staff_member_id]
    chosen = mine if whose else found
    languages = Counter(each.episode.patient.language for each in chosen)
    spoken = request.args.get("spoken", "") if request.args.get("spoken") in languages else ""
    chosen = [each for each in chosen if not spoken or each.episode.patient.language == spoken]
    start = _start(len(chosen))
    return render_template(
        "staff/calls.html",
        rows=_rows(chosen[start : start + SHOWN], now),
        alone=False,
        form=Typed(request.args),
        meanwhile=None,
        outcomes=OUTCOMES,
        whose=whose,
        spoken=spoken,
        counts={"": len(found), "mine": len(mine)},
        languages_spoken=[(tag, language_name(tag, who.language), n) for tag, n in sorted(languages.items())],
        start=start,
        more=start + SHOWN if start + SHOWN < len(chosen) else None,
        not_called=count_not_called(session, episodes_visible_to(who), now - NOT_CALLED),
    )


def _rows(chosen: Sequence[CallToMake], now: datetime) -> list[CallRow]:
    return [call_row(each, now, _reader(each.episode)) for each in chosen]


def _reader(episode: Episode) -> Reader:
    return Reader(viewer().language, runtime().settings.default_region, episode.care_team.time_zone)


def _start(count: int) -> int:
    typed = request.args.get("start", "")
    return int(typed) if typed.isascii() and typed.isdigit() and int(typed) < count else 0


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """Return the moment that our own form carried; a form without one was sent by no page of ours."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
