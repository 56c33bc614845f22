"""Invented services for the bench's tests, small ones: nothing here asserts how long anything takes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from monitor.bench.population import Service, fill, filled
from monitor.crypto import Keyring
from monitor.db import configure_keys, make_engine
from tests.postgres_server import PostgresServer

PATIENTS = 1_000
"""The courses as they were written, and one copy of them."""


@pytest.fixture(autouse=True)
def own_keys_again(keys: Keyring) -> Iterator[None]:
    """A run of the bench has keys of its own; the tests after it have theirs."""
    yield
    configure_keys(keys)


def fill_at(url: str, patients: int = PATIENTS) -> None:
    """Fill the migrated database at an address."""
    engine = make_engine(url)
    fill(sessionmaker(engine), patients, written=lambda patients: None)
    engine.dispose()


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keys: Keyring) -> Path:
    """A filled SQLite database: copied for each test."""
    path = tmp_path_factory.mktemp("filled") / "filled.db"
    shutil.copy(migrated_sqlite, path)
    fill_at(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def filled_postgres(postgres_server: PostgresServer, migrated_postgres: str, keys: Keyring) -> Iterator[str]:
    """A filled PostgreSQL database: the template of each test's own."""
    with postgres_server.database(template=migrated_postgres) as name:
        fill_at(postgres_server.url(name))
        yield name


@pytest.fixture
def sqlite_service(filled_sqlite: Path, tmp_path: Path) -> Iterator[Service]:
    """An invented service on SQLite, for what does not depend on the database."""
    yield from _opened(f"sqlite:///{shutil.copy(filled_sqlite, tmp_path / 'service.db')}")


@pytest.fixture
def another_service(filled_sqlite: Path, tmp_path: Path) -> Iterator[Service]:
    """A second one beside it."""
    yield from _opened(f"sqlite:///{shutil.copy(filled_sqlite, tmp_path / 'another.db')}")


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """An invented service: once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_service")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(template=request.getfixturevalue("filled_postgres")) as name:
        yield from _opened(server.url(name))


def _opened(url: str) -> Iterator[Service]:
    engine = make_engine(url)
    yield filled(sessionmaker(engine, expire_on_commit=False))
    engine.dispose()
