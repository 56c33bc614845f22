"""What a run of the bench found: bars, each a ratio with its target, and gates, each true or not."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Bar:
    """One figure of ours beside a reference from the same run, or beside a peer's from the day it was measured.

    `ratio` is ours divided by the reference. `at_least`: the target is a floor, else a ceiling. `n` is how many times
    each was measured; figures are medians.
    """

    number: int
    what: str
    where: str
    unit: str
    ours: float
    reference: float
    beside: str
    target: float
    n: int
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours divided by the reference."""
        return self.ours / self.reference

    @property
    def met(self) -> bool:
        """Whether the ratio reaches its target."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


@dataclass(frozen=True)
class Gate:
    """Something that must hold whatever the speed: a fast wrong answer counts for nothing."""

    what: str
    where: str
    passed: bool


@dataclass(frozen=True)
class Machine:
    """Where a run took place. `load` is the one-minute average before it began."""

    processor: str
    cores: int
    python: str
    system: str
    load: float

    @property
    def is_busy(self) -> bool:
        """Whether other work would distort a ratio of two times: more than half of the cores were in use."""
        return self.load > 0.5 * self.cores


@dataclass(frozen=True)
class Report:
    """One run. `forced`: the machine was busy, and the ratios of times were taken all the same."""

    patients: int
    machine: Machine
    forced: bool
    bars: tuple[Bar, ...]
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate holds; targets are aims, not gates."""
        return all(gate.passed for gate in self.gates)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "patients": self.patients,
            "machine": asdict(self.machine),
            "forced": self.forced,
            "bars": [bar.as_dict() for bar in self.bars],
            "gates": [asdict(gate) for gate in self.gates],
            "passed": self.passed,
        }
