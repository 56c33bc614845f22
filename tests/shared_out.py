"""How the tests are shared out among processes: a file at a time, the longest first, so that nobody waits for one."""

from typing import Any

from xdist.scheduler import LoadFileScheduling

SCREENS = "tests/browser/test_everybody_can_read.py"
"""So long that it is shared out too: for each language by itself."""

TOGETHER = {
    "tests/bench/test_bars.py": "an invented service",
    "tests/bench/test_population.py": "an invented service",
    "tests/demo/test_command.py": "the whole demonstration",
    "tests/demo/test_whole.py": "the whole demonstration",
    "tests/demo/test_whole_aftercare.py": "the whole demonstration",
    "tests/demo/test_aftercare.py": "the small demonstration",
    "tests/demo/test_decisions.py": "the small demonstration",
    "tests/demo/test_history.py": "the small demonstration",
    "tests/demo/test_pages.py": "the small demonstration",
}
"""Files that look at the same thing, which takes long to make."""

FIRST = (
    "tests/demo/",
    SCREENS,
    "tests/messaging/test_killed_workers.py",
    "tests/messaging/test_killed_senders.py",
    "tests/integrity/",
    "tests/relapse/test_whatever_happens.py",
    "tests/test_a_year.py",
    "tests/test_journey_of_a_decision.py",
    "tests/relapse/test_a_year_after.py",
    "tests/bench/",
    "tests/test_invariants.py",
    "tests/browser/",
)
"""What takes longest, the beginnings of its files' names."""


def place(nodeid: str) -> int:
    """When a test's turn comes: those of equal place keep their order."""
    return next((turn for turn, beginning in enumerate(FIRST) if nodeid.startswith(beginning)), len(FIRST))


class InPieces(LoadFileScheduling):
    """A file goes to one process, but for a very long one; files that look at the same thing go to the same."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid.partition("-")[0] if file == SCREENS else TOGETHER.get(file, file)


def scheduler(config: Any, log: Any) -> InPieces:
    """Return what shares the tests out in the order in which they were collected."""
    config.option.loadscopereorder = False
    return InPieces(config, log)
