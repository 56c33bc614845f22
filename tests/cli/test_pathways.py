"""`monitor pathway`: which version is in force, what is wrong with a file, what it would do, putting it in force."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.care.pathway_models import PathwayPublication, PathwayVersion
from monitor.care.pathways import shipped, shipped_text, version_id
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people.models import Role
from tests.builders import a_check_in, a_patient, a_staff_member, a_team
from tests.cli.program import Program, everything

USUAL = "common_mental_health"
TEXT = shipped_text(USUAL)
OURS = TEXT.replace('off = ["N2"]', 'off = ["N2"]\nmissed_review = 3\nmissed_high = 4', 1)
PEOPLE = ("--by", "maren@example.org", "--signed-off-by", "tomas@example.org")
WORDS = ("--words", "Three missed check-ins instead of two.")


def short(text: str) -> str:
    return str(version_id(text))[:8]


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A service's own file."""
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    return path


@pytest.fixture
def staffed(service: Program, sessions: Sessions) -> Program:
    """A service with Maren, Tomas who supervises, and a patient who missed two check-ins in a row."""
    now = datetime.now(UTC)
    with unit_of_work(sessions) as session:
        team = a_team(session)
        maren = a_staff_member(session, team)
        a_staff_member(session, team, "tomas@example.org", name="Tomas Berg", role=Role.SUPERVISOR)
        care = a_patient(session, team, maren, opened_at=now - timedelta(days=40))
        for days in (21, 14):
            due = now - timedelta(days=days)
            a_check_in(session, care, due_at=due, missed_at=due + timedelta(days=4))
    return service


def test_a_sound_file_is_called_sound_without_any_database(program: Program, ours: Path) -> None:
    result = program("pathway", "check", str(ours))

    assert (result.status, result.err) == (0, "")
    assert result.out == "ours.toml is sound: common_mental_health, 6 steps, 12 intake rules\n"


def test_every_fault_is_printed_with_its_line(program: Program, ours: Path) -> None:
    text = OURS.replace("first_review_days = 21", "first_review_days = 200").replace(
        "weeks = [4, 12]", "weeks = [12, 4]"
    )
    ours.write_text(text, encoding="utf-8")

    result = program("pathway", "check", str(ours))

    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines() == [
        "ours.toml:15: steps.one.first_review_days: must be at most 92; it is 200",
        "ours.toml:26: steps.two.weeks: write the shorter first, both 1 or more; it is [12, 4]",
        "monitor: 2 faults in ours.toml",
    ]


def test_a_file_that_is_no_text_is_refused_with_the_line(program: Program, ours: Path) -> None:
    ours.write_bytes(TEXT.encode().replace(b"Guided", b"Gef\xfchrt"))

    assert program("pathway", "check", str(ours)).refusal() == "ours.toml:20: this is not UTF-8; save the file as UTF-8"


def test_a_foreign_code_and_a_missing_file_are_refused(program: Program, ours: Path) -> None:
    ours.write_text(TEXT.replace(f'"{USUAL}"', '"our_own"'), encoding="utf-8")

    assert "a pathway keeps its code" in program("pathway", "check", str(ours)).refusal()
    assert "does not exist" in program("pathway", "check", str(ours) + "x").refusal()


def test_the_list_tells_what_is_in_force_and_since_when(staffed: Program, ours: Path) -> None:
    before = staffed("pathway", "list").out.splitlines()
    staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")
    after = staffed("pathway", "list").out.splitlines()

    assert before[0] == f"common_mental_health     {short(TEXT)}  comes with the program"
    assert len(before) == 3
    assert after[0].startswith(f"common_mental_health     {short(OURS)}  since 20")
    assert after[0].endswith("UTC: Three missed check-ins instead of two.")
    assert after[1:] == before[1:]


def test_a_pathway_is_shown_as_its_file_and_an_earlier_version_too(staffed: Program, ours: Path) -> None:
    staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")

    assert staffed("pathway", "show", USUAL).out == OURS
    assert staffed("pathway", "show", USUAL, "--version", short(TEXT)).out == TEXT
    refusal = staffed("pathway", "show", USUAL, "--version", "00000000").refusal()
    assert refusal == (f"--version: '00000000' is not a version of {USUAL}; known are {short(TEXT)}, {short(OURS)}")
    assert "there is no pathway 'nothing'" in staffed("pathway", "show", "nothing").refusal()


