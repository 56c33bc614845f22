"""Whole days in SQL: dates and moments as day numbers in UTC, the same on SQLite and PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class day_number(FunctionElement[int]):  # named as it is called, like the functions of SQLAlchemy
    """The days from 1 January 1970 to a date, or to the day in UTC of a moment. NULL gives NULL."""

    type = sa.Integer()
    inherit_cache = True


@compiles(day_number, "sqlite")
def _on_sqlite(element: day_number, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER) / 86400)"


@compiles(day_number, "postgresql")
def _on_postgresql(element: day_number, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **options)}) / 86400) AS integer)"
