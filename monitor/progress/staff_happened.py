"""What happened beside the scores, as staff read it: decisions and treatments in words, and what the patient noted."""

from collections.abc import Iterable

from monitor.care.staff_words import TREATMENTS, step_label
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.progress.happened import Happened, Kind
from monitor.progress.staff_chart import Note
from monitor.reviews.words import decision_label, kind_label


def notes_of(found: Iterable[Happened], reader: Reader) -> tuple[Note, ...]:
    """Return what happened in the reader's language; what the patient noted is in their own, whatever that is."""
    return tuple(Note(each.on, _words(each, reader), _lane(each.kind)) for each in found)


def _lane(kind: Kind) -> str:
    """A step has its own line in the picture."""
    return {Kind.STEP: "", Kind.NOTED: "own"}.get(kind, "care")


def _words(each: Happened, reader: Reader) -> str:
    if each.kind is Kind.NOTED:
        return each.words
    if each.review is not None and each.decision is not None:
        decided = decision_label(each.decision, reader.language)
        if each.step is not None:
            step = step_label(each.step, reader.language)
            decided = reader.say(N_("%(decision)s, %(step)s"), decision=decided, step=step)
        kind = kind_label(each.review, reader.language)
        return reader.say(N_("%(review)s: %(decision)s."), review=kind, decision=decided)
    if each.treatment is not None:
        said = N_("Began: %(treatment)s.") if each.kind is Kind.TREATMENT_BEGAN else N_("Ended: %(treatment)s.")
        return reader.say(said, treatment=reader.say(TREATMENTS[each.treatment]))
    return step_label(each.step, reader.language) if each.step else ""
