"""What a patient's progress page is made of: the opening sentence, a figure for each measure, the key, the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from markupsafe import Markup

from monitor.i18n import LANGUAGES
from monitor.progress import words
from monitor.progress.patient_chart import WEEKS, Chart, Event, Frame, draw
from monitor.progress.series import Occasion, Trajectory, Window, occasions, window


@dataclass(frozen=True)
class Figure:
    """One measure: its heading, its own name and range, a sentence, and the chart; `second` for the second series."""

    code: str
    heading: str
    scale: Markup
    caption: str
    chart: Chart
    second: bool


@dataclass(frozen=True)
class Listed:
    """Something that happened, with the number of its ring; None without a ring."""

    number: int | None
    event: Event


@dataclass(frozen=True)
class Row:
    """One check-in in the table: the patient's own word on it, and what happened between it and the next."""

    occasion: Occasion
    said: str
    happened: tuple[Listed, ...]


@dataclass(frozen=True)
class PatientProgress:
    """The parts of the page, drawn by the macros in `templates/progress/_patient_chart.svg.html`."""

    language: str
    lead: Markup
    window: Window
    figures: tuple[Figure, ...]
    happened: tuple[Listed, ...]
    """What has a ring, and what they noted themselves."""
    looked: str
    """What the small marks above a picture mean; nothing without one."""
    rows: tuple[Row, ...]

    def when(self, on: date) -> Markup:
        """Return a date of the page as its `time` element."""
        return words.time_tag(on, self.language, today=self.window.last)

    @property
    def has_missed(self) -> bool:
        """Whether a ring on an axis needs its words in the key; so too the three below."""
        return any(figure.chart.missed for figure in self.figures)

    @property
    def has_unscored(self) -> bool:
        """Whether a check-in has no score because a question was left open."""
        return any(figure.chart.unscored for figure in self.figures)

    @property
    def has_estimated(self) -> bool:
        """Whether a score is the published estimate."""
        return any(mark.estimated for figure in self.figures for mark in figure.chart.marks)

    @property
    def has_silent_corridor(self) -> bool:
        """Whether a corridor had no room for its name."""
        return any(figure.chart.corridor and not figure.chart.ordinary for figure in self.figures)


def patient_progress(
    trajectories: Sequence[Trajectory],
    language: str,
    *,
    events: Sequence[Event] = (),
    weeks: int | None = WEEKS,
) -> PatientProgress | None:
    """Put the page's parts together in the patient's language; None before there is any check-in to show.

    The measures keep their order, the first one as series 1. `weeks` None shows everything. What happened after the
    last check-in is in the picture too.
    """
    shown = window(trajectories, weeks)
    if shown is None:
        return None
    shown = replace(shown, last=max(shown.last, *(event.on for event in events)) if events else shown.last)
    frame = Frame(shown, tuple(events), mirrored=LANGUAGES[language].rtl)
    happened, looks = _happened(frame), [event for event in events if event.look and event.on in shown]
    return PatientProgress(
        language=language,
        lead=words.lead(trajectories, language),
        window=shown,
        figures=tuple(_figure(each, frame, language, second=at == 1) for at, each in enumerate(trajectories)),
        happened=happened,
        looked=looks[0].words if looks else "",
        rows=_rows(trajectories, shown, [*happened, *(Listed(None, event) for event in looks)], language),
    )


def _figure(trajectory: Trajectory, frame: Frame, language: str, *, second: bool) -> Figure:
    return Figure(
        code=trajectory.code,
        heading=words.heading(trajectory.code, language),
        scale=words.scale(trajectory, language),
        caption=words.caption(trajectory, frame.window, language),
        chart=draw(trajectory, frame, words.chart_words(trajectory, frame.window, language)),
        second=second,
    )


def _happened(frame: Frame) -> tuple[Listed, ...]:
    """What has a ring; and what they noted themselves, ring or none, so that they can take it away again."""
    beyond = [Listed(None, event) for event in frame.events if event.own and event.on not in frame.window]
    ringed = [Listed(ring.number, event) for ring in frame.rings for event in ring.events]
    return tuple(sorted([*beyond, *ringed], key=lambda each: each.event.on))


def _rows(
    trajectories: Sequence[Trajectory], shown: Window, happened: Sequence[Listed], language: str
) -> tuple[Row, ...]:
    """The check-ins of the window, newest first, each with what happened since it."""
    rows: list[Row] = []
    until = date.max
    for occasion in reversed([each for each in occasions(trajectories) if each.on in shown]):
        since = tuple(each for each in happened if occasion.on <= each.event.on < until)
        rows.append(Row(occasion, words.own_word(occasion, language), since))
        until = occasion.on
    return tuple(rows)
