"""The command as it is installed: its exit codes and its two streams, for a script or a service manager."""

import json

from monitor.db import Sessions
from tests.cli.program import DEMO, Program, address_of


def test_what_it_lacks_is_one_line_of_errors(program: Program) -> None:
    program.environment.clear()

    assert "MONITOR_DATA_KEYS: Field required" in program.installed("tick").refusal()


def test_what_is_to_be_mended_is_its_output_and_its_exit_code(program: Program, sqlite_sessions: Sessions) -> None:
    program.environment |= DEMO
    program.set(DATABASE_URL=address_of(sqlite_sessions))

    examined = program.installed("doctor", "--json")

    assert (examined.status, examined.err) == (1, "")
    assert {"state": "mend", "what": "there is no care team yet"} in json.loads(examined.out)
