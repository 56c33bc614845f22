"""What a patient can set, read from a form."""

from dataclasses import replace

from werkzeug.datastructures import MultiDict

from monitor.checkins.wishes import BREAKS, HOURS, Wishes
from monitor.i18n import known_language

WEEKDAYS = tuple(range(7))
BY = {"link": False, "text": True}


def times_and_language(fields: MultiDict[str, str], before: Wishes) -> Wishes | None:
    """Return the wishes as they were chosen, day, hour, language and kind of text; None for what is not on offer."""
    day = next((day for day in WEEKDAYS if str(day) == fields.get("day")), None)
    hour = next((hour for hour in HOURS if hour.isoformat("minutes") == fields.get("hour")), None)
    language = known_language(fields.get("language"))
    by_text = BY.get(fields["by"]) if "by" in fields else before.by_text
    if day is None or hour is None or language is None or by_text is None:
        return None
    return replace(before, weekday=day, at=hour, language=language, by_text=by_text)


def weeks_of_break(fields: MultiDict[str, str]) -> int | None:
    """Return how long a break was chosen; None for a length that is not on offer."""
    return next((weeks for weeks in BREAKS if str(weeks) == fields.get("pause")), None)
