"""The clock: APScheduler ticks that only call small idempotent jobs. The schedule itself lives in the tables."""

import fcntl
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import joinedload

from monitor import texting, workflows
from monitor.beats import beat, last_beat
from monitor.care.models import Episode
from monitor.checkins import appointment_texts, closing, planning, prompts
from monitor.checkins.models import CheckIn
from monitor.clock import Clock
from monitor.config import Dispatcher, Environment, Gateway, Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import jobs as flag_jobs
from monitor.flags.notice_sending import Ways, send_due
from monitor.flags.post import ConsolePost, MailServer, Post, SmtpPost
from monitor.flags.proof import prove
from monitor.measures.catalogue import use_folder
from monitor.messaging import spend
from monitor.messaging.delivery import Courier
from monitor.messaging.followers import Followers
from monitor.messaging.gateway import ConsoleGateway, SmsGateway
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.reconcile import ReconcileReport, reconcile
from monitor.messaging.spend import Limits
from monitor.people.service import forget_attempts
from monitor.relapse import jobs as relapse_jobs
from monitor.relapse import watch_jobs
from monitor.reviews import jobs as review_jobs

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

Dispatch = Callable[[Courier], DispatchReport]
"""Sees to the texts that are due."""
BATCH = 200
DAY = timedelta(days=1)
SPENDING_KEPT = timedelta(days=400)
"""What a day's texts came to can be compared with the same day a year ago."""


@dataclass(frozen=True)
class TickReport:
    """What one pass of every job came to."""

    planned: int
    closed: int
    received: int
    texts: DispatchReport
    found: ReconcileReport

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def make_gateway(settings: Settings) -> SmsGateway:
    """Return the way out that the settings name."""
    if settings.gateway is Gateway.CONSOLE:
        return ConsoleGateway(sys.stdout, show_text=settings.environment is Environment.DEMO)
    from monitor.messaging.twilio_gateway import TwilioGateway  # twilio takes 6 MB and a tenth of a second to import

    return TwilioGateway(settings, callback_base=settings.base_url)


def make_post(settings: Settings) -> Post:
    """Return the way out for mail to staff that the settings name."""
    if settings.smtp_url is None:
        return ConsolePost(sys.stdout, show_text=settings.environment is Environment.DEMO)
    return SmtpPost(MailServer.from_url(settings.smtp_url.get_secret_value()), settings.mail_from)


def make_courier(settings: Settings, sessions: Sessions, clock: Clock, gateway: SmsGateway | None = None) -> Courier:
    """Return what texts need on their way, with what check-ins have to say about them. Raises WordingRefused."""
    gateway = gateway or make_gateway(settings)
    ways = Ways(make_post(settings), gateway, settings.staff_url, settings.default_region)
    use_folder(settings.instruments_dir)
    return Courier(
        sessions=sessions,
        gateway=gateway,
        clock=clock,
        followers=make_followers(settings),
        base_url=settings.base_url,
        sender_name=settings.sender_name,
        limits=Limits(settings.spend_per_day, settings.spend_per_prefix, settings.spend_per_patient),
        items_per_week=settings.items_per_week,
        take_in=partial(texting.handle_waiting, sessions, settings, clock),
        tell=partial(send_due, sessions, clock, ways),
    )


def make_followers(settings: Settings) -> Followers:
    """Return what check-ins and flags have to say about a text and want to know of it."""
    return Followers(guard=prompts.may_go, on_sent=prompts.after_sent, on_lost=texting.after_lost)


def make_dispatch(settings: Settings) -> Dispatch:
    """Return who sees to the texts that are due: this process, or the workers that they are handed over to."""
    if settings.dispatcher is Dispatcher.EMBEDDED:
        return dispatch
    from monitor.messaging.distributed import hand_over  # procrastinate is imported by those alone who need it

    return lambda courier: DispatchReport(handed_over=hand_over(courier))


