"""A check-in is kept whole or not at all, wherever the work breaks off."""

import subprocess
from typing import Any

import pytest

from monitor.checkins.models import Answer, Score, Submission
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag
from monitor.ids import new_id
from tests.builders import a_check_in, a_patient, a_staff_member, a_team, token_of
from tests.integrity.processes import command, environment_of
from tests.integrity.steps import STEPS, send, stopping_after
from tests.phones import every_row


class PowerCut(Exception):
    """The work broke off."""


@pytest.fixture
def token(sessions: Sessions) -> str:
    """The link of an open check-in of somebody who has not agreed to anything yet, so that agreeing is a step too."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team), consent=False)
        return token_of(a_check_in(session, care))


def breaks_off() -> None:
    raise PowerCut


def test_an_error_after_any_step_leaves_nothing(
    sessions: Sessions, settings: Any, token: str, subtests: pytest.Subtests
) -> None:
    before, key = every_row(sessions), new_id()
    for step in STEPS:
        with subtests.test(step[1]):
            with stopping_after(step, breaks_off), pytest.raises(PowerCut):
                send(sessions, settings, token, key)
            assert every_row(sessions) == before

    assert not send(sessions, settings, token, key).repeated, "and the patient can simply send again"
    assert {name for name, rows in every_row(sessions).items() if len(rows) != len(before[name])} == {
        "answers",
        "consents",
        "flag_events",
        "flags",
        "measure_states",
        "notices",
        "scores",
        "submissions",
    }


def test_a_kill_after_any_step_leaves_nothing(sessions: Sessions, settings: Any, migrated_url: str, token: str) -> None:
    done = subprocess.run(
        command("tests.integrity.stopping_process", token, str(new_id())),
        env=environment_of(settings, migrated_url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr, done.stdout) == (0, "", "kept once\n")
    with sessions() as session:
        counts = [session.query(model).count() for model in (Submission, Answer, Score, Flag)]
    assert counts == [1, 16, 2, 1]
