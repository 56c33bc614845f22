"""PINs and codes as they come from a form: digits in whatever script the phone writes them."""

import unicodedata
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from monitor.people.devices import CODE_DIGITS, PIN_DIGITS, is_weak_pin


def digits(text: str) -> str:
    """Return the decimal digits of a text as 0 to 9, without the blanks and dashes that people put between them."""
    return "".join(
        str(unicodedata.digit(character)) if character.isdecimal() else character
        for character in text
        if not character.isspace() and character not in "-‐‑–"
    )


def is_code(text: str, length: int) -> bool:
    """Return whether a text is just so many digits."""
    return len(text) == length and text.isascii() and text.isdigit()


@dataclass(frozen=True)
class NewPin:
    """A PIN chosen twice. `faults` name the field and what is wrong with it; what was typed is never shown again."""

    pin: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, fields: MultiDict[str, str], birth_year: str | None) -> "NewPin":
        """Read the fields `pin` and `again`."""
        pin, again = digits(fields.get("pin", "")), digits(fields.get("again", ""))
        if not is_code(pin, PIN_DIGITS):
            return cls(pin, {"pin": "digits"})
        if is_weak_pin(pin, birth_year):
            return cls(pin, {"pin": "weak"})
        return cls(pin, {} if pin == again else {"again": "differs"})


def spoken_code(fields: MultiDict[str, str]) -> str | None:
    """Return the code that staff spoke, or None when the field holds no such thing."""
    code = digits(fields.get("code", ""))
    return code if is_code(code, CODE_DIGITS) else None
