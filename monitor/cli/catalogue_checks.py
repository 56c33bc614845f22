"""Every fault of the catalogues that this program comes with: what `monitor i18n check` refuses."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from gettext import c2py

from babel.messages.catalog import Catalog, Message

from monitor.i18n import LANGUAGES, locale
from monitor.messaging.text_budget import OF_OUR_OWN_ACCORD, budget, cost
from monitor.translation_rules import blemishes, breaks

SCRIPTS = {"ar": "ARABIC", "uk": "CYRILLIC"}
"""What a language that is not written in Latin is written in, as Unicode names its letters."""
COUNTS = range(1000)
"""What is counted here are days, questions and people: where CLDR's forms for millions begin does not matter."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one message of one catalogue, or with all of it."""

    place: str
    why: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.why}" + (f": {self.message!r}" if self.message else "")


def catalogue_faults(language: str, domain: str, have: Catalog, wanted: Catalog) -> Iterator[Fault]:
    """Yield what is wrong with a catalogue, given the messages that code and templates have now."""
    place = f"{language}/{domain}"
    forms = served(have)
    if not follows_cldr(language, forms) or len(forms) != have.num_plurals:
        yield Fault(place, "the plural rule of its header is not that of the language")
    for message in wanted:
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[0]
            found = have.get(message.id)
            yield from (Fault(place, why, english) for why in _message_faults(found, message, forms))
            if found and (strange := strange_letters(language, english, _texts(found))):
                yield Fault(place, f"letters of another language ({strange})", english)
    known_ids = {str(message.id) for message in wanted}
    for message in have:
        if message.id and str(message.id) not in known_ids:
            yield Fault(place, "no longer used", str(message.id))


def text_faults() -> Iterator[Fault]:
    """Yield the texts that cost more than they may, in any language."""
    for language in LANGUAGES:
        for kind in OF_OUR_OWN_ACCORD:
            counted, most = cost(language, kind), budget(language, kind)
            if counted.segments > most:
                why = f"{kind} takes {counted.segments} segments, and {most} at most"
                yield Fault(f"{language}/texts", why, "".join(counted.costly))


def served(catalogue: Catalog) -> Mapping[int, tuple[int, ...]]:
    """Return which counts each plural form of a catalogue is for; empty where its header has no rule."""
    by_form = defaultdict(list)
    try:
        rule = c2py(catalogue.plural_expr)
        for count in COUNTS:
            by_form[int(rule(count))].append(count)
    except (ValueError, ArithmeticError):
        return {}
    return {form: tuple(counts) for form, counts in by_form.items()}


def follows_cldr(language: str, forms: Mapping[int, tuple[int, ...]]) -> bool:
    """Return whether the forms divide the counts as CLDR's plural categories of the language do."""
    categories = defaultdict(list)
    for count in COUNTS:
        categories[locale(language).plural_form(count)].append(count)
    return sorted(forms.values()) == sorted(map(tuple, categories.values()))


def strange_letters(language: str, source: str, texts: Sequence[str]) -> str:
    """Return the letters of a translation that another language of ours is written in; names may be in Latin."""
    others = {*SCRIPTS.values()} - {SCRIPTS.get(language)}
    letters = sorted({each for text in texts for each in text if each.isalpha() and each not in source})
    return "".join(each for each in letters if unicodedata.name(each, "").partition(" ")[0] in others)


def _texts(found: Message | None) -> list[str]:
    return [] if found is None else [found.string] if isinstance(found.string, str) else list(found.string or ())


def _message_faults(found: Message | None, wanted: Message, forms: Mapping[int, tuple[int, ...]]) -> Iterator[str]:
    texts = _texts(found)
    if found is None or found.fuzzy or not texts or not all(texts):
        yield "not translated"
    elif isinstance(wanted.id, str):
        yield from [*breaks(wanted.id, texts[0]), *blemishes(wanted.id, texts[0])]
    elif isinstance(found.string, str) or len(texts) != len(forms):
        yield f"{len(texts)} plural forms, and the language has {len(forms)}"
    else:
        singular, plural = wanted.id
        for form, text in enumerate(texts):
            for why in _form_faults(singular, plural, text, forms.get(form, ())):
                yield f"form {form}: {why}"


def _form_faults(singular: str, plural: str, text: str, counts: tuple[int, ...]) -> list[str]:
    """Check one form. One that is for a single number may say it in words, and so may the French "0 or 1" of "Every
    day", since what the English says without a figure is never said of none."""
    in_words = len(counts) == 1 or (counts == (0, 1) and "%(count)s" not in singular)
    return [*breaks(plural, text, counts=in_words), *blemishes(singular if 1 in counts else plural, text)]
