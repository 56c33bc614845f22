"""What people of the demonstration write: patients in their own language, staff in English."""

from collections.abc import Mapping

from monitor.care.kinds import DeviationReason
from monitor.demo.courses import Course
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome
from monitor.reviews.kinds import Decision

NOTES: Mapping[str, tuple[str, ...]] = {
    "en": ("I slept a little better this week.", "A hard week at work."),
    "es": ("Esta semana he dormido un poco mejor.", "Ha sido una semana difícil en el trabajo."),
    "fr": ("J'ai un peu mieux dormi cette semaine.", "Semaine difficile au travail."),
    "de": ("Ich habe diese Woche etwas besser geschlafen.", "Eine schwere Woche bei der Arbeit."),
    "it": ("Questa settimana ho dormito un po' meglio.", "Una settimana pesante al lavoro."),
    "nl": ("Ik heb deze week iets beter geslapen.", "Een zware week op het werk."),
    "pl": ("W tym tygodniu spało mi się trochę lepiej.", "Trudny tydzień w pracy."),
    "pt_BR": ("Dormi um pouco melhor esta semana.", "Uma semana difícil no trabalho."),
    "uk": ("Цього тижня сон був трохи кращий.", "Важкий тиждень на роботі."),
    "ar": ("نمت أفضل قليلاً هذا الأسبوع.", "كان أسبوعاً صعباً في العمل."),
}

LIVED: Mapping[str, tuple[str, ...]] = {
    "en": ("Started a new job", "Moved house", "My sister visited"),
    "es": ("Empecé un trabajo nuevo", "Cambio de casa", "Vino mi hermana"),
    "fr": ("Nouveau travail", "Déménagement", "Visite de ma sœur"),
    "de": ("Neue Arbeit begonnen", "Umgezogen", "Besuch von meiner Schwester"),
    "it": ("Nuovo lavoro", "Cambio di casa", "Visita di mia sorella"),
    "nl": ("Nieuwe baan begonnen", "Verhuisd", "Mijn zus op bezoek"),
    "pl": ("Nowa praca", "Przeprowadzka", "Odwiedziny siostry"),
    "pt_BR": ("Emprego novo", "Mudança de casa", "Visita da minha irmã"),
    "uk": ("Нова робота", "Переїзд", "Приїжджала сестра"),
    "ar": ("عمل جديد", "انتقال إلى بيت جديد", "زيارة أختي"),
}
"""What patients note of their own life beside their scores."""

ATTEMPTS: tuple[tuple[AttemptOutcome, str], ...] = (
    (AttemptOutcome.TRIED_NO_ANSWER, "Rang in the afternoon."),
    (AttemptOutcome.LEFT_MESSAGE, "Asked for a call back, without saying who we are."),
)

DECISIONS: Mapping[FlagKind, tuple[tuple[Outcome, str], ...]] = {
    FlagKind.SAFETY: (
        (Outcome.SPOKE, "Spoke at length. Safe today; safety plan read through together."),
        (Outcome.PLAN_UPDATED, "Spoke and brought the safety plan up to date; appointment moved forward."),
    ),
    FlagKind.DETERIORATING: (
        (Outcome.CARE_CHANGED, "Weekly appointments for now."),
        (Outcome.CONTINUED_WITH_REASON, "A loss in the family; we look again in two weeks."),
    ),
    FlagKind.NOT_IMPROVING: (
        (Outcome.CONTINUED_WITH_REASON, "Only just begun with the exercises; give it four more weeks."),
        (Outcome.CARE_CHANGED, "Changed the focus of the sessions after talking it over."),
    ),
    FlagKind.MISSED_CHECK_INS: (
        (Outcome.SPOKE, "Was away. Will answer the next one."),
        (Outcome.ANSWERED_SINCE, "Has answered again."),
    ),
    FlagKind.RELAPSE_SIGNAL: (
        (Outcome.SPOKE, "Went through the plan together; back to the morning walks, and we ring next week."),
        (Outcome.PLAN_UPDATED, "Spoke and added a sign to the plan."),
    ),
    FlagKind.RE_ENTRY: ((Outcome.FIRST_CONTACT_HELD, "Spoke; the first appointment is on Thursday."),),
    FlagKind.UNREACHABLE: ((Outcome.SPOKE, "New phone; the old number works again."),),
    FlagKind.OPTED_OUT: ((Outcome.OTHER_CHANNEL_AGREED, "Prefers a call; we ring on Thursdays."),),
    FlagKind.CALL_REQUESTED: ((Outcome.SPOKE, "Rang back and answered the questions."),),
}
"""What staff decide when they close a flag of a kind, and why that is enough."""
WAITS = (Outcome.CONTINUED_WITH_REASON, "Agreed on the middle step; waiting for a place there.")

REVIEWED: Mapping[Decision, tuple[str, ...]] = {
    Decision.CONTINUE: (
        "Goes on as agreed. Looked at the scores together.",
        "Wants to keep this step; the exercises begin to help.",
        "No reason to change today. We look again on the next date.",
    ),
    Decision.STEP_UP: (
        "Needs more than this step gives. Agreed on the next one together.",
        "The scores and the talk say the same: more help from now on.",
    ),
    Decision.STEP_DOWN: ("Well for some weeks. Stepped down with a plan for what to watch.",),
}
"""What was said at a review that decided as the criteria propose."""

NOT_LIGHTER_YET = (DeviationReason.PREFERENCE, "Wants some more weeks on this step before it gets lighter.")
STEPPED_UP_ANYWAY = (
    DeviationReason.CLINICAL_JUDGEMENT,
    "No better for weeks, and the talk says so too. More help now.",
)
STEPPED_DOWN_ANYWAY = (DeviationReason.PREFERENCE, "Feels well and wants to try it with fewer check-ins.")
_COMES_DOWN = (DeviationReason.CLINICAL_JUDGEMENT, "Comes down slowly but steadily. We give it until the next review.")
_SILENT = (DeviationReason.MISSING_DATA, "Nothing heard lately. We find them first and then decide.")
_HARD_MONTH = (DeviationReason.PASSING_EVENT, "A hard month at work. We look at it again together soon.")
KEPT_AT_STEP: Mapping[Course, tuple[DeviationReason, str]] = {
    **dict.fromkeys(Course, _COMES_DOWN),
    Course.GONE_QUIET: _SILENT,
    Course.UNREACHABLE: _SILENT,
    Course.OPTED_OUT: (DeviationReason.MISSING_DATA, "Wants no texts. We ring first and then decide together."),
    Course.STEPPED_DOWN_WELL: _HARD_MONTH,
    Course.STEPPED_DOWN_RELAPSE_SIGNAL: _HARD_MONTH,
    Course.WAITING_FOR_MIDDLE_STEP: (
        DeviationReason.NO_CAPACITY,
        "The middle step has no place before next month. A call each week until then.",
    ),
}
"""Why somebody stays where they are although the criteria propose more help."""

ON_THE_PHONE = "Went through the questions on the phone."
RING_AGAIN = "On the way to family for some days. Wants us to ring after that."
RANG = "Rang, nobody picked up."
ASKED_FOR = "No better after eight weeks of guided self-help. A call each week until there is a place."
URGENT_PLACE = "Has to leave their room at the end of the month. We see the housing office together."
WAY_OUT = (
    "Back to guided self-help once two weeks have gone well.",
    "Two talks a week, then guided self-help with one call a fortnight.",
)
OUT_OF_TURN = "Their two days fit the place that is free; the others need other days."
LONGER = "Has begun to go out again. Four more weeks to keep that up."
BORROWED_FOR = "Two visits a week until the next step begins."
