"""The demonstration for tests: a small one, made in this process, and the whole one, as a person runs it."""

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from monitor.config import Environment, Settings
from monitor.crypto import Keyring
from monitor.db import Sessions, make_engine
from monitor.demo.storage import build
from tests.builders import NOW
from tests.demo.running_demo import Demo, served
from tests.postgres_server import PostgresServer

SMALL = 12
"""As many of the roster as show every course and every language."""


@dataclass(frozen=True)
class Riverside:
    """A demonstration and the settings that it was built with."""

    sessions: Sessions
    settings: Settings


@pytest.fixture(scope="session")
def demo_settings() -> Settings:
    """The settings of a demonstration, with the keys of the tests."""
    return Settings(
        environment=Environment.DEMO,
        public_base_url="http://127.0.0.1:8000",
        secret_key="a secret of the tests, long enough to sign with",
        data_keys="k1:" + base64.b64encode(bytes(range(32))).decode(),
        lookup_key=base64.b64encode(bytes(range(32, 64))).decode(),
        service_name="Riverside Talking Support",
        sender_name="Riverside",
    )


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def riverside(
    request: pytest.FixtureRequest, demo_settings: Settings, keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Riverside]:
    """A small demonstration as it stands at NOW, once on SQLite and once on PostgreSQL; only to be looked at."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("riverside") / "demo.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield from _built(f"sqlite:///{path}", demo_settings)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(template=request.getfixturevalue("migrated_postgres")) as name:
        yield from _built(server.url(name), demo_settings)


def _built(url: str, settings: Settings) -> Iterator[Riverside]:
    engine = make_engine(url)
    sessions = sessionmaker(engine, expire_on_commit=False)
    build(sessions, settings, NOW, patients=SMALL)
    yield Riverside(sessions, settings)
    engine.dispose()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole demonstration, built and served by the command itself, as of the present moment."""
    folder = tmp_path_factory.mktemp("demo")
    with served(folder, folder / "demo.db") as running:
        yield running


@pytest.fixture(scope="session")
def kept_database(demo: Demo) -> Path:
    """The database of the whole demonstration, which may be opened again."""
    return demo.database
