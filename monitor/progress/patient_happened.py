"""What happened beside the scores, as a patient reads it: their own words as they are, care in a few plain ones."""

from collections.abc import Iterable, Mapping

from monitor.care.kinds import Treatment
from monitor.i18n import N_, translate
from monitor.progress import patient_step_words as step_words
from monitor.progress.happened import Happened, Kind
from monitor.progress.patient_chart import Event

_TREATMENTS: Mapping[tuple[Kind, Treatment | None], str] = {
    (Kind.TREATMENT_BEGAN, Treatment.ANTIDEPRESSANT): N_("Your medicine began"),
    (Kind.TREATMENT_ENDED, Treatment.ANTIDEPRESSANT): N_("Your medicine ended"),
    (Kind.TREATMENT_BEGAN, Treatment.PSYCHOLOGICAL): N_("Talking therapy began"),
    (Kind.TREATMENT_ENDED, Treatment.PSYCHOLOGICAL): N_("Talking therapy ended"),
}


def events(found: Iterable[Happened], language: str) -> tuple[Event, ...]:
    """Return what happened in the patient's language. A review that chose a step is told as that step alone."""
    return tuple(
        Event(each.on, _words(each, language), each.id, look=each.kind is Kind.REVIEW)
        for each in found
        if each.kind is not Kind.REVIEW or each.step is None
    )


def _words(each: Happened, language: str) -> str:
    if each.kind is Kind.NOTED:
        return each.words
    if each.kind is Kind.REVIEW:
        return translate(language, N_("Your step was looked at"))
    if each.step is not None:
        return translate(language, N_("Your step: %(name)s"), name=step_words.name(each.step, language))
    return translate(language, _TREATMENTS[each.kind, each.treatment])
