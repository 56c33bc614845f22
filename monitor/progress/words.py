"""What a patient reads about a trajectory, in their language: whole sentences, three states, never praise or alarm."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache, partial

from markupsafe import Markup

from monitor.checkins.kinds import Compared
from monitor.i18n import N_, format_date, markup, translate, translate_plural
from monitor.measures.catalogue import spec
from monitor.measures.instrument import SeverityBand
from monitor.progress.patient_chart import ChartWords
from monitor.progress.series import Direction, Occasion, Trajectory, Window, direction

_HEADINGS = {"phq9": N_("Low mood"), "gad7": N_("Worry")}

BANDS = {
    # Translators: the published bands. Each stands in a narrow column of eleven letters and breaks at a space; a soft
    # hyphen lets a long word break.
    SeverityBand.MINIMAL: N_("minimal"),
    SeverityBand.MILD: N_("mild"),
    SeverityBand.MODERATE: N_("moderate"),
    SeverityBand.MODERATELY_SEVERE: N_("moderately severe"),
    SeverityBand.SEVERE: N_("severe"),
}
"""The published words of the severity bands."""

_SINCE = {
    ("phq9", Direction.CLEARLY_LIGHTER): N_("Since you started on %(date)s, low mood is clearly lighter."),
    ("phq9", Direction.ABOUT_THE_SAME): N_("Since you started on %(date)s, low mood is about the same."),
    ("phq9", Direction.CLEARLY_HEAVIER): N_("Since you started on %(date)s, low mood is clearly heavier."),
    ("gad7", Direction.CLEARLY_LIGHTER): N_("Since you started on %(date)s, worry is clearly lighter."),
    ("gad7", Direction.ABOUT_THE_SAME): N_("Since you started on %(date)s, worry is about the same."),
    ("gad7", Direction.CLEARLY_HEAVIER): N_("Since you started on %(date)s, worry is clearly heavier."),
}
_NOW = {
    ("phq9", Direction.CLEARLY_LIGHTER): N_("Low mood is clearly lighter."),
    ("phq9", Direction.ABOUT_THE_SAME): N_("Low mood is about the same."),
    ("phq9", Direction.CLEARLY_HEAVIER): N_("Low mood is clearly heavier."),
    ("gad7", Direction.CLEARLY_LIGHTER): N_("Worry is clearly lighter."),
    ("gad7", Direction.ABOUT_THE_SAME): N_("Worry is about the same."),
    ("gad7", Direction.CLEARLY_HEAVIER): N_("Worry is clearly heavier."),
}
_FROM_TO = {
    Direction.CLEARLY_LIGHTER: N_("From %(first)s to %(last)s: clearly lighter."),
    Direction.ABOUT_THE_SAME: N_("From %(first)s to %(last)s: about the same."),
    Direction.CLEARLY_HEAVIER: N_("From %(first)s to %(last)s: clearly heavier."),
}

_OWN_WORDS = {
    Compared.BETTER: N_("You said: better than last time"),
    Compared.SAME: N_("You said: about the same as last time"),
    Compared.WORSE: N_("You said: worse than last time"),
}

_LONG_AGO = 330  # days after which a date without its year could be taken for this year's


def heading(code: str, language: str) -> str:
    """Return what the measure is about, as the patient would say it."""
    return translate(language, _HEADINGS[code])


def scale(trajectory: Trajectory, language: str) -> Markup:
    """Return the measure's own name and range."""
    name = Markup('<bdi lang="en">{}</bdi>').format(spec(trajectory.code).name)
    return markup(language, N_("%(name)s, from 0 to %(maximum)s"), name=name, maximum=trajectory.maximum)


def day(value: date, language: str, today: date) -> str:
    """Return a date without its year, unless it lies so far before `today` that it needs one."""
    return _written(value, language, "yMMMMd" if (today - value).days > _LONG_AGO else "dMMMM")


@lru_cache(maxsize=4096)
def _written(value: date, language: str, skeleton: str) -> str:
    """Babel takes a tenth of a millisecond for a date, and a page has thirty, many of them the same for everybody."""
    return format_date(value, language, skeleton)


def time_tag(value: date, language: str, today: date) -> Markup:
    """Return a date as the `time` element of a page."""
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), day(value, language, today))


