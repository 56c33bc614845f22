"""Each guardrail as one row of the page: where it stands, what it rests on, and what may be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.flags.due import Reader
from monitor.i18n import N_, format_date
from monitor.people.absences import standing_in
from monitor.people.models import Channel, StaffMember
from monitor.people.service import preference
from monitor.people.words import language_name
from monitor.relapse.gate import Checklist, Line
from monitor.relapse.guardrail_rules import CONFIRMABLE, WITH_A_DATE, State, Why
from monitor.relapse.guardrail_words import ASKS, MEND, TONES, guardrail_label, state_label, why_sentence
from monitor.relapse.kinds import Guardrail
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plans import content_of
from monitor.relapse.staff_words import given_label

CHANNELS: Mapping[Channel, str] = {Channel.TEXT: N_("by text"), Channel.PHONE: N_("by phone call")}


@dataclass(frozen=True)
class Mend:
    """Where a missing guardrail is mended: an address of ours by name, a field there, and the words of the link."""

    endpoint: str
    field: str
    words: str


@dataclass(frozen=True)
class GuardrailRow:
    """One row of the table. `asks` is what somebody who confirms it writes; empty where nobody can."""

    value: str
    number: int
    name: str
    state: str
    tone: str
    stands: bool
    detail: str
    quotes: tuple[str, ...]
    """What the plan says about it, in the patient's words."""
    quoted_in: str | None
    words: str | None
    who: str | None
    when: str | None
    signed: str | None
    mend: Mend | None
    asks: str
    needs_a_date: bool
    sign_for: UUID | None
    """The exception that this viewer may sign for."""
    can_be_taken_back: bool


@dataclass(frozen=True)
class About:
    """What the rows tell that no guardrail itself holds."""

    session: Session
    episode: Episode
    now: datetime
    cadence: str
    needs: str
    were_asked: bool
    """About their needs, in a form of ours; somebody who confirms the links may have asked all the same."""


def guardrail_rows(about: About, found: Checklist, reader: Reader, *, signer: UUID | None) -> tuple[GuardrailRow, ...]:
    """Return the eleven rows. `signer` is the supervisor who looks, where signing is open to them."""
    return tuple(_row(line, about, found, reader, signer) for line in found.lines)


def _row(line: Line, about: About, found: Checklist, reader: Reader, signer: UUID | None) -> GuardrailRow:
    may_sign = line.state is State.AWAITS_SIGNATURE and signer is not None and signer != line.by_id
    quotes = _quotes(line, found.plan)
    return GuardrailRow(
        value=line.guardrail.value,
        number=line.guardrail.number,
        name=guardrail_label(line.guardrail, reader.language),
        state=state_label(line.state, reader.language),
        tone=TONES[line.state],
        stands=line.stands,
        detail=_detail(line, about, found, reader),
        quotes=quotes,
        quoted_in=found.plan.language if found.plan and quotes else None,
        words=line.words,
        who=line.who,
        when=reader.day_and_time(line.when, about.now) if line.when else None,
        signed=_signed(line, about.now, reader),
        mend=_mend(line, reader),
        asks=reader.say(ASKS[line.guardrail]) if line.guardrail in CONFIRMABLE and _can_confirm(line) else "",
        needs_a_date=line.guardrail in WITH_A_DATE,
        sign_for=line.act_id if may_sign else None,
        can_be_taken_back=line.act_id is not None,
    )


def _can_confirm(line: Line) -> bool:
    return line.why is not Why.NO_SAFETY_PLAN and line.why is not Why.NOT_NEEDED


def _signed(line: Line, now: datetime, reader: Reader) -> str | None:
    if line.signed_by is None or line.signed_at is None:
        return None
    when = reader.day_and_time(line.signed_at, now)
    return reader.say(N_("Signed by %(name)s, %(when)s"), name=line.signed_by, when=when)


def _mend(line: Line, reader: Reader) -> Mend | None:
    if line.stands or line.why is None or line.why not in MEND:
        return None
    endpoint, field, words = MEND[line.why]
    return Mend(endpoint, field, reader.say(words))


def _quotes(line: Line, plan: RelapsePlan | None) -> tuple[str, ...]:
    if plan is None or line.guardrail is not Guardrail.MEDICINES:
        return ()
    content = content_of(plan)
    return tuple(filter(None, (content.medicines, content.prescriber)))


def _detail(line: Line, about: About, found: Checklist, reader: Reader) -> str:
    """Return why a guardrail is missing, or what one that stands rests on, and the facts beside it."""
    said = [why_sentence(line.why, reader.language)] if line.why else []
    if line.on_date is not None:
        said.append(reader.say(N_("Done on %(date)s."), date=_day(line.on_date, reader)))
    match line.guardrail:
        case Guardrail.LINKS if about.were_asked or line.state is not State.MET:
            said.append(about.needs)
        case Guardrail.LANGUAGE:
            said.append(_language(about, reader))
        case Guardrail.FOLLOW_UP if line.state is State.MET:
            said.append(about.cadence)
        case Guardrail.PLAN | Guardrail.SIGNS | Guardrail.WAY_BACK | Guardrail.OWNER if found.plan is not None:
            if line.state is State.MET:
                said.append(_of_the_plan(line.guardrail, found.plan, about, reader))
    return " ".join(filter(None, said))


def _of_the_plan(guardrail: Guardrail, plan: RelapsePlan, about: About, reader: Reader) -> str:
    if guardrail is Guardrail.PLAN:
        how = given_label(plan.given, reader.language) if plan.given else "–"
        figures = {"number": plan.version, "how": how, "date": reader.date(plan.at, "dMMMM")}
        return reader.say(N_("Version %(number)s, %(date)s. %(how)s."), **figures)
    if guardrail is Guardrail.SIGNS:
        return reader.ngettext(
            "%(count)s sign, and what they do at the first.",
            "%(count)s signs, and what they do at the first.",
            len(plan.signs),
        )
    if guardrail is Guardrail.WAY_BACK:
        return reader.ngettext(
            "Number and hours are there. Somebody speaks with them within %(count)s working day.",
            "Number and hours are there. Somebody speaks with them within %(count)s working days.",
            plan.wait_days or 0,
        )
    return _owner(plan, about, reader)


def _owner(plan: RelapsePlan, about: About, reader: Reader) -> str:
    if plan.owner is None:
        return ""
    there = standing_in(about.session, plan.owner.id, about.now, about.episode.care_team_id)
    if there == plan.owner.id:
        return f"{plan.owner.name}."
    cover = about.session.get_one(StaffMember, there).name
    return reader.say(N_("%(name)s, away now: %(cover)s stands in."), name=plan.owner.name, cover=cover)


def _language(about: About, reader: Reader) -> str:
    wishes, patient = preference(about.session, about.episode.patient_id), about.episode.patient
    how = reader.say(CHANNELS[wishes.channel]) if wishes else "–"
    spoken = language_name(patient.language, reader.language)
    return reader.say(N_("Now: %(spoken)s, %(how)s."), spoken=spoken, how=how)


def _day(on: date, reader: Reader) -> str:
    return format_date(on, reader.language, "dMMMM", reader.region)
