"""Engines for tests: what one test's statements were compiled to, the next test finds."""

from sqlalchemy.engine import Engine

from monitor import db

_FIRST: dict[str, Engine] = {}


def make_engine(url: str) -> Engine:
    """Return the service's own engine for an address, which knows every statement that an earlier one compiled.

    What is compiled belongs to a dialect and not to a database: engines for one kind of database share theirs.
    """
    engine = db.make_engine(url)
    first = _FIRST.get(engine.dialect.name)
    if first is None:
        with engine.connect():  # a dialect asks its first database what it can do
            _FIRST[engine.dialect.name] = engine
    else:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine
