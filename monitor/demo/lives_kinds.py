"""What is known of one course of care from its first day: its dates, and its rows."""

from dataclasses import dataclass
from datetime import date, datetime, time

from monitor.care.models import Episode
from monitor.people.models import Patient, StaffMember


@dataclass(frozen=True)
class Dates:
    """When things happen in one course. Moments in UTC, dates on the patient's own calendar."""

    opened_at: datetime
    starts_on: date
    """The first scheduled check-in."""
    present_at: datetime
    """The present check-in, or the one that would be present."""
    at: time
    """The wall time of every check-in."""
    every_weeks: int
    stepped_down_on: date | None
    changes_at: datetime | None
    """Gone quiet, unreachable, opted out: since when."""
    overdue_on: date | None
    """The date of the review that nobody has held."""
    ends_at: datetime
    """Now: where the past that is made up gives way to the running service."""


@dataclass(frozen=True)
class InCare:
    """A patient's rows, and who is accountable."""

    patient: Patient
    episode: Episode
    accountable: StaffMember
