"""What every test may ask for: databases, a browser, and the certainty that nothing reaches the network."""

import asyncio
import base64
import ipaddress
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from alembic import command
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import sessionmaker

from monitor.config import Environment, Settings
from monitor.crypto import Keyring
from monitor.db import Sessions, configure_keys
from monitor.startup import alembic_config
from tests import shared_out
from tests.engines import make_engine
from tests.postgres_server import PostgresServer, memory, running_postgres
from tests.staff_browser import Compiled

hypothesis.settings.register_profile(
    "on any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("on any machine")  # a busy machine is slow, and that is no fault of what is tested

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

WITHOUT = ",".join(
    (
        *("WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"),
        *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "PaintHolding"),
        *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "ThirdPartyStoragePartitioning"),
        *("AvoidCorsURLLoaderRestartOnRedirect", "LensOverlay", "MediaRouter", "AimEnabled"),
        *("OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
    )
)
"""The list below an address bar that nobody sees, which is half of the work of opening a window; and what the driver
leaves out of its own accord, since only the last such list counts."""

CHROMIUM_OPTIONS = [
    f"--disable-features={WITHOUT}",
    "--no-sandbox",  # root, and most containers, cannot have one
    "--disable-gpu",
    "--in-process-gpu",  # one process less to talk with for each picture of a page
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


class NetworkRefused(RuntimeError):
    """A test tried to leave this machine. Not an OSError, which a library might take for a bad line and try again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first."""
    items.sort(key=lambda item: shared_out.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> shared_out.InPieces:
    """Share the tests out in our own way when several processes run them."""
    return shared_out.scheduler(config, log)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every socket that leads off this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Any) -> Any:
    def guard(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise NetworkRefused(f"tests may not reach {address!r}")
        return connect(self, address)

    return guard


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this run of the tests."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """A folder in memory, where there is room: SQLite waits for its disk at every commit, here in no time."""
    with tempfile.TemporaryDirectory(prefix="databases-", dir=memory()) as folder:
        yield Path(folder)


@pytest.fixture
def database_folder(memory_folder: Path) -> Iterator[Path]:
    """A folder for the SQLite databases of one test."""
    with tempfile.TemporaryDirectory(dir=memory_folder) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, database_folder: Path) -> Iterator[str]:
    """The address of an empty database: each test that asks for it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{database_folder / 'monitor.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as name:
        yield server.url(name)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window. A machine without one fails: a page nobody looked at is not tested."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.fail("no Chromium on this machine: `make test` installs it", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


KEYS = Keyring({"k1": bytes(range(32))}, bytes(range(32, 64)))


@pytest.fixture(scope="session", autouse=True)
def keys() -> Keyring:
    """The keys that seal columns in tests."""
    configure_keys(KEYS)
    return KEYS


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Let every application use the templates that an earlier one compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Compiled()})
        yield


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of a service on plain http, whose texts go nowhere."""
    return Settings(
        environment=Environment.DEMO,
        public_base_url="http://127.0.0.1:8000",
        secret_key="a secret of the tests, long enough to sign with",
        data_keys="k1:" + base64.b64encode(bytes(range(32))).decode(),
        lookup_key=base64.b64encode(bytes(range(32, 64))).decode(),
        service_name="Riverside Talking Support",
        sender_name="Riverside",
    )


@pytest.fixture(scope="session")
def migrated_sqlite(memory_folder: Path) -> Path:
    """A SQLite database with every migration: copied for each test, since migrating takes longer than most tests."""
    path = memory_folder / "migrated.db"
    command.upgrade(alembic_config(f"sqlite:///{path}"), "head")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database with every migration: the template of each test's own."""
    with postgres_server.database() as name:
        command.upgrade(alembic_config(postgres_server.url(name)), "head")
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, database_folder: Path) -> Iterator[str]:
    """The address of a migrated, empty database: once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = database_folder / "migrated.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(template=request.getfixturevalue("migrated_postgres")) as name:
        yield server.url(name)


@pytest.fixture
def sessions(migrated_url: str) -> Iterator[Sessions]:
    """Sessions on a migrated, empty database: once on SQLite and once on PostgreSQL."""
    engine = make_engine(migrated_url)
    yield sessionmaker(engine, expire_on_commit=False)
    engine.dispose()


@pytest.fixture
def sqlite_sessions(migrated_sqlite: Path, database_folder: Path) -> Iterator[Sessions]:
    """Sessions on a migrated, empty SQLite database, for what does not depend on the database."""
    path = database_folder / "only.db"
    shutil.copy(migrated_sqlite, path)
    engine = make_engine(f"sqlite:///{path}")
    yield sessionmaker(engine, expire_on_commit=False)
    engine.dispose()


@pytest.fixture
def no_loop_of_the_browsers() -> Iterator[None]:
    """Set aside the event loop that an open browser keeps running in this thread: workers run one of their own."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
