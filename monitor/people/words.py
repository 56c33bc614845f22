"""People in words, for staff: languages and countries by their names, numbers as they are dialled."""

import phonenumbers
from babel import Locale

from monitor.i18n import locale


def language_name(tag: str, language: str) -> str:
    """Return the name of a patient's language in the reader's own: 'Arabic', 'Portuguese (Brazil)'."""
    return str(Locale.parse(tag).get_display_name(language) or tag)


def region_name(region: str, language: str) -> str:
    """Return the name of a country."""
    return str(locale(language).territories.get(region, region))


def dialled(number: str) -> str:
    """Return an E.164 number with blanks, as people read it aloud."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
