"""Bars 1 and 4: what a check-in and a trajectory weigh on a phone, and what drawing one costs the server.

Peers were measured on 21 November 2026 with the same questions and the same number of points: released builds, served
with the strongest compression, cold cache, all their files. Figures are kilobytes (1,000 bytes) on the wire.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from statistics import median
from time import process_time

from flask import Flask, g, get_template_attribute, render_template

from monitor import Surface, create_app
from monitor.bench.courses import FIRST_TIMERS, NOW, open_check_in_id
from monitor.bench.population import Service
from monitor.bench.report import Bar, Gate
from monitor.config import Environment, Settings
from monitor.measures import catalogue
from monitor.messaging.links import PATH, check_in_token
from monitor.people.life_events import LONGEST
from monitor.progress.patient_progress import PatientProgress, patient_progress
from monitor.progress.series import Point, PointState, Trajectory

SURVEYJS_BROTLI, SURVEYJS_GZIP = 322.4, 418.7
"""SurveyJS 2.5.38, survey-core and survey-js-ui as plain scripts: four requests."""
UPLOT_BROTLI = 21.9
"""uPlot 1.6.32, the lightest of the chart libraries measured: three requests."""
FIRST_FLIGHT = 14.6
"""What a server may send before the phone has answered once: ten segments of 1,460 bytes (RFC 6928)."""
DRAWN_WITHIN = 0.3
"""Milliseconds: our own aim."""
POINTS = 26
DRAWINGS = 20


@dataclass(frozen=True)
class Weight:
    """One page in one language, in bytes; how many requests it takes, and how many answers can be chosen on it."""

    language: str
    raw: int
    gzip: int
    brotli: int
    requests: int
    choices: int


def patient_app(service: Service, settings: Settings) -> Flask:
    """Return the patient surface as patients get it, on an invented service: without the line that a demo has."""
    settings = settings.model_copy(update={"environment": Environment.PRODUCTION})
    return create_app(settings, Surface.PATIENT, sessions=service.sessions, clock=lambda: NOW)


def check_in_page(app: Flask) -> list[Bar | Gate]:
    """Weigh the check-in of somebody who is asked for the first time, in every language; the heaviest counts."""
    weights = [_weigh_check_in(app, number) for number in range(len(FIRST_TIMERS))]

    def bar(what: str, bytes_of: Callable[[Weight], int], reference: float, beside: str, target: float) -> Bar:
        worst = max(weights, key=bytes_of)
        return Bar(
            number=1,
            what=f"check-in page, {what}",
            where=f"worst of {len(weights)} languages: {worst.language}",
            unit="kB",
            ours=bytes_of(worst) / 1000,
            reference=reference,
            beside=beside,
            target=target,
            n=len(weights),
        )

    questions = catalogue.items_in(catalogue.TRACKED)
    return [
        bar("brotli", lambda weight: weight.brotli, SURVEYJS_BROTLI, "SurveyJS", 1 / 60),
        bar("gzip", lambda weight: weight.gzip, SURVEYJS_GZIP, "SurveyJS", 1 / 60),
        bar("not compressed", lambda weight: weight.raw, FIRST_FLIGHT, "the first flight of TCP", 1),
        Gate("the check-in page is one request", "pages", all(weight.requests == 1 for weight in weights)),
        Gate("the check-in page asks every question", "pages", all(w.choices >= questions * 4 for w in weights)),
    ]


def progress_page(app: Flask, times: int) -> list[Bar]:
    """Weigh a trajectory of two measures with 26 points each, in every language, and time the drawing of its charts."""
    weights = {language: _weigh_progress(app, language) for language in FIRST_TIMERS}
    worst = max(weights, key=lambda language: weights[language])
    with _page(app, worst):
        macro = get_template_attribute("progress/_patient_chart.svg.html", "figure")

        def draw() -> None:
            for figure in _progress(worst).figures:
                macro(figure)

        drawn = median(_cpu(draw) for _ in range(times + 1))
    return [
        Bar(
            number=4,
            what=f"trajectory page, 2 x {POINTS} points, brotli",
            where=f"worst of {len(weights)} languages: {worst}",
            unit="kB",
            ours=weights[worst] / 1000,
            reference=UPLOT_BROTLI,
            beside="uPlot",
            target=0.15,
            n=len(weights),
        ),
        Bar(
            number=4,
            what="both charts drawn",
            where="server CPU",
            unit="ms",
            ours=1000 * drawn,
            reference=DRAWN_WITHIN,
            beside="our aim",
            target=1,
            n=times,
        ),
    ]


def _weigh_check_in(app: Flask, number: int) -> Weight:
    path = PATH + check_in_token(open_check_in_id(number), 1) + "?agree=1"
    client = app.test_client()
    bodies = {way: client.get(path, headers={"Accept-Encoding": way}) for way in ("identity", "gzip", "br")}
    if any(response.status_code != 200 for response in bodies.values()):
        raise LookupError("the check-in page does not open")
    page = _Page()
    page.feed(bodies["identity"].get_data(as_text=True))
    identity, zipped, brotlied = (len(response.get_data()) for response in bodies.values())
    return Weight(FIRST_TIMERS[number], identity, zipped, brotlied, 1 + page.files, page.choices)


class _Page(HTMLParser):
    """Counts what a browser would have to fetch for a page, and the answers that can be chosen on it."""

    def __init__(self) -> None:
        super().__init__()
        self.files = self.choices = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        given = dict(attrs)
        address = given.get("href") if tag == "link" else given.get("src")
        self.files += address is not None and not address.startswith("data:")
        self.choices += tag == "input" and given.get("type") == "radio"


@contextmanager
def _page(app: Flask, language: str) -> Iterator[None]:
    """A request as a phone makes it."""
    with app.test_request_context("/me", headers={"Accept-Encoding": "br"}):
        g.language = language
        yield


def _progress(language: str) -> PatientProgress:
    """Half a year and more of fortnightly check-ins, invented."""
    trajectories = []
    for code, start in (("phq9", 19), ("gad7", 15)):
        points = []
        for ago in range(POINTS):
            total = max(3, start - (POINTS - ago) // 2 + ago % 3)
            points.append(Point((NOW - timedelta(weeks=2 * ago)).date(), total, PointState.ANSWERED))
        trajectories.append(Trajectory.of(catalogue.tracked(code), points))
    progress = patient_progress(trajectories, language, weeks=None)
    if progress is None:
        raise LookupError("there is no trajectory to draw")
    return progress


def _weigh_progress(app: Flask, language: str) -> int:
    with _page(app, language):
        html = render_template(
            "patient/progress.html",
            progress=_progress(language),
            noticed=[f"{POINTS} check-ins"],
            typed={},
            first=NOW.date(),
            today=NOW.date(),
            longest=LONGEST,
            country="GB",
        )
        return len(app.process_response(app.make_response(html)).get_data())


def _cpu(draw: Callable[[], None]) -> float:
    began = process_time()
    for _ in range(DRAWINGS):
        draw()
    return (process_time() - began) / DRAWINGS
