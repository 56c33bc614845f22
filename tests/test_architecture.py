"""The house keeps its rules, and each rule would notice if it did not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import (
    LONGEST_FILE,
    MOST_JOURNEYS,
    RULES,
    Sources,
    crossed_surfaces,
    impure,
    out_of_order,
    out_of_role,
    outgrown,
    reached_edges,
    read_clocks,
    strayed_libraries,
    unplaced,
)

PACKAGE = Path(__file__).parents[1] / "monitor"


@pytest.fixture(scope="module")
def house() -> Sources:
    """The text of every module of the package."""
    return {_name(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(house: Sources, rule: Callable[[Sources], list[str]]) -> None:
    faults = rule(house)

    assert house
    assert not faults, "\n".join(["", *faults])


BROKEN = [
    (unplaced, "monitor.utils", ""),
    (unplaced, "monitor.care.service", "from ..people import models"),
    (unplaced, "monitor.care.service", "from . import models"),
    (out_of_role, "monitor.care.models", "from monitor.care.service import open_episode"),
    (out_of_role, "monitor.care.rules", "from monitor.care import models"),
    (out_of_role, "monitor.care.service", "import monitor.care.staff_views"),
    (out_of_role, "monitor.checkins.service", "def f():\n    from monitor.checkins.forms import parse"),
    (out_of_order, "monitor.people.service", "from monitor.care.models import Episode"),
    (out_of_order, "monitor.messaging.models", "from monitor.checkins import models"),
    (out_of_order, "monitor.flags.service", "from monitor.progress import series"),
    (out_of_order, "monitor.flags.service", "from monitor import workflows"),
    (out_of_order, "monitor.progress.series", "from monitor.assurance.service import pack"),
    (out_of_order, "monitor.db", "from monitor.people.models import Patient"),
    (out_of_order, "monitor.access", "from monitor.care.models import Episode"),
    (out_of_order, "monitor.workflows", "from monitor.demo.service import fill"),
    (out_of_order, "monitor.worker", "from monitor.assurance.service import pack"),
    (out_of_order, "monitor.care.service", "from monitor import create_app"),
    (out_of_order, "monitor.care.staff_views", "from monitor.cli import main"),
    (reached_edges, "monitor.workflows", "from monitor.care import staff_views"),
    (reached_edges, "monitor.cli.clock", "from monitor.checkins.jobs import plan"),
    (reached_edges, "monitor.care.jobs", "from monitor.care.staff_views import board"),
    (reached_edges, "monitor.care.staff_views", "from monitor.people.staff_views import header"),
    (crossed_surfaces, "monitor.checkins.patient_views", "from monitor.checkins.staff_views import board"),
    (crossed_surfaces, "monitor.patient_surface", "from monitor.care import staff_views"),
    (crossed_surfaces, "monitor.reviews.staff_views", "from monitor.checkins.patient_forms import parse"),
    (impure, "monitor.flags.rules", "from flask import request"),
    (impure, "monitor.flags.rules", "import os"),
    (impure, "monitor.measures.scoring", "import sqlalchemy as sa"),
    (impure, "monitor.measures.scoring", "from monitor import clock"),
    (impure, "monitor.flags.rules", "from monitor.flags.models import Flag"),
    (strayed_libraries, "monitor.cli.serve", "import twilio.rest"),
    (strayed_libraries, "monitor.workflows", "from flask import request"),
    (strayed_libraries, "monitor.care.service", "from monitor.http import runtime"),
    (strayed_libraries, "monitor.workflows", "from sqlalchemy import select"),
    (read_clocks, "monitor.care.service", "from datetime import datetime, UTC\nx = datetime.now(UTC)"),
    (read_clocks, "monitor.care.jobs", "import datetime\nx = datetime.date.today()"),
    (read_clocks, "monitor.people.models", "import sqlalchemy as sa\nx = sa.func.now()"),
    (read_clocks, "monitor.audit", "from time import time"),
    (read_clocks, "monitor.care.service", "from monitor import clock"),
    (read_clocks, "monitor.workflows", "from monitor.clock import now"),
    (outgrown, "monitor.care.service", "x = 1\n" * (LONGEST_FILE + 1)),
    (outgrown, "monitor.workflows", "".join(f"def f{n}(): ...\n" for n in range(MOST_JOURNEYS + 1))),
]


@pytest.mark.parametrize(
    ("rule", "name", "source"),
    BROKEN,
    ids=lambda value: value.split("\n")[0] if isinstance(value, str) else value.__name__,
)
def test_a_broken_rule_is_noticed(rule: Callable[[Sources], list[str]], name: str, source: str) -> None:
    faults = rule({name: source})

    assert len(faults) == 1
    assert name in faults[0]


def test_a_rule_that_imports_something_impure_at_second_hand_is_noticed() -> None:
    sources = {
        "monitor.flags.rules": "from monitor.flags.kinds import FlagKind",
        "monitor.flags.kinds": "from monitor.flags.colours import RED",
        "monitor.flags.colours": "import jinja2",
    }

    assert impure(sources) == [
        "monitor.flags.rules:1 imports monitor.flags.kinds.FlagKind: monitor.flags.rules decides, "
        "so it may import the standard library, pydantic and pure modules only"
    ]


KEPT = {
    "monitor": "from monitor import health, patient_surface, staff_surface",
    "monitor.staff_surface": "from monitor.care import staff_views\nfrom monitor.progress import patient_chart",
    "monitor.access": "from monitor import clock\nfrom monitor.people.models import StaffMember",
    "monitor.errors": "",
    "monitor.measures.instrument": "from pydantic import BaseModel\nfrom monitor.errors import MonitorError",
    "monitor.flags.kinds": "from enum import StrEnum",
    "monitor.flags.rules": "from monitor.flags.kinds import FlagKind\nfrom monitor.measures import instrument",
    "monitor.flags.models": "import sqlalchemy\nfrom monitor.flags import rules\nfrom monitor.care import models",
    "monitor.flags.service": "from monitor.flags import models, rules\nfrom monitor.checkins.service import x",
    "monitor.flags.staff_views": "from monitor import access, clock, workflows\nfrom monitor.flags import service",
    "monitor.checkins.jobs": "from monitor.clock import now\nfrom monitor.checkins import service",
    "monitor.messaging.twilio_gateway": "from twilio.rest import Client",
    "monitor.assurance.service": "from datetime import datetime\nfrom monitor.reviews.models import Review",
    "monitor.demo.people": "from monitor import create_app, workflows\nfrom monitor.progress import series",
    "monitor.workflows": "from sqlalchemy.orm import Session\nfrom monitor.flags import service\ndef close(): ...",
    "monitor.worker": "from monitor import clock, workflows\nfrom monitor.assurance import jobs",
    "monitor.cli.demo": "from monitor import clock, create_app, worker\nfrom monitor.demo import people",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_orderly_house_has_no_faults(rule: Callable[[Sources], list[str]]) -> None:
    assert rule(KEPT) == []
