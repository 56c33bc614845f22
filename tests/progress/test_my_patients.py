"""A clinician's own patients: theirs and those of whoever they stand in for, the next review first."""

import re
from datetime import timedelta

import pytest

from monitor.care.models import Step
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.people.models import Absence, Role
from monitor.progress import my_patients
from tests.builders import NOW, InCare, a_patient, a_staff_member
from tests.flags.test_worklist import Floor, order
from tests.staff_browser import words


class Caseload(Floor):
    """The floor of the worklist, with reviews to come."""

    def in_care(self, name: str, *kinds: FlagKind, review: timedelta, whose: str = "maren") -> InCare:
        care = self.patient(name, *kinds, whose=whose)
        with unit_of_work(self.sessions) as session:
            episode = session.merge(care.episode)
            episode.next_review_at = NOW + review
        return care

    def away(self, who: str, cover: str, *, begins: timedelta = timedelta(hours=-1), **values) -> None:
        with unit_of_work(self.sessions) as session:
            session.add(
                Absence(
                    staff_member_id=getattr(self, who).id,
                    cover_id=getattr(self, cover).id,
                    recorded_by_id=self.maren.id,
                    from_at=NOW + begins,
                    until_at=NOW + timedelta(days=7),
                    **values,
                )
            )


@pytest.fixture
def floor(sqlite_sessions: Sessions, settings: Settings) -> Caseload:
    return Caseload(sqlite_sessions, settings)


def test_the_next_review_comes_first_and_colleagues_patients_are_not_there(
    sessions: Sessions, settings: Settings
) -> None:
    floor = Caseload(sessions, settings)
    floor.in_care("In a week", review=timedelta(days=7))
    floor.in_care("Past its date", FlagKind.NOT_IMPROVING, review=timedelta(days=-2))
    floor.in_care("Of Daniel", review=timedelta(days=1), whose="daniel")
    floor.in_care("Of Sven", review=timedelta(days=1), whose="sven")

    page = floor.maren_s.get("/patients")

    assert order(page.text) == ["Past its date", "In a week"]
    said = words(page)
    assert "overdue 2 days" in said
    assert "Not improving" in said
    assert "All · 2" in said
    assert "None yet" in said
    assert 'data-l="PHQ-9"' in page.text, "on a phone no row of titles says which score it is"
    assert 'data-l="Step"' not in page.text, "the name of a step says that it is one"
    assert len(floor.app.audit("viewed caseload")) == 1


def test_whoever_stands_in_sees_the_patients_too_and_for_whom(floor: Caseload) -> None:
    floor.in_care("Own", review=timedelta(days=7))
    floor.in_care("Covered", review=timedelta(days=1), whose="daniel")
    assert order(floor.maren_s.get("/patients").text) == ["Own"]

    floor.away("daniel", "maren")

    page = floor.maren_s.get("/patients")
    assert order(page.text) == ["Covered", "Own"]
    assert "for Daniel Hoxha, who is away" in words(page)


@pytest.mark.parametrize("values", [{"cancelled_at": NOW}, {"begins": timedelta(days=1)}])
def test_an_absence_that_was_cancelled_or_is_to_come_brings_nobody(floor: Caseload, values) -> None:
    floor.in_care("Covered", review=timedelta(days=1), whose="daniel")
    floor.away("daniel", "maren", **values)

    assert order(floor.maren_s.get("/patients").text) == []


def test_a_chain_of_absences_leads_to_whoever_is_there(floor: Caseload) -> None:
    with unit_of_work(floor.sessions) as session:
        floor.ida = a_staff_member(session, floor.team, "ida@example.org", name="Ida")
    floor.in_care("Of Daniel", review=timedelta(days=1), whose="daniel")
    floor.away("daniel", "ida")
    floor.away("ida", "maren")

    assert order(floor.maren_s.get("/patients").text) == ["Of Daniel"]
    assert order(floor.app.browser("ida@example.org").get("/patients").text) == []


def test_one_step_can_be_chosen(floor: Caseload) -> None:
    floor.in_care("Of step 2", review=timedelta(days=7))
    with unit_of_work(floor.sessions) as session:
        a_patient(session, floor.team, floor.maren, name="Of step 3", number="+447700900777", step=Step.THREE)
    browser = floor.maren_s

    said = browser.text("/patients")
    assert ("Step 2 · 1" in said, "Step 3 · 1" in said) == (True, True)
    assert order(browser.get("/patients", step="three").text) == ["Of step 3"]
    assert len(order(browser.get("/patients", step="nonsense").text)) == 2


def test_a_long_caseload_goes_on_behind_the_page(floor: Caseload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(my_patients, "SHOWN", 2)
    for day in range(1, 6):
        floor.in_care(f"Day {day}", review=timedelta(days=day))
    browser, seen = floor.maren_s, []

    address = "/patients"
    while address:
        page = browser.get(address).text
        seen += order(page)
        found = re.search(r'href="(/patients\?after=[^"]*)"', page)
        address = found[1] if found else ""

    assert seen == [f"Day {day}" for day in range(1, 6)]


def test_nobody_in_care_says_what_comes(floor: Caseload) -> None:
    said = floor.maren_s.text("/patients")

    assert "Nobody is in your care yet." in said
    assert "appears here at once" in said


def test_a_manager_outside_a_team_and_an_administrator_see_no_patients(floor: Caseload) -> None:
    with unit_of_work(floor.sessions) as session:
        a_staff_member(session, None, "admin@example.org", name="Sam", role=Role.ADMINISTRATOR)

    assert floor.app.browser("admin@example.org").get("/patients").status_code == 404
