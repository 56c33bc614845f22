"""Where the demonstration may live: in an empty database, or in its own; never in somebody else's."""

import shutil
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.demo.keys import NAMES, fresh_keys, keep_keys, keys_path, read_keys
from monitor.demo.storage import HoldsSomethingElse, build, open_empty_or_demo
from monitor.errors import ConfigurationError, DatabaseUnavailable
from monitor.people.models import CareTeam
from tests.builders import NOW, a_team


def at(settings: Settings, path: Path) -> Settings:
    """The settings with another database."""
    return settings.model_copy(update={"database_url": f"sqlite:///{path}"})


def test_a_new_database_is_made_ready_and_empty(settings: Settings, tmp_path: Path) -> None:
    sessions, is_empty = open_empty_or_demo(at(settings, tmp_path / "new.db"))
    sessions.kw["bind"].dispose()

    assert is_empty


def test_a_demonstration_is_opened_again(settings: Settings, tmp_path: Path, migrated_sqlite: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "kept.db")
    sessions, is_empty = open_empty_or_demo(at(settings, tmp_path / "kept.db"))
    assert is_empty
    build(sessions, settings, NOW, patients=1)
    sessions.kw["bind"].dispose()

    sessions, is_empty = open_empty_or_demo(at(settings, tmp_path / "kept.db"))
    sessions.kw["bind"].dispose()

    assert not is_empty


def test_a_service_with_people_of_its_own_is_left_alone(settings: Settings, sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        a_team(session, "A team of somebody else")
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)

    with pytest.raises(HoldsSomethingElse):
        open_empty_or_demo(settings.model_copy(update={"database_url": url}))

    with unit_of_work(sessions) as session:
        assert session.scalars(sa.select(CareTeam.name)).all() == ["A team of somebody else"]


def test_tables_of_another_program_are_left_alone(settings: Settings, database_url: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE invoices (number INTEGER)"))

    with pytest.raises(HoldsSomethingElse):
        open_empty_or_demo(settings.model_copy(update={"database_url": database_url}))

    assert sa.inspect(engine).get_table_names() == ["invoices"]
    engine.dispose()


def test_a_folder_that_is_not_there_is_said_in_one_line(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        open_empty_or_demo(at(settings, tmp_path / "nowhere" / "demo.db"))


def test_a_build_that_breaks_off_leaves_nothing(settings: Settings, sqlite_sessions: Sessions) -> None:
    def stop(moment: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(sqlite_sessions, settings, NOW, patients=1, passed=stop)

    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(CareTeam)).all() == []


def test_keys_are_kept_beside_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = keys_path(sa.make_url(f"sqlite:///{tmp_path / 'demo.db'}"))
    keys = fresh_keys()
    keep_keys(path, keys)

    assert path == tmp_path / "demo.db.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(path) == keys
    assert set(keys) == set(NAMES)
    assert keys != fresh_keys()


def test_keys_of_a_server_are_kept_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, second = (keys_path(sa.make_url(f"postgresql://somebody:word@somewhere/{name}")) for name in "ab")

    assert first.is_relative_to(tmp_path)
    assert first != second
    assert "word" not in str(first)


def test_keys_that_are_there_already_are_never_written_over(tmp_path: Path) -> None:
    keep_keys(tmp_path / "demo.db.keys", fresh_keys())

    with pytest.raises(ConfigurationError, match="cannot be kept"):
        keep_keys(tmp_path / "demo.db.keys", fresh_keys())


@pytest.mark.parametrize("text", ["", "[]", '{"MONITOR_SECRET_KEY": "only this"}'])
def test_a_damaged_key_file_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.db.keys").write_text(text)

    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_keys(tmp_path / "demo.db.keys")


def test_no_keys_are_no_error(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "demo.db.keys") is None
