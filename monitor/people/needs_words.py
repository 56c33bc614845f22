"""What patients need in order to be reached and understood, in words for staff."""

from collections.abc import Mapping

from monitor.i18n import N_, translate
from monitor.measures import catalogue
from monitor.people.needs import Needs
from monitor.people.needs_models import TimeOfDay
from monitor.people.words import language_name

DOMAIN = "staff"

TIMES: Mapping[TimeOfDay, str] = {
    TimeOfDay.ANY: N_("Any time of day"),
    TimeOfDay.MORNING: N_("In the morning"),
    TimeOfDay.MIDDAY: N_("Around midday"),
    TimeOfDay.AFTERNOON: N_("In the afternoon"),
    TimeOfDay.EVENING: N_("In the evening"),
}
MARKS: Mapping[str, str] = {
    "interpreter": N_("Interpreter"),
    "large_text": N_("Large text"),
    "audio": N_("Read aloud"),
    "paper": N_("On paper"),
}
"""What somebody may need, by the names of `Needs`, in the order in which a page says it."""
INTERPRETER = N_("Interpreter for %(spoken)s")
RECORDED = N_("Recorded in %(spoken)s: %(measures)s.")
NOT_RECORDED = N_("Nothing is recorded in %(spoken)s: read the questions to them on a call or at the clinic.")


def time_label(best: TimeOfDay, language: str) -> str:
    """Return when a call suits."""
    return translate(language, TIMES[best], DOMAIN)


def need_labels(needs: Needs, spoken: str, language: str) -> tuple[str, ...]:
    """Return what somebody who speaks `spoken` needs, each in a word or two; nothing where nothing is needed."""
    found = [name for name in MARKS if getattr(needs, name)]
    return tuple(
        translate(language, INTERPRETER, DOMAIN, spoken=language_name(spoken, language))
        if name == "interpreter"
        else translate(language, MARKS[name], DOMAIN)
        for name in found
    )


def recorded(spoken: str, language: str) -> str:
    """Return which measures somebody who speaks `spoken` can listen to from the first question to the last."""
    whole = [code for code in catalogue.CODES if catalogue.spec(code).part_of is None]
    offered = [code for code in whole if spoken in catalogue.languages(code)]
    heard = [catalogue.spec(code).name for code in offered if catalogue.is_recorded(code, spoken)]
    said = RECORDED if heard else NOT_RECORDED
    return translate(language, said, DOMAIN, spoken=language_name(spoken, language), measures=", ".join(heard))


def in_short(needs: Needs, spoken: str, language: str) -> str:
    """Return all of it but the words in one line: 'Interpreter for Arabic · In the morning'."""
    best = () if needs.best_time is TimeOfDay.ANY else (time_label(needs.best_time, language),)
    return " · ".join((*need_labels(needs, spoken, language), *best))
