"""Errors that are named for what happened and that a person is meant to read."""


class MonitorError(Exception):
    """Something a person can mend; its text is safe to print: no name, number, answer or key."""


class ConfigurationError(MonitorError):
    """The program cannot start as it is configured."""


class DatabaseUnavailable(MonitorError):
    """The database does not answer."""


class MigrationPending(MonitorError):
    """The database is older or newer than the program."""
