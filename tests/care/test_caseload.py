"""The weekly look at patients with a serious mental illness: who waits, what was seen, who is what to them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.care import roles
from monitor.care.caseload import Engagement, Housing, Look, Medication, Signs, record_look
from monitor.care.intake_models import CareRoleAssignment, CaseloadLook
from monitor.care.kinds import CareRole, Step
from monitor.care.models import Appointment, Episode
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.people.models import Role, StaffMember
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp, words

SERIOUS = "serious_mental_illness"
PATH = "/caseload"
SEEN = {
    "engagement": "in_touch",
    "medication": "as_agreed",
    "housing": "settled",
    "signs": "none_seen",
    "agreed": "Maren rings on Friday.",
}


class Ward:
    """The North team with Maren and Sven, the South team with Sofia."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.count = sessions, 0
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.sven = a_staff_member(session, self.team, "sven@example.org", name="Sven Lund")
            self.sofia = a_staff_member(session, self.other, "sofia@example.org", name="Sofia Berg")
            a_staff_member(session, self.team, "mia@example.org", name="Mia Roth", role=Role.MANAGER)
        self.app = StaffApp(settings, sessions)
        self.browser = self.app.browser("maren@example.org")

    def patient(self, name: str = "Noor", *, here: bool = True, pathway: str = SERIOUS, **values: Any) -> InCare:
        self.count += 1
        number = f"+4477009{self.count:05}"
        with unit_of_work(self.sessions) as session:
            team, owner = (self.team, self.maren) if here else (self.other, self.sofia)
            care = a_patient(session, team, owner, name=name, number=number, step=Step.THREE, **values)
            session.execute(sa.update(Episode).where(Episode.id == care.episode.id).values(pathway=pathway))
            return care

    def looked(self, care: InCare, at: datetime, by: StaffMember | None = None, **values: Any) -> None:
        seen = {
            "engagement": Engagement.IN_TOUCH,
            "medication": Medication.AS_AGREED,
            "housing": Housing.SETTLED,
            "signs": Signs.NONE_SEEN,
            "agreed": "Seen at home.",
            **values,
        }
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, care.episode.id)
            record_look(session, episode, Look(**seen), staff_member_id=(by or self.maren).id, now=at)

    def said(self, browser: Browser | None = None, **query: str) -> str:
        return (browser or self.browser).text(PATH, **query)

    def look(self, care: InCare, browser: Browser | None = None, **fields: str) -> Any:
        return (browser or self.browser).post(f"/patients/{care.patient.id}/caseload-look", **{**SEEN, **fields})

    def newest(self, care: InCare) -> str:
        with reading(self.sessions) as session:
            rows = sa.select(CaseloadLook.id).where(CaseloadLook.episode_id == care.episode.id)
            return str(session.scalars(rows.order_by(CaseloadLook.at.desc())).first() or "")

    def looks(self) -> list[Look]:
        with reading(self.sessions) as session:
            rows = session.scalars(sa.select(CaseloadLook).order_by(CaseloadLook.at))
            return [Look.model_validate_json(row.words) for row in rows]


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sessions, settings)


@pytest.fixture
def on_sqlite(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sqlite_sessions, settings)


def days(count: float) -> datetime:
    return NOW - timedelta(days=count)


def test_without_such_a_patient_the_page_says_so(on_sqlite: Ward) -> None:
    on_sqlite.patient("Lena", pathway="common_mental_health")

    said = on_sqlite.said()

    assert "No patient of yours is on a pathway with a weekly look." in said
    assert "Lena" not in said


def test_whoever_waits_longest_stands_first_and_it_is_said_in_words(ward: Ward) -> None:
    for name, last in (("Ana", 3), ("Ben", 9), ("Cem", 7), ("Dia", 0)):
        ward.looked(ward.patient(name), days(last))
    ward.patient("Eva", opened_at=days(12))
    ward.patient("Fay", opened_at=days(2))
    ward.patient("Gil", here=False)

    said = ward.said()

    assert [said.index(name) for name in ("Eva", "Ben", "Cem", "Ana", "Fay", "Dia")] == sorted(
        said.index(name) for name in ("Eva", "Ben", "Cem", "Ana", "Fay", "Dia")
    )
    for words_of_row in (
        "Not looked at yet, 12 days in care",
        "Not looked at for 9 days",
        "Not looked at for 7 days",
        "3 days ago",
        "Not looked at yet, 2 days in care",
        "Today",
        "6 patients",
        "3 not looked at in time",
    ):
        assert words_of_row in said
    assert "Gil" not in said


