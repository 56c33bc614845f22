"""A service's own version of a pathway: sound, signed off by a second person, and nobody left without a step."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.care.pathway_loading import InvalidPathway
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import in_force, shipped, shipped_text, version, version_id
from monitor.care.publication import NotPublished, Proposed, check, publish
from monitor.db import Sessions, reading, unit_of_work
from monitor.people.models import Role, StaffMember
from tests.builders import NOW, a_patient, a_staff_member, a_team

USUAL = "common_mental_health"
TEXT = shipped_text(USUAL)
OURS = TEXT.replace("first_review_days = 21", "first_review_days = 14")


class Service:
    """Maren makes changes, Tomas supervises, Mia manages."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.maren = a_staff_member(session, self.team)
            self.tomas = a_staff_member(session, self.team, "tomas@example.org", name="Tomas", role=Role.SUPERVISOR)
            self.mia = a_staff_member(session, self.team, "mia@example.org", name="Mia", role=Role.MANAGER)
        self.proposed = Proposed(OURS, self.maren, self.tomas, "Reviewed a week sooner.", "ours.toml")

    def publish(self, days: int = 0, **changes: object) -> PathwayPublication:
        with unit_of_work(self.sessions) as session:
            return publish(session, replace(self.proposed, **changes), NOW + timedelta(days=days))

    def in_force(self) -> str:
        with reading(self.sessions) as session:
            return str(in_force(session, USUAL).version_id)


@pytest.fixture
def service(sessions: Sessions) -> Service:
    return Service(sessions)


@pytest.fixture
def on_sqlite(sqlite_sessions: Sessions) -> Service:
    return Service(sqlite_sessions)


def test_a_published_version_is_in_force_at_once_and_names_both_people(service: Service) -> None:
    done = service.publish()

    assert service.in_force() == str(done.version_id) == str(version_id(OURS))
    assert (done.published_by_id, done.signed_off_by_id) == (service.maren.id, service.tomas.id)
    with reading(service.sessions) as session:
        assert in_force(session, USUAL).pathway.plan(Step.ONE).first_review_days == 14
        assert not in_force(session, USUAL).is_shipped
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence))
        assert [(entry.action, entry.actor_id) for entry in entries] == [
            ("pathway published", service.maren.id),
            ("pathway signed off", service.tomas.id),
        ]


def test_the_newest_counts_and_an_older_one_stays_readable(service: Service) -> None:
    first = service.publish()
    second = service.publish(1, text=TEXT, words="Back to the file that comes with the program.")

    assert service.in_force() == str(second.version_id) == str(shipped(USUAL).version_id)
    with reading(service.sessions) as session:
        assert version(session, first.version_id).plan(Step.ONE).first_review_days == 14


def test_another_pathway_is_left_as_it_was(on_sqlite: Service) -> None:
    on_sqlite.publish()

    with reading(on_sqlite.sessions) as session:
        assert in_force(session, "co_occurring_needs").is_shipped


def test_a_manager_signs_off_too(on_sqlite: Service) -> None:
    assert on_sqlite.publish(signed_off_by=on_sqlite.mia).signed_off_by_id == on_sqlite.mia.id


def test_a_faulty_file_is_refused_and_the_one_before_stays_in_force(service: Service) -> None:
    before = service.publish().version_id

    with pytest.raises(InvalidPathway, match=r"^ours\.toml:\d+: steps\.one\.first_review_days: must be at most 92"):
        service.publish(1, text=OURS.replace("first_review_days = 14", "first_review_days = 140", 1))

    assert service.in_force() == str(before)


def test_nobody_signs_off_their_own_change(on_sqlite: Service) -> None:
    with pytest.raises(NotPublished, match="ask a second person"):
        on_sqlite.publish(published_by=on_sqlite.tomas)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.COORDINATOR, Role.ADMINISTRATOR])
def test_only_a_supervisor_or_a_manager_signs_off(on_sqlite: Service, role: Role) -> None:
    with unit_of_work(on_sqlite.sessions) as session:
        signer = a_staff_member(session, on_sqlite.team, "ada@example.org", name="Ada", role=role)

    with pytest.raises(NotPublished, match="by a supervisor or a manager"):
        on_sqlite.publish(signed_off_by=signer)


@pytest.mark.parametrize("who", ["maren", "tomas"])
def test_somebody_who_has_left_neither_publishes_nor_signs(on_sqlite: Service, who: str) -> None:
    with unit_of_work(on_sqlite.sessions) as session:
        member = session.get_one(StaffMember, getattr(on_sqlite, who).id)
        member.ended_at = NOW

    with pytest.raises(NotPublished, match="one of these logins has ended"):
        on_sqlite.publish(**{"maren": {"published_by": member}, "tomas": {"signed_off_by": member}}[who])


def test_a_pathway_keeps_its_code(on_sqlite: Service) -> None:
    with pytest.raises(NotPublished, match=r"one of common_mental_health, .*; this file says our_own"):
        on_sqlite.publish(text=OURS.replace(f'code = "{USUAL}"', 'code = "our_own"'))


@pytest.mark.parametrize("words", ["", "  ", "x" * 401])
def test_what_is_changed_and_why_is_said_in_words(on_sqlite: Service, words: str) -> None:
    with pytest.raises(NotPublished, match="what is changed and why"):
        on_sqlite.publish(words=words)


def test_a_version_that_is_in_force_is_not_published_twice(on_sqlite: Service) -> None:
    on_sqlite.publish()

    with pytest.raises(NotPublished, match="in force already"):
        on_sqlite.publish(1)


def test_a_service_may_sign_off_the_file_that_comes_with_the_program(on_sqlite: Service) -> None:
    assert on_sqlite.publish(text=TEXT).version_id == shipped(USUAL).version_id


def without_middle() -> str:
    begin, end = TEXT.index("[steps.middle]"), TEXT.index("[steps.three]")
    text = TEXT[:begin] + TEXT[end:]
    return text.replace('escalates_to = "middle"', 'escalates_to = "three"').replace('"middle"', '"three"')


def test_a_step_on_which_patients_stand_is_not_left_out(service: Service) -> None:
    with unit_of_work(service.sessions) as session:
        for number, (step, pathway, closed) in enumerate(
            [
                (Step.MIDDLE, USUAL, False),
                (Step.MIDDLE, USUAL, False),
                (Step.TWO, USUAL, False),
                (Step.MIDDLE, USUAL, True),
                (Step.MIDDLE, "co_occurring_needs", False),
            ]
        ):
            care = a_patient(session, service.team, service.maren, number=f"+44770090{number:04}", step=step)
            care.episode.pathway = pathway
            if closed:
                care.episode.closed_at, care.episode.close_reason = NOW, "completed"

    with pytest.raises(NotPublished, match="on which patients stand: 2 patients on step middle; keep it"):
        service.publish(text=without_middle())

    with unit_of_work(service.sessions) as session:
        open_here = Episode.closed_at.is_(None), Episode.pathway == USUAL
        session.execute(sa.update(Episode).where(*open_here).values(closed_at=NOW, close_reason="completed"))
    assert service.publish(text=without_middle())


def test_checking_changes_nothing(on_sqlite: Service) -> None:
    with reading(on_sqlite.sessions) as session:
        assert check(session, on_sqlite.proposed).code == USUAL

    assert on_sqlite.in_force() == str(shipped(USUAL).version_id)