def lead(trajectories: Sequence[Trajectory], language: str) -> Markup:
    """Return the opening of the page: each measure against its first score, if it has two or more."""
    compared = [each for each in trajectories if direction(each) is not Direction.NOT_ENOUGH]
    if not compared:
        waiting = N_("Your scores will show here after your first check-in.")
        begun = N_("You have begun. After your next check-in you can see here how things change.")
        return markup(language, begun if any(each.scores for each in trajectories) else waiting)
    first, *others = compared
    date_tag = time_tag(first.scored[0].on, language, today=first.points[-1].on)
    since = markup(language, _SINCE[first.code, direction(first)], date=date_tag)
    return Markup(" ").join([since, *(markup(language, _NOW[each.code, direction(each)]) for each in others)])


def caption(trajectory: Trajectory, shown: Window, language: str) -> str:
    """Return the sentence above a chart: from where to where, in words."""
    scores = trajectory.scores
    said = translate(language, N_("No score yet."))
    if len(scores) == 1:
        said = translate(language, N_("One score so far: %(score)s."), score=scores[0])
    elif scores:
        said = translate(language, _FROM_TO[direction(trajectory)], first=scores[0], last=scores[-1])
    if shown.shortened:
        said += " " + translate(language, N_("The picture shows the last %(weeks)s weeks."), weeks=round(shown.weeks))
    return said


def own_word(occasion: Occasion, language: str) -> str:
    """Return what the patient said of a check-in themselves; nothing where they did not."""
    return translate(language, _OWN_WORDS[occasion.compared]) if occasion.compared else ""


def chart_words(trajectory: Trajectory, shown: Window, language: str) -> ChartWords:
    """Return everything one chart says, its description for those who do not see it included."""
    # A year of months needs the year in their names.
    skeleton = "yMMM" if shown.weeks > 52 else "MMM"
    return ChartWords(
        title=_title(trajectory, shown, language),
        description=_description(trajectory, shown, language),
        bands={code: translate(language, word) for code, word in BANDS.items()},
        # Translators: stands beside an arrow at the heavy end of a chart; at most nine letters.
        heavier=translate(language, N_("heavier")),
        # Translators: stands beside an arrow at the light end of a chart; at most nine letters.
        lighter=translate(language, N_("lighter")),
        # Translators: names a shaded strip of a chart; under 28 letters, or it moves into the key.
        ordinary=translate(language, N_("usual ups and downs")),
        month=lambda on: _written(on.replace(day=1), language, skeleton),
    )


def _title(trajectory: Trajectory, shown: Window, language: str) -> str:
    return translate(
        language,
        N_("%(measure)s, %(name)s, %(first)s to %(last)s"),
        measure=heading(trajectory.code, language),
        name=spec(trajectory.code).name,
        first=day(shown.first, language, today=shown.last),
        last=day(shown.last, language, today=shown.last),
    )


def _description(trajectory: Trajectory, shown: Window, language: str) -> str:
    say = partial(translate, language)
    scores = [point.total for point in trajectory.points if point.on in shown and point.total is not None]
    sentences = []
    if len(scores) > 1:
        first_band, last_band = (say(BANDS[trajectory.band(score)]) for score in (scores[0], scores[-1]))
        starts = N_("Starts at %(first)s, %(first_band)s, and ends at %(last)s, %(last_band)s.")
        sentences += [say(starts, first=scores[0], first_band=first_band, last=scores[-1], last_band=last_band)]
        same = direction(trajectory) is Direction.ABOUT_THE_SAME
        within = N_("The change since the first check-in is within the usual ups and downs.")
        beyond = N_("The change since the first check-in is larger than the usual ups and downs.")
        sentences += [say(within if same else beyond)]
    elif scores:
        sentences += [
            say(N_("One score, %(score)s, %(band)s."), score=scores[0], band=say(BANDS[trajectory.band(scores[0])]))
        ]
    else:
        sentences += [say(N_("No score yet."))]
    absent = sum(point.on in shown and not point.is_answered for point in trajectory.points)
    if absent:
        gaps = translate_plural(
            language, "%(count)s time without a check-in.", "%(count)s times without a check-in.", absent
        )
        sentences += [gaps]
    return " ".join([*sentences, say(N_("The table below has every number."))])
