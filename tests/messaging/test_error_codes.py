"""Every code of the provider that we know says what to do; a code that we do not know makes us do nothing."""

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from monitor.messaging.error_codes import Remedy, remedy

KEPT = tomllib.loads((files("monitor.messaging") / "error_codes.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (21211, Remedy.NUMBER),
        ("21614", Remedy.NUMBER),
        ("30006", Remedy.NUMBER_AFTER_TWO),
        ("21610", Remedy.CONSENT),
        ("30007", Remedy.CONTENT),
        ("20003", Remedy.CONFIGURATION),
        ("21408", Remedy.ROUTE),
        ("20429", Remedy.TRANSIENT_BEFORE),
        ("30003", Remedy.TRANSIENT_AFTER),
        ("20500", Remedy.UNKNOWN),
        ("30999", Remedy.UNKNOWN),
        ("no reply", Remedy.UNKNOWN),
        (None, Remedy.UNKNOWN),
    ],
)
def test_what_a_code_asks_for(code: str | int | None, wanted: Remedy) -> None:
    assert remedy(code) is wanted


def test_the_file_speaks_of_every_remedy_and_of_each_code_once() -> None:
    assert set(KEPT) == {each.value for each in Remedy}
    codes = Counter(code for codes in KEPT.values() for code in codes)
    assert max(codes.values()) == 1
    assert all(10_000 <= code < 100_000 for code in codes)
