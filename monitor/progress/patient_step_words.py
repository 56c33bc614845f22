"""What a patient reads about their step, in their language: what it is, why it, how often, how fast, what comes next.

No word here names a diagnosis, gives a score or sorts people: it says what somebody told us, or what was decided.
"""

from collections.abc import Mapping

from monitor.care.intake_kinds import IntakeRule
from monitor.care.kinds import DeviationReason, Step
from monitor.care.pathway import StepPlan
from monitor.i18n import LANGUAGES, N_, translate, translate_plural
from monitor.relapse.reentry import FIRED
from monitor.reviews import bursts
from monitor.reviews.kinds import Criterion

NAMES: Mapping[Step, str] = {
    Step.ONE: N_("On your own, with check-ins"),
    Step.TWO: N_("Guided self-help"),
    Step.MIDDLE: N_("Extra weeks"),
    Step.THREE: N_("More intensive help"),
    Step.FOUR: N_("A specialist team"),
    Step.STEPPED_DOWN: N_("Afterwards"),
}

ABOUT: Mapping[Step, str] = {
    Step.ONE: N_("You work on things yourself, and your check-ins show how it goes."),
    Step.TWO: N_("Things to read and to try out, with short talks about how it goes."),
    Step.MIDDLE: N_("Some weeks with much closer contact, for a hard time."),
    Step.THREE: N_("Regular, longer talks with one person who is trained for them."),
    Step.FOUR: N_("Several people, each with skills of their own, work together with you."),
    Step.STEPPED_DOWN: N_("Things are lighter. There is a check-in now and then, so that we stay in touch."),
}

REASONS: Mapping[str, tuple[str, str]] = {
    FIRED: (N_("Coming back"), N_("You asked to come back, and this is the help that was agreed for it.")),
    bursts.FIRED: (N_("Closer contact"), N_("Your team and you agreed on some weeks of closer contact.")),
    IntakeRule.AT_RISK: (N_("Keeping safe"), N_("You told us that keeping safe is hard at the moment.")),
    IntakeRule.SAFETY_SIGNAL: (N_("Keeping safe"), N_("You told us about thoughts that are hard to be alone with.")),
    IntakeRule.SEVERE_MENTAL_ILLNESS: (
        N_("Help from several sides"),
        N_("What you live with needs several people who work together."),
    ),
    IntakeRule.COMPLEX: (N_("Several things at once"), N_("Several things weigh on you at the same time.")),
    IntakeRule.SCORES_AT_OR_ABOVE: (
        N_("Your answers"),
        N_("Your answers about mood and worry fit this kind of help."),
    ),
    IntakeRule.SCORES_BELOW: (N_("Your answers"), N_("Your answers about mood and worry are on the lighter side.")),
    IntakeRule.TRAUMA_SCREEN: (
        N_("What you lived through"),
        N_("Something frightening that you lived through still weighs on you."),
    ),
    IntakeRule.EARLIER_LOW_INTENSITY_FAILED: (
        N_("What you tried before"),
        N_("Lighter help before this did not bring enough."),
    ),
    IntakeRule.FUNCTION_IMPAIRED: (N_("Everyday life"), N_("Everyday things are hard to do at the moment.")),
    IntakeRule.UNMET_SOCIAL_NEEDS: (
        N_("What is around you"),
        N_("Food, housing, transport or being safe with others needs sorting out too."),
    ),
    Criterion.RELIABLE_DETERIORATION: (
        N_("How it has gone"),
        N_("Your answers have become clearly heavier since the start."),
    ),
    Criterion.TWICE_TOO_SMALL_A_FALL: (N_("How it has gone"), N_("Things have hardly become lighter so far.")),
    Criterion.ABOVE_CUT_POINT: (
        N_("How it has gone"),
        N_("Your answers are heavier than those of most others after the same time."),
    ),
    Criterion.SEVERE_AT_LOW_INTENSITY: (
        N_("Your answers"),
        N_("Your answers about mood and worry asked for more than the help that you had."),
    ),
    Criterion.SAFETY_ANSWER: (N_("Keeping safe"), N_("You told us about thoughts that are hard to be alone with.")),
    Criterion.OUT_OF_TOUCH: (N_("Being in touch"), N_("We had lost touch with each other for a while.")),
    Criterion.NEW_UNMET_NEED: (
        N_("What is around you"),
        N_("Food, housing, transport or being safe with others needs sorting out too."),
    ),
    Criterion.BELOW_CASENESS: (
        N_("Your answers"),
        N_("Your answers about mood and worry have been on the lighter side for a while."),
    ),
    Criterion.IMPROVED_OR_REMITTED: (
        N_("How it has gone"),
        N_("Things have become clearly lighter since the start."),
    ),
    Criterion.ITEM9_ZERO_TWICE: (
        N_("Keeping safe"),
        N_("Twice in a row you answered the question about the hardest thoughts with: not at all."),
    ),
    Criterion.FUNCTION_RESTORED: (N_("Everyday life"), N_("Everyday things have become easier to do.")),
    Criterion.COURSE_COMPLETE: (N_("How it has gone"), N_("The time of check-ins afterwards has come to its end.")),
}
"""The name of each rule and what it rests on, by the code that a step assignment keeps."""

