"""A small Riverside at a local address: one to look at, and a fresh one for each journey."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from monitor.config import Environment, Settings
from monitor.crypto import Keyring
from monitor.demo.clinic import SENDER, SERVICE
from monitor.demo.roster import ROSTER
from tests.browser.service import DRAWS, Service, served
from tests.builders import NOW
from tests.demo.built import SMALL, built
from tests.engines import make_engine

PATIENTS = len(ROSTER) if DRAWS else SMALL
"""The first twelve show every course and every language; a picture shows a caseload."""


@pytest.fixture(scope="session")
def riverside_settings() -> Settings:
    """The settings of the demonstration, with the keys of the tests."""
    return Settings(
        environment=Environment.DEMO,
        public_base_url="http://127.0.0.1:8000",
        secret_key="a secret of the tests, long enough to sign with",
        data_keys="k1:" + base64.b64encode(bytes(range(32))).decode(),
        lookup_key=base64.b64encode(bytes(range(32, 64))).decode(),
        service_name=SERVICE,
        sender_name=SENDER,
    )


@pytest.fixture(scope="session")
def riverside_file(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_sqlite: Path,
    memory_folder: Path,
    riverside_settings: Settings,
    keys: Keyring,
) -> Path:
    """The demonstration's database as it stands at NOW."""
    return built(tmp_path_factory, migrated_sqlite, memory_folder, riverside_settings, PATIENTS)


@pytest.fixture(scope="session")
def lasting_riverside(riverside_file: Path, riverside_settings: Settings, memory_folder: Path) -> Iterator[Service]:
    """One for the whole run, whose clock has ticked."""
    for service in _copied(riverside_file, riverside_settings, memory_folder / "lasting.db"):
        service.tick()
        yield service


@pytest.fixture
def riverside(lasting_riverside: Service) -> Service:
    """The demonstration to look at: whoever changes a person's things brings the person along."""
    lasting_riverside.now = NOW
    lasting_riverside.shown.clear()
    return lasting_riverside


@pytest.fixture
def fresh_riverside(riverside_file: Path, riverside_settings: Settings, database_folder: Path) -> Iterator[Service]:
    """The demonstration for one journey alone."""
    yield from _copied(riverside_file, riverside_settings, database_folder / "riverside.db")


@pytest.fixture
def broken_service(riverside_settings: Settings, tmp_path: Path) -> Iterator[Service]:
    """A service whose database has lost its tables."""
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with served(sessionmaker(engine, expire_on_commit=False), riverside_settings) as service:
        yield service
    engine.dispose()


def _copied(path: Path, settings: Settings, copy: Path) -> Iterator[Service]:
    shutil.copy(path, copy)
    engine = make_engine(f"sqlite:///{copy}")
    with served(sessionmaker(engine, expire_on_commit=False), settings) as service:
        yield service
    engine.dispose()
