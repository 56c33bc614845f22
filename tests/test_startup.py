"""The program serves only from a database that answers and that has this program's tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor import Surface, compose, create_app
from monitor.config import Settings
from monitor.db import Sessions, keyring, make_engine
from monitor.errors import DatabaseUnavailable, MigrationPending
from monitor.startup import open_database
from tests.conftest import KEYS


@pytest.fixture
def own_settings(settings: Settings, migrated_url: str) -> Settings:
    """The settings of a service on this test's own migrated database."""
    return settings.model_copy(update={"database_url": migrated_url})


@pytest.fixture
def opened() -> Iterator[list[Sessions]]:
    """What a test opened, closed after it."""
    found: list[Sessions] = []
    yield found
    for sessions in found:
        sessions.kw["bind"].dispose()


def at_migration(url: str, revision: str | None) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    engine.dispose()


def test_a_migrated_database_opens_with_the_keys_of_the_settings(
    own_settings: Settings, opened: list[Sessions]
) -> None:
    opened.append(open_database(own_settings))

    data_key = bytes(range(7, 39))
    assert keyring().unwrap(KEYS.wrap(data_key)) == data_key
    with opened[0]() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM patients")) == 0


def test_an_older_database_is_refused_with_what_to_do(own_settings: Settings) -> None:
    at_migration(own_settings.database_url, None)

    with pytest.raises(MigrationPending, match=r"at migration none .* run: monitor migrate"):
        open_database(own_settings)


def test_a_newer_database_is_refused_and_nobody_is_told_to_migrate_it(own_settings: Settings) -> None:
    at_migration(own_settings.database_url, "9999")

    with pytest.raises(MigrationPending, match="at migration 9999") as refused:
        open_database(own_settings)

    assert "newer" in str(refused.value)
    assert "monitor migrate" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_a_database_that_does_not_answer_is_named_without_its_password(
    settings: Settings, tmp_path: Path, scheme: str
) -> None:
    place = f"{tmp_path}/nowhere"
    url = f"sqlite:///{place}/monitor.db" if scheme == "sqlite" else f"postgresql://me:hunter2@/monitor?host={place}"

    with pytest.raises(DatabaseUnavailable, match="does not answer") as refused:
        open_database(settings.model_copy(update={"database_url": url}))

    assert "nowhere" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_database_is_named(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague, " * 100)

    with pytest.raises(DatabaseUnavailable, match=r"letter\.txt"):
        open_database(settings.model_copy(update={"database_url": f"sqlite:///{path}"}))

    assert path.read_text().startswith("Dear colleague")


@pytest.mark.parametrize("surface", Surface)
def test_no_surface_serves_from_a_database_that_is_not_ready(own_settings: Settings, surface: Surface) -> None:
    at_migration(own_settings.database_url, None)

    with pytest.raises(MigrationPending):
        create_app(own_settings, surface)
    with pytest.raises(MigrationPending):
        compose(own_settings, frozenset({surface}))
