"""Bars 7 and 8: looking at every episode at once, and finding what is due among all that is not."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from monitor.bench.courses import NOW
from monitor.bench.machine import interleaved, seconds
from monitor.bench.population import Service
from monitor.bench.report import Bar, Gate
from monitor.checkins.closing import due_to_close
from monitor.checkins.models import CheckIn
from monitor.db import reading, unit_of_work
from monitor.flags.called_for import Wanted, best_query, sweep

AN_HOUR_AGO = NOW - timedelta(hours=1)
MASS = 50
"""One patient in so many is closed at once by the mass update."""


def full_sweep(service: Service, times: int) -> list[Bar | Gate]:
    """Compare the daily sweep with the best single query, which must call for exactly the same flags."""

    def ours() -> list[Wanted]:
        with reading(service.sessions) as session:
            return sorted(sweep(session))

    def best() -> list[Wanted]:
        with reading(service.sessions) as session:
            return sorted(best_query(session))

    same = ours() == best()
    swept, sought = interleaved(times, (lambda: seconds(ours), lambda: seconds(best)))
    bar = Bar(
        number=7,
        what=f"daily sweep of {service.patients:,} patients",
        where=service.name,
        unit="s",
        ours=swept,
        reference=sought,
        beside="the best single query",
        target=1.2,
        n=times,
    )
    return [bar, Gate("the sweep calls for the same flags as the full query", service.name, same)]


def incremental_sweep(small: Service, large: Service, due: int, times: int) -> list[Bar | Gate]:
    """Compare finding as many due check-ins in a service and in one a tenth its size, at rest and after mass updates.

    After a mass update the index is full of entries that no longer count.
    """
    expected = [make_due(service, service.take(due)) for service in (small, large)]
    states = (("at rest", _leave_alone), ("after a mass update", _close_many))
    measured: list[Bar | Gate] = []
    for state, disturb in states:
        runs = [_finding(service, due, disturb) for service in (small, large)]
        in_small, in_large = (1000 * each for each in interleaved(times, runs))
        measured.append(
            Bar(
                number=8,
                what=f"finding {due:,} due of {large.patients:,}, {state}",
                where=large.name,
                unit="ms",
                ours=in_large,
                reference=in_small,
                beside=f"of {small.patients:,}",
                target=2,
                n=times,
            )
        )
    found = [_due(service, due) for service in (small, large)]
    return [*measured, Gate("what is due is found, all of it and once", large.name, found == expected)]


def make_due(service: Service, check_in_ids: list[UUID]) -> list[UUID]:
    """Let the time of some check-ins run out; return them in the order in which they are to be found."""
    with unit_of_work(service.sessions) as session:
        for check_in_id in check_in_ids:
            session.execute(sa.update(CheckIn).where(CheckIn.id == check_in_id).values(closes_at=AN_HOUR_AGO))
    return sorted(check_in_ids)


def _leave_alone(service: Service) -> None:
    """At rest: the same again."""


def _close_many(service: Service) -> None:
    """Let the time of many check-ins run out and close them all, in two statements."""
    many = CheckIn.id.in_(service.take(service.patients // MASS))
    for values in ({"closes_at": AN_HOUR_AGO}, {"missed_at": NOW}):
        with unit_of_work(service.sessions) as session:
            session.execute(
                sa.update(CheckIn).where(many).values(**values).execution_options(synchronize_session=False)
            )


def _finding(service: Service, due: int, disturb: Callable[[Service], None]) -> Callable[[], float]:
    def run() -> float:
        disturb(service)
        return seconds(lambda: _due(service, due))

    return run


def _due(service: Service, limit: int) -> list[UUID]:
    """What the closing job does to find its work: one more than there is, so that a surplus would show."""
    with reading(service.sessions) as session:
        return [check_in.id for check_in in due_to_close(session, NOW, limit + 1)]
