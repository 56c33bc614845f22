"""What staff read about a course: sentences, the names of items and marks, how a check-in was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.care.models import AppointmentState
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Mode
from monitor.flags.facts import Evidence
from monitor.flags.kinds import EvidenceCode
from monitor.flags.words import sentence
from monitor.i18n import N_, translate, translate_plural
from monitor.measures.catalogue import spec
from monitor.measures.change import Change
from monitor.people.words import language_name
from monitor.progress.own_word import OwnWord
from monitor.progress.series import Direction, Occasion, Point, PointState, Trajectory, direction

_KEYS = {
    "phq9": N_("%(name)s, depression, 0 to %(maximum)s"),
    "gad7": N_("%(name)s, anxiety, 0 to %(maximum)s"),
}

# One or two words for each item, in the order of the form; the form's own wording is what patients answer.
_ITEMS = {
    "phq9": (
        N_("Interest"),
        N_("Mood"),
        N_("Sleep"),
        N_("Energy"),
        N_("Appetite"),
        N_("Self-worth"),
        N_("Concentration"),
        N_("Movement"),
        N_("Item 9, safety"),
    ),
    "gad7": (
        N_("Nervousness"),
        N_("Control"),
        N_("Worry"),
        N_("Relaxing"),
        N_("Restlessness"),
        N_("Irritability"),
        N_("Fear"),
    ),
}

_STATES = {
    PointState.ANSWERED: N_("answered"),
    PointState.PARTIAL: N_("answered with a question left open"),
    PointState.MISSED: N_("missed"),
    PointState.NOT_DELIVERED: N_("text not delivered"),
}

_APPOINTMENTS = {
    AppointmentState.ATTENDED: N_("attended"),
    AppointmentState.MISSED: N_("missed appointment"),
    AppointmentState.CANCELLED: N_("cancelled appointment"),
    AppointmentState.PLANNED: N_("planned appointment"),
}

_MODES = {
    Mode.LINK: N_("by link, %(spoken)s"),
    Mode.TEXT: N_("by text, %(spoken)s"),
    Mode.PHONE: N_("by phone, %(spoken)s"),
    Mode.INTERPRETER: N_("with an interpreter, %(spoken)s"),
    Mode.CLINIC: N_("at the clinic, %(spoken)s"),
}

_CHANGES = {
    Direction.CLEARLY_LIGHTER: N_(
        "%(name)s fell from %(first)s to %(last)s: reliable improvement, %(change)s points or more."
    ),
    Direction.ABOUT_THE_SAME: N_(
        "%(name)s went from %(first)s to %(last)s: no reliable change, less than %(change)s points."
    ),
    Direction.CLEARLY_HEAVIER: N_(
        "%(name)s rose from %(first)s to %(last)s: reliable deterioration, %(change)s points or more."
    ),
}

_OWN_WORDS: dict[tuple[Compared, Change | None], str] = {
    (Compared.BETTER, None): N_("Says better than last time."),
    (Compared.BETTER, Change.NO_RELIABLE_CHANGE): N_("Says better; the score is about the same as last time."),
    (Compared.BETTER, Change.RELIABLE_DETERIORATION): N_("Says better; the score is clearly higher."),
    (Compared.SAME, None): N_("Says about the same as last time."),
    (Compared.SAME, Change.RELIABLE_IMPROVEMENT): N_("Says about the same; the score is clearly lower."),
    (Compared.SAME, Change.RELIABLE_DETERIORATION): N_("Says about the same; the score is clearly higher."),
    (Compared.WORSE, None): N_("Says worse than last time."),
    (Compared.WORSE, Change.NO_RELIABLE_CHANGE): N_("Says worse; the score is about the same as last time."),
    (Compared.WORSE, Change.RELIABLE_IMPROVEMENT): N_("Says worse; the score is clearly lower."),
}


@dataclass(frozen=True)
class StaffWords:
    """The words of a course in one of the staff's languages."""

    language: str

    def name(self, code: str) -> str:
        """Return a measure's own name."""
        return spec(code).name

    def key(self, trajectory: Trajectory) -> str:
        """Return what a line of the plot is, with its range."""
        return self._say(_KEYS[trajectory.code], name=self.name(trajectory.code), maximum=trajectory.maximum)

    def item(self, code: str, number: int) -> str:
        """Return the short name of an item, counted from 1."""
        return self._say(_ITEMS[code][number - 1])

    def state(self, state: PointState | AppointmentState) -> str:
        """Return what became of a check-in or of an appointment."""
        return self._say(_APPOINTMENTS[state] if isinstance(state, AppointmentState) else _STATES[state])

    def item9(self, value: int | None, region: str) -> str:
        """Return an answer to the safety item as a sentence; None is one that they chose not to give."""
        if value == 0:
            return self._say(N_("Item 9 answered 0, not at all."))
        said = EvidenceCode.ITEM9_DECLINED if value is None else EvidenceCode.ITEM9_ANSWERED
        return sentence(Evidence(said, {} if value is None else {"answer": value}), self.language, region)

    def sentence(self, trajectories: Sequence[Trajectory]) -> str:
        """Return where each measure stands against its first score, a sentence each."""
        return " ".join(self._standing(each) for each in trajectories)

    def reading(self, trajectories: Sequence[Trajectory]) -> str:
        """Return the plot read out: every score of each measure in order, and why one is not there."""
        lists = (
            self._say(
                N_("%(name)s by date: %(scores)s."),
                name=self.name(each.code),
                scores=", ".join(self._read(point) for point in each.points),
            )
            for each in trajectories
        )
        return " ".join([*lists, self._say(N_("Higher is heavier."))])

    def own_word(self, word: OwnWord) -> str:
        """Return what the patient said themselves, and what the scores did where that is something else."""
        return self._say(_OWN_WORDS[word.said, word.scores])

    def score(self, point: Point) -> str:
        """Return a score for the table, marked where it is estimated or missing."""
        if point.total is None:
            return self._say(N_("no score"))
        return self._say(N_("%(score)s, estimated"), score=point.total) if point.estimated else str(point.total)

    def how(self, occasion: Occasion) -> str:
        """Return how a check-in was answered and in which language, or what became of it."""
        point = next((point for point in occasion.points.values() if point.mode and point.language), None)
        if point is None:
            return self.state(occasion.state)
        spoken = language_name(point.language, self.language)
        said = self._say(_MODES[Mode(point.mode)], spoken=spoken)
        open_items = sum((point.items or ()).count(None) for point in occasion.points.values())
        if not open_items:
            return said
        left_open = translate_plural(
            self.language, "%(count)s question left open", "%(count)s questions left open", open_items, domain="staff"
        )
        return f"{said}; {left_open}"

    def _say(self, message: str, **params: object) -> str:
        return translate(self.language, message, domain="staff", **params)

    def _read(self, point: Point) -> str:
        return self._say(_STATES[point.state]) if point.total is None else self.score(point)

    def _standing(self, trajectory: Trajectory) -> str:
        name, scores = self.name(trajectory.code), trajectory.scores
        if not scores:
            return self._say(N_("%(name)s has no score yet."), name=name)
        if len(scores) == 1:
            return self._say(N_("%(name)s has one score, %(score)s."), name=name, score=scores[0])
        if scores[0] == scores[-1]:
            return self._say(N_("%(name)s is where it started, %(score)s."), name=name, score=scores[0])
        return self._say(
            _CHANGES[direction(trajectory)],
            name=name,
            first=scores[0],
            last=scores[-1],
            change=trajectory.reliable_change,
        )
