"""The middle step in every state that staff can come to see: each in a team of one's own."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.kinds import MiddleReason, Step
from monitor.care.middle_slots import set_slots, slots
from monitor.care.middle_step import ask
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.db import unit_of_work
from monitor.people.models import CareTeam, StaffMember
from monitor.reviews.bursts import NewBurst, begin, borrow, lengthen
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.builders import a_patient
from tests.phones import Asked

FLAT = "Notice to leave the flat, and nobody to help with it."
PEOPLE = ("Oksana", "Dirk", "Rania", "Paulo", "Leila", "Samir", "Grace", "Valentina")
DAY = timedelta(days=1)


class Ward:
    """The people of a team of one's own, and what its clinician does for them, on some day."""

    def __init__(self, session: Session, team: CareTeam, member: StaffMember, now: datetime) -> None:
        self.session, self.team, self.member, self.now = session, team, member, now
        self.people: dict[str, Episode] = {}

    def enrol(self, first_number: int) -> None:
        """Take everybody in."""
        for number, name in enumerate(PEOPLE, start=first_number):
            care = a_patient(self.session, self.team, self.member, name=name, number=f"+4477{number:08}", language="uk")
            self.people[name] = care.episode

    def asks(self, name: str, days_ago: int, *reasons: MiddleReason) -> None:
        """Ask for the middle step."""
        episode, at = self.people[name], self.now - days_ago * DAY
        pathway = in_force(self.session, episode.pathway).pathway
        ask(self.session, episode, reasons, FLAT, pathway=pathway, by=self.member.id, now=at)

    def begins(self, name: str, slot: int, days_ago: int, weeks: int = 6, out_of_turn: str = "") -> None:
        """Begin the burst that was asked for."""
        way_out = Step.THREE if slot % 2 else Step.TWO
        words = "Back to guided self-help once the flat is settled."
        new = NewBurst(self.slot(slot), weeks, way_out, words, (1, 4), time(14), out_of_turn)
        begin(self.session, self.people[name], new, by=self.member, now=self.now - days_ago * DAY)

    def slot(self, number: int) -> UUID:
        """The id of a slot."""
        return slots(self.session, (self.team.id,))[number - 1].id


def staged(visit: Visit, stage: Callable[[Ward], None] | None = None, slots_of_each: int = 3) -> Asked:
    """Set a team's slots, let its clinician do something there, and sign them in."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        team = session.get_one(CareTeam, asked.care.team.id)
        member = session.get_one(StaffMember, asked.care.clinician.id)
        set_slots(session, team, protected=slots_of_each, open_to_all=slots_of_each, now=now - 40 * DAY)
        ward = Ward(session, team, member, now)
        ward.enrol(1000 * int(asked.care.patient.number[-4:]))
        if stage:
            stage(ward)
    sign_in_as_clinician(visit, asked)
    return asked


def busy(ward: Ward) -> None:
    """Four wait, three are in a burst, one of them past its end, and a slot is borrowed."""
    ward.asks("Leila", 30, MiddleReason.STEP_TWO_FAILED)
    ward.begins("Leila", 1, 29, weeks=4)
    ward.asks("Grace", 20, MiddleReason.FUNCTION_IMPAIRED)
    ward.begins("Grace", 4, 15, weeks=8)
    ward.asks("Rania", 12, MiddleReason.UNMET_NEEDS, MiddleReason.COORDINATOR_REQUEST)
    ward.asks("Samir", 10, MiddleReason.STEP_TWO_FAILED)
    ward.begins("Samir", 2, 8, out_of_turn="Rania is away until Monday.")
    lengthen(ward.session, ward.people["Samir"], 8, FLAT, time(14), by=ward.member, now=ward.now - DAY)
    ward.asks("Oksana", 1, MiddleReason.URGENT_NEED)
    ward.asks("Dirk", 6, MiddleReason.STEP_TWO_FAILED)
    ward.asks("Paulo", 0, MiddleReason.FUNCTION_IMPAIRED)
    borrow(
        ward.session,
        ward.people["Valentina"],
        ward.slot(3),
        (ward.now + 20 * DAY).date(),
        "Her therapist is ill for four weeks.",
        by=ward.member,
        now=ward.now,
    )


def overview(visit: Visit, query: str = "") -> None:
    staged(visit, busy)
    visit.open(f"/staff/middle-step{query}")


def empty(visit: Visit) -> None:
    staged(visit)
    visit.open("/staff/middle-step")


def without_slots(visit: Visit) -> None:
    staged(visit, slots_of_each=0)
    visit.open("/staff/middle-step")


def borrow_refused(visit: Visit) -> None:
    overview(visit)
    visit.page.locator("a[href*='slot='][href*='#borrow']").first.click()
    visit.send_unchecked(".lend button")


def of(visit: Visit, name: str, stage: Callable[[Ward], None] = busy) -> None:
    """Open the page of somebody of the team."""
    staged(visit, stage)
    visit.open("/staff/middle-step")
    visit.page.get_by_role("link", name=name, exact=True).click()


def nobody_asked(visit: Visit) -> None:
    asked = staged(visit)
    visit.open(f"/staff/patients/{asked.care.patient.id}/middle-step")


def waiting(visit: Visit) -> None:
    of(visit, "Dirk")


def waiting_refused(visit: Visit) -> None:
    of(visit, "Dirk")
    visit.send_unchecked("#begin ~ form .go")


def in_a_burst(visit: Visit) -> None:
    of(visit, "Grace")


def begun(visit: Visit) -> None:
    of(visit, "Oksana")
    visit.page.select_option("#exit_step", "two")
    visit.page.fill("#words", "Back to guided self-help.")
    for day in ("1", "4"):
        visit.page.check(f"[name=days][value='{day}']")
    visit.send_unchecked("#begin ~ form .go")


SCREENS = (
    Screen("middle step", "staff/middle_step", "middle.page", overview),
    Screen("middle step, nobody", "staff/middle_step", "middle.page", empty),
    Screen("middle step, no slots", "staff/middle_step", "middle.page", without_slots),
    Screen("slot not borrowed", "staff/middle_step", "bursting.lend", borrow_refused),
    Screen("asked for the middle step", "staff/middle_one", "middle.one", nobody_asked),
    Screen("waits for the middle step", "staff/middle_one", "middle.one", waiting),
    Screen("burst not begun", "staff/middle_one", "bursting.act", waiting_refused),
    Screen("burst begun", "staff/middle_one", "middle.one", begun),
    Screen("in a burst", "staff/middle_one", "middle.one", in_a_burst),
)
