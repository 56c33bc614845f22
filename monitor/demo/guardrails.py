"""What a team sees to before help becomes less: plans in the patient's words, and what a coordinator confirms."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.demo.plan_phrases import PLANS
from monitor.messaging.quiet_hours import to_local
from monitor.people import sharing
from monitor.people.models import StaffMember
from monitor.relapse.content import Person, SafetySteps, Sign, StayingWell
from monitor.relapse.gate import checklist
from monitor.relapse.guardrail_rules import CONFIRMABLE, WITH_A_DATE
from monitor.relapse.guardrails import confirm, countersign, let_go
from monitor.relapse.kinds import Given, Guardrail, PlanKind, SignKind
from monitor.relapse.plan_rules import Written, WrittenSafety
from monitor.relapse.plans import newest, save_safety, save_staying_well, ways_back

LOOKED_AT_AGAIN = timedelta(weeks=20)
"""How long after its agreement a plan of the demonstration is looked at again, unless told otherwise."""
WAIT_DAYS = 5
NUMBERS = ("+441632960188", "+441632960189")
"""Ofcom keeps 01632 960000 to 960999 for fiction."""
CONFIRMED: Mapping[Guardrail, str] = {
    Guardrail.STABILITY: "Weeks below caseness, and back to what the days were before.",
    Guardrail.LINKS: "Asked about housing, work and benefits: no open need.",
    Guardrail.MEDICINES: "No medicines for this, asked today.",
    Guardrail.PRIMARY_CARE: "A letter to their own doctor went out today.",
    Guardrail.LANGUAGE: "Same language, texts as before. Asked today.",
    Guardrail.SAFETY_PLAN: "Looked at it together today, and it still holds.",
}
NOT_TOLD = "Does not want their own doctor told. Asked twice, on two days."


@dataclass(frozen=True)
class Team:
    """Who of a team sees to the guardrails of one patient."""

    coordinator: StaffMember
    supervisor: StaffMember


def see_to_guardrails(
    session: Session,
    episode: Episode,
    team: Team,
    now: datetime,
    *,
    review_on: date | None = None,
    but: Collection[Guardrail] = (),
    excepted: Collection[Guardrail] = (),
) -> None:
    """Agree the plans with a patient and confirm the rest, as its pages would.

    What is `but` stays open. What is `excepted` is let go by the coordinator and signed by the supervisor.
    """
    write_plan(session, episode, team.coordinator, now, review_on=review_on)
    if Guardrail.SAFETY_PLAN in checklist(session, episode, now).missing:
        write_safety_plan(session, episode, team.coordinator, now)
    if Guardrail.PRIMARY_CARE not in (*but, *excepted):
        how, by = sharing.Asked.VISIT, team.coordinator.id
        sharing.write_down(session, episode.patient, True, how, staff_member_id=by, now=now)
    for guardrail in excepted:
        exception = let_go(session, episode, guardrail, NOT_TOLD, by=team.coordinator, now=now)
        countersign(session, episode, guardrail, exception.id, by=team.supervisor, now=now)
    for guardrail in checklist(session, episode, now).missing:
        if guardrail in CONFIRMABLE and guardrail not in but:
            on = to_local(now, episode.care_team.time_zone).date() if guardrail in WITH_A_DATE else None
            confirm(session, episode, guardrail, CONFIRMED[guardrail], by=team.coordinator, now=now, on_date=on)


def write_plan(
    session: Session,
    episode: Episode,
    by: StaffMember,
    now: datetime,
    *,
    review_on: date | None = None,
    is_draft: bool = False,
) -> None:
    """Write a relapse plan with a patient: agreed with them, or the half of one that their first talk left."""
    language = episode.patient.language
    said, before = PLANS[language], newest(session, episode.id, PlanKind.STAYING_WELL)
    signs = (
        Sign(words=said.body, kind=SignKind.BODY),
        Sign(words=said.behaviour, kind=SignKind.BEHAVIOUR),
        Sign(words=said.thoughts, kind=SignKind.THOUGHTS),
        Sign(words=said.others_notice, kind=SignKind.OTHERS_NOTICE, watched=False),
    )
    content = StayingWell(helped=said.helped, triggers=said.triggers, keeps=said.keeps, matters=said.matters)
    plan = Written(content=content, signs=signs[:1], language=language, owner_id=by.id)
    if not is_draft:
        plan = Written(
            content=content.model_copy(update=_whole(episode)),
            signs=signs,
            language=language,
            owner_id=by.id,
            review_on=review_on or (now + LOOKED_AT_AGAIN).date(),
            back_to=_way_back(session, episode),
            wait_days=WAIT_DAYS,
            given=Given.PHONE,
        )
    based_on = before.id if before else None
    save_staying_well(session, episode, plan, agree=not is_draft, based_on_id=based_on, by=by.id, now=now)


def write_safety_plan(session: Session, episode: Episode, by: StaffMember, now: datetime) -> None:
    """Agree a safety plan with a patient; one that says the same already stays as it is."""
    said, before = PLANS[episode.patient.language], newest(session, episode.id, PlanKind.SAFETY)
    name = by.name.split()[0]
    steps = SafetySteps(
        warning_signs=said.warnings,
        alone=said.alone,
        places=(said.place,),
        people=_people(episode),
        professionals=(Person(name=name, number=episode.care_team.phone),),
        surroundings=(said.surroundings,),
    )
    safety = WrittenSafety(content=steps, language=episode.patient.language, given=Given.PHONE)
    based_on = before.id if before else None
    save_safety(session, episode, safety, agree=True, based_on_id=based_on, by=by.id, now=now)


def _whole(episode: Episode) -> dict[str, object]:
    said = PLANS[episode.patient.language]
    return {
        "first_sign": said.first_sign,
        "lapse": said.lapse,
        "relapse": said.relapse,
        "people": _people(episode),
        "number": episode.care_team.phone,
        "hours": said.hours,
    }


def _people(episode: Episode) -> tuple[Person, ...]:
    said = PLANS[episode.patient.language]
    return tuple(
        Person(name=name, who=who, number=number)
        for (name, who), number in zip((said.person, said.other), NUMBERS, strict=True)
    )


def _way_back(session: Session, episode: Episode) -> Step:
    """Return the step that somebody has now, where they can come back to it, or the lightest."""
    ways = ways_back(in_force(session, episode.pathway).pathway)
    return Step.TWO if Step.TWO in ways else ways[0]
