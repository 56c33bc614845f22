"""Two people, one review: one decides, the other is told who did, when and what; nobody decides on old facts."""

from threading import Barrier, Thread

import pytest

from monitor.care.kinds import Step
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import USUAL_PATHWAY, keep_text, shipped_text
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import AttemptOutcome, FlagKind
from monitor.flags.models import Flag
from monitor.flags.service import mark_seen, record_attempt
from monitor.people.models import StaffMember
from monitor.reviews.jobs import raise_due
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import Change, Seen
from monitor.reviews.service import DecisionRefused, FactsChanged, ReviewTaken, decide
from tests.builders import NOW, a_flag
from tests.reviews.ward import DAY, DEPARTING, GO_ON, HOUR, WEEK, Ward


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    ward = Ward(sessions, settings)
    ward.answers(12, 9, at=NOW - WEEK)
    return ward


def test_of_two_who_decide_at_once_one_wins_and_the_other_learns_what_was_decided(ward: Ward) -> None:
    read_to, gate = ward.reads(), Barrier(2)
    held: list[str] = []
    taken: list[tuple[str, object, Decision]] = []

    def attend(by: StaffMember) -> None:
        gate.wait()
        with unit_of_work(ward.sessions) as session:
            try:
                member = session.get_one(StaffMember, by.id)
                decide(session, ward.episode_id, GO_ON, by=member, now=NOW, read_to=read_to)
                held.append(by.name)
            except ReviewTaken as told:
                taken.append((told.review.decided_by.name, told.review.done_at, told.review.decision))

    both = [Thread(target=attend, args=(who,)) for who in (ward.clinician, ward.other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(held) == 1
    assert taken == [(held[0], NOW, Decision.CONTINUE)]
    assert len(ward.reviews()) == 1


def test_the_same_form_sent_twice_decides_once(ward: Ward) -> None:
    read_to = ward.reads()
    ward.decides(GO_ON, read_to=read_to)
    with pytest.raises(ReviewTaken):
        ward.decides(GO_ON, read_to=read_to)
    assert len(ward.reviews()) == 1


def test_answers_that_came_since_are_read_first(ward: Ward) -> None:
    read_to = ward.reads()
    ward.answers(20, 15, item9=2, at=NOW)
    with pytest.raises(FactsChanged) as told:
        ward.decides(GO_ON, at=NOW + HOUR, read_to=read_to)
    assert [(each.what, each.at) for each in told.value.changed] == [(Change.ANSWERED, NOW), (Change.FLAG, NOW)]
    assert ward.reviews() == []


def test_a_colleague_who_spoke_with_them_meanwhile_is_named(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        flag = a_flag(ward.care, FlagKind.NOT_IMPROVING)
        session.add(flag)
    read_to = ward.reads()
    with unit_of_work(ward.sessions) as session:
        member = session.get_one(StaffMember, ward.other.id)
        record_attempt(session, session.get_one(Flag, flag.id), member, AttemptOutcome.SPOKE_NOT_SETTLED, "Hm.", NOW)
    with pytest.raises(FactsChanged) as told:
        ward.decides(GO_ON, read_to=read_to)
    assert [(each.what, each.who) for each in told.value.changed] == [(Change.FLAG, "Daniel Hoxha")]


def test_another_date_meanwhile_is_told(ward: Ward) -> None:
    read_to = ward.reads()
    ward.review_is(NOW + 2 * DAY)
    with pytest.raises(FactsChanged) as told:
        ward.decides(GO_ON, read_to=read_to)
    assert [each.what for each in told.value.changed] == [Change.DATE]


def test_other_criteria_meanwhile_are_told(ward: Ward) -> None:
    read_to = ward.reads()
    text = shipped_text(USUAL_PATHWAY).replace("up_phq9 = 16", "up_phq9 = 12")
    with unit_of_work(ward.sessions) as session:
        version_id = keep_text(session, text, USUAL_PATHWAY, NOW)
        session.add(
            PathwayPublication(
                code=USUAL_PATHWAY,
                version_id=version_id,
                at=NOW,
                published_by_id=ward.other.id,
                signed_off_by_id=ward.clinician.id,
                words="Sooner.",
            )
        )
    with pytest.raises(FactsChanged) as told:
        ward.decides(GO_ON, read_to=read_to)
    assert [each.what for each in told.value.changed] == [Change.PATHWAY]
    review = ward.decides(GO_ON, deviation_reason=DEPARTING)
    assert (review.proposal, review.pathway_version_id) == (Decision.STEP_UP, version_id)


def test_that_somebody_read_a_flag_or_that_the_date_came_is_no_news_about_the_patient(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        flag = a_flag(ward.care, FlagKind.NOT_IMPROVING)
        session.add(flag)
    ward.review_is(NOW)
    read_to = ward.reads()
    raise_due(ward.sessions, lambda: NOW)
    with unit_of_work(ward.sessions) as session:
        member = session.get_one(StaffMember, ward.other.id)
        mark_seen(session, session.get_one(Flag, flag.id), member, NOW)
    ward.decides(GO_ON, read_to=read_to)
    assert len(ward.reviews()) == 1


@pytest.mark.parametrize("text", ["", "x", "~~~~~", "1~2~3~4~5~6", "a~b"])
def test_a_form_that_no_page_of_ours_made_decides_nothing(ward: Ward, text: str) -> None:
    with unit_of_work(ward.sessions) as session:
        member = session.get_one(StaffMember, ward.clinician.id)
        with pytest.raises((FactsChanged, DecisionRefused)):
            decide(session, ward.episode_id, GO_ON, by=member, now=NOW, read_to=Seen.from_text(text))
    assert ward.reviews() == []


def test_what_was_read_travels_in_one_line_and_comes_back(ward: Ward) -> None:
    ward.decides(GO_ON)
    assert Seen.from_text(ward.reads().as_text()) == ward.reads()
    assert ward.steps[-1].step is Step.TWO
