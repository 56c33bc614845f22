"""When a team is there, as a line of a patient's plan, in the patient's language."""

from collections.abc import Iterable

from monitor.care.promises import HoursRun
from monitor.i18n import LANGUAGES, N_, format_time, translate, weekday_name

ONE_DAY = N_("%(day)s %(times)s")
DAYS = N_("%(first)s to %(last)s %(times)s")


def hours_line(runs: Iterable[HoursRun], language: str) -> str:
    """Return service hours in words: 'Monday to Friday 9:00–17:00'."""
    return LANGUAGES[language].comma.join(_run(each, language) for each in runs)


def _run(run: HoursRun, language: str) -> str:
    closes = "24:00" if run.closes.hour == 0 else format_time(run.closes, language)
    times = f"{format_time(run.opens, language)}–{closes}"
    if run.first_weekday == run.last_weekday:
        return translate(language, ONE_DAY, day=weekday_name(run.first_weekday, language), times=times)
    first, last = weekday_name(run.first_weekday, language), weekday_name(run.last_weekday, language)
    return translate(language, DAYS, first=first, last=last, times=times)
