"""What a patient does on a phone, in steps that journeys share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Page

from monitor.measures import catalogue

SAFETY = 9
"""Where the safety item stands: the last of the first measure, in every language."""


def wording(language: str) -> list[tuple[str, list[str]]]:
    """Every question of a check-in in a language, word for word, each with its answers."""
    asked, difficulty = [], []
    for instrument in (catalogue.load(code, language) for code in catalogue.offered(language)):
        labels = [option.label for option in instrument.options]
        asked += [(item, labels) for item in instrument.items]
        if instrument.difficulty and not difficulty:
            difficulty = [(instrument.difficulty.text, [option.label for option in instrument.difficulty.options])]
            asked += difficulty
    return asked


def wording_on(page: Page) -> list[tuple[str, list[str]]]:
    """Every question that a page asks, each with its answers but for "I'd rather not say"."""
    return [
        (field.locator("legend b").inner_text(), field.locator(".rows label").all_inner_texts())
        for field in page.locator("fieldset").all()
    ]


def tap_through(page: Page, answers: Mapping[int, int] | None = None) -> None:
    """Answer each question as it comes, the second answer unless another is given, up to the step with Send."""
    page.click("#start .btn")
    page.evaluate(
        """async answers => {
            const asked = document.querySelectorAll('fieldset').length
            for (let number = 1; number <= asked; number++) {
                document.querySelectorAll(`#q${number} .rows input`)[answers[number] ?? 1].click()
                const gone = new Promise(done => addEventListener('hashchange', done, {once: true}))
                document.querySelector('#next').click()
                await gone
            }
        }""",
        {str(number): value for number, value in (answers or {}).items()},
    )
    page.wait_for_selector("#send .btn:visible")


def choose_all(page: Page, answers: Mapping[int, int] | None = None, *, leave_open: int | None = None) -> None:
    """Answer each question of a page that shows them all at once, as it does without script."""
    for number in range(1, page.locator("fieldset").count() + 1):
        if number != leave_open:
            page.locator(f"#q{number} .rows label").nth((answers or {}).get(number, 1)).click()


@contextmanager
def replaced(page: Page) -> Iterator[None]:
    """Wait until what is done has put another document into the place of this one, by script or without."""
    page.evaluate("document.body.dataset.before = ''")
    yield
    page.wait_for_selector("body:not([data-before])")


def send(page: Page) -> None:
    """Send the answers."""
    page.click("#send .btn")
