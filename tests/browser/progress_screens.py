"""The screens of what happened beside the scores: as patients note it, and as staff read it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from monitor import workflows
from monitor.care import treatments
from monitor.care.kinds import Treatment
from monitor.care.models import Episode
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery
from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.people import life_events
from monitor.people.models import Patient
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.builders import NOW, InCare, a_check_in, answers

WORDS = {"ar": "انتقلنا إلى بيت جديد", "de": "Umzug in eine andere Stadt", "uk": "переїзд до іншого міста"}
WEEKS = ((17, 12), (15, 11), None, (12, 9), (11, 7))


def lived(visit: Visit, care: InCare, *, safety: int = 0) -> None:
    """Give somebody some weeks of check-ins, the newest of them today."""
    with unit_of_work(visit.service.sessions) as session:
        for ago, week in zip(range(len(WEEKS), 0, -1), WEEKS, strict=True):
            due = NOW - timedelta(weeks=ago)
            check_in = a_check_in(session, care, due_at=due, sequence=9)
            if week is None:
                check_in.missed_at = due + timedelta(days=6)
                continue
            said = Compared.WORSE if ago == 1 else None
            delivery = Delivery(new_id(), "en", Mode.LINK, known_device=True, compared=said)
            given = answers(*week, item9=safety if ago == 1 else 0)
            now = due + timedelta(hours=1)
            workflows.complete_check_in(session, check_in, given, delivery, settings=visit.service.settings, now=now)


def noted(visit: Visit, patient_id: Any) -> None:
    """Let somebody have noted two things."""
    first, today = (NOW - timedelta(days=59)).date(), NOW.date()
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, patient_id)
        for ago, words in ((30, WORDS.get(visit.language, "moved house, at last")), (1, "x" * life_events.LONGEST)):
            on = today - timedelta(days=ago)
            life_events.add(session, patient, on, words, first=first, today=today, now=NOW)


def own_progress(visit: Visit, *, safety: int = 0) -> None:
    """One's own page, with something noted on it."""
    asked = visit.asked()
    lived(visit, asked.care, safety=safety)
    noted(visit, asked.care.patient.id)
    visit.service.set_up(visit.page, asked.care.patient.id)
    visit.open("/me")


def after_safety(visit: Visit) -> None:
    own_progress(visit, safety=2)


def added(words: str) -> Callable[[Visit], None]:
    """What comes of adding something."""

    def go(visit: Visit) -> None:
        own_progress(visit)
        visit.page.click(".fold:has(form) summary")
        visit.page.fill("#words", words)
        visit.send_unchecked("button[value=add]")

    return go


def taken_away(visit: Visit) -> None:
    own_progress(visit)
    with visit.page.expect_navigation():
        visit.page.locator("button[value=remove]").first.click()


PATIENT_SCREENS = (
    Screen("what happened meanwhile", "patient/progress", "progress.show", own_progress),
    Screen("progress after a safety answer", "patient/progress", "progress.show", after_safety),
    Screen("something added", "patient/progress", "progress.show", added("a holiday")),
    Screen("something added without words", "patient/progress", "progress.show", added("")),
    Screen("something taken away", "patient/progress", "progress.show", taken_away),
)


# ---- the same for staff ----


def read_by_staff(path: str) -> Callable[[Visit], None]:
    """A page of somebody who noted two things, began a medicine and says that it goes worse."""

    def go(visit: Visit) -> None:
        asked = visit.asked()
        lived(visit, asked.care)
        noted(visit, asked.care.patient.id)
        with unit_of_work(visit.service.sessions) as session:
            episode, by = session.get_one(Episode, asked.care.episode.id), asked.care.clinician.id
            began = (NOW - timedelta(days=20)).date()
            treatments.start(session, episode, Treatment.ANTIDEPRESSANT, began, by=by, now=NOW)
        sign_in_as_clinician(visit, asked)
        visit.open(f"/staff/patients/{asked.care.patient.id}{path}")

    return go


def answers_with_a_word(visit: Visit) -> None:
    read_by_staff("")(visit)
    href = visit.page.locator("a[href*=submissions]").first.get_attribute("href") or ""
    visit.open(href)


STAFF_SCREENS = (
    Screen("record with what happened", "staff/record", "record.page", read_by_staff("")),
    Screen(
        "before the appointment, with what happened", "staff/before_session", "record.before", read_by_staff("/before")
    ),
    Screen("answers with their own word", "staff/submission", "record.submission", answers_with_a_word),
)
