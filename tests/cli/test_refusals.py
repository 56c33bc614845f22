"""What a command says when it cannot work: one sentence that can be acted on, exit 2, and nothing has changed."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.db import Sessions, unit_of_work
from tests.cli.program import DATA_KEY, DEMO, Program, everything

OPENING = {
    "doctor": ("doctor",),
    "doctor, for machines": ("doctor", "--json"),
    "tick": ("tick",),
    "tick at a time": ("tick", "--at", "2026-12-01T09:00", "--json"),
    "team add": ("team", "add", "North", "--zone", "Europe/London", "--country", "GB", "--phone", "+441632960123"),
    "team cover": ("team", "cover", "North", "maren@example.org"),
    "staff add": ("staff", "add", "maren@example.org", "--name", "Maren Okafor", "--role", "clinician"),
    "staff end": ("staff", "end", "maren@example.org"),
}
"""Every command that opens the database of the settings as it is."""
ALL = {**OPENING, "migrate": ("migrate",)}

SETTINGS = {
    "no data key": ("DATA_KEYS", None, "Field required"),
    "no look-up key": ("LOOKUP_KEY", None, "Field required"),
    "no secret": ("SECRET_KEY", None, "Field required"),
    "a data key without its id": ("DATA_KEYS", DATA_KEY, "must look like k2:BASE64,k1:BASE64"),
    "half a data key": ("DATA_KEYS", f"k1:{DATA_KEY[:20]}", "must be base64 of 32 bytes"),
    "a garbled look-up key": ("LOOKUP_KEY", "hunter2!", "must be base64 of 32 bytes"),
    "a default secret": ("SECRET_KEY", "demo-secret-that-everybody-can-read", "is short or a default"),
    "a short secret": ("SECRET_KEY", "hunter2", "is short or a default"),
    "texts that go nowhere": ("GATEWAY", "console", "MONITOR_GATEWAY=console sends nothing"),
    "an address of no database": ("DATABASE_URL", "mysql://me:hunter2@db/monitor", "must look like sqlite:///"),
}


@pytest.mark.parametrize(
    ("command", "fault"),
    [*(("tick", fault) for fault in SETTINGS), *((command, "no data key") for command in ALL if command != "tick")],
)
def test_a_setting_that_is_missing_or_garbled_is_named_and_not_repeated(
    sqlite_service: Program, sqlite_sessions: Sessions, command: str, fault: str
) -> None:
    name, value, complaint = SETTINGS[fault]
    before = everything(sqlite_sessions)
    sqlite_service.set(**{name: value})

    refusal = sqlite_service(*ALL[command]).refusal()

    assert f"MONITOR_{name}" in refusal
    assert complaint in refusal
    assert value is None or name == "GATEWAY" or value not in refusal
    assert everything(sqlite_sessions) == before


def test_all_that_is_missing_is_named_at_once(program: Program) -> None:
    program.environment.clear()

    refusal = program("doctor").refusal()

    for name in ("PUBLIC_BASE_URL", "SECRET_KEY", "DATA_KEYS", "LOOKUP_KEY"):
        assert f"MONITOR_{name}: Field required" in refusal


def test_a_default_secret_is_good_enough_for_a_demonstration(sqlite_service: Program) -> None:
    sqlite_service.environment |= DEMO
    sqlite_service.set(SECRET_KEY="demo")

    assert sqlite_service("tick").status == 0


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
@pytest.mark.parametrize("command", ALL)
def test_a_database_that_does_not_answer_is_named_without_its_password(
    program: Program, tmp_path: Path, command: str, scheme: str
) -> None:
    place = tmp_path / "nowhere"
    urls = {"sqlite": f"sqlite:///{place}/monitor.db", "postgresql": f"postgresql://me:hunter2@/monitor?host={place}"}
    program.set(DATABASE_URL=urls[scheme])

    refusal = program(*ALL[command]).refusal()

    assert "nowhere" in refusal
    assert refusal.endswith("does not answer")
    assert "hunter2" not in refusal
    assert not place.exists()


@pytest.mark.parametrize("command", ALL)
def test_a_file_that_is_no_database_is_left_alone(program: Program, tmp_path: Path, command: str) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague, " * 100)
    program.set(DATABASE_URL=f"sqlite:///{letter}")

    assert "letter.txt does not answer" in program(*ALL[command]).refusal()
    assert letter.read_text() == "Dear colleague, " * 100


@pytest.mark.parametrize("command", OPENING)
def test_before_the_first_migration_every_command_says_which_one_comes_first(
    program: Program, tmp_path: Path, command: str
) -> None:
    program.set(DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")

    assert program(*OPENING[command]).refusal().endswith("run: monitor migrate")


@pytest.mark.parametrize("command", ALL)
def test_a_newer_database_is_refused_and_nobody_is_told_to_migrate_it(
    sqlite_service: Program, sqlite_sessions: Sessions, command: str
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = everything(sqlite_sessions)

    refusal = sqlite_service(*ALL[command]).refusal()

    assert "newer than this program" in refusal
    assert "monitor migrate" not in refusal
    assert everything(sqlite_sessions) == before


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nothing", "No such command 'nothing'"),
        ("tick --at", "Option '--at' requires an argument"),
        ("doctor --nothing", "No such option"),
        ("staff end", "Missing argument 'EMAIL'"),
        ("team add North", "Missing option"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_before_anything_is_opened(
    program: Program, line: str, complaint: str
) -> None:
    program.environment.clear()

    assert complaint in program(*line.split()).refusal()
