"""What a patient's own plan says at the moment that a flag is about: the signs, what to do now, and who helps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy.orm import Session

from monitor.flags.due import Reader
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule
from monitor.flags.models import Flag
from monitor.i18n import N_
from monitor.people.words import dialled
from monitor.relapse.content import Person, StayingWell
from monitor.relapse.models import WarningSign
from monitor.relapse.plans import agreed, content_of
from monitor.relapse.watching import signs_named


class Moment(IntEnum):
    """For which of its three moments a plan is read; the later one outweighs."""

    FIRST_SIGN = 1
    LAPSE = 2
    RELAPSE = 3


MOMENTS: Mapping[str, Moment] = {
    Rule.W1: Moment.FIRST_SIGN,
    Rule.W2: Moment.FIRST_SIGN,
    Rule.W3: Moment.LAPSE,
    Rule.W4: Moment.RELAPSE,
    Rule.W5: Moment.FIRST_SIGN,
}
"""Which rule stands for which moment. Silence says nothing of how somebody is, so it is read as a first sign."""

TITLES: Mapping[Moment, str] = {
    Moment.FIRST_SIGN: N_("What they do at the first sign"),
    Moment.LAPSE: N_("What they do at a lapse"),
    Moment.RELAPSE: N_("What they do when they are as unwell as before"),
}


@dataclass(frozen=True)
class Helper:
    """Somebody whom the plan names, with a number where one is known."""

    name: str
    who: str
    number: str
    read: str
    """The number as it is dialled."""


@dataclass(frozen=True)
class PlanNow:
    """The part of an agreed plan that matters now, in the patient's own words."""

    title: str
    """Which part it is; nothing for somebody who came back."""
    words: str
    language: str
    signs: tuple[str, ...]
    """Those that were noticed, where it was said which."""
    helped: str
    people: tuple[Helper, ...]
    agreed: str
    """When the plan was agreed, and who owns it."""


def plan_now(session: Session, flag: Flag, reader: Reader) -> PlanNow | None:
    """Return what the plan says beside a relapse signal or a return; None for other flags, and without a plan."""
    if flag.kind not in (FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY):
        return None
    plan = agreed(session, flag.episode_id)
    if plan is None:
        return None
    content, moment = content_of(plan), _moment(flag)
    return PlanNow(
        title=reader.say(TITLES[moment]) if moment else "",
        words=_words(content, moment) if moment else "",
        language=plan.language,
        signs=tuple(sign.words for sign in _signs(session, flag)),
        helped=content.helped,
        people=tuple(_helper(each) for each in content.people),
        agreed=reader.say(
            N_("Agreed on %(day)s, version %(version)s. Owner %(name)s."),
            day=reader.date(plan.at),
            version=plan.version,
            name=plan.owner.name if plan.owner else "–",
        ),
    )


def _moment(flag: Flag) -> Moment | None:
    """Return the weightiest moment that a rule of the flag stands for."""
    return max((MOMENTS[event.rule] for event in flag.events if event.rule and event.rule in MOMENTS), default=None)


def _words(content: StayingWell, moment: Moment) -> str:
    """Return what the plan says for a moment, or for the one before it where that was left empty."""
    said = {Moment.LAPSE: content.lapse, Moment.RELAPSE: content.relapse or content.lapse}
    return said.get(moment) or content.first_sign


def _signs(session: Session, flag: Flag) -> Sequence[WarningSign]:
    """Return every sign that the flag's evidence names, each once."""
    named = {
        sign.id: sign
        for event in flag.events
        for item in event.evidence or ()
        if item["code"] == EvidenceCode.SIGN_NOTICED
        for sign in signs_named(session, flag.episode_id, item["params"])
    }
    return tuple(named.values())


def _helper(person: Person) -> Helper:
    return Helper(person.name, person.who, person.number, dialled(person.number) if person.number else "")
