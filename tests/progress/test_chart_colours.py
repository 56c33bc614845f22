"""Charts that everybody can read: on grey paper, in the dark, and with eyes that do not tell red from green."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page

from monitor.assets import styles
from monitor.progress.patient_chart import Chart, Event
from monitor.progress.patient_progress import PatientProgress
from tests.progress.courses import LOW_MOOD, WORRY, low_mood, page, worry
from tests.progress.pixels import (
    AS_IT_IS,
    DEUTERANOPIA,
    GREY,
    PROTANOPIA,
    Colour,
    Matrix,
    contrast,
    difference,
    read,
    seen,
)
from tests.progress.test_patient_progress import EVENTS, TEMPLATE, progress

WAYS = {"as it is": AS_IT_IS, "grey": GREY, "deuteranopia": DEUTERANOPIA, "protanopia": PROTANOPIA}
MARKS = 3.0
"""What a mark needs against its ground (WCAG 2.2, 1.4.11)."""
ON_PAPER = 1.7
"""What the two series differ by on grey paper in light alone; dash and shape tell them apart besides."""
APART = 50
"""What they differ by to whoever does not see all colours (CIE 1976): red and green come to a fifth of it."""
BANDS = 1.035
"""What a band differs by from the next: a step in light, beside its word and a line of the scale."""
SCALE = 2


@dataclass(frozen=True)
class Look:
    """A way in which a page is put before somebody."""

    media: str
    scheme: str


SCREEN, DARK, PAPER = Look("screen", "light"), Look("screen", "dark"), Look("print", "dark")
Colours = Callable[[float, float], Colour]
"""The colour at a place, in a chart's own units."""

ONE_CHART = """html { background: var(--card) } body { visibility: hidden } .this { visibility: visible }
    svg[role=img] { position: fixed; inset: 0 auto auto 0; inline-size: 304px !important; margin: 0 !important }"""


def shown(tab: Page, look: Look, language: str = "en") -> PatientProgress:
    """Put the charts before somebody."""
    found = progress(low_mood(*LOW_MOOD), worry(*WORRY), language=language, events=EVENTS)
    with page(TEMPLATE, language) as macros:
        figures = "".join(map(str, [*map(macros.figure, found.figures), macros.keys(found)]))
    direction = "rtl" if language == "ar" else "ltr"
    sheet = styles(rtl=language == "ar", chart=True)
    tab.emulate_media(media=look.media, color_scheme=look.scheme)  # type: ignore[arg-type]
    tab.set_content(f'<html dir="{direction}"><style>{sheet}</style><body class="wide"><main>{figures}</main>')
    return found


def pictures(tab: Page, found: PatientProgress) -> list[Colours]:
    """The colours of each chart by its own units."""
    tab.add_style_tag(content=ONE_CHART)
    taken: list[Colours] = []
    for number, figure in enumerate(found.figures):
        tab.locator("svg[role=img]").evaluate_all(
            "(charts, at) => charts.forEach((each, n) => each.classList.toggle('this', n == at))", number
        )
        clip = {"x": 0, "y": 0, "width": 304, "height": figure.chart.height}
        taken.append(read(tab.screenshot(clip=clip), SCALE).at)  # type: ignore[arg-type]
    return taken


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    tab = chromium.new_page(viewport={"width": 360, "height": 640}, device_scale_factor=SCALE)
    yield tab
    tab.close()


