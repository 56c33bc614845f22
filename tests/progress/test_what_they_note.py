"""What happened to somebody, noted on their own progress page: seen by them and by their team, and taken away again."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from monitor.audit import AuditEntry
from monitor.care import treatments
from monitor.care.kinds import Treatment
from monitor.care.models import CloseReason, Episode, Step, StepAssignment
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people import life_events
from monitor.people.life_models import LifeEvent
from monitor.people.models import Patient
from monitor.progress.happened import Happened, Kind, happened
from tests.builders import NOW, InCare
from tests.phones import Phone, every_row
from tests.progress.test_patient_page import lived_through, own_phone
from tests.progress.test_staff_page import Course

TODAY = NOW.date()
WEEKS = [(17, 11), (14, 11), (9, 10)]


@pytest.fixture
def care(sqlite_sessions: Sessions, settings: Settings) -> InCare:
    return lived_through(sqlite_sessions, settings, [*WEEKS])


@pytest.fixture
def phone(sqlite_sessions: Sessions, settings: Settings, care: InCare) -> Phone:
    return own_phone(sqlite_sessions, settings, care)


def add(phone: Phone, words: str = "moved house", on: date | str = TODAY, path: str = "/me"):
    return phone.post(path, {"do": "add", "words": words, "on": str(on)})


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page[page.index("<main>") :]).split())


def test_what_is_noted_stands_on_the_page_with_its_number(sessions: Sessions, settings: Settings) -> None:
    care = lived_through(sessions, settings, [*WEEKS])
    phone = own_phone(sessions, settings, care)

    reply = add(phone, on=TODAY - timedelta(days=9))

    assert reply.status_code == 303
    page = phone.get(reply.headers["Location"]).text
    assert "Saved." in page
    assert "15 November: moved houseYou added this." in text(page)
    assert "Your team sees it too" in page
    assert ">1</text>" in page


def test_it_can_be_taken_away_again(phone: Phone, sqlite_sessions: Sessions) -> None:
    add(phone)
    event = re.search(r'name="event" value="([^"]+)"', phone.get("/me").text)
    assert event is not None

    for _ in range(2):  # a button that is pressed twice
        assert phone.post("/me", {"do": "remove", "event": event[1]}).status_code == 303

    assert "moved house" not in phone.get("/me").text
    with unit_of_work(sqlite_sessions) as session:
        actions = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.subject == "life_event")).all()
    assert sorted(actions) == ["added life event", "removed life event"]


@pytest.mark.parametrize(
    ("words", "on", "said"),
    [
        ("", TODAY, "Please write a few words: at most 60 letters."),
        ("x" * 61, TODAY, "Please write a few words: at most 60 letters."),
        ("a holiday", TODAY + timedelta(days=1), "Please choose a day from 25 September until today."),
        ("a holiday", date(2026, 9, 24), "Please choose a day from 25 September until today."),
        ("a holiday", "yesterday", "Please choose a day from 25 September until today."),
        ("a holiday", "", "Please choose a day from 25 September until today."),
    ],
)
def test_what_does_not_fit_is_asked_for_once_more_with_what_was_typed(
    phone: Phone, sqlite_sessions: Sessions, words: str, on: date | str, said: str
) -> None:
    before = every_row(sqlite_sessions)

    reply = add(phone, words, on)

    assert reply.status_code == 422
    assert "<title>Error: My progress</title>" in reply.text
    assert text(reply.text).count(said) == 2, "above, and at the field"
    assert f'value="{words}"' in reply.text
    assert re.search(r"<details class=\"fold\" open>", reply.text)
    assert every_row(sqlite_sessions) == before


def test_a_day_typed_in_arabic_digits_is_a_day(phone: Phone, sqlite_sessions: Sessions) -> None:
    add(phone, on="٢٠٢٦-١١-٢٠")

    with unit_of_work(sqlite_sessions) as session:
        assert session.scalar(sa.select(LifeEvent.happened_on)) == date(2026, 11, 20)


def test_a_full_page_says_that_one_must_go_first(phone: Phone) -> None:
    for number in range(life_events.MOST):
        add(phone, f"day {number}")

    reply = add(phone, "one more")

    assert reply.status_code == 422
    assert "There is room for 20. Please take one away first." in text(reply.text)


@pytest.mark.parametrize("form", [{}, {"do": "stop"}, {"do": "remove"}, {"do": "remove", "event": "x"}])
def test_a_form_that_is_not_ours_changes_nothing(phone: Phone, sqlite_sessions: Sessions, form: dict[str, str]) -> None:
    before = every_row(sqlite_sessions)

    assert phone.post("/me", form).status_code == 400
    assert every_row(sqlite_sessions) == before


def test_the_page_keeps_its_language_and_its_length(phone: Phone) -> None:
    place = add(phone, path="/me?lang=ar&all=1").headers["Location"]

    assert "lang=ar" in place
    assert "all=1" in place
    assert "moved" not in place, "no words in an address"


def test_whoever_is_not_in_care_notes_nothing(phone: Phone, care: InCare, sqlite_sessions: Sessions) -> None:
    with unit_of_work(sqlite_sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        episode.closed_at, episode.close_reason = NOW, CloseReason.COMPLETED

    assert add(phone).status_code == 303
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(LifeEvent)).all() == []


def test_the_page_calls_their_care_by_plain_words(care: InCare, phone: Phone, sqlite_sessions: Sessions) -> None:
    with unit_of_work(sqlite_sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        step = episode.steps[0]
        session.add(
            StepAssignment(
                episode_id=episode.id,
                step=Step.THREE,
                from_at=NOW - timedelta(days=5),
                decided_by_id=step.decided_by_id,
                pathway_version_id=step.pathway_version_id,
                patient_id=care.patient.id,
                proposed_step=Step.THREE,
            )
        )
        began = TODAY - timedelta(days=12)
        treatments.start(session, episode, Treatment.ANTIDEPRESSANT, began, by=step.decided_by_id, now=NOW)

    said = text(phone.get("/me").text)

    assert "12 November: Your medicine began" in said
    assert "19 November: Your step: More intensive help" in said
    assert "You added this." not in said


# ---- what happened, as facts ----


def facts(sessions: Sessions, care: InCare) -> list[Happened]:
    with unit_of_work(sessions) as session:
        found = happened(session, session.get_one(Episode, care.episode.id), "Europe/London")
        return [each for each in found if each.kind is not Kind.STEP]


def test_a_treatment_that_was_corrected_began_once_and_one_that_stopped_ended(sessions: Sessions) -> None:
    care = lived_through(sessions, None, [])  # type: ignore[arg-type]  # nothing is answered
    with unit_of_work(sessions) as session:
        episode, by = session.get_one(Episode, care.episode.id), care.clinician.id
        for ago in (20, 15):
            on = TODAY - timedelta(days=ago)
            treatments.start(session, episode, Treatment.PSYCHOLOGICAL, on, by=by, now=NOW - timedelta(days=ago))
        treatments.stop(session, episode, Treatment.PSYCHOLOGICAL, by=by, now=NOW)

    assert [(each.on, each.kind) for each in facts(sessions, care)] == [
        (TODAY - timedelta(days=15), Kind.TREATMENT_BEGAN),
        (TODAY, Kind.TREATMENT_ENDED),
    ]


def test_what_was_noted_outside_an_episode_is_not_part_of_it(care: InCare, sqlite_sessions: Sessions) -> None:
    with unit_of_work(sqlite_sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        early, late = TODAY - timedelta(days=100), TODAY - timedelta(days=1)
        for on in (early, late):
            life_events.add(session, patient, on, "a holiday", first=early, today=TODAY, now=NOW)

    assert [each.on for each in facts(sqlite_sessions, care)] == [late]


# ---- what staff see of it ----


class Noted(Course):
    """Noor, who has answered twice and noted something in between."""

    def fill(self) -> None:
        self.answers(3, {("phq9", item): 1 for item in range(1, 9)} | {("phq9", 9): 0})
        self.answers(1, {("phq9", item): 1 for item in range(1, 9)} | {("phq9", 9): 0}, compared=Compared.WORSE)
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, self.noor.patient.id)
            on, first = TODAY - timedelta(days=14), TODAY - timedelta(days=70)
            life_events.add(session, patient, on, "<i>moved</i> house", first=first, today=TODAY, now=NOW)

    def page(self, path: str = "") -> str:
        return self.maren_s.get(f"/patients/{self.noor.patient.id}{path}").text


@pytest.fixture
def noted(sqlite_sessions: Sessions, settings: Settings) -> Noted:
    noted = Noted(sqlite_sessions, settings)
    noted.fill()
    return noted


def test_staff_read_what_was_noted_as_text_in_the_chart_and_in_the_table(noted: Noted) -> None:
    page = noted.page()

    assert page.count("<q><bdi>&lt;i&gt;moved&lt;/i&gt; house</bdi></q>") == 2
    assert ">Life</text>" in page
    assert "moved</i>" not in page


def test_staff_read_how_they_say_it_goes_beside_what_the_score_did(noted: Noted) -> None:
    said = "Says worse; the score is about the same as last time."
    with noted.sessions() as session:
        submission = session.scalars(sa.select(Submission).order_by(Submission.submitted_at.desc())).first()

    assert f"How they say it goes:</span> {said}" in noted.page()
    assert f"<dt>How they say it goes</dt><dd>{said}" in noted.page(f"/submissions/{submission.id}")
    assert f"How they say it goes:</span> Tue 17 Nov: {said}" in noted.page("/before")
    assert "&lt;i&gt;moved" in noted.page("/before")


def test_how_they_say_it_goes_opens_no_flag_and_closes_none(noted: Noted) -> None:
    flags = every_row(noted.sessions)["flags"]

    noted.answers(0, {("phq9", item): 1 for item in range(1, 9)} | {("phq9", 9): 0}, compared=Compared.WORSE)

    assert every_row(noted.sessions)["flags"] == flags


# ---- on paper ----


def test_half_a_year_with_all_that_happened_prints_on_one_sheet(
    sqlite_sessions: Sessions, settings: Settings, chromium: Browser
) -> None:
    weeks = [(17 - week // 2, 14 - week // 2) for week in range(26)]
    care = lived_through(sqlite_sessions, settings, [*weeks])
    phone = own_phone(sqlite_sessions, settings, care)
    for ago in range(8):
        add(phone, "a day to remember, with all of the family", TODAY - timedelta(days=7 * ago))

    tab = chromium.new_page()
    tab.set_content(phone.get("/me").text)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    printed = tab.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "1cm"))
    tab.close()

    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]
