"""What stands beside a flag on its page. Flags know nothing of what comes after them: the surface says who tells it."""

from collections.abc import Callable
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from monitor.flags.due import Reader
from monitor.flags.models import Flag

Beside = Callable[[Session, Flag, Reader], object]
_NAME = "beside_a_flag"


def stand_beside(app: Flask, beside: Beside) -> None:
    """Say who tells what stands beside a flag of this application."""
    app.extensions[_NAME] = beside


def beside(session: Session, flag: Flag, reader: Reader) -> object:
    """Return what stands beside a flag, for its template; None where there is nothing."""
    return cast(Beside, current_app.extensions[_NAME])(session, flag, reader)
