"""What people of the demonstration write: patients in their own language, staff in English."""

from collections.abc import Mapping

from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome

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
    FlagKind.UNREACHABLE: ((Outcome.SPOKE, "New phone; the old number works again."),),
    FlagKind.OPTED_OUT: ((Outcome.OTHER_CHANNEL_AGREED, "Prefers a call; we ring on Thursdays."),),
    FlagKind.CALL_REQUESTED: ((Outcome.SPOKE, "Rang back and answered the questions."),),
}
"""What staff decide when they close a flag of a kind, and why that is enough."""
WAITS = (Outcome.CONTINUED_WITH_REASON, "Agreed on the middle step; waiting for a place there.")