def test_six_days_and_23_hours_over_seven_nights_are_a_week_on_the_calendar(on_sqlite: Ward) -> None:
    on_sqlite.looked(on_sqlite.patient("Ana"), days(7) + timedelta(hours=3))
    on_sqlite.looked(on_sqlite.patient("Ben"), days(6) - timedelta(hours=9))

    assert "Not looked at for 7 days" in on_sqlite.said()
    assert "1 not looked at in time" in on_sqlite.said()


def test_a_row_shows_what_was_seen_and_what_the_program_knows(ward: Ward) -> None:
    care = ward.patient()
    ward.looked(
        care,
        days(2),
        engagement=Engagement.HARD_TO_REACH,
        medication=Medication.GAPS,
        housing=Housing.UNSETTLED,
        signs=Signs.SEEN,
        signs_words="Sleeps two hours.",
        by=ward.sven,
    )
    with unit_of_work(ward.sessions) as session:
        session.add(Appointment(episode_id=care.episode.id, starts_at=days(5), attended_at=days(5)))
        a_check_in(session, care, due_at=days(21), completed_at=days(21))
        for weeks in (14, 7):
            a_check_in(session, care, due_at=days(weeks), missed_at=days(weeks - 3))

    said = ward.said()

    for each in (
        "Hard to reach",
        "Gaps",
        "Unsettled",
        "Some were seen",
        "Sleeps two hours.",
        "Sven Lund",
        "Thu 19 Nov: appointment attended",
        "2 check-ins missed in a row",
        "Accountable Maren Okafor",
        "Lead clinician nobody yet",
    ):
        assert each in said, said


def test_a_look_is_recorded_sealed_and_in_the_trail(ward: Ward) -> None:
    care = ward.patient()

    page = ward.look(care, read_to="", signs="seen", signs_words="Sleeps two hours.")

    assert page.status_code == 303
    [look] = ward.looks()
    assert (look.engagement, look.signs_words, look.agreed) == (
        Engagement.IN_TOUCH,
        "Sleeps two hours.",
        "Maren rings on Friday.",
    )
    with ward.sessions() as session:
        [sealed] = session.scalars(sa.text("SELECT words FROM caseload_looks"))
    assert b"Friday" not in bytes(sealed)
    [entry] = ward.app.audit("caseload look recorded")
    assert (entry.actor_id, entry.subject_id) == (ward.maren.id, care.episode.id)
    assert "Not looked at" not in ward.said()


@pytest.mark.parametrize("field", ["engagement", "medication", "housing", "signs", "agreed"])
def test_a_look_with_a_part_left_out_keeps_what_was_typed(on_sqlite: Ward, field: str) -> None:
    care = on_sqlite.patient()

    page = on_sqlite.look(care, read_to="", signs_words="Sleeps two hours.", **{field: ""})

    assert page.status_code == 422
    assert f'id="{field}-fault"' in page.text
    assert "Sleeps two hours." in page.text
    assert on_sqlite.looks() == []


def test_signs_that_were_seen_are_named(on_sqlite: Ward) -> None:
    page = on_sqlite.look(on_sqlite.patient(), read_to="", signs="seen")

    assert page.status_code == 422
    assert "Say which signs were seen." in words(page)


def test_somebody_elses_look_meanwhile_is_shown_and_mine_is_kept_to_send_again(ward: Ward) -> None:
    care = ward.patient()
    ward.looked(care, days(8))
    read_to = ward.newest(care)
    ward.looked(care, days(0), ward.sven, agreed="Sven visits today.")

    refused = ward.look(care, read_to=read_to)

    assert refused.status_code == 409
    for each in ("Sven Lund recorded a look meanwhile", "Sven visits today.", "Maren rings on Friday."):
        assert each in words(refused)
    assert len(ward.looks()) == 2
    ward.app.wait(minutes=1)
    assert ward.look(care, read_to=ward.newest(care)).status_code == 303
    assert len(ward.looks()) == 3


def assign(ward: Ward, care: InCare, **fields: object) -> Any:
    return ward.browser.post(f"/patients/{care.patient.id}/care-roles", **fields)


def held(ward: Ward, care: InCare) -> dict[CareRole, str]:
    with reading(ward.sessions) as session:
        found = roles.current(session, [care.episode.id])[care.episode.id]
        return {role: row.staff_member.name for role, row in found.items()}


def test_care_roles_are_set_one_after_the_other_and_shown(ward: Ward) -> None:
    care = ward.patient()

    first = assign(ward, care, lead_clinician=ward.maren.id, was_lead_clinician="")
    ward.app.wait(minutes=1)
    second = assign(
        ward,
        care,
        lead_clinician=ward.sven.id,
        was_lead_clinician=ward.maren.id,
        coordinator=ward.maren.id,
    )

    assert (first.status_code, second.status_code) == (303, 303)
    assert held(ward, care) == {CareRole.LEAD_CLINICIAN: "Sven Lund", CareRole.COORDINATOR: "Maren Okafor"}
    assert "Lead clinician Sven Lund" in ward.said()
    assert "Medication oversight nobody yet" in ward.said()
    assert len(ward.app.audit("care role assigned")) == 3


