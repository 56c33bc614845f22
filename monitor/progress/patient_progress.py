"""What a patient's progress page is made of: the opening sentence, a figure for each measure, the key, the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from monitor.i18n import LANGUAGES
from monitor.progress import words
from monitor.progress.patient_chart import WEEKS, Chart, Event, Frame, Ring, draw
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
class Row:
    """One check-in in the table, with the numbered events that fell between it and the next."""

    occasion: Occasion
    events: tuple[tuple[int, Event], ...]


@dataclass(frozen=True)
class PatientProgress:
    """The parts of the page, drawn by the macros in `templates/progress/_patient_chart.svg.html`."""

    language: str
    lead: Markup
    window: Window
    figures: tuple[Figure, ...]
    rings: tuple[Ring, ...]
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

    The measures keep their order, the first one as series 1. `weeks` None shows everything.
    """
    shown = window(trajectories, weeks)
    if shown is None:
        return None
    frame = Frame(shown, tuple(events), mirrored=LANGUAGES[language].rtl)
    return PatientProgress(
        language=language,
        lead=words.lead(trajectories, language),
        window=shown,
        figures=tuple(_figure(each, frame, language, second=at == 1) for at, each in enumerate(trajectories)),
        rings=frame.rings,
        rows=_rows(trajectories, frame),
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


def _rows(trajectories: Sequence[Trajectory], frame: Frame) -> tuple[Row, ...]:
    """The check-ins of the window, newest first, each with the events since it."""
    shown = [occasion for occasion in occasions(trajectories) if occasion.on in frame.window]
    numbered = [(ring.number, event) for ring in frame.rings for event in ring.events]
    rows: list[Row] = []
    until = date.max
    for occasion in reversed(shown):
        rows.append(Row(occasion, tuple(each for each in numbered if occasion.on <= each[1].on < until)))
        until = occasion.on
    return tuple(rows)
