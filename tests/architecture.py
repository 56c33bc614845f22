"""The rules of the house, as functions from the sources to their faults; nothing is imported or run.

Who may import whom, who reads the clock, how large a file may grow. The README tells why.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

GROUND = (
    "assets",
    "audit",
    "beats",
    "clock",
    "config",
    "crypto",
    "db",
    "errors",
    "http",
    "i18n",
    "ids",
    "prepared",
    "startup",
    "translation_files",
    "translation_rules",
    "work_queue",
)
CAPABILITIES = ("measures", "people", "messaging", "care", "checkins", "flags", "relapse", "reviews")
"""Each may import itself and what stands to its left."""
READERS = ("progress", "assurance", "interop")
"""They read every capability; only the factory and the command line know them."""
DRIVERS = ("bench", "demo", "doctor", "serving")
"""They run or examine the whole program, and so does the command line; only it and the factory know them."""
FACTORY = "the factory"
"""`monitor` itself, with the parts that it is made of."""
FACTORY_PARTS = ("health", "patient_surface", "staff_surface")
PLACES = (*GROUND, "access", *CAPABILITIES, *READERS, *DRIVERS, "workflows", "texting", "worker", "cli")

ROLES = ("rules", "models", "service", "forms", "views", "jobs")
"""Inside a capability each may import what stands to its left; views and jobs do not know each other."""

FROM_OUTSIDE = {"os", "time", "random", "secrets", "socket", "sqlite3", "subprocess", "urllib", "http"}
"""Parts of the standard library through which something other than the arguments could decide."""

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "func.now", "time.time", "time.time_ns"}
READ_A_CLOCK = {"monitor.clock", "monitor.ids"}  # ids: a UUIDv7 begins with the time, which no rule reads

SESSION = "sqlalchemy.orm.Session"

LONGEST_FILE = 320
MOST_JOURNEYS = 10

Sources = Mapping[str, str]
"""Module name -> its text."""


@dataclass(frozen=True)
class Module:
    """A module by its place in the house: `monitor.care.staff_views` is care's, in the role of views."""

    name: str

    @property
    def place(self) -> str:
        """The part of `monitor` that it belongs to; what `monitor` itself defines belongs to the factory."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in PLACES else FACTORY

    @property
    def file(self) -> str:
        """Its name inside a capability, or nothing."""
        parts = self.name.split(".")
        return parts[2] if len(parts) > 2 and self.place in (*CAPABILITIES, *READERS, *DRIVERS) else ""

    @property
    def role(self) -> str:
        """One of ROLES, or nothing for a file named by a noun."""
        return next((role for role in ROLES if self.file == role or self.file.endswith(f"_{role}")), "")

    @property
    def is_edge(self) -> bool:
        """Whether it meets the world: a page, a callback, the clock."""
        return self.role in ("views", "jobs")

    @property
    def is_pure(self) -> bool:
        """Whether its results may depend on its arguments only."""
        return self.place == "measures" or self.role == "rules"

    @property
    def surface(self) -> str:
        """`patient` or `staff`, for a module that serves one of them."""
        serves = self.role in ("views", "forms") or self.place == FACTORY
        last = self.file if self.file else self.name.removeprefix("monitor.")
        return next((surface for surface in ("patient", "staff") if serves and last.startswith(f"{surface}_")), "")


@dataclass(frozen=True)
class Import:
    """One name that a module imports; `what` is dotted, and may name a function inside a module."""

    by: Module
    what: str
    line: int

    def __str__(self) -> str:
        return f"{self.by.name}:{self.line} imports {self.what}"

    @property
    def target(self) -> Module:
        return Module(self.what)

    @property
    def is_ours(self) -> bool:
        return self.what.split(".")[0] == "monitor"


def imports(name: str, source: str) -> Iterator[Import]:
    """Yield every import of a module, wherever in it they stand."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(Module(name), alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (Import(Module(name), f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def our_imports(sources: Sources) -> Iterator[Import]:
    """Yield every import of something of ours."""
    for name, source in sources.items():
        yield from (found for found in imports(name, source) if found.is_ours)


# ---- the rules: each takes the sources and returns its faults, one line each ----


def unplaced(sources: Sources) -> list[str]:
    """Every module has a place in the house, and imports are written in full."""
    strays = [name for name in sources if name.split(".")[1:2] and name.split(".")[1] not in (*PLACES, *FACTORY_PARTS)]
    relative = [found for name, source in sources.items() for found in imports(name, source) if found.what[0] == "."]
    return [
        *(f"{name}: say in tests/architecture.py where it stands" for name in strays),
        *(f"{found}: write the whole name" for found in relative),
    ]


def out_of_role(sources: Sources) -> list[str]:
    """Inside a capability: rules <- models <- service <- forms <- views | jobs."""
    return [
        f"{found}: inside a capability the order is {' <- '.join(ROLES[:4])} <- views | jobs"
        for found in our_imports(sources)
        if found.by.place == found.target.place and found.by.file != found.target.file
        if found.by.role and found.target.role
        if ROLES.index(found.by.role) < ROLES.index(found.target.role)
    ]


