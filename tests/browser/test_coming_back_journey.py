"""Coming back after stepping down, by each of the three ways: the same step, the same clock, and one row on a list.

MONITOR_SCREENSHOTS=journeys keeps a picture of each stage in build/journeys, which is not part of the repository.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.checkins.planning import open_plan
from monitor.config import Settings
from monitor.db import unit_of_work
from monitor.demo.phone_network import PhoneNetwork
from monitor.flags.kinds import FlagKind, Rule
from monitor.i18n import LANGUAGES, translate
from monitor.messaging.hooks import blueprint as hooks
from monitor.messaging.keywords import Keyword, words_of
from monitor.people.models import Role, StaffMember
from monitor.progress.patient_step_words import NAMES as STEPS
from monitor.relapse.content import Sign, StayingWell
from monitor.relapse.kinds import How, SignKind
from monitor.relapse.models import Reentry
from tests.browser.north_clinic import COORDINATOR, Clinic, clinic, keep, press, said, sign_in
from tests.browser.service import DESK, PHONE, browsing
from tests.builders import NOW
from tests.invariants import broken
from tests.plans import CONTENT, SIGNS, an_agreed_plan, stepped_down

OWN_WORDS: Mapping[str, tuple[StayingWell, tuple[Sign, ...]]] = {
    "en": (CONTENT, SIGNS),
    "ar": (
        StayingWell(
            helped="المشي قبل العمل",
            first_sign="أخبر أختي وأعود إلى المشي في الصباح.",
            lapse="أتصل بالفريق في الأسبوع نفسه.",
            relapse="أطلب العودة ولا أنتظر الموعد القادم.",
            number=CONTENT.number,
            hours="من الاثنين إلى الجمعة، من 9 إلى 17",
        ),
        (
            Sign(words="أستيقظ قبل الفجر ولا أنام ثانية", kind=SignKind.BODY),
            Sign(words="أترك مكالمات أختي", kind=SignKind.BEHAVIOUR),
        ),
    ),
}
WAIT_DAYS = 3
DUE = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
"""The Friday at which the team closes: three working days after NOW, a Tuesday, as this plan has promised."""
RANG = "Rang at nine: sleep is going, and they would like to talk."
ComesBack = Callable[[Page, Page, Clinic, str], None]


@pytest.mark.parametrize(("language", "how"), [("en", How.TEXT), ("en", How.CALL), *(("ar", how) for how in How)])
def test_each_way_back_leads_to_the_agreed_step_with_its_clock(
    chromium: Browser,
    migrated_sqlite: Path,
    riverside_settings: Settings,
    database_folder: Path,
    language: str,
    how: How,
) -> None:
    with (
        clinic(migrated_sqlite, riverside_settings, database_folder, language) as north,
        browsing(chromium, north.service, viewport=DESK) as desk,
        browsing(chromium, north.service, viewport=PHONE, locale=LANGUAGES[language].html) as phone,
    ):
        # Given somebody who stepped down with a plan that differs from what the pathway would say
        goes_down(north, language)
        north.service.set_up(phone, north.care.patient.id)
        sign_in(desk, north.service, COORDINATOR)
        # When they come back
        WAYS[how](phone, desk, north, language)
        # Then the agreed step and the promised clock stand at once, however it was asked
        lands(north, how)
        # And the coordinator finds one row with the reason, the clock and the patient's own words
        on_the_list(desk, north, language, how)
        # And the patient reads the same on their phone, whichever way they took
        phone.goto(f"{north.service.address}/plan")
        shown = said(phone)
        assert translate(language, "You are coming back") in shown
        assert translate(language, STEPS[Step.THREE]) in shown
        assert phone.locator("button[value=back]").count() == 0
        assert phone.locator("html").get_attribute("dir") == LANGUAGES[language].direction
        keep(phone, f"{language}-back-by-{how}-3-phone")
        assert broken(north.service.sessions) == []


def goes_down(north: Clinic, language: str) -> None:
    """Step down a week ago, with a plan in the patient's own words."""
    content, signs = OWN_WORDS[language]
    with unit_of_work(north.service.sessions) as session:
        care = north.care
        session.add_all((care.episode, care.patient, care.clinician))
        owner = session.scalars(sa.select(StaffMember).where(StaffMember.role == Role.COORDINATOR)).one()
        promised = {"owner_id": owner.id, "back_to": Step.THREE, "wait_days": WAIT_DAYS}
        values = {"content": content, "signs": signs, **promised}
        stepped_down(session, care, an_agreed_plan(session, care, **values))


