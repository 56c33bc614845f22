"""`monitor team` and `monitor staff`: the first people of a service, and how their logins end."""

import shlex
from datetime import UTC, datetime, time, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from monitor.audit import AuditEntry
from monitor.care.intake_models import Handoff
from monitor.care.kinds import HandoffReason
from monitor.care.middle_models import MiddleSlot
from monitor.care.models import Episode
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.people.models import CareTeam, Role, SafetyCover, StaffMember, StaffSession, TeamMembership
from monitor.people.sign_in import email_hash
from tests.builders import InCare, a_flag, a_patient, a_staff_member, a_team
from tests.cli.program import Program, everything
from tests.integrity.aftercare import a_booking

MAREN, ROBIN = "maren@example.org", "robin@example.org"
ADD_TEAM = ("team", "add", "North team", "--zone", "Europe/London", "--country", "GB", "--phone", "+44 1632 960123")
ADD_MAREN = ("staff", "add", MAREN, "--name", "Maren Okafor", "--role", "clinician", "--team", "North team")
WORKING_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.fixture
def two_teams(sqlite_sessions: Sessions) -> None:
    """A team with a clinician, and another one."""
    with unit_of_work(sqlite_sessions) as session:
        a_staff_member(session, a_team(session, covered=False), MAREN)
        a_staff_member(session, a_team(session, "South team", covered=False), ROBIN)


def login_of(out: str) -> tuple[str, str]:
    """The password and the one-time-code secret that were printed."""
    (password, secret) = out.splitlines()
    return password.removeprefix("password").strip(), secret.removeprefix("TOTP secret").strip()


def covers(sessions: Sessions) -> dict[int, tuple[str, time, time]]:
    """Who reads safety answers on which weekday, and when."""
    with sessions() as session:
        found = session.execute(sa.select(SafetyCover, StaffMember).join(StaffMember)).all()
        assert len({cover.weekday for cover, _ in found}) == len(found)
        return {cover.weekday: (member.email, cover.opens, cover.closes) for cover, member in found}