def out_of_order(sources: Sources) -> list[str]:
    """Between places: only what the table of `allowed` says."""
    return [
        f"{found}: {found.by.place} may import {', '.join(allowed(found.by)) or 'nothing of ours'}"
        for found in our_imports(sources)
        if found.target.place != found.by.place and found.target.place not in allowed(found.by)
        if not (found.by.place == "worker" and found.target.role == "jobs")
    ]


def allowed(module: Module) -> tuple[str, ...]:
    """Return the places that a module may import besides its own."""
    place = module.place
    if place in (FACTORY, "cli", *DRIVERS):
        return (*PLACES, FACTORY)
    if place in GROUND:
        return GROUND
    if place == "access":
        return (*GROUND, "people")
    if place == "workflows":
        return (*GROUND, "access", *CAPABILITIES)
    if place == "texting":
        return (*GROUND, "access", *CAPABILITIES, "workflows")
    if place == "worker":
        return (*GROUND, "access", *CAPABILITIES, "workflows", "texting")
    left = CAPABILITIES if place in READERS else CAPABILITIES[: CAPABILITIES.index(place)]
    return (*GROUND, "access", *left, *(("workflows",) if module.is_edge else ()))


def reached_edges(sources: Sources) -> list[str]:
    """Nobody imports views or jobs except the factory and the worker; the bench measures jobs as they are."""
    return [
        f"{found}: only the factory and the worker import views and jobs"
        for found in our_imports(sources)
        if found.target.is_edge and found.by.place not in (FACTORY, "worker")
        if not (found.by.place == "bench" and found.target.role == "jobs")
        if (found.by.place, found.by.file) != (found.target.place, found.target.file)
    ]


def crossed_surfaces(sources: Sources) -> list[str]:
    """The patient surface knows nothing of the staff surface, nor the other way round."""
    return [
        f"{found}: the two surfaces share no import"
        for found in our_imports(sources)
        if {found.by.surface, found.target.surface} == {"patient", "staff"}
    ]


def impure(sources: Sources) -> list[str]:
    """Rules and measures import the standard library, pydantic and what is itself pure."""
    pure = set(sources)
    while spoilt := {name for name in pure if any(_spoils(found, pure) for found in imports(name, sources[name]))}:
        pure -= spoilt
    return [
        f"{found}: {name} decides, so it may import the standard library, pydantic and pure modules only"
        for name in sources
        if Module(name).is_pure
        for found in imports(name, sources[name])
        if _spoils(found, pure)
    ]


def _spoils(found: Import, pure: set[str]) -> bool:
    top = found.what.split(".")[0]
    if found.is_ours:
        return found.target.place == "clock" or not {found.what, found.what.rpartition(".")[0]} & pure
    return top in FROM_OUTSIDE or not (top in sys.stdlib_module_names or top == "pydantic")


def strayed_libraries(sources: Sources) -> list[str]:
    """Twilio is known to messaging only, HTTP to views and forms; journeys across capabilities speak no SQL."""
    faults = []
    for name, source in sources.items():
        for found in imports(name, source):
            top = found.what.split(".")[0]
            if top == "twilio" and found.by.place != "messaging":
                faults.append(f"{found}: the provider is known to messaging only")
            if (top == "flask" or found.target.place == "http") and _is_inside(found.by):
                faults.append(f"{found}: HTTP is known to views and forms only")
            if top == "sqlalchemy" and found.by.place == "workflows" and found.what != SESSION:
                faults.append(f"{found}: workflows call services, and know of the database only {SESSION}")
    return faults


def _is_inside(module: Module) -> bool:
    return module.place == "workflows" or module.role in ("rules", "models", "service", "jobs")


def read_clocks(sources: Sources) -> list[str]:
    """The clock is read in clock.py, and asked for at the edges: everything else is told the time."""
    faults = [
        f"{name}:{line} reads {clock}: take the time as an argument"
        for name, source in sources.items()
        if name not in READ_A_CLOCK
        for clock, line in _clocks(source)
    ]
    asked = [
        f"{found}: take the time as an argument; only views, jobs, the worker and commands ask for it"
        for found in our_imports(sources)
        if found.target.place == "clock" and "Clock" not in found.what and not _may_ask(found.by)
    ]
    return faults + asked


def _may_ask(module: Module) -> bool:
    return module.is_edge or module.place in (FACTORY, "access", "http", "worker", "cli", *DRIVERS)


def _clocks(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if f"{owner}.{node.attr}" in CLOCKS:
                yield f"{owner}.{node.attr}", node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from ((f"time.{alias.name}", node.lineno) for alias in node.names if f"time.{alias.name}" in CLOCKS)


def outgrown(sources: Sources) -> list[str]:
    """Files stay small, and the journeys across capabilities a handful."""
    lengths = {name: len(source.splitlines()) for name, source in sources.items()}
    long = [
        f"{name} has {n} lines, at most {LONGEST_FILE}: split it by noun"
        for name, n in lengths.items()
        if n > LONGEST_FILE
    ]
    journeys = [
        node.name
        for name, source in sources.items()
        if Module(name).place == "workflows"
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    if len(journeys) > MOST_JOURNEYS:
        long.append(f"monitor.workflows has {len(journeys)} journeys, at most {MOST_JOURNEYS}: {', '.join(journeys)}")
    return long


RULES = (
    unplaced,
    out_of_role,
    out_of_order,
    reached_edges,
    crossed_surfaces,
    impure,
    strayed_libraries,
    read_clocks,
    outgrown,
)