def test_saving_the_same_people_again_writes_nothing(on_sqlite: Ward) -> None:
    care = on_sqlite.patient()
    assign(on_sqlite, care, coordinator=on_sqlite.sven.id)

    assert assign(on_sqlite, care, coordinator=on_sqlite.sven.id, was_coordinator=on_sqlite.sven.id).status_code == 303
    with reading(on_sqlite.sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CareRoleAssignment)) == 1


def test_a_care_role_changed_meanwhile_is_shown_and_not_overwritten(ward: Ward) -> None:
    care = ward.patient()
    assign(ward, care, coordinator=ward.sven.id)
    ward.app.wait(minutes=1)

    refused = assign(ward, care, coordinator=ward.maren.id, was_coordinator="")

    assert refused.status_code == 409
    assert "Somebody changed the roles meanwhile." in words(refused)
    assert held(ward, care) == {CareRole.COORDINATOR: "Sven Lund"}


@pytest.mark.parametrize("who", ["sofia", "nobody", "manager"])
def test_a_care_role_goes_only_to_somebody_who_cares_in_the_team(on_sqlite: Ward, who: str) -> None:
    with reading(on_sqlite.sessions) as session:
        manager = session.scalars(sa.select(StaffMember.id).where(StaffMember.role == Role.MANAGER)).one()
    holder = {"sofia": on_sqlite.sofia.id, "nobody": "x", "manager": manager}[who]
    care = on_sqlite.patient()

    assert assign(on_sqlite, care, coordinator=holder).status_code == 422
    assert held(on_sqlite, care) == {}


def test_the_service_refuses_it_too(on_sqlite: Ward) -> None:
    care = on_sqlite.patient()
    with unit_of_work(on_sqlite.sessions) as session:
        episode, maren = session.get_one(Episode, care.episode.id), on_sqlite.maren.id
        with pytest.raises(roles.NotACarer):
            roles.assign(session, episode, CareRole.COORDINATOR, on_sqlite.sofia.id, decided_by_id=maren, now=NOW)


def test_a_role_whose_holder_has_left_is_to_be_filled_again(on_sqlite: Ward) -> None:
    care = on_sqlite.patient()
    assign(on_sqlite, care, coordinator=on_sqlite.sven.id)
    with unit_of_work(on_sqlite.sessions) as session:
        session.execute(sa.update(StaffMember).where(StaffMember.id == on_sqlite.sven.id).values(ended_at=NOW))

    assert "Coordinator nobody yet" in on_sqlite.said()


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda ward: ward.patient(here=False),
        lambda ward: ward.patient(pathway="common_mental_health"),
        lambda ward: ward.patient(pathway="co_occurring_needs"),
    ],
    ids=["another team", "usual pathway", "pathway without a look"],
)
def test_a_look_at_anybody_else_finds_nobody(on_sqlite: Ward, elsewhere: Callable[[Ward], InCare]) -> None:
    care = elsewhere(on_sqlite)

    assert on_sqlite.look(care, read_to="").status_code == 404
    assert assign(on_sqlite, care, coordinator=on_sqlite.maren.id).status_code == 404
    assert on_sqlite.looks() == []


def test_a_manager_reads_and_records_nothing(on_sqlite: Ward) -> None:
    care = on_sqlite.patient()
    mia = on_sqlite.app.browser("mia@example.org")

    assert "Noor" in on_sqlite.said(mia, open=str(care.patient.id))
    assert "Record this look" not in on_sqlite.said(mia, open=str(care.patient.id))
    assert on_sqlite.look(care, mia, read_to="").status_code == 404


def test_looking_at_the_page_is_in_the_trail(on_sqlite: Ward) -> None:
    on_sqlite.patient()
    on_sqlite.said()

    assert [entry.subject_id for entry in on_sqlite.app.audit("viewed caseload")] == [on_sqlite.team.id]


def test_statements_do_not_grow_with_patients(ward: Ward) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(*arguments: Any) -> None:
            seen.append(arguments[2])

        engine = ward.sessions.kw["bind"]
        sa.event.listen(engine, "before_cursor_execute", note)
        ward.said()
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    ward.looked(ward.patient(), days(1))
    ward.said()
    with_one = statements()
    for number in range(5):
        ward.looked(ward.patient(f"P{number}"), days(number), ward.sven)

    assert statements() == with_one
