"""Processes of the tests' own: how they learn their settings, and how one is begun and killed."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from monitor.config import Settings


def environment_of(settings: Settings, database_url: str) -> dict[str, str]:
    """Return the environment in which a process reads these settings and opens that database."""
    return os.environ | {
        "MONITOR_ENVIRONMENT": settings.environment,
        "MONITOR_DATABASE_URL": database_url,
        "MONITOR_PUBLIC_BASE_URL": settings.base_url,
        "MONITOR_SECRET_KEY": settings.secret_key.get_secret_value(),
        "MONITOR_DATA_KEYS": settings.data_keys.get_secret_value(),
        "MONITOR_LOOKUP_KEY": settings.lookup_key.get_secret_value(),
        "MONITOR_SENDER_NAME": settings.sender_name,
    }


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs one of our modules."""
    return [sys.executable, "-m", module, *arguments]


def begin(work: Callable[[], object]) -> int:
    """Do some work in a process of its own, which ends with it; return its id."""
    process = os.fork()
    if process:
        return process
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def was_killed(process: int) -> bool:
    """Wait for the end of a process; return whether it was killed, and did not end of itself."""
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
