"""What somebody who has stopped our texts by STOP does to get them again, in their own language."""

from monitor.i18n import N_, translate

START_WORD = "START"
"""The word that every network and every Twilio sender obeys, whatever the language; so it is never translated."""
_HOW = N_("If you would like our texts again, text the word %(start)s to the number that our texts came from.")


def how_to_start(language: str) -> str:
    """Return what a patient has to do, since nobody else can do it for them; English where there is no catalogue."""
    return translate(language, _HOW, start=START_WORD)
