"""How hard a text is to read: an estimate for English, made of the length of its sentences and of its words.

Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59. Source: Kincaid, Fishburne, Rogers and
Chissom 1975, Derivation of new readability formulas for Navy enlisted personnel, Research Branch Report 8-75.
Syllables are counted by groups of vowels, with the usual exceptions for a silent e: near enough on running text.
"""

import re
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
STANDS_FOR = {"moment": "Monday at 10", "opening": "Monday at 10", "open": "", "close": ""}
"""What a reader sees in the place of a placeholder: a day and an hour, nothing, or else a word."""
_SENTENCE = re.compile(r"[.?!]+(?=\s|$)")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[’'-][A-Za-z0-9]+)*")
_ENDING = ("t", "s", "d", "m", "ll", "re", "ve")
_VOWELS = re.compile(r"[aeiouy]+")
_INSIDE = re.compile(r"(?<=some)(?=[btwhr])|(?<=evry)(?=[botdw])|(?<=[dtlsfpmr]e)(?=ly$|less$|ful$|ment$|ty$|where)")
"""Where a silent e stands inside a word: something, surely, safety."""
_SILENT = re.compile(r"(?<=[^aeiouylsczgx])es$|(?<=[aeiouy]l)es$|(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[^dt])ed$")
_APART = re.compile(r"[^q]ua|i[ao]|eo|[iy]ing|eing|uing|ie[rt]|ea(?=s?$)|ism$")
"""Vowels side by side that are two syllables: usual, diary, video, trying, heavier, idea."""
_TOGETHER = re.compile(r"people|[tscg]ion|[tscg]ious|[tc]ial|[tc]ian|[pt]ier")
"""Those that look as if they were."""


@dataclass(frozen=True)
class Read:
    """What a text is made of."""

    sentences: tuple[tuple[str, ...], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Its words in order."""
        return tuple(word for sentence in self.sentences for word in sentence)

    @property
    def grade(self) -> float:
        """The years of school, in the United States, that it takes to read it."""
        words = self.words
        return 0.39 * len(words) / len(self.sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def read(text: str) -> Read:
    """Take a text of the catalogue apart, as somebody reads it who sees no placeholders."""
    shown = PLACEHOLDER.sub(lambda found: STANDS_FOR.get(found[1], "one"), text)
    sentences = (tuple(_WORD.findall(part)) for line in shown.splitlines() for part in _SENTENCE.split(line))
    return Read(tuple(words for words in sentences if words))


def together(texts: list[Read]) -> Read:
    """Put texts together, as if they were one."""
    return Read(tuple(sentence for each in texts for sentence in each.sentences))


def syllables(word: str) -> int:
    """Estimate how many syllables a word has: at least one; a number is read as short."""
    parts = [part for part in re.split(r"[-’']", word.lower()) if not part.isdigit() and part not in _ENDING]
    return max(1, sum(_syllables(piece) for part in parts for piece in _INSIDE.split(part.replace("every", "evry"))))


def _syllables(word: str) -> int:
    spoken = _SILENT.sub("", word) if len(word) > 2 else word
    apart = 0 if _TOGETHER.search(word) else len(_APART.findall(word))
    return max(1, len(_VOWELS.findall(spoken)) + apart)
