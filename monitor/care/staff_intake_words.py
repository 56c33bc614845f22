"""What an intake asks, what its rules found and what a step means, in words, for staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.care.intake_kinds import Barrier, Fact, IntakeRule, Need, SelfSafety
from monitor.care.intake_rules import Figure, Fired, Proposal
from monitor.care.kinds import Step
from monitor.care.pathway import Pathway
from monitor.care.promises import StepPromise
from monitor.care.staff_words import DOMAIN, step_in_full
from monitor.i18n import N_, format_date, translate, translate_plural
from monitor.messaging.quiet_hours import to_local

FACTS: Mapping[Fact, str] = {
    Fact.PHQ9: "PHQ-9",
    Fact.GAD7: "GAD-7",
    Fact.WSAS: "WSAS",
    Fact.DIFFICULTY: N_("how difficult daily life is"),
    Fact.PC_PTSD5: "PC-PTSD-5",
    Fact.ITEM9: N_("item 9"),
    Fact.PLAN_OR_ATTEMPT: N_("a plan to end their life, or having tried to recently"),
    Fact.ABLE_TO_KEEP_SAFE: N_("whether they can keep themselves safe"),
    Fact.SEVERE_MENTAL_ILLNESS: N_("psychosis, bipolar disorder or another severe mental illness"),
    Fact.COMPLEX: N_("several conditions at once"),
    Fact.EARLIER_LOW_INTENSITY_FAILED: N_("how earlier low intensity help went"),
    Fact.UNMET_NEEDS: N_("unmet social needs"),
}

SAYS_YES: Mapping[Fact, str] = {
    Fact.PLAN_OR_ATTEMPT: N_("There is a plan to end their life, or they tried to recently."),
    Fact.SEVERE_MENTAL_ILLNESS: N_("Psychosis, bipolar disorder or another severe mental illness."),
    Fact.COMPLEX: N_("Several conditions at once, or a history that low intensity cannot hold."),
    Fact.EARLIER_LOW_INTENSITY_FAILED: N_("Earlier low intensity help brought no reliable improvement."),
}

KEEPS_SAFE: Mapping[SelfSafety, str] = {
    SelfSafety.YES: N_("Yes, they can"),
    SelfSafety.UNSURE: N_("They are not sure"),
    SelfSafety.NO: N_("No, they cannot"),
}
UNSAFE: Mapping[str, str] = {
    SelfSafety.UNSURE: N_("They are not sure that they can keep themselves safe."),
    SelfSafety.NO: N_("They cannot keep themselves safe."),
}

DIFFICULTY: Sequence[str] = (
    N_("Not difficult at all"),
    N_("Somewhat difficult"),
    N_("Very difficult"),
    N_("Extremely difficult"),
)

NEEDS: Mapping[Need, str] = {
    Need.FOOD: N_("Food"),
    Need.HOUSING: N_("Housing"),
    Need.TRANSPORT: N_("Transport"),
    Need.SAFETY: N_("Safety from other people"),
}

BARRIERS: Mapping[Barrier, str] = {
    Barrier.LANGUAGE: N_("Language"),
    Barrier.READING: N_("Reading"),
    Barrier.PHONE: N_("No phone of their own, or none in private"),
    Barrier.TRAVEL: N_("Travel"),
    Barrier.HOURS: N_("Work, or caring for somebody"),
    Barrier.COST: N_("Cost"),
    Barrier.HEALTH: N_("Illness of the body, pain, hearing, sight"),
    Barrier.TRUST: N_("Earlier care that went badly, or worry about who gets to know"),
}

PATHWAYS: Mapping[str, str] = {
    "common_mental_health": N_("Common mental health problems"),
    "serious_mental_illness": N_("Serious mental illness"),
    "co_occurring_needs": N_("Co-occurring needs"),
}
"""The pathways that come with the program; a service writes the name of its own into its file."""


@dataclass(frozen=True)
class FiredLine:
    """A rule that fired: what it saw, where it points, whose rule it is, and whether a heavier one outranks it."""

    words: str
    step: str
    source: str
    is_outranked: bool


def pathway_label(pathway: Pathway, language: str) -> str:
    """Return the name of a pathway."""
    return translate(language, PATHWAYS.get(pathway.code, pathway.name), DOMAIN)


def fact_label(fact: Fact, language: str) -> str:
    """Return what an intake asks, as one reads it in a list."""
    return translate(language, FACTS[fact], DOMAIN)


def fired_lines(proposal: Proposal, language: str) -> list[FiredLine]:
    """Return every rule that fired, heaviest step first."""
    return [
        FiredLine(
            words=" ".join(_figure(each, figure, language) for figure in each.figures),
            step=step_in_full(each.step, language),
            source=each.source,
            is_outranked=each.step is not proposal.step,
        )
        for each in proposal.fired
    ]


def promise_lines(promise: StepPromise, language: str, region: str, zone: str) -> list[str]:
    """Return what a step means: how often, how fast, how long, where to go for more, and when it is looked at again."""
    days, weeks, most = promise.contact_every_days, promise.check_in_every_weeks, promise.contacts_at_most
    contact = translate_plural(
        language, "In contact every %(count)s day.", "In contact every %(count)s days.", days, DOMAIN
    )
    check_in = translate_plural(language, "A check-in every week.", "A check-in every %(count)s weeks.", weeks, DOMAIN)
    contacts = (
        [translate_plural(language, "At most %(count)s contact.", "At most %(count)s contacts.", most, DOMAIN)]
        if most is not None
        else []
    )
    review = format_day(promise.first_review_at, language, region, zone)
    return [
        contact,
        check_in,
        _answered(promise.answers_within_days, language),
        *contacts,
        *_end(promise, language, region, zone),
        *_beyond(promise.escalates_to, language),
        translate(language, N_("Looked at again by %(date)s, whatever happens."), DOMAIN, date=review),
    ]


def format_day(moment: datetime, language: str, region: str, zone: str) -> str:
    """Return the local date of a moment: 24 November 2026."""
    return format_date(to_local(moment, zone).date(), language, "yMMMMd", region)


def _figure(fired: Fired, figure: Figure, language: str) -> str:
    fact, value = figure.fact, figure.value
    if fact is Fact.ABLE_TO_KEEP_SAFE:
        return translate(language, UNSAFE[str(value)], DOMAIN)
    if fact in SAYS_YES:
        return translate(language, SAYS_YES[fact], DOMAIN)
    if fact is Fact.DIFFICULTY:
        how = translate(language, DIFFICULTY[int(value)], DOMAIN)
        return translate(language, N_("Daily life: %(how)s."), DOMAIN, how=how)
    said = {
        IntakeRule.SCORES_BELOW: N_("%(what)s is %(value)s, below %(limit)s."),
    }.get(fired.rule, N_("%(what)s is %(value)s: %(limit)s or more."))
    if fact is Fact.UNMET_NEEDS:
        said = N_("Unmet social needs: %(value)s, which is %(limit)s or more.")
    if fact is Fact.ITEM9:
        said = N_("Item 9 is %(value)s: %(limit)s or more.")
    return translate(language, said, DOMAIN, what=FACTS[fact], value=value, limit=figure.limit)


def _answered(days: int, language: str) -> str:
    if days == 0:
        return translate(language, N_("A question is answered the same day."), DOMAIN)
    return translate_plural(
        language,
        "A question is answered within %(count)s working day.",
        "A question is answered within %(count)s working days.",
        days,
        DOMAIN,
    )


def _end(promise: StepPromise, language: str, region: str, zone: str) -> list[str]:
    if promise.ends_between is None:
        return []
    first, last = (format_day(each, language, region, zone) for each in promise.ends_between)
    if first == last:
        return [translate(language, N_("Until %(last)s."), DOMAIN, last=last)]
    return [translate(language, N_("Ends between %(first)s and %(last)s."), DOMAIN, first=first, last=last)]


def _beyond(step: Step | None, language: str) -> list[str]:
    if step is None:
        return []
    return [translate(language, N_("Who needs more goes to: %(step)s."), DOMAIN, step=step_in_full(step, language))]
