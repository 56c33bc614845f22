"""What a page says outside the pseudo-language's brackets, and which of its words lie on each other."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from zoneinfo import available_timezones

import sqlalchemy as sa
from playwright.sync_api import Page

from monitor.config import PACKAGE
from monitor.db import reading
from monitor.i18n import LANGUAGES, locale
from monitor.measures import catalogue
from monitor.messaging.segments import Encoding
from monitor.messaging.statuses import RANKS
from monitor.messaging.texts import Phrase, say
from monitor.people.models import CareTeam, Patient, StaffMember
from tests.browser.checks import sideways
from tests.browser.service import SMALLEST, Service

OF_SOMEBODY = "bdi, time, textarea, code, kbd, q, body [lang], [dir=auto], .paper"
"""Names, numbers and dates; what a person has written or will; keys; what is in a language of its own; initials."""
_IN_ENGLISH = (PACKAGE / "care" / "resources" / "en.toml", *(PACKAGE / "care" / "pathways").glob("*.toml"))
"""Ideas, which have a file for each language; and where a pathway's numbers come from, quoted as it is."""
READ_OUT = ("aria-label", "title", "placeholder", "alt", "aria-description", "data-l")


def hard_coded(page: Page, names: Iterable[str] = ()) -> list[str]:
    """What was never given to a translator: of each text its part outside the brackets, and where it stands.

    Left out are the wording of measures and ideas, which have files of their own; the names of languages, countries,
    zones, days and months; and the `names` of people, teams and the service.
    """
    phrases = sorted({*names, *_known()}, key=len, reverse=True)
    known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")
    found = (each.partition(" | ") for each in _outside(page))
    return [f"{words} | {where}" for words, _, where in found if re.search(r"[^\W\d_]", known.sub("", words))]


def _outside(page: Page) -> list[str]:
    """A message with a link in it is several texts, so the brackets are counted from one text to the next."""
    return page.evaluate(
        """([exempt, attributes]) => {
            const found = [], letters = /\\p{L}/u
            let depth = 0
            const outside = text => [...text].filter(each => {
                if (each == '⟧') depth--
                const is = !depth && each != '⟧'
                if (each == '⟦') depth++
                return is && each != '⟦' }).join('').replace(/\\s+/g, ' ').trim()
            const note = (words, where) => { if (letters.test(words)) found.push(`${words} | ${where.slice(0, 140)}`) }
            const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
            for (let node; node = walk.nextNode();) {
                const at = node.parentElement
                if (at.closest('script, style, template, noscript')) continue
                const words = outside(node.data)
                if (!at.closest(exempt)) note(words, at.outerHTML)
            }
            if (depth) found.push('brackets that do not close | body')
            depth = 0
            note(outside(document.title), 'title')
            for (const at of document.body.querySelectorAll(attributes.map(each => `[${each}]`).join()))
                for (const name of attributes.filter(each => at.hasAttribute(each) && !at.closest(exempt)))
                    note(outside(at.getAttribute(name)), `${name} of ${at.outerHTML}`)
            return found
        }""",
        [OF_SOMEBODY, list(READ_OUT)],
    )


@cache
def _known() -> frozenset[str]:
    """Return whatever is said in English words on an English page without being a message."""
    english = locale("en")
    days_and_months = [names.values() for form in (english.days, english.months) for names in form["format"].values()]
    phrases = {
        *(
            phrase
            for path in (PACKAGE / "measures").rglob("en.json")
            for phrase in _strings(json.loads(path.read_text()))
        ),
        *(phrase for path in _IN_ENGLISH for phrase in _strings(tomllib.loads(path.read_text(encoding="utf-8")))),
        *(catalogue.spec(code).name for code in catalogue.CODES),
        *(say(phrase, "en") for phrase in (Phrase.SIGNS, Phrase.NONE_NOTICED, Phrase.ONE_NOTICED)),  # asked by text too
        *RANKS,
        *(encoding.upper().replace("7", "-7").replace("2", "-2") for encoding in Encoding),
        *(language.name for language in LANGUAGES.values()),
        *english.territories.values(),
        *english.languages.values(),
        *(zone.replace("_", " ") for zone in available_timezones()),
        *(name for names in days_and_months for name in names),
    }
    return frozenset(" ".join(each.split()) for each in phrases)


def _names(service: Service) -> list[str]:
    """Return who there is: in a list to choose from, nothing else can mark a name as one."""
    with reading(service.sessions) as session:
        found = [each.name for table in (StaffMember, CareTeam) for each in session.scalars(sa.select(table))]
        found += [each.preferred_name for each in session.scalars(sa.select(Patient))]
    found += [service.settings.service_name, service.settings.sender_name]
    return found


def _strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for each in document.values() if isinstance(document, dict) else document:
            yield from _strings(each)


def overlaps(page: Page) -> list[str]:
    """Words that lie on other words, but for those hidden from the eye, and those that stay while a page scrolls.

    The strip of single answers is no text: it has as many columns as there were check-ins, however narrow the page.
    """
    return page.evaluate(
        """() => {
            const pieces = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
            const stays = style => style.position == 'sticky' || style.position == 'fixed' || style.clipPath != 'none'
            const aside = at => at && at != document.body && (stays(getComputedStyle(at)) || aside(at.parentElement))
            for (let node; node = walk.nextNode();) {
                const at = node.parentElement
                if (!node.data.trim() || at.closest('script, style, svg, option, [popover], .strip td')) continue
                if (aside(at)) continue
                if (!at.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
                const range = document.createRange()
                range.selectNodeContents(node)
                for (const box of range.getClientRects())
                    if (box.width > 1 && box.height > 1) pieces.push([box, node])
            }
            const found = new Set()
            pieces.forEach(([one, mine], number) => pieces.slice(number + 1).forEach(([other, yours]) => {
                if (mine == yours) return
                const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left)
                const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
                if (wide > 3 && high > 0.4 * Math.min(one.height, other.height))
                    found.add(`${mine.data.trim().slice(0, 30)} / ${yours.data.trim().slice(0, 30)}`)
            }))
            return [...found]
        }"""
    )


def untranslatable(page: Page, service: Service) -> list[str]:
    """What is wrong with a screen in the pseudo-language: words that are hard-coded, or do not fit from either side."""
    faults = hard_coded(page, _names(service))
    before = page.viewport_size
    page.set_viewport_size(SMALLEST)
    for direction in ("rtl", "ltr"):
        page.evaluate("direction => document.documentElement.dir = direction", direction)
        faults += [f"{direction}: {fault}" for fault in sideways(page) + overlaps(page)]
    if before is not None:
        page.set_viewport_size(before)
    return faults
