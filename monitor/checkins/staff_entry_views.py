"""Answers that staff write down for a patient who says them: the same questions, submission, scores and flags."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from monitor import workflows
from monitor.access import note_reads, viewer
from monitor.audit import record
from monitor.care.models import Episode
from monitor.care.scope import patient_in_scope
from monitor.checkins import entry
from monitor.checkins.forms import NOTE_LENGTH, CheckInForm, Question, questions, read_key
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, provisional_pairs
from monitor.checkins.sign_questions import SignAsked, sign_questions
from monitor.db import reading, unit_of_work
from monitor.http import runtime
from monitor.i18n import N_
from monitor.measures import catalogue
from monitor.measures.instrument import Instrument
from monitor.people.help_lines import lines_for
from monitor.people.needs import needs_of
from monitor.people.needs_words import need_labels
from monitor.people.staff_forms import Typed
from monitor.people.words import language_name

entering = Blueprint("entering", __name__)

MODES = {
    Mode.PHONE: N_("On the phone"),
    Mode.INTERPRETER: N_("With an interpreter"),
    Mode.CLINIC: N_("At the clinic"),
}
HOW_OWED = N_("Choose how they were asked.")
NOT_OFFERED = N_("Choose a language in which the questions are offered.")
TOO_LONG = N_("At most %(limit)s characters.")


@entering.get("/patients/<uuid:patient_id>/answers")
def page(patient_id: UUID) -> ResponseReturnValue:
    """Show the questions in the patient's language, nothing answered."""
    there = runtime()
    with reading(there.sessions) as session:
        episode = patient_in_scope(session, viewer(), patient_id)
        measures = entry.measures_to_ask(session, episode, there.clock())
        signs = workflows.signs_to_ask(session, episode.id) if measures else ()
        body = _form_page(session, episode, measures, signs, Typed(MultiDict()), uuid4())
    note_reads("viewed patient", "patient", (patient_id,))
    return body


@entering.post("/patients/<uuid:patient_id>/answers")
def submit(patient_id: UUID) -> ResponseReturnValue:
    """Keep the answers, once however often they are sent; with something open, keep what there is and ask for it."""
    there, who, typed = runtime(), viewer(), Typed(request.form)
    now, key = there.clock(), read_key(typed.text("key"))
    with unit_of_work(there.sessions) as session:
        episode = patient_in_scope(session, who, patient_id)
        earlier = entry.submission_of(session, episode, key) if key else None
        if earlier is not None:
            return _to_record(patient_id, earlier.check_in_id)
        measures = entry.measures_to_ask(session, episode, now)
        signs = workflows.signs_to_ask(session, episode.id) if typed.text("signs") else ()
        if key is None or not measures or "show" in request.form:
            record(session, who.actor, "viewed patient", "patient", patient_id, now=now)
            return _form_page(
                session, episode, measures, signs, typed, key or uuid4()
            ), 200 if "show" in request.form else 422
        delivery, form = _read(episode, measures, signs, typed, key)
        if delivery is None:
            _keep_early(session, episode, measures, form)
            record(session, who.actor, "viewed patient", "patient", patient_id, now=now)
            return _form_page(session, episode, measures, signs, typed, key, open_questions=True), 422
        check_in = entry.check_in_for(session, episode, measures, now)
        try:
            receipt = workflows.complete_check_in(
                session, check_in, form.answers, delivery, noticed=form.noticed, settings=there.settings, now=now
            )
        except workflows.NotTheirSign:
            abort(400)
        record(session, who.actor, entry.ENTERED, "submission", receipt.submission_id, now=now)
    return _to_record(patient_id, check_in.id)


