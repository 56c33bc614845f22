"""What a screen is for the tests that look at every one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from monitor.db import reading
from monitor.i18n import LANGUAGES
from tests.browser.service import Service
from tests.phones import Asked, an_open_check_in


@dataclass(frozen=True)
class Visit:
    """A browser on its way to a screen, for somebody who reads a language."""

    page: Page
    service: Service
    language: str

    def open(self, path: str) -> None:
        """Open a page in the language."""
        mark = "&" if "?" in path else "?"
        before, hash_mark, after = path.partition("#")
        self.page.goto(f"{self.service.address}{before}{mark}lang={LANGUAGES[self.language].html}{hash_mark}{after}")

    def asked(self, **values: Any) -> Asked:
        """A patient of one's own with an open check-in: whoever answers it changes nothing for others."""
        return an_open_check_in(self.service.sessions, language=self.language, **values)

    def patient_id(self, first_name: str) -> str:
        """The id of a patient of the demonstration."""
        with reading(self.service.sessions) as session:
            return str(self.service.patient(session, first_name).id)

    def own_phone(self) -> Asked:
        """Make this browser the known phone of a patient of one's own."""
        asked = self.asked()
        self.service.set_up(self.page, asked.care.patient.id)
        return asked

    def send_unchecked(self, selector: str) -> None:
        """Press a button of a form whose fields the browser itself would first complain about."""
        self.page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
        with self.page.expect_navigation():
            self.page.click(selector)


@dataclass(frozen=True)
class Screen:
    """One state of one page: what a patient or a staff member can come to see."""

    name: str
    template: str
    """The last of what made the page, without its ending."""
    endpoint: str | None
    """The view that made it; None where no view did."""
    go: Callable[[Visit], None]
    who: str | None = None
    """The first name of the staff member who is signed in."""