def test_a_trial_counts_what_the_last_days_would_have_raised_and_changes_nothing(
    staffed: Program, sessions: Sessions, ours: Path
) -> None:
    before = everything(sessions)

    read, parsed = staffed("pathway", "trial", str(ours)), staffed("pathway", "trial", str(ours), "--json")

    assert (read.status, read.err) == (0, "")
    assert "The last 90 days of 1 episode" in read.out
    document = json.loads(parsed.out)
    assert (document["code"], document["days"], document["episodes"]) == (USUAL, 90, 1)
    counts = list(document["rules"].values())
    assert sum(count["in_force"] for count in counts) > sum(count["file"] for count in counts)
    assert everything(sessions) == before


def test_publishing_shows_the_trial_and_waits_for_a_yes(staffed: Program, sessions: Sessions, ours: Path) -> None:
    before = everything(sessions)

    result = staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS)

    assert (result.status, result.err) == (0, "")
    assert "The last 90 days of 1 episode" in result.out
    assert result.out.endswith("Nothing is published. To put it in force, give the same command with --yes.\n")
    assert everything(sessions) == before


def test_with_a_yes_it_is_in_force(staffed: Program, sessions: Sessions, ours: Path) -> None:
    result = staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")

    assert (result.status, result.err) == (0, "")
    assert result.out.endswith(f"In force from now on: {USUAL}, version {short(OURS)}.\n")
    with sessions() as session:
        assert [row.version_id for row in session.scalars(sa.select(PathwayPublication))] == [version_id(OURS)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--by", "nobody@example.org", *PEOPLE[2:], *WORDS), "--by: no staff member signs in with this e-mail"),
        ((*PEOPLE[:2], "--signed-off-by", "maren@example.org", *WORDS), "ask a second person"),
        (("--by", "tomas@example.org", "--signed-off-by", "maren@example.org", *WORDS), "by a supervisor or a manager"),
        ((*PEOPLE, "--words", " "), "what is changed and why"),
    ],
)
def test_who_and_why_are_checked_before_anything_is_shown(
    staffed: Program, ours: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in staffed("pathway", "publish", str(ours), *arguments, "--yes").refusal()


def test_a_faulty_file_is_never_published(staffed: Program, sessions: Sessions, ours: Path) -> None:
    ours.write_text(OURS.replace("phq9 = 16", "phq9 = 61", 1), encoding="utf-8")

    result = staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")

    assert (result.status, result.out) == (2, "")
    assert "must be at most 27; it is 61" in result.err
    with sessions() as session:
        assert session.scalars(sa.select(PathwayPublication)).all() == []


def pathway_lines(program: Program) -> list[str]:
    return [line for line in program("doctor").out.splitlines() if f"pathway {USUAL}" in line]


def test_the_doctor_tells_whether_a_service_has_signed_its_pathways(staffed: Program, ours: Path) -> None:
    shipped_version = short(TEXT)
    assert pathway_lines(staffed) == [
        f"know    pathway {USUAL}: {shipped_version} as shipped; nobody here has signed it off"
    ]

    staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert pathway_lines(staffed) == [
        f"know    pathway {USUAL}: {short(OURS)}, signed off {today}; it differs from the shipped {shipped_version}"
    ]

    ours.write_text(TEXT, encoding="utf-8")
    staffed("pathway", "publish", str(ours), *PEOPLE, *WORDS, "--yes")
    assert pathway_lines(staffed) == [f"good    pathway {USUAL}: {shipped_version} as shipped, signed off {today}"]


def test_the_doctor_finds_a_version_in_force_that_this_program_cannot_read(
    staffed: Program, sessions: Sessions
) -> None:
    now, text = datetime.now(UTC), TEXT.replace("[clocks]", "[clokcs]")
    with unit_of_work(sessions) as session:
        maren = a_staff_member(session, None, "ada@example.org", name="Ada")
        session.add(PathwayVersion(id=version_id(text), code=USUAL, text=text, first_used_at=now))
        session.flush()
        session.add(
            PathwayPublication(
                id=new_id(),
                code=USUAL,
                version_id=version_id(text),
                at=now,
                published_by_id=maren.id,
                signed_off_by_id=maren.id,
                words="Written by an older program.",
            )
        )

    [line] = pathway_lines(staffed)

    assert line.startswith(f"mend    pathway {USUAL}: this program cannot read {short(text)}, which is in force")
    assert shipped(USUAL)
