"""What a team sees to before help becomes less: plans, and everything that somebody confirms."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.people.models import StaffMember
from monitor.relapse.content import Person, SafetySteps, Sign, StayingWell
from monitor.relapse.guardrail_rules import WITH_A_DATE
from monitor.relapse.guardrails import confirm
from monitor.relapse.kinds import Given, Guardrail, SignKind
from monitor.relapse.plan_rules import Written, WrittenSafety
from monitor.relapse.plans import save_safety, save_staying_well, ways_back

SIGNS = (
    Sign(words="I wake at four and lie there", kind=SignKind.BODY),
    Sign(words="I stop answering messages", kind=SignKind.BEHAVIOUR),
)
FRIEND = Person(name="Robin", who="A friend", number="+441632960188")
CONFIRMED = {
    Guardrail.STABILITY: "Weeks below caseness, and back to what the days were before.",
    Guardrail.MEDICINES: "No medicines for this, asked today.",
    Guardrail.PRIMARY_CARE: "A letter to their own doctor went out today.",
    Guardrail.LINKS: "Asked about housing, work and benefits: no open need.",
    Guardrail.SAFETY_PLAN: "Looked at it together today, and it still holds.",
    Guardrail.LANGUAGE: "Same language, texts as before. Asked today.",
}


def see_to_guardrails(session: Session, episode: Episode, by: StaffMember, now: datetime) -> None:
    """Agree both plans with a patient and confirm the rest, as its pages would."""
    way_back = ways_back(in_force(session, episode.pathway).pathway)[0]
    plan = Written(
        content=StayingWell(
            helped="Getting out of the house before ten.",
            keeps="A walk every day, choir on Tuesdays.",
            first_sign="Tell Robin, and go back to the morning walk.",
            number=episode.care_team.phone,
            hours="Monday to Friday, 9:00 to 17:00",
            people=(FRIEND,),
        ),
        signs=SIGNS,
        language="en",
        owner_id=by.id,
        review_on=(now + timedelta(weeks=12)).date(),
        back_to=way_back,
        wait_days=5,
        given=Given.PHONE,
    )
    save_staying_well(session, episode, plan, agree=True, based_on_id=None, by=by.id, now=now)
    steps = SafetySteps(warning_signs=("The nights get long",), alone=("Music in the kitchen",), people=(FRIEND,))
    safety = WrittenSafety(content=steps, language="en", given=Given.PRINT)
    save_safety(session, episode, safety, agree=True, based_on_id=None, by=by.id, now=now)
    for guardrail, words in CONFIRMED.items():
        on = now.date() if guardrail in WITH_A_DATE else None
        confirm(session, episode, guardrail, words, by=by, now=now, on_date=on)
