"""Serving the pages and keeping time. Whatever can be wrong with the set-up is said before anything starts."""

import errno
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click
import sqlalchemy as sa

from monitor import STAFF_PATH, Surface
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.startup import open_database

HOST, PORT = "127.0.0.1", 8000
MOST_WORKERS_BY_DEFAULT = 4
SURFACES = "MONITOR_SURFACES"


@dataclass(frozen=True)
class Address:
    """Where to listen, and where this machine finds it."""

    host: str
    ip: str
    port: int
    health_path: str = "/healthz"

    @property
    def reached_at(self) -> str:
        """The address to connect to: one that stands for every interface is reached on this machine itself."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip)  # noqa: S104  # compared, not listened on

    @property
    def base_url(self) -> str:
        """The address for a browser on this machine."""
        host = self.host if self.reached_at == self.ip else self.reached_at
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@click.command("serve")
@click.option("--host", default=HOST, show_default=True, help="The interface to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option(
    "--surface",
    type=click.Choice(["both", *(surface.value for surface in Surface)]),
    default="both",
    show_default=True,
    help="The patients' pages, the staff's under /staff, or both.",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; one on SQLite, else one a core, at most 4.")
def serve_command(host: str, port: int, surface: str, workers: int | None) -> None:
    """Serve the pages and run the clock, as the MONITOR_* environment variables describe the service.

    TLS is a proxy's part: see MONITOR_PUBLIC_BASE_URL and MONITOR_TRUSTED_PROXIES.
    """
    surfaces = [each.value for each in Surface] if surface == "both" else [surface]
    health_path = "/healthz" if Surface.PATIENT in surfaces else f"{STAFF_PATH}/healthz"
    address = free_address(host, port, health_path)
    serve(
        {SURFACES: ",".join(surfaces)},
        address,
        workers=workers,
        ready=lambda: click.echo(f"Serving at {address.base_url}; stop with Ctrl-C.", err=True),
    )


def serve(
    settings_env: Mapping[str, str], address: Address, *, workers: int | None = None, ready: Callable[[], None]
) -> None:
    """Serve until stopped; `settings_env` goes into the environment, and `ready` is called once the service is well.

    Raises ConfigurationError, DatabaseUnavailable or MigrationPending before anything starts, and BadInput for more
    workers than the database takes.
    """
    os.environ.update(settings_env)
    settings = load_settings()
    open_database(settings).kw["bind"].dispose()  # only to look: no connection may live through the fork
    one_writer = sa.make_url(settings.database_url).get_backend_name() == "sqlite"
    if one_writer and workers and workers > 1:
        raise BadInput("--workers: SQLite has one writer at a time, so one worker; more need PostgreSQL")
    cores = min(os.cpu_count() or 1, MOST_WORKERS_BY_DEFAULT)
    from monitor.cli.web_server import run

    run(address, workers or (1 if one_writer else cores), ready)


def free_address(host: str, port: int, health_path: str = "/healthz") -> Address:
    """Return an address that nobody listens on. Raises BadInput.

    Looked at here because granian would share a port that is taken with whoever has it, and each would get some of the
    requests.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen()
    except socket.gaierror:
        raise BadInput(f"--host: {host!r} is not an address of this machine") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadInput(f"--port: something listens on port {port} already; choose another") from None
        raise BadInput(f"--host, --port: cannot listen on {host} port {port}: {error.strerror}") from None
    return Address(host, str(where[0]), port, health_path)