def actions(sessions: Sessions) -> list[tuple[str, str]]:
    with sessions() as session:
        return [(entry.actor, entry.action) for entry in session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


def test_a_service_is_set_up_in_the_order_of_the_readme(program: Program, database_url: str) -> None:
    program.set(DATABASE_URL=database_url)
    lines = (
        ("migrate",),
        ADD_TEAM,
        ADD_MAREN,
        ("team", "cover", "North team", MAREN),
        ("staff", "add", "ada@example.org", "--name", "Ada", "--role", "administrator"),
        ("tick",),
        ("doctor",),
    )

    results = [program(*line) for line in lines]

    assert [(result.status, result.err) for result in results] == [(0, "")] * len(lines)


def test_a_new_team_is_kept_and_its_next_step_can_be_pasted(sqlite_service: Program, sqlite_sessions: Sessions) -> None:
    added = sqlite_service(
        *ADD_TEAM[:-3], "gb", *ADD_TEAM[-2:], "--weekdays", "Monday, friday", "--hours", "08:30-16:00"
    )

    assert (added.status, added.err) == (0, "")
    assert shlex.split(added.out.partition("until: monitor ")[2])[:3] == ["team", "cover", "North team"]
    with sqlite_sessions() as session:
        team = session.scalars(sa.select(CareTeam)).one()
        assert (team.name, team.country, team.phone) == ("North team", "GB", "+44 1632 960123")
        assert team.time_zone == team.service_hours["zone"] == "Europe/London"
        assert team.service_hours["week"] == {"monday": ["08:30", "16:00"], "friday": ["08:30", "16:00"]}
    assert actions(sqlite_sessions) == [("program", "team added")]


@pytest.mark.usefixtures("two_teams")
def test_a_login_is_printed_once_and_kept_sealed(sqlite_service: Program, sqlite_sessions: Sessions) -> None:
    new = ("staff", "add", "New@Example.org", "--name", "Noa Lind", "--role", "coordinator", "--language", "es")

    added = sqlite_service(*new, "--team", "North team", "--team", "South team", "--team", "North team")

    assert (added.status, added.err) == (0, "")
    password, secret = login_of(added.out)
    assert len(password) == 20
    assert pyotp.TOTP(secret).now().isdigit()
    with sqlite_sessions() as session:
        member = session.scalars(sa.select(StaffMember).where(StaffMember.role == Role.COORDINATOR)).one()
        assert (member.name, member.email, member.language) == ("Noa Lind", "New@Example.org", "es")
        assert PasswordHasher().verify(member.password_hash, password)
        assert member.totp_secret == secret
        assert sorted(each.care_team.name for each in member.memberships) == ["North team", "South team"]
    kept = str(everything(sqlite_sessions))
    for word in (password, secret, "Noa Lind", "New@Example.org", "new@example.org"):
        assert word not in kept
    again = sqlite_service(*new)
    assert password not in again.said


@pytest.mark.usefixtures("two_teams")
def test_a_reader_is_named_for_these_days_and_the_others_stay(
    sqlite_service: Program, sqlite_sessions: Sessions
) -> None:
    sqlite_service("team", "cover", "North team", MAREN)
    changed = sqlite_service(
        "team", "cover", "North team", ROBIN, "--weekdays", "tuesday,sunday", "--hours", "10:00-00:00"
    )

    assert (changed.status, changed.out, changed.err) == (0, "Safety answers of North team have a reader.\n", "")
    maren, robin = (MAREN, time(9), time(17)), (ROBIN, time(10), time(0))
    assert covers(sqlite_sessions) == {0: maren, 1: robin, 2: maren, 3: maren, 4: maren, 6: robin}
    assert actions(sqlite_sessions) == [("program", "safety cover set")] * 2


@pytest.mark.usefixtures("two_teams")
def test_an_ended_login_ends_everywhere_and_ending_it_again_changes_nothing_of_that(
    sqlite_service: Program, sqlite_sessions: Sessions
) -> None:
    now = datetime.now(UTC)
    with unit_of_work(sqlite_sessions) as session:
        for member in session.scalars(sa.select(StaffMember)):
            session.add(
                StaffSession(
                    staff_member_id=member.id,
                    token_hash=member.id.bytes * 2,
                    started_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )

    ended = sqlite_service("staff", "end", MAREN.upper())
    first = everything(sqlite_sessions)
    again = sqlite_service("staff", "end", MAREN)

    assert (
        (ended.status, ended.out, ended.err)
        == (again.status, again.out, again.err)
        == (0, "The login has ended.\n", "")
    )
    with sqlite_sessions() as session:
        for member in session.scalars(sa.select(StaffMember)):
            is_maren = member.email == MAREN
            [theirs] = session.scalars(sa.select(StaffSession).where(StaffSession.staff_member_id == member.id))
            [joined] = session.scalars(sa.select(TeamMembership).where(TeamMembership.staff_member_id == member.id))
            assert [each is not None for each in (member.ended_at, theirs.ended_at, joined.until_at)] == [is_maren] * 3
    assert {name for name, rows in everything(sqlite_sessions).items() if rows != first[name]} == {
        "audit_entries",
        "audit_head",
    }


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "a team of this name": (ADD_TEAM, "there is a team called 'North team' already"),
    "a team without a name": (("team", "add", " ", *ADD_TEAM[3:]), "NAME: write 1 to 80 characters"),
    "a name that is too long": (("team", "add", "N" * 81, *ADD_TEAM[3:]), "NAME: write 1 to 80 characters"),
    "a team without a number": (("team", "add", "East", *ADD_TEAM[3:-1], ""), "--phone: write 1 to 32 characters"),
    "a number that is too long": (
        ("team", "add", "East", *ADD_TEAM[3:-1], "0" * 33),
        "--phone: write 1 to 32 characters",
    ),
    "no time zone": (
        ("team", "add", "East", "--zone", "Nowhere", *ADD_TEAM[5:]),
        "'Nowhere' is not a time zone; write it as in Europe/London",
    ),
    "no country": (
        ("team", "add", "East", *ADD_TEAM[3:6], "ÄÖ", *ADD_TEAM[7:]),
        "--country: 'ÄÖ' is not two letters; write it as GB",
    ),
    "a country in full": (
        ("team", "add", "East", *ADD_TEAM[3:6], "GBR", *ADD_TEAM[7:]),
        "--country: 'GBR' is not two letters; write it as GB",
    ),
    "no weekday": (
        ("team", "add", "East", *ADD_TEAM[3:], "--weekdays", "monday,funday"),
        f"--weekdays: 'funday' is not a weekday; write {','.join(WORKING_WEEK)}",
    ),
    "no hours": (
        ("team", "add", "East", *ADD_TEAM[3:], "--hours", "9-17"),
        "--hours: '9-17' is not an opening and a closing time; write 09:00-17:00",
    ),
    "a team that closes before it opens": (
        ("team", "add", "East", *ADD_TEAM[3:], "--hours", "17:00-09:00"),
        "week.monday: closes at 09:00, not after it opens at 17:00",
    ),
    "slots of an unknown team": (
        ("team", "slots", "East", "--protected", "1", "--open", "0"),
        "there is no team called 'East'",
    ),
    "fewer slots than none": (
        ("team", "slots", "North team", "--protected", "-1", "--open", "0"),
        "Invalid value for '--protected': -1 is not in the range 0<=x<=200.",
    ),
    "cover of an unknown team": (("team", "cover", "East", MAREN), "there is no team called 'East'"),
    "cover by nobody we know": (
        ("team", "cover", "North team", "else@example.org"),
        "no staff member signs in with this e-mail",
    ),
    "cover that ends before it begins": (
        ("team", "cover", "North team", MAREN, "--hours", "17:00-09:00"),
        "week.monday: closes at 09:00, not after it opens at 17:00",
    ),
    "cover on no weekday": (
        ("team", "cover", "North team", MAREN, "--weekdays", ""),
        f"--weekdays: '' is not a weekday; write {','.join(WORKING_WEEK)}",
    ),
    "the same e-mail": (ADD_MAREN, "a staff member signs in with this e-mail already"),
    "the same e-mail in other letters": (
        ("staff", "add", MAREN.upper(), *ADD_MAREN[3:]),
        "a staff member signs in with this e-mail already",
    ),
    "staff of an unknown team": (
        ("staff", "add", "new@example.org", *ADD_MAREN[3:], "--team", "East"),
        "there is no team called 'East'",
    ),
    "no e-mail": (("staff", "add", "new", *ADD_MAREN[3:]), "EMAIL: this is not an e-mail address"),
    "no role": (
        ("staff", "add", "new@example.org", "--name", "Maren Okafor", "--role", "boss"),
        "Invalid value for '--role': 'boss' is not one of "
        "'clinician', 'coordinator', 'supervisor', 'manager', 'administrator'.",
    ),
    "a language that staff pages lack": (
        ("staff", "add", "new@example.org", *ADD_MAREN[3:], "--language", "pl"),
        "Invalid value for '--language': 'pl' is not one of 'en', 'es'.",
    ),
    "the end of nobody's login": (
        ("staff", "end", "else@example.org"),
        "no staff member signs in with this e-mail",
    ),
}


@pytest.mark.usefixtures("two_teams")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_kept(
    sqlite_service: Program, sqlite_sessions: Sessions, what: str
) -> None:
    line, complaint = REFUSED[what]
    before = everything(sqlite_sessions)

    refusal = sqlite_service(*line).refusal()

    assert refusal == complaint
    assert "@" not in refusal
    assert "Okafor" not in refusal
    assert everything(sqlite_sessions) == before


# ---- slots of the middle step ----


@pytest.mark.usefixtures("two_teams")
def test_slots_are_set_and_fewer_are_withdrawn(sqlite_service: Program, sqlite_sessions: Sessions) -> None:
    first = sqlite_service("team", "slots", "North team", "--protected", "2", "--open", "1")
    fewer = sqlite_service("team", "slots", "North team", "--protected", "1", "--open", "1")

    assert (first.status, first.out) == (0, "Slots of North team: 2 protected, 1 open. Numbers 1, 2, 3.\n")
    assert (fewer.status, fewer.out) == (0, "Slots of North team: 1 protected, 1 open. Numbers 1, 3.\n")
    assert actions(sqlite_sessions) == [("program", "middle-step slots set")] * 2


def test_a_slot_in_use_is_not_withdrawn(sqlite_service: Program, sqlite_sessions: Sessions, in_care: InCare) -> None:
    sqlite_service("team", "slots", "North team", "--protected", "1", "--open", "0")
    with unit_of_work(sqlite_sessions) as session:
        slot = session.scalars(sa.select(MiddleSlot)).one()
        session.add(a_booking(in_care, in_care.clinician, slot))
    before = everything(sqlite_sessions)

    refusal = sqlite_service("team", "slots", "North team", "--protected", "0", "--open", "4").refusal()

    assert refusal == "a slot in use cannot be withdrawn; in use: 1; end what they are used for first"
    assert everything(sqlite_sessions) == before


# ---- somebody leaves who has patients ----


@pytest.fixture
def in_care(sqlite_sessions: Sessions) -> InCare:
    """Two teams; a clinician of one of them has a patient and an open flag."""
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session, covered=False)
        care = a_patient(session, team, a_staff_member(session, team, MAREN))
        session.add(a_flag(care, FlagKind.NOT_IMPROVING))
        a_staff_member(session, team, ROBIN)
        a_staff_member(session, a_team(session, "South team", covered=False), "otto@example.org")
        a_staff_member(session, team, "mia@example.org", role=Role.MANAGER)
        return care


