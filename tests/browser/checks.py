"""What must be true of every screen: whoever reads, however they read."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.service import SMALLEST

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LEAST_TARGET = 44
"""CSS pixels: the width and height of a fingertip (WCAG 2.2, 2.5.5)."""

_SCRIPT = Axe().axe_script


def violations(page: Page, *, only: Sequence[str] = (), but: Sequence[str] = ()) -> list[tuple[str, list[str]]]:
    """What axe finds, what some rules of it do, or all but some: each rule with the elements that break it."""
    looked_for = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": TAGS}
    left_out = {rule: {"enabled": False} for rule in but}
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_SCRIPT)  # not a script tag, which our pages' policy would refuse
    found = page.evaluate(
        """([runOnly, rules]) => axe.run(document, {runOnly, rules, resultTypes: ['violations']}).then(
            found => found.violations.map(({id, nodes}) => [
                id, nodes.map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`)]))""",
        [looked_for, left_out],
    )
    return [(rule, nodes) for rule, nodes in found]


def sideways(page: Page) -> list[str]:
    """What sticks out of a page that scrolls sideways, innermost first."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
            .filter(each => each.checkVisibility() && !each.closest('details:not([open]) > :not(summary)'))
            .filter(each => { const at = each.getBoundingClientRect()
                              return at.width && (at.right > innerWidth + 1 || at.left < -1) })
            .reverse().slice(0, 4).map(each => each.outerHTML.slice(0, 120)).concat('the page scrolls sideways')"""
    )


LARGE = "html { font-size: 200% !important }"
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-block-end: 2em !important }"""
"""What a reader may set, and no page may break (WCAG 2.2, 1.4.12)."""


def does_not_fit(page: Page) -> list[tuple[str, list[str]]]:
    """What scrolls sideways on the smallest phone, in letters of twice the size, and in lines with more air."""
    before = page.viewport_size
    faults = []
    for how, size, style in (("320 px", SMALLEST, ""), ("200 %", before, LARGE), ("more air", before, SPACED)):
        if size is not None:
            page.set_viewport_size(size)
        # A constructed sheet, since our pages' policy refuses a style element.
        page.evaluate(
            """css => { const sheet = new CSSStyleSheet()
                       sheet.replaceSync(css)
                       document.adoptedStyleSheets = [sheet] }""",
            style,
        )
        faults.append((how, sideways(page)))
    page.evaluate("document.adoptedStyleSheets = []")
    return [(how, found) for how, found in faults if found]


def small_targets(page: Page) -> list[str]:
    """What is too small to tap. Links inside a sentence may be as high as their line (WCAG 2.2, 2.5.8)."""
    return page.evaluate(
        """least => [...document.querySelectorAll('a, button, summary, select, textarea, label:has(input), .field')]
            .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.matches('p a'))
            .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
            .filter(([at]) => at.width && (at.height < least || at.width < least))
            .map(([at, html]) => `${Math.round(at.width)} x ${Math.round(at.height)}: ${html}`)""",
        LEAST_TARGET,
    )
