"""Every screen that only the demonstration has, in English."""

from tests.browser.patient_screens import opened
from tests.browser.screens import Screen, Visit


def somebodys_phone(visit: Visit) -> None:
    visit.open("/demo/")
    visit.page.click('a[href*="/demo/device/"] >> nth=0')
    visit.page.wait_for_selector("main form")


SCREENS = (
    Screen("where to begin", "demo/start", "demo.start", opened("/demo/")),
    Screen("texts", "demo/texts", "demo.texts", opened("/demo/texts")),
    Screen("somebody's phone", "demo/device", "demo.device", somebodys_phone),
)