def tick(courier: Courier, send: Dispatch = dispatch) -> TickReport:
    """Run every job once, in the order in which one feeds the next."""
    received = courier.take_in()
    relapse_jobs.ease_due(courier.sessions, courier.clock)  # before planning, which goes by it
    planned = plan(courier)
    with unit_of_work(courier.sessions) as session:
        appointment_texts.queue_ahead(session, courier.clock(), sender=courier.sender_name)
    texts = send(courier)
    found = reconcile(courier)
    closed = close(courier)
    review_jobs.raise_due(courier.sessions, courier.clock)
    flag_jobs.keep_time(courier.sessions, courier.clock)
    courier.tell()
    once_a_day(courier)
    with unit_of_work(courier.sessions) as session:
        beat(session, "tick", courier.clock())
    return TickReport(planned, closed, received, texts, found)


def plan(courier: Courier) -> int:
    """Write the check-ins of the days ahead; return how many are new."""
    planned, failed = 0, 0
    while True:
        with unit_of_work(courier.sessions) as session:
            now = courier.clock()
            batch = planning.due_plans(session, now, BATCH, skip=failed)
            for each in batch:
                try:
                    with session.begin_nested():
                        planned += planning.plan_ahead(session, each, now, ceiling=courier.items_per_week)
                except Exception as error:  # one bad row must not stop the others
                    failed += 1
                    log.error("plan %s: not planned: %s", each.id, type(error).__name__)
        if len(batch) < BATCH:
            return planned


def close(courier: Courier) -> int:
    """Close the check-ins whose time is up and look at the rules; return how many. Each in a commit of its own."""
    closed, failed = 0, set()
    while True:
        with unit_of_work(courier.sessions) as session:
            due = [each.id for each in closing.due_to_close(session, courier.clock(), BATCH) if each.id not in failed]
        for check_in_id in due:
            try:
                with unit_of_work(courier.sessions) as session:
                    check_in = session.get_one(
                        CheckIn, check_in_id, options=[joinedload(CheckIn.episode).joinedload(Episode.care_team)]
                    )
                    workflows.close_overdue(session, check_in, courier.clock())
                closed += 1
            except Exception as error:  # one bad row must not stop the others
                failed.add(check_in_id)
                log.error("check-in %s: not closed: %s", check_in_id, type(error).__name__)
        if len(due) < BATCH:
            return closed


def once_a_day(courier: Courier) -> None:
    """Prove the flags and the state rows from the answers, and forget what was only kept to be counted."""
    now = courier.clock()
    with reading(courier.sessions) as session:
        last = last_beat(session, "day")
    if last is not None and last <= now < last + DAY:
        return
    prove(courier.sessions, courier.clock)
    watch_jobs.watch_all(courier.sessions, courier.clock)
    with unit_of_work(courier.sessions) as session:
        forget_attempts(session, now - DAY)
        spend.forget(session, (now - SPENDING_KEPT).date())
        beat(session, "day", now)


def start_clock(
    courier: Courier, lock_path: Path | None = None, send: Dispatch = dispatch
) -> "BackgroundScheduler | None":
    """Start the ticks in this process; None when another process beside the same SQLite file has the clock already."""
    held = _hold(lock_path) if lock_path else None
    if lock_path and held is None:
        return None
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.lock_file = held  # an open file is a held lock; the scheduler keeps it as long as it runs
    every: tuple[tuple[str, Callable[[Courier], object], timedelta], ...] = (
        ("tick", partial(tick, send=send), timedelta(seconds=60)),
        ("send", send, timedelta(seconds=5)),
        ("tell", lambda each: each.tell(), timedelta(seconds=10)),  # not behind a thousand reminders
    )
    for name, job, interval in every:
        scheduler.add_job(
            _logged,
            "interval",
            seconds=interval.total_seconds(),
            args=[name, job, courier],
            id=name,
            next_run_time=courier.clock(),
        )
    scheduler.start()
    return scheduler


def _logged(name: str, job: Callable[[Courier], object], courier: Courier) -> None:
    """Run a job; a failure is logged without its message, which may quote a row, and the next tick tries again."""
    try:
        job(courier)
    except Exception as error:
        log.error("job %s failed: %s", name, type(error).__name__)


def _hold(path: Path) -> TextIOWrapper | None:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
