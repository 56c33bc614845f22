"""One run of the bench: the pages first, then the bars of each kind of database."""

import base64
import secrets
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from monitor.bench.committing import committed
from monitor.bench.pages import check_in_page, patient_app, progress_page
from monitor.bench.population import Service, fill
from monitor.bench.report import Bar, Gate, Machine, Report
from monitor.bench.scratch import scratch_database
from monitor.bench.sending import sending
from monitor.bench.sweeps import full_sweep, incremental_sweep
from monitor.bench.worklist import worklist_page
from monitor.config import KEY_BYTES, Environment, Gateway, Settings
from monitor.measures import catalogue
from monitor.measures.instrument import Provenance
from monitor.startup import unlock

TIMES = 5
TENTH = 10
MOST_DUE = 1_000


def run(
    patients: int,
    databases: Sequence[sa.URL],
    machine: Machine,
    *,
    forced: bool = False,
    times: int = TIMES,
    written: Callable[[int], object] = lambda patients: None,
) -> Report:
    """Measure every bar on scratch databases beside each of `databases`. Raises DatabaseUnavailable.

    `written` is told how many invented patients have been added, each time that some were.
    """
    settings = invented_settings()
    unlock(settings)
    measured: list[Bar | Gate] = []
    for url in databases:
        with scratch_database(url) as little, scratch_database(url) as much:
            small, large = fill(little, patients // TENTH, written), fill(much, patients, written)
            if not measured:
                measured += _pages(small, settings, times)
            measured += _database(small, large, settings, times)
    return Report(
        patients=patients,
        machine=machine,
        forced=forced,
        bars=tuple(sorted((each for each in measured if isinstance(each, Bar)), key=lambda bar: bar.number)),
        gates=tuple(each for each in measured if isinstance(each, Gate)),
    )


def _pages(service: Service, settings: Settings, times: int) -> Iterator[Bar | Gate]:
    app = patient_app(service, settings)
    yield from check_in_page(app)
    yield from progress_page(app, times)


def _database(small: Service, large: Service, settings: Settings, times: int) -> Iterator[Bar | Gate]:
    """Sweep first: the incremental sweep and the check-ins change what there is to find. Flags for all come last."""
    yield from full_sweep(large, times)
    yield from incremental_sweep(small, large, min(MOST_DUE, small.patients // 2), times)
    yield from committed(large, settings, times)
    yield from sending(large, times)
    yield from worklist_page(large, settings, times)


def invented_settings() -> Settings:
    """Return the settings of a service that exists for one run, with every wording that there is switched on."""
    data, lookup = (base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() for _ in range(2))
    return Settings(
        environment=Environment.DEMO,
        gateway=Gateway.CONSOLE,
        public_base_url="http://127.0.0.1:8000",
        secret_key=secrets.token_urlsafe(KEY_BYTES),
        data_keys=f"k1:{data}",
        lookup_key=lookup,
        sender_name="Riverside",
        provisional_instruments=frozenset(
            f"{code}:{language}"
            for code in catalogue.TRACKED
            for language in catalogue.languages(code)
            if catalogue.load(code, language).provenance is Provenance.PROVISIONAL
        ),
    )
