"""The steps of keeping a check-in, and a way to stop after any of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy.orm import Session

from monitor import workflows
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from tests.builders import NOW, answers

STEPS = (
    (workflows.closing, "complete"),
    (workflows.flags, "standing_of"),
    (workflows, "state_consent"),
    (workflows.checkins, "keep_submission"),
    (workflows.checkins, "score_all"),
    (workflows.checkins, "keep_scores"),
    (workflows.checkins, "carry_forward"),
    (workflows.outbox, "cancel_waiting"),
    (workflows.flags, "evaluate"),
)
"""Each writes, or could."""


@contextmanager
def stopping_after(step: tuple[Any, str], stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when a step is done and what it wrote has reached the database, but is not committed."""
    module, name = step
    real = getattr(module, name)

    def and_stop(*args: Any, **named: Any) -> Any:
        result = real(*args, **named)
        for arg in args:
            if isinstance(arg, Session):
                arg.flush()
        stop()
        return result

    with patch.object(module, name, and_stop):
        yield


def send(sessions: Sessions, settings: Settings, token: str, key: UUID) -> workflows.Receipt:
    """Send a check-in with an item 9 above 0, as the page does."""
    with unit_of_work(sessions) as session:
        check_in = find(session, token)
        if check_in is None:
            raise LookupError("no such check-in")
        delivery = Delivery(key, "en", Mode.LINK, known_device=False, note="A note.")
        given = answers(phq9=15, gad7=9, item9=2)
        return workflows.complete_check_in(session, check_in, given, delivery, settings=settings, now=NOW)
