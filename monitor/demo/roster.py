"""Who is in care at Riverside Talking Support. Nobody here exists: everybody's surname is a piece of a river."""

from dataclasses import dataclass
from enum import Enum

from monitor.demo.courses import Course
from monitor.demo.courses import Course as C


class Present(Enum):
    """Where somebody's present check-in stands: the fewest and the most hours since its reminder fell due."""

    DUE = (0, 0)
    """The reminder goes out when the demonstration starts."""
    FRESH = (2, 2)
    """Answered within the last hours, with a wish for a call."""
    OPEN = (5, 120)
    """Asked, and not answered yet."""
    ANSWERED = (20, 150)


@dataclass(frozen=True)
class Place:
    """Where somebody's phone is, and the number of the team that cares for them."""

    region: str
    zone: str
    team: int


NORTH, EAST, SOUTH = Place("GB", "Europe/London", 0), Place("GB", "Europe/London", 1), Place("IE", "Europe/Dublin", 2)
AWAY = (Place("UA", "Europe/Kyiv", 0), Place("BR", "America/Sao_Paulo", 1), Place("NZ", "Pacific/Auckland", 2))
"""Three people who are abroad for a while: at every hour, it is day for one of the five zones."""

BY_TEXT = frozenset({18, 26, 27, 54})
"""Who answers by text: in Spanish, in Arabic, and two in English."""


@dataclass(frozen=True)
class Entry:
    """One patient of the roster."""

    number: int
    """From 1, in the order of the roster."""
    name: str
    language: str
    course: Course
    present: Present
    place: Place

    @property
    def record_number(self) -> str:
        """The service's own number for the patient."""
        return f"RTS-{self.number:04}"

    @property
    def by_text(self) -> bool:
        """Whether their phone opens no links, so that they answer by text."""
        return self.number in BY_TEXT

    @property
    def phone(self) -> str:
        """A number that Ofcom keeps for fiction: 07700 900000 to 900999."""
        return f"+447700900{100 + self.number}"


_SURNAMES = {
    "en": ("Brookwater", "Fordwell", "Merefield", "Weirbank", "Otterpool"),
    "es": ("Aguaclara", "Rioluna", "Fuenteverde"),
    "fr": ("Clairruisseau", "Rivepierre", "Bellesource"),
    "de": ("Klarwasser", "Bachmoos", "Quellental"),
    "it": ("Acquachiara", "Rivalunga", "Fontebruna"),
    "nl": ("Helderwater", "Vlietbeek", "Stroomdal"),
    "pl": ("Jasnorzeka", "Cichowoda", "Zielonybrzeg"),
    "pt_BR": ("Riachoclaro", "Fonteluz", "Aguamansa"),
    "uk": ("Тихорічка", "Яснобріг", "Водограйко"),
    "ar": ("النهر الهادئ", "الضفة الخضراء", "النبع الصافي"),
}

_OPEN, _DUE, _FRESH, _DONE = Present.OPEN, Present.DUE, Present.FRESH, Present.ANSWERED
_UKRAINE, _BRAZIL, _NEW_ZEALAND = AWAY