DECIDED_OTHERWISE: Mapping[DeviationReason, str] = {
    DeviationReason.PREFERENCE: N_("it is what you wanted."),
    DeviationReason.CLINICAL_JUDGEMENT: N_("what your team knows of you says more than answers on a form."),
    DeviationReason.PASSING_EVENT: N_("something that happened lately explains how you have been."),
    DeviationReason.SAFETY: N_("your safety comes first."),
    DeviationReason.OTHER_CARE: N_("you already have help elsewhere."),
    DeviationReason.ACCESS: N_("it is easier for you to get to."),
    DeviationReason.NO_CAPACITY: N_("there is no room in the other one now."),
    DeviationReason.MISSING_DATA: N_("not enough is known yet."),
}


def name(step: Step, language: str) -> str:
    """Return what a step is called."""
    return translate(language, NAMES[step])


def about(step: Step, language: str) -> str:
    """Return what a step is, in one sentence."""
    return translate(language, ABOUT[step])


def decided_otherwise(why: DeviationReason, language: str) -> str:
    """Return why another step than the rules proposed was chosen, as the end of a sentence."""
    return translate(language, DECIDED_OTHERWISE[why])


def reason(rule: str, language: str) -> tuple[str, str]:
    """Return the name of a rule and what it rests on. Raises KeyError for a rule that nobody has put in words."""
    title, sentence = REASONS[rule]
    return translate(language, title), translate(language, sentence)


def every(days: int, language: str) -> str:
    """Return how often something comes: 'Every 2 weeks'."""
    if days % 7:
        return translate_plural(language, "Every day", "Every %(count)s days", days)
    return translate_plural(language, "Every week", "Every %(count)s weeks", days // 7)


def answers(plan: StepPlan, language: str) -> str:
    """Return how fast somebody answers a question or a wish."""
    if plan.answers_within_days == 0:
        return translate(language, N_("On the same working day"))
    return translate_plural(
        language, "Within %(count)s working day", "Within %(count)s working days", plan.answers_within_days
    )


def length(plan: StepPlan, language: str) -> str:
    """Return how long a step lasts, in weeks and meetings, as far as its pathway says."""
    said = []
    if plan.weeks is not None:
        shortest, longest = plan.weeks
        said.append(
            translate_plural(language, "%(count)s week", "%(count)s weeks", longest)
            if shortest == longest
            else translate(language, N_("%(shortest)s to %(longest)s weeks"), shortest=shortest, longest=longest)
        )
    if plan.contacts_at_most is not None:
        said.append(
            translate_plural(language, "up to %(count)s meeting", "up to %(count)s meetings", plan.contacts_at_most)
        )
    whole = LANGUAGES[language].comma.join(said) or translate(language, N_("No fixed end"))
    return whole[:1].upper() + whole[1:]
