"""Reading a pathway file: what is wrong is named by line, part and mend. Pure."""

import tomllib

from pydantic import ValidationError

from monitor.care.pathway import Pathway
from monitor.errors import MonitorError


class InvalidPathway(MonitorError):
    """A pathway file cannot be used; the text names each fault."""


def read(text: str) -> Pathway:
    """Read a pathway file. Raises InvalidPathway."""
    try:
        return Pathway.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidPathway(str(error)) from None
    except ValidationError as error:
        raise InvalidPathway("; ".join(each["msg"] for each in error.errors())) from None
