"""Many reach for one slot in the same moment: one gets it, and everybody else learns who has it."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from monitor.care.kinds import Step
from monitor.care.middle_models import SlotBooking
from monitor.care.middle_slots import HasASlot, NoSuchSlot, SlotsInUse, SlotTaken, set_slots
from monitor.care.models import Episode
from monitor.db import Sessions, unit_of_work
from monitor.people.models import CareTeam, StaffMember
from monitor.reviews.bursts import begin, borrow
from tests.builders import NOW, InCare
from tests.care.clinic_of_slots import Clinic

MANY = 8
Told = tuple[str, str]
"""'got' or what was raised, and the patient whose slot it is."""


@pytest.fixture
def clinic(sessions: Sessions) -> Clinic:
    return Clinic(sessions, protected=1, open_to_all=1)


def begins(clinic: Clinic, care: InCare, slot: int) -> Callable[[], Told]:
    """What somebody does who begins a burst out of turn."""
    new = clinic.a_burst(slot, out_of_turn="They cannot wait until Monday.")

    def act() -> Told:
        with unit_of_work(clinic.sessions) as session:
            member = session.get_one(StaffMember, clinic.ines.id)
            episode = session.get_one(Episode, care.episode.id)
            return told(lambda: begin(session, episode, new, by=member, now=NOW))

    return act


def borrows(clinic: Clinic, care: InCare, slot: int) -> Callable[[], Told]:
    """What somebody does who borrows a slot for another step."""
    slot_id, until_on = clinic.slots()[slot - 1].id, NOW.date().replace(month=12)

    def act() -> Told:
        with unit_of_work(clinic.sessions) as session:
            member = session.get_one(StaffMember, clinic.maren.id)
            episode = session.get_one(Episode, care.episode.id)
            return told(lambda: borrow(session, episode, slot_id, until_on, "Nobody else is free.", by=member, now=NOW))

    return act


def told(act: Callable[[], SlotBooking]) -> Told:
    """What somebody is told about a slot, and whose it is then."""
    try:
        return "got", act().patient.preferred_name
    except (SlotTaken, HasASlot) as error:
        return type(error).__name__, error.booking.patient.preferred_name
    except NoSuchSlot:
        return "NoSuchSlot", ""


def at_once(*acts: Callable[[], Told]) -> list[Told]:
    """What came of several acts that began in the same moment: whoever got something first."""
    gate, found = Barrier(len(acts)), list[Told]()

    def attend(act: Callable[[], Told]) -> None:
        gate.wait()
        found.append(act())

    threads = [Thread(target=attend, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found, key=lambda each: each[0] != "got")


def test_the_last_slot_goes_to_one_of_eight_and_seven_learn_who_has_it(clinic: Clinic) -> None:
    people = [clinic.waits(f"P{number}") for number in range(MANY)]

    found = at_once(*(begins(clinic, care, slot=1) for care in people))

    winner = found[0][1]
    assert found == [("got", winner)] + [("SlotTaken", winner)] * (MANY - 1)
    assert [clinic.holder(care) is not None for care in people].count(True) == 1
    assert [clinic.wait_of(care) is None for care in people].count(True) == 1


def test_one_patient_gets_one_slot_whoever_gives_them_another(clinic: Clinic) -> None:
    care = clinic.patient(step=Step.TWO)

    found = at_once(*(borrows(clinic, care, slot) for slot in (1, 2)))

    assert found == [("got", "Oksana"), ("HasASlot", "Oksana")]


def test_a_burst_and_a_borrower_do_not_both_get_the_protected_slot(clinic: Clinic) -> None:
    waits, other = clinic.waits("Oksana"), clinic.patient("Dirk", Step.THREE)

    found = at_once(begins(clinic, waits, slot=1), borrows(clinic, other, slot=1))

    winner = found[0][1]
    assert found == [("got", winner), ("SlotTaken", winner)]
    assert (clinic.holder(waits) is None) != (clinic.holder(other) is None)


def test_a_slot_is_not_given_and_withdrawn_in_one_moment(clinic: Clinic) -> None:
    care = clinic.waits()

    def withdraws() -> Told:
        with unit_of_work(clinic.sessions) as session:
            try:
                set_slots(session, session.get_one(CareTeam, clinic.team.id), protected=0, open_to_all=1, now=NOW)
            except SlotsInUse:
                return "SlotsInUse", ""
        return "withdrawn", ""

    outcomes = {name for name, _ in at_once(begins(clinic, care, slot=1), withdraws)}

    assert outcomes in ({"got", "SlotsInUse"}, {"NoSuchSlot", "withdrawn"})
    assert (clinic.holder(care) is not None) == ("got" in outcomes)
    assert (1 in [each.number for each in clinic.slots()]) == ("got" in outcomes)