def by_the_page(phone: Page, desk: Page, north: Clinic, language: str) -> None:
    """One tap on the plan that is a tap away from the patient's own page."""
    phone.click("a[href='/plan']")
    phone.locator("button[value=back]").wait_for()
    keep(phone, f"{language}-back-by-page-1-before")
    press(phone, "button[value=back]")


def by_text(phone: Page, desk: Page, north: Clinic, language: str) -> None:
    """The word of their language, over the provider; the reply names the day and nothing of the plan."""
    service = north.service
    inbound = f"{service.address}{hooks.url_prefix}/text"
    network = PhoneNetwork(clock=lambda: service.now, inbound_url=inbound)
    [word, *_] = words_of(language, Keyword.COME_BACK)
    number = north.care.patient.number
    assert network.text_from(number, word) == 200
    [reply] = north.texts()
    content, signs = OWN_WORDS[language]
    for private in (*(sign.words for sign in signs), content.first_sign, content.helped):
        assert private not in reply
    assert "17:00" in reply
    assert "http" not in reply
    # And a second text changes nothing
    assert network.text_from(number, word) == 200


def by_staff(phone: Page, desk: Page, north: Clinic, language: str) -> None:
    """Whoever takes the call presses one button on the record, and has to say who rang."""
    desk.goto(north.record)
    desk.click("#aftercare ~ details:first-of-type summary")
    form = "form[action$='coming-back']"
    assert "Step 3" in said(desk, form)
    press(desk, f"{form} .go")
    assert "Write who called and what they said" in said(desk, "#faults")
    assert north.all(Reentry) == []
    keep(desk, f"{language}-back-by-call-1-refused")
    desk.fill("#words", RANG)
    press(desk, f"{form} .go")
    desk.wait_for_url(f"{north.record}?returned=1")
    came_back = desk.locator(".log li", has_text="Came back to: Step 3.").inner_text()
    assert RANG in came_back
    assert "Aisha Towpath" in came_back, "the words are of whoever took the call"
    keep(desk, f"{language}-back-by-call-2-record")


WAYS: Mapping[How, ComesBack] = {How.PAGE: by_the_page, How.TEXT: by_text, How.CALL: by_staff}


def lands(north: Clinic, how: How) -> None:
    """One return, one step, one flag; weekly check-ins again and a first review."""
    [reentry] = north.all(Reentry)
    assert (reentry.how, reentry.due_at) == (how, DUE)
    flags = north.open_flags()
    assert set(flags) == {FlagKind.RE_ENTRY}
    flag = flags[FlagKind.RE_ENTRY]
    assert flag.due_at == DUE
    assert flag.owner.name == "Aisha Towpath"
    assert [event.rule for event in flag.events] == [Rule.B1]
    with north.service.sessions() as session:
        episode = session.get_one(Episode, north.care.episode.id)
        assert [each.step for each in episode.steps] == [Step.TWO, Step.STEPPED_DOWN, Step.THREE]
        plan = open_plan(session, episode.id)
        assert plan is not None
        assert plan.every_weeks == 1
        assert episode.next_review_at is not None
        assert NOW < episode.next_review_at <= NOW + timedelta(weeks=8)


def on_the_list(desk: Page, north: Clinic, language: str, how: How) -> None:
    """The row on the worklist, and the flag on a page of its own."""
    service, content = north.service, OWN_WORDS[language][0]
    desk.goto(f"{service.address}/staff/")
    row = desk.locator("tr", has=desk.locator("a.name", has_text=north.care.patient.preferred_name))
    assert row.count() == 1
    assert "Came back" in row.inner_text()
    assert row.locator("time.due").get_attribute("datetime") == DUE.isoformat(timespec="minutes")
    keep(desk, f"{language}-back-by-{how}-1-worklist")
    desk.goto(f"{service.address}/staff/flags/{north.open_flags()[FlagKind.RE_ENTRY].id}")
    assert content.helped in said(desk)
    keep(desk, f"{language}-back-by-{how}-2-flag")