# The first twelve show every course and every language, so that a small demonstration shows them too.
_ROWS: tuple[tuple[str, str, Course, Present, Place], ...] = (
    ("Nora", "en", C.IMPROVING, _DUE, NORTH),
    ("أمل", "ar", C.PLATEAU, _OPEN, NORTH),
    ("Оксана", "uk", C.GONE_QUIET, _OPEN, SOUTH),
    ("Zofia", "pl", C.DETERIORATING, _DONE, NORTH),
    ("Lucía", "es", C.SAFETY_ANSWER, _FRESH, NORTH),
    ("Camille", "fr", C.UNREACHABLE, _OPEN, SOUTH),
    ("Jonas", "de", C.OPTED_OUT, _DONE, EAST),
    ("Giulia", "it", C.STEPPED_DOWN_WELL, _OPEN, EAST),
    ("Sanne", "nl", C.STEPPED_DOWN_RELAPSE_SIGNAL, _DONE, NORTH),
    ("Luana", "pt_BR", C.REVIEW_OVERDUE, _DUE, _BRAZIL),
    ("Theo", "en", C.WAITING_FOR_MIDDLE_STEP, _DONE, EAST),
    ("Leon", "en", C.WAITING_FOR_INTAKE, _DONE, SOUTH),
    ("Богдан", "uk", C.IMPROVING, _DUE, _UKRAINE),
    ("Callum", "en", C.SAFETY_ANSWER, _FRESH, EAST),
    ("Femi", "en", C.SAFETY_ANSWER, _DONE, SOUTH),
    ("ليلى", "ar", C.SAFETY_ANSWER, _DONE, EAST),
    ("Tomek", "pl", C.SAFETY_ANSWER, _FRESH, SOUTH),
    ("Inés", "es", C.IMPROVING, _OPEN, EAST),
    ("Hugo", "fr", C.IMPROVING, _OPEN, NORTH),
    ("Greta", "de", C.IMPROVING, _OPEN, SOUTH),
    ("Marco", "it", C.DETERIORATING, _DONE, SOUTH),
    ("Bram", "nl", C.IMPROVING, _OPEN, EAST),
    ("Kasia", "pl", C.PLATEAU, _OPEN, EAST),
    ("Rafael", "pt_BR", C.PLATEAU, _DONE, SOUTH),
    ("Дарина", "uk", C.PLATEAU, _OPEN, NORTH),
    ("يوسف", "ar", C.IMPROVING, _OPEN, SOUTH),
    ("Isla", "en", C.PLATEAU, _DUE, EAST),
    ("Owen", "en", C.DETERIORATING, _DONE, NORTH),
    ("Zara", "en", C.DETERIORATING, _DONE, EAST),
    ("Mateo", "es", C.DETERIORATING, _DONE, SOUTH),
    ("Léa", "fr", C.PLATEAU, _DONE, EAST),
    ("Emil", "de", C.GONE_QUIET, _OPEN, NORTH),
    ("Sofia", "it", C.IMPROVING, _DUE, NORTH),
    ("Fleur", "nl", C.GONE_QUIET, _OPEN, SOUTH),
    ("Jakub", "pl", C.WAITING_FOR_INTAKE, _DONE, NORTH),
    ("Thiago", "pt_BR", C.IMPROVING, _OPEN, EAST),
    ("Тарас", "uk", C.UNREACHABLE, _OPEN, EAST),
    ("سلمى", "ar", C.STEPPED_DOWN_WELL, _DONE, NORTH),
    ("Ravi", "en", C.GONE_QUIET, _OPEN, EAST),
    ("Grace", "en", C.STEPPED_DOWN_WELL, _DONE, SOUTH),
    ("Samuel", "en", C.OPTED_OUT, _DONE, NORTH),
    ("Hana", "en", C.UNREACHABLE, _OPEN, NORTH),
    ("Carmen", "es", C.STEPPED_DOWN_WELL, _OPEN, EAST),
    ("Nathan", "fr", C.GONE_QUIET, _OPEN, NORTH),
    ("Lotte", "de", C.STEPPED_DOWN_RELAPSE_SIGNAL, _DONE, SOUTH),
    ("Paolo", "it", C.IMPROVING, _FRESH, EAST),
    ("Daan", "nl", C.DETERIORATING, _DONE, NORTH),
    ("Hania", "pl", C.IMPROVING, _OPEN, SOUTH),
    ("Bia", "pt_BR", C.SAFETY_ANSWER, _DONE, NORTH),
    ("Максим", "uk", C.WAITING_FOR_INTAKE, _DONE, EAST),
    ("Maya", "en", C.IMPROVING, _DUE, _NEW_ZEALAND),
    ("Ruth", "en", C.REVIEW_OVERDUE, _DONE, NORTH),
    ("Dev", "en", C.PLATEAU, _DONE, EAST),
    ("Amara", "en", C.GONE_QUIET, _OPEN, SOUTH),
    ("Pilar", "es", C.UNREACHABLE, _OPEN, NORTH),
    ("Chloé", "fr", C.IMPROVING, _DONE, EAST),
    ("Mats", "de", C.PLATEAU, _OPEN, SOUTH),
    ("Kuba", "pl", C.WAITING_FOR_MIDDLE_STEP, _DONE, NORTH),
    ("Davi", "pt_BR", C.STEPPED_DOWN_RELAPSE_SIGNAL, _DONE, EAST),
    ("Álvaro", "es", C.OPTED_OUT, _DONE, SOUTH),
)

ROSTER: tuple[Entry, ...] = tuple(
    Entry(number, f"{name} {_SURNAMES[language][number % len(_SURNAMES[language])]}", language, course, present, place)
    for number, (name, language, course, present, place) in enumerate(_ROWS, start=1)
)
