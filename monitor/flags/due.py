"""Clocks and ages in words: the first line counts, the second gives the time, and late is said, not only coloured."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.i18n import N_, format_date, format_time, translate, translate_plural

DOMAIN = "staff"
SOON = timedelta(hours=3)
"""Local protocol: how long before its time a clock begins to warn."""


@dataclass(frozen=True)
class Reader:
    """For whom words are made: language and region of the reader, time zone of the team."""

    language: str
    region: str
    zone: str

    def local(self, moment: datetime) -> datetime:
        """Return what the team's wall clock shows."""
        return moment.astimezone(ZoneInfo(self.zone))

    def date(self, moment: datetime, skeleton: str = "EEEdMMM") -> str:
        """Return the local date: 'Thu 26 Nov'."""
        return format_date(self.local(moment).date(), self.language, skeleton, self.region)

    def time(self, moment: datetime) -> str:
        """Return the local time: '16:52'."""
        return format_time(moment, self.language, self.zone)

    def say(self, message: str, **params: object) -> str:
        """Return a message in the reader's language."""
        return translate(self.language, message, DOMAIN, **params)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return the form of a message that a count takes."""
        return translate_plural(self.language, singular, plural, count, DOMAIN)

    def day_and_time(self, moment: datetime, now: datetime) -> str:
        """Return when something was or will be: 'today 16:52', 'Thu 26 Nov, 16:52'."""
        days = (self.local(moment).date() - self.local(now).date()).days
        named = {0: N_("today %(time)s"), 1: N_("tomorrow %(time)s"), -1: N_("yesterday %(time)s")}
        if days in named:
            return self.say(named[days], time=self.time(moment))
        return self.say(N_("%(date)s, %(time)s"), date=self.date(moment), time=self.time(moment))


@dataclass(frozen=True)
class Due:
    """A clock in two lines; `tone` is 'late', 'soon' or nothing."""

    at: datetime
    first: str
    second: str | None
    tone: str
    by: str = ""
    """'due Thu 26 Nov': the first line where it names a day, which among other words would read as one that is past."""

    @property
    def in_a_line(self) -> str:
        """The first line as it stands among other words."""
        return self.by or self.first


def due(at: datetime, now: datetime, reader: Reader, *, warn_all_day: bool = False) -> Due:
    """Return a clock in words. `warn_all_day`: it warns from the morning on, as a safety answer does."""
    left, days = at - now, (reader.local(at).date() - reader.local(now).date()).days
    if left < timedelta(0):
        since = reader.time(at) if days == 0 else reader.day_and_time(at, now)
        return Due(at, _overdue(-left, reader), reader.say(N_("since %(time)s"), time=since), "late")
    if days == 0:
        tone = "soon" if warn_all_day or left <= SOON else ""
        return Due(at, _left(left, reader), reader.say(N_("today %(time)s"), time=reader.time(at)), tone)
    if days == 1:
        return _by(at, reader.say(N_("tomorrow %(time)s"), time=reader.time(at)), None, reader)
    return _by(at, reader.date(at), reader.time(at), reader)


def age(since: datetime, now: datetime, reader: Reader) -> str:
    """Return how long ago something was: '48 min', '4 h', '2 days'."""
    minutes = max(int((now - since).total_seconds()) // 60, 0)
    if minutes < 60:
        return reader.say(N_("%(minutes)s min"), minutes=minutes)
    if minutes < 24 * 60:
        return reader.say(N_("%(hours)s h"), hours=minutes // 60)
    return reader.ngettext("%(count)s day", "%(count)s days", minutes // (24 * 60))


def _by(at: datetime, day: str, time: str | None, reader: Reader) -> Due:
    return Due(at, day, time, "", by=reader.say(N_("due %(when)s"), when=day))


def _left(left: timedelta, reader: Reader) -> str:
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    if hours and not minutes:
        return reader.say(N_("%(hours)s h left"), hours=hours)
    if hours:
        return reader.say(N_("%(hours)s h %(minutes)s min left"), hours=hours, minutes=minutes)
    return reader.say(N_("%(minutes)s min left"), minutes=minutes)


def _overdue(late: timedelta, reader: Reader) -> str:
    hours, minutes = divmod(int(late.total_seconds()) // 60, 60)
    if hours >= 24:
        return reader.ngettext("overdue %(count)s day", "overdue %(count)s days", hours // 24)
    if hours and not minutes:
        return reader.say(N_("overdue %(hours)s h"), hours=hours)
    if hours:
        return reader.say(N_("overdue %(hours)s h %(minutes)s min"), hours=hours, minutes=minutes)
    return reader.say(N_("overdue %(minutes)s min"), minutes=minutes)
