"""What is said to a patient who texts us of their own accord: stop, start, help, coming back, or anything else.

Nobody reads these texts as they come in, and each reply to one that may have wanted a person says so, with the numbers
where somebody does answer. The patient has just written, so a help line may stand here; a name or a score never.
"""

from dataclasses import dataclass

from monitor.i18n import N_, translate
from monitor.messaging.texts import STOP_WORD, in_a_line
from monitor.people.help_lines import Days, Help, HelpLine, How, lines_for
from monitor.people.start_word import START_WORD

_STOPPED = N_("%(sender)s: we will not text you again.")
_TO_START = N_("If you want our texts again, reply %(start)s.")
_STARTED = N_("%(sender)s: you will get our texts again.")
_ASK_US = N_("%(sender)s: we cannot start the texts from here.")
_TO_STOP = N_("To end these texts, reply %(stop)s.")
_CALLED_BY = N_("%(sender)s: we have your text. Somebody calls you by %(moment)s.")
_CALLED = N_("%(sender)s: we have your text. We cannot say when somebody calls you.")
_PAGE = N_("%(sender)s: the page that you asked for. It opens on your own phone, with your PIN.\n%(link)s")
_NOBODY_READS = N_("%(sender)s: nobody reads texts sent to this number.")
_CALL_US = N_("In our opening hours you can talk to us:\n%(phone)s")
_DANGER = N_("In danger now, call %(emergency)s.")
_ANY_HOUR = N_("To talk to somebody at any hour, call %(line)s.")
_SOMEBODY = N_("To talk to somebody else, call %(line)s.")


@dataclass(frozen=True)
class Voice:
    """Who speaks, in which language, and the numbers that help: of the team, and of the country that it works in."""

    sender: str
    language: str
    country: str
    phone: str | None = None

    def stopped(self, *, with_help: bool) -> str:
        """Confirm a STOP: the one text that follows it. With help where the patient wrote more than the word."""
        return self._say(_STOPPED, *(self._help() if with_help else ()), _TO_START)

    def started(self) -> str:
        """Confirm a START."""
        return self._say(_STARTED, _TO_STOP)

    def ask_us(self) -> str:
        """Answer a START of somebody whose texts their team has stopped."""
        return self._say(_ASK_US, *self._us())

    def help(self) -> str:
        """Answer a HELP: who this is, where somebody answers, and how to stop."""
        return self._say(_NOBODY_READS, *self._us(), *self._help(), _TO_STOP)

    def called(self, by: str | None) -> str:
        """Answer a wish to come back: by when somebody calls, in words, None where nobody can promise it."""
        return self._say(_CALLED_BY if by else _CALLED, *self._us(), *self._help(), moment=by)

    def page(self, link: str) -> str:
        """Answer the word for the patient's own plan: where it is, and nothing of what it says."""
        return self._say(_PAGE, link=link)

    def nobody_reads(self) -> str:
        """Answer a text that answers nothing."""
        return self._say(_NOBODY_READS, *self._us(), *self._help())

    def _us(self) -> tuple[str, ...]:
        """Say when and where the team answers, if it has a number."""
        return (_CALL_US,) if self.phone else ()

    def _help(self) -> tuple[str, ...]:
        line = best_line(self._there)
        if line is None:
            return (_DANGER,)
        return _DANGER, _ANY_HOUR if line.hours is Days.ANY_TIME else _SOMEBODY

    @property
    def _there(self) -> Help:
        return lines_for(self.country, self.language)

    def _say(self, *lines: str, **more: str | None) -> str:
        line = best_line(self._there)
        figures = {
            "sender": self.sender,
            "stop": STOP_WORD,
            "start": START_WORD,
            "phone": in_a_line(self.phone or "", self.language),
            "emergency": in_a_line(self._there.emergency.number, self.language),
            "line": in_a_line(line.number if line else "", self.language),
            **more,
        }
        return "\n".join(translate(self.language, each, domain="texts", **figures) for each in lines)


def best_line(there: Help) -> HelpLine | None:
    """Return the line to call that one text has room for: a plain number, at any hour before one of unsure hours."""
    plain = [line for line in there.lines if line.how is How.CALL and line.choose is None]
    return next((line for line in plain if line.hours is Days.ANY_TIME), plain[0] if plain else None)
