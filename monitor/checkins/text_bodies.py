"""What a patient reads in a check-in by text. An instrument's wording goes out as it is, never shortened."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.checkins.dialogue import BACK, DECLINE, REPEAT, keys_for
from monitor.checkins.forms import Question
from monitor.messaging.segments import count
from monitor.messaging.texts import Phrase, in_a_line, say
from monitor.people.help_lines import Help, HelpLine, How

ROOM = 2
"""Segments up to which a question carries the words of its lowest and highest answer; beyond, the digits alone.

The safety item always carries them.
"""
LINES = 3
"""As many as the page has after a safety answer."""


@dataclass(frozen=True)
class Bodies:
    """The bodies of the texts in one language. `reads_by` is None where nobody can say when the team reads."""

    language: str
    aid: Help
    reads_by: str | None

    def question(self, asked: Question, total: int, *, in_full: bool = False, opening: bool = False) -> str:
        """Return a question. Those that set a scale carry all its words; one that is asked in full its keys as well."""
        lines = [self._say(Phrase.OPENING)] if opening else []
        if asked.is_safety:
            lines.append(self._notice())
        words = [asked.stem, asked.text] if asked.stem and (in_full or asked.shows_stem) else [asked.text]
        lines += [f"{asked.number}/{total} {words[0]}", *words[1:]]
        lowest, highest = asked.options[0], asked.options[-1]
        ends = f"{lowest.value} {lowest.label} ... {highest.value} {highest.label}"
        if in_full or asked.sets_scale:
            lines += [ends] if asked.is_ruler else [f"{option.value} {option.label}" for option in asked.options]
            lines += self._keys(asked) if in_full else []
            return "\n".join(lines)
        anchored = "\n".join([*lines, ends])
        if asked.is_safety or count(anchored).segments <= ROOM:
            return anchored
        return "\n".join([*lines, " ".join(str(option.value) for option in asked.options)])

    def to_begin(self) -> str:
        """Say how a check-in that waits is begun."""
        return self._say(Phrase.TO_BEGIN, number=self._emergency)

    def correction(self, asked: Question) -> str:
        """Say, once, what an answer looks like."""
        values = sorted(option.value for option in asked.options)
        if values == [0, 1, 2, 3]:
            return self._say(Phrase.CORRECTION, number=self._emergency)
        ends = {"lowest": str(values[0]), "highest": str(values[-1]), "again": str(keys_for(values)[REPEAT])}
        return self._say(Phrase.CORRECTION_BETWEEN, number=self._emergency, **ends)

    def other_ways(self, phone: str, link: str) -> str:
        """Offer the page and the team's number, each on a line of its own so that nothing can turn it round."""
        return "\n".join([self._say(Phrase.OTHER_WAYS, number=self._emergency), phone, link])

    def support(self) -> str:
        """Say where somebody answers now, and the truth about when the team sees it."""
        seen = self._by(Phrase.SEEN_BY, Phrase.SEEN_UNCOVERED)
        return "\n".join([self._say(Phrase.SUPPORTED), *self._numbers(), seen])

    def support_and_go_on(self) -> str:
        """Give help a text of its own, short enough for every network; the next question comes when it is asked for."""
        return "\n".join([self.support(), self._say(Phrase.GO_ON)])

    def end(self, *, safety: bool) -> str:
        """Say that everything has arrived; after a safety answer above 0 with help and without thanks."""
        if safety:
            return "\n".join([self._say(Phrase.SAVED), self.support()])
        thanks = self._say(Phrase.THANKS)
        return f"{thanks} {self._say(Phrase.READ_BY, moment=self.reads_by)}" if self.reads_by else thanks

    def too_late(self, phrase: Phrase, *, safety: bool) -> str:
        """Say that there is nothing to answer any more, and where help is all the same."""
        return "\n".join([self._say(phrase), self.support() if safety else self._danger()])

    def _say(self, phrase: Phrase, **params: str) -> str:
        return say(phrase, self.language, **params)

    def _by(self, covered: Phrase, uncovered: Phrase, **params: str) -> str:
        if self.reads_by is None:
            return self._say(uncovered, **params)
        return self._say(covered, moment=self.reads_by, **params)

    def _notice(self) -> str:
        return self._by(Phrase.NOTICE, Phrase.NOTICE_UNCOVERED, number=self._emergency)

    def _keys(self, asked: Question) -> list[str]:
        keys = keys_for([option.value for option in asked.options])
        said = ((DECLINE, Phrase.DECLINE), (REPEAT, Phrase.REPEAT), (BACK, Phrase.BACK))
        return [f"{keys[key]} {self._say(phrase)}" for key, phrase in said]

    @property
    def _emergency(self) -> str:
        return in_a_line(self.aid.emergency.number, self.language)

    def _danger(self) -> str:
        return self._say(Phrase.IN_DANGER, number=self._emergency)

    def _numbers(self) -> Iterator[str]:
        yield self._danger()
        for line in self.aid.lines[:LINES]:
            yield self._line(line)

    def _line(self, line: HelpLine) -> str:
        number = in_a_line(line.number, self.language)
        if line.how is How.TEXT and line.send:
            return self._say(Phrase.LINE_TO_SEND, name=line.name, word=line.send, number=number)
        if line.how is How.TEXT:
            return self._say(Phrase.LINE_TO_TEXT, name=line.name, number=number)
        if line.choose:
            return self._say(Phrase.LINE_TO_PRESS, name=line.name, number=number, key=line.choose)
        return f"{line.name}: {number}"