def _read(
    episode: Episode, measures: Sequence[str], signs: Sequence[SignAsked], typed: Typed, key: UUID
) -> tuple[Delivery | None, CheckInForm]:
    """Return how the answers came, None while something is open, and the answers as far as they were given."""
    offered = {tag: tag for tag in entry.languages_for(measures, _provisional())}
    mode = typed.one_of("mode", {str(each): each for each in MODES}, missing=HOW_OWED)
    typed.one_of("spoken", offered, missing=NOT_OFFERED)
    spoken = _spoken(episode, measures, typed)
    form = CheckInForm.parse(_asked(_wording(measures, spoken), signs, spoken), typed.values, key)
    if form.note_is_too_long:
        typed.fault("note", TOO_LONG, limit=NOTE_LENGTH)
    if typed.faults or mode is None or not form.is_complete:
        return None, form
    return Delivery(key=key, language=spoken, mode=mode, known_device=False, note=form.note or None), form


def _keep_early(session: Session, episode: Episode, measures: Sequence[str], form: CheckInForm) -> None:
    """Keep what was answered so far and act on a safety answer at once, as on a patient's own phone."""
    now = runtime().clock()
    if form.answers:
        check_in = entry.check_in_for(session, episode, measures, now)
        workflows.save_early(session, check_in, form.answers, call_asked=False, now=now)
        record(session, viewer().actor, "began answers", "check_in", check_in.id, now=now)


def _form_page(
    session: Session,
    episode: Episode,
    measures: Sequence[str],
    signs: Sequence[SignAsked],
    typed: Typed,
    key: UUID,
    *,
    open_questions: bool = False,
) -> str:
    speaks, patient = viewer().language, episode.patient
    needs = needs_of(session, patient.id)
    offered = entry.languages_for(measures, _provisional())
    spoken = _spoken(episode, measures, typed)
    wording = _wording(measures, spoken)
    return render_template(
        "staff/entry.html",
        patient=patient,
        form=CheckInForm.parse(_asked(wording, signs, spoken), typed.values, key),
        typed=typed,
        open_questions=open_questions,
        modes=MODES,
        spoken=spoken,
        beside=_beside(measures, spoken, speaks),
        needs=need_labels(needs, patient.language, speaks),
        need_words=[words for words in (needs.words, patient.access_needs) if words],
        speaks=language_name(patient.language, speaks),
        offered=sorted(((tag, language_name(tag, speaks)) for tag in offered), key=lambda pair: pair[1]),
        left_out=[catalogue.spec(code).name for code in measures if code not in {each.code for each in wording}],
        accountable=episode.accountable.name if episode.accountable else None,
        flag_with=workflows.safety_owner(session, episode) if open_questions else None,
        aid=lines_for(episode.care_team.country, patient.language),
    )


def _spoken(episode: Episode, measures: Sequence[str], typed: Typed) -> str:
    """Return the language that is read aloud: the chosen one, or else the patient's, where it is offered."""
    offered = entry.languages_for(measures, _provisional())
    wanted = (typed.text("spoken"), episode.patient.language, *offered)
    return next((tag for tag in wanted if tag in offered), "")


def _asked(wording: Sequence[Instrument], signs: Sequence[SignAsked], spoken: str) -> tuple[Question, ...]:
    """Return the measures, and after them the patient's own signs; nothing where no measure is offered."""
    items = questions(wording)
    return (*items, *sign_questions(signs, items, spoken)) if items else ()


def _beside(measures: Sequence[str], spoken: str, reads: str) -> Mapping[str, Question]:
    """Return the same questions in the staff member's own language, by field, where that is another one."""
    known = () if reads == spoken else questions(_wording(measures, reads))
    return {question.name: question for question in known}


def _wording(measures: Sequence[str], spoken: str) -> list[Instrument]:
    return [catalogue.load(code, spoken) for code in catalogue.offered(spoken, _provisional(), among=measures)]


def _provisional() -> frozenset[tuple[str, str]]:
    return provisional_pairs(runtime().settings.provisional_instruments)


def _to_record(patient_id: UUID, check_in_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("record.page", patient_id=patient_id, kept=check_in_id), 303)