def test_nobody_leaves_patients_behind(sqlite_service: Program, sqlite_sessions: Sessions, in_care: InCare) -> None:
    before = everything(sqlite_sessions)

    left = sqlite_service("staff", "end", MAREN).refusal()

    assert left == "1 patient and 1 open flag: name somebody else of the same teams with --hand-over-to EMAIL"
    for name, why in (("otto@example.org", "in each team"), ("mia@example.org", "role"), (MAREN, "somebody else")):
        assert why in sqlite_service("staff", "end", MAREN, "--hand-over-to", name).refusal()
    assert "signs in with" in sqlite_service("staff", "end", MAREN, "--hand-over-to", "x@example.org").refusal()
    assert everything(sqlite_sessions) == before


def test_patients_and_flags_go_to_a_colleague_and_the_login_ends(
    sqlite_service: Program, sqlite_sessions: Sessions, in_care: InCare
) -> None:
    ended = sqlite_service("staff", "end", MAREN, "--hand-over-to", ROBIN)

    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "Handed over: 1 patient and 1 open flag.\nThe login has ended.\n"
    with sqlite_sessions() as session:
        [maren, robin] = [
            session.scalars(sa.select(StaffMember).where(StaffMember.email_hash == email_hash(email))).one()
            for email in (MAREN, ROBIN)
        ]
        assert maren.ended_at is not None
        assert session.get_one(Episode, in_care.episode.id).accountable_id == robin.id
        assert session.scalars(sa.select(Flag)).one().owner_id == robin.id
        handoff = session.scalars(sa.select(Handoff)).one()
        assert (handoff.from_id, handoff.to_id, handoff.decided_by_id) == (maren.id, robin.id, None)
        assert (handoff.reason, handoff.from_team_id) == (HandoffReason.DEPARTURE, handoff.to_team_id)
    assert actions(sqlite_sessions)[-3:] == [
        ("program", "episode handed over"),
        ("program", "flag handed_over"),
        ("program", "staff member ended"),
    ]


def test_whoever_has_nothing_to_hand_over_just_leaves(
    sqlite_service: Program, sqlite_sessions: Sessions, in_care: InCare
) -> None:
    assert sqlite_service("staff", "end", ROBIN).out == "The login has ended.\n"