@pytest.mark.parametrize("look", [SCREEN, DARK, PAPER], ids=["screen", "dark", "paper"])
def test_marks_stand_out_and_series_and_bands_differ_however_colours_are_seen(tab: Page, look: Look) -> None:
    found = shown(tab, look)
    taken = pictures(tab, found)
    for way, matrix in WAYS.items():
        series = []
        for figure, colours in zip(found.figures, taken, strict=True):
            chart, colour = figure.chart, partial(seen_at, colours, matrix)
            assert chart.corridor is not None
            card, dot = colour(3, 3), colour(chart.marks[1].x, chart.marks[1].y)
            series.append(dot)
            assert contrast(dot, card) >= MARKS, way
            assert contrast(dot, colour(chart.plot[1] - 2, chart.corridor.y + 4)) >= MARKS, f"corridor, {way}"
            assert contrast(colour(chart.rings[0].x, 6), card) >= MARKS, f"the ring of an event, {way}"
            assert contrast(colour(chart.missed[0], chart.base - 3.5), card) >= MARKS, f"no check-in, {way}"
            bands = [colour(302, band.y + 3) for band in chart.bands]
            assert all(contrast(lower, upper) >= BANDS for lower, upper in pairwise(bands)), way
        if way != "grey":
            assert difference(*series) >= APART, way
        elif look is PAPER:
            assert contrast(*series) >= ON_PAPER


def seen_at(colours: Colours, matrix: Matrix, x: float, y: float) -> Colour:
    return seen(colours(x, y), matrix)


def along(colour: Colours, chart: Chart) -> list[bool]:
    """Whether there is ink at each step between two marks of a line."""
    (x, y), (to_x, to_y) = ((mark.x, mark.y) for mark in chart.runs[0][:2])
    card = colour(3, 3)
    steps = [0.35 + step * 0.01 for step in range(31)]
    return [contrast(colour(x + share * (to_x - x), y + share * (to_y - y)), card) > 2 for share in steps]


@pytest.mark.parametrize(("look", "language"), [(SCREEN, "ar"), (PAPER, "en")], ids=["Arabic", "paper"])
def test_without_any_colour_one_line_is_whole_and_the_other_dashed(tab: Page, look: Look, language: str) -> None:
    found = shown(tab, look, language)
    drawn = zip(pictures(tab, found), found.figures, strict=True)
    whole, dashed = (along(partial(seen_at, colours, GREY), figure.chart) for colours, figure in drawn)
    assert all(whole)
    assert True in dashed
    assert False in dashed


def test_one_series_has_dots_and_the_other_triangles(tab: Page) -> None:
    found = shown(tab, SCREEN)
    for figure, colour, is_dot in zip(found.figures, pictures(tab, found), (True, False), strict=True):
        mark = figure.chart.marks[1]
        beside = contrast(colour(mark.x - 2.7, mark.y - 2.4), colour(3, 3))
        assert (beside > 2) is is_dot, "a dot is as wide above its middle, a triangle is not"


def test_in_forced_colours_marks_lines_and_words_have_the_systems_own(chromium: Browser) -> None:
    tab = chromium.new_page(viewport={"width": 360, "height": 640}, device_scale_factor=SCALE, forced_colors="active")
    found = shown(tab, SCREEN)
    for figure, colour in zip(found.figures, pictures(tab, found), strict=True):
        mark = figure.chart.marks[1]
        assert contrast(colour(mark.x, mark.y), colour(3, 3)) > 10
        assert contrast(colour(figure.chart.missed[0], figure.chart.base - 3.5), colour(3, 3)) > 10
    tab.close()


def test_an_event_and_a_look_differ_in_shape() -> None:
    look = Event(EVENTS[0].on, "looked at", look=True)
    with page(TEMPLATE) as macros:
        html = str(macros.chart(progress(low_mood(*LOW_MOOD), events=(look, EVENTS[1])).figures[0]))
    assert html.count('r="10"') == 1
    assert html.count('class="look"') == 1


@pytest.mark.parametrize("size", [100, 200])
def test_on_the_narrowest_screen_and_in_the_largest_letters_the_chart_is_still_a_chart(
    chromium: Browser, size: int
) -> None:
    tab = chromium.new_page(viewport={"width": 320, "height": 568})
    shown(tab, SCREEN)
    tab.add_style_tag(content=f"html {{ font-size: {size}% }}")
    box = tab.locator("svg[role=img]").first.bounding_box()
    assert box is not None
    assert box["width"] >= 264, "so that its words are no smaller than 11 pixels"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.close()
