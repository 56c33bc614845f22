"""Serving: what is wrong is said before anything starts, and there is one clock however many workers there are."""

import base64
import os
import socket
import subprocess
from pathlib import Path

import pytest

from monitor.cli.rules import BadInput
from monitor.cli.serve import Address, free_address
from monitor.cli.web_server import _take
from tests.demo.running_demo import COMMAND, Browser, a_free_port, closes, is_answered

STARTS_WITHIN_SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A complete environment but for a database that is ready."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return {
        **names,
        "MONITOR_ENVIRONMENT": "demo",
        "MONITOR_PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "MONITOR_SECRET_KEY": "a secret of the tests, long enough to sign with",
        "MONITOR_DATA_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
        "MONITOR_LOOKUP_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
        "MONITOR_DATABASE_URL": f"sqlite:///{tmp_path / 'monitor.db'}",
    }


def serve(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `monitor serve` where it is not expected to start."""
    return subprocess.run(
        [*COMMAND, "serve", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({}, "run: monitor migrate"),
        ({"MONITOR_SECRET_KEY": ""}, "run: monitor migrate"),
        ({"MONITOR_DATA_KEYS": "none"}, "MONITOR_DATA_KEYS"),
        ({"MONITOR_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"}, "does not answer"),
    ],
    ids=["not migrated", "no secret in a demo", "no keys", "no database"],
)
def test_what_is_wrong_is_one_line_and_nothing_starts(
    environment: dict[str, str], broken: dict[str, str], said: str
) -> None:
    port = a_free_port()
    result = serve(environment | broken, "--port", str(port))

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert not is_answered(port)


def test_sqlite_has_one_worker(environment: dict[str, str], migrated_sqlite: Path) -> None:
    ready = environment | {"MONITOR_DATABASE_URL": f"sqlite:///{migrated_sqlite}"}
    result = serve(ready, "--port", str(a_free_port()), "--workers", "2")

    assert result.returncode == 2
    assert "--workers" in result.stderr


def test_several_workers_serve_on_postgresql_and_stop_together(environment: dict[str, str], migrated_url: str) -> None:
    port, workers = a_free_port(), "1" if migrated_url.startswith("sqlite") else "3"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), "--workers", workers, "--surface", "staff"],
        env=environment | {"MONITOR_DATABASE_URL": migrated_url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert f"http://127.0.0.1:{port}" in said
        assert Browser().get(f"http://127.0.0.1:{port}/staff/healthz").status == 200, "a clock ticks"
        assert Browser().get(f"http://127.0.0.1:{port}/help").status == 404, "patients have no pages here"
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=STARTS_WITHIN_SECONDS)
    assert process.returncode == 0, errors
    assert closes(port, within=0)


def test_one_worker_takes_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.touch()

    assert _take(str(path))
    assert not _take(str(path))


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="--port"):
            free_address("127.0.0.1", taken.getsockname()[1])


def test_a_port_that_was_shared_is_refused_too() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="--port"):
            free_address("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "ip", "base_url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  # only named
        ("::", "::", "http://[::1]:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, ip: str, base_url: str) -> None:
    assert Address(host, ip, 8000).base_url == base_url
