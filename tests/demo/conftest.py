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
from monitor.db import Sessions
from monitor.demo.storage import build
from tests.builders import NOW
from tests.demo.built import SMALL, built
from tests.demo.running_demo import Demo, served
from tests.engines import make_engine
from tests.postgres_server import PostgresServer


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
        memory: Path = request.getfixturevalue("memory_folder")
        made = built(tmp_path_factory, request.getfixturevalue("migrated_sqlite"), memory, demo_settings)
        yield from _opened(f"sqlite:///{shutil.copy(made, memory / 'looked-at.db')}", demo_settings)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(template=request.getfixturevalue("migrated_postgres")) as name:
        engine = make_engine(server.url(name))
        build(sessionmaker(engine, expire_on_commit=False), demo_settings, NOW, patients=SMALL)
        engine.dispose()
        yield from _opened(server.url(name), demo_settings)


def _opened(url: str, settings: Settings) -> Iterator[Riverside]:
    engine = make_engine(url)
    yield Riverside(sessionmaker(engine, expire_on_commit=False), settings)
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
