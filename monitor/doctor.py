"""What an engineer should know about a deployment before patients rely on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import first_broken_link
from monitor.beats import last_beat
from monitor.care import pathways, publication
from monitor.care.pathway_loading import InvalidPathway
from monitor.care.promises import has_cover
from monitor.config import Environment, Gateway, Settings
from monitor.db import Sessions, reading
from monitor.flags.notice_sending import MOST_TRIES
from monitor.flags.notices import given_up, late_notices
from monitor.health import CLOCK_IS_LATE_AFTER
from monitor.i18n import DOMAINS, LANGUAGES, SOURCE_LANGUAGE, STAFF_LANGUAGES, broken, is_draft, unread
from monitor.measures import catalogue
from monitor.measures.clips import fingerprint, plays_everywhere
from monitor.messaging.models import Message, MessageState, RefusedCall
from monitor.messaging.outages import open_outage
from monitor.messaging.unsent import unsent_yesterday
from monitor.people import help_lines
from monitor.people.models import CareTeam, NoticeChannel, Role, StaffMember
from monitor.people.teams import CARERS

MOST_NAMED = 3
"""Translations that one finding names."""


class State(StrEnum):
    """How pressing a finding is."""

    GOOD = "good"
    KNOW = "know"
    """Nothing is broken; somebody should know and decide."""
    MEND = "mend"
    """Patients must not rely on it as it is."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: State
    what: str


def examine(settings: Settings, sessions: Sessions, now: datetime) -> list[Finding]:
    """Look at settings, clock, outbox, cover, languages, help lines and audit trail. Reads only; names no patient."""
    with reading(sessions) as session:
        findings = [
            *_settings(settings),
            *_clock(session, now),
            *_outbox(session, now),
            *_notices(settings, session),
            *_teams(session),
            *_pathways(session),
            *_languages(settings),
            *_translations(),
            *_wording(settings),
            *_recordings(),
            *_help_lines(now),
        ]
    return [*findings, *_audit_trail(sessions)]


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.environment is Environment.DEMO:
        yield Finding(State.MEND, "environment is demo: keys and people are invented")
    if settings.gateway is Gateway.CONSOLE:
        yield Finding(State.MEND, "gateway is console: no text leaves this machine")
    if len(settings.keys) > 1:
        yield Finding(State.KNOW, f"{len(settings.keys)} data keys are configured; old ones are still needed to read")


def _clock(session: Session, now: datetime) -> Iterator[Finding]:
    beat = last_beat(session, "tick")
    if beat is None:
        yield Finding(State.MEND, "the clock has never run: start the service, or run: monitor tick")
    elif abs(now - beat) > CLOCK_IS_LATE_AFTER:  # a run `--at` some later day says nothing about today
        yield Finding(State.MEND, f"the clock last ran at {beat:%Y-%m-%d %H:%M} UTC")
    else:
        yield Finding(State.GOOD, "the clock is running")


def _outbox(session: Session, now: datetime) -> Iterator[Finding]:
    count = sa.select(sa.func.count()).select_from(Message)
    on_their_way = (MessageState.QUEUED, MessageState.ENQUEUED)
    waiting = session.scalar(count.where(Message.state.in_(on_their_way), Message.due_at < now)) or 0
    unknown = session.scalar(count.where(Message.state == MessageState.UNKNOWN)) or 0
    if waiting:
        yield Finding(State.KNOW, f"{_texts(waiting)} due and not gone yet")
    if unknown:
        yield Finding(State.KNOW, f"{_texts(unknown)} that may or may not have arrived: the provider's reply was lost")
    outage = open_outage(session)
    if outage is not None:
        yield Finding(State.MEND, f"no text can go since {outage.began_at:%Y-%m-%d %H:%M} UTC: code {outage.code}")
    unsent = unsent_yesterday(session, now)
    if unsent:
        yield Finding(State.KNOW, f"{_texts(unsent)} of yesterday did not go")
    refused = session.scalar(sa.select(sa.func.sum(RefusedCall.count)).where(RefusedCall.on == now.date())) or 0
    if refused:
        yield Finding(State.KNOW, f"{refused} calls of today claimed to be the provider's and were refused")


def _notices(settings: Settings, session: Session) -> Iterator[Finding]:
    by_mail = sa.exists().where(
        StaffMember.ended_at.is_(None), StaffMember.role.in_(CARERS), StaffMember.notices_by == NoticeChannel.EMAIL
    )
    if settings.smtp_url is None and session.scalar(sa.select(by_mail)):
        what = "staff get no mail when something waits: set MONITOR_SMTP_URL and MONITOR_MAIL_FROM"
        yield Finding(State.MEND, what)
    waiting, lost = late_notices(session), given_up(session)
    if waiting:
        yield Finding(State.KNOW, f"{waiting} notices to staff have not gone yet and are tried again")
    if lost:
        yield Finding(State.KNOW, f"{lost} notices to staff never went, after {MOST_TRIES} tries each")


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count} texts"


def _teams(session: Session) -> Iterator[Finding]:
    teams = session.scalars(sa.select(CareTeam).order_by(CareTeam.name)).all()
    if not teams:
        yield Finding(State.MEND, "there is no care team yet")
    for team in teams:
        if has_cover(session, team):
            yield Finding(State.GOOD, f"{team.name}: somebody is named to read safety answers")
        else:
            yield Finding(State.MEND, f"{team.name}: nobody reads safety answers, so forms with item 9 are not sent")
    administrators = sa.select(StaffMember.id).where(
        StaffMember.role == Role.ADMINISTRATOR, StaffMember.ended_at.is_(None)
    )
    if not session.scalar(sa.select(administrators.exists())):
        yield Finding(State.MEND, "there is no administrator")


def _pathways(session: Session) -> Iterator[Finding]:
    for code in pathways.shipped_codes():
        last, shipped = publication.newest(session, code), pathways.shipped(code).version_id
        if last is None:
            yield Finding(State.KNOW, f"pathway {code}: {str(shipped)[:8]} as shipped; nobody here has signed it off")
            continue
        here = str(last.version_id)[:8]
        try:
            pathways.in_force(session, code)
        except InvalidPathway:  # as after an upgrade that checks more
            mend = f"run: monitor pathway show {code}, and: monitor pathway check"
            yield Finding(State.MEND, f"pathway {code}: this program cannot read {here}, which is in force; {mend}")
            continue
        signed = f"signed off {last.at:%Y-%m-%d}"
        if last.version_id == shipped:
            yield Finding(State.GOOD, f"pathway {code}: {here} as shipped, {signed}")
        else:
            shipped_here = str(shipped)[:8]
            yield Finding(State.KNOW, f"pathway {code}: {here}, {signed}; it differs from the shipped {shipped_here}")


def _languages(settings: Settings) -> Iterator[Finding]:
    for tag, language in LANGUAGES.items():
        missing = [catalogue.spec(code).name for code in catalogue.TRACKED if code not in catalogue.offered(tag)]
        if missing:
            switched = [code for code in catalogue.TRACKED if f"{code}:{tag}" in settings.provisional_instruments]
            extra = f"; switched on as provisional: {', '.join(switched)}" if switched else ""
            yield Finding(State.KNOW, f"{language.name}: no official {', '.join(missing)}{extra}")
        if tag != SOURCE_LANGUAGE and is_draft(tag):
            yield Finding(State.KNOW, f"{language.name}: the pages are a draft that no native speaker has reviewed")


def _translations() -> Iterator[Finding]:
    """What is not shown as it was translated: by the rules by which the pages themselves decide."""
    for domain in DOMAINS:
        for tag in STAFF_LANGUAGES if domain == "staff" else LANGUAGES:
            if tag == SOURCE_LANGUAGE:
                continue
            whose = f"{LANGUAGES[tag].name}, {domain}"
            lost = unread(tag, domain)
            if lost:
                yield Finding(State.MEND, f"{whose}: {lost}, and the English is shown")
            found = broken(tag, domain)
            if found:
                more = ", …" if len(found) > MOST_NAMED else ""
                named = "; ".join(found[:MOST_NAMED]) + more
                yield Finding(State.KNOW, f"{whose}: broken and shown in English: {len(found)}: {named}")


def _wording(settings: Settings) -> Iterator[Finding]:
    """Drafts that are switched on without there being any, and words that are shown with somebody's permission."""
    catalogue.use_folder(settings.instruments_dir)
    known = {f"{code}:{tag}" for code in catalogue.CODES for tag in catalogue.languages(code)}
    for pair in sorted(settings.provisional_instruments - known):
        yield Finding(State.KNOW, f"provisional_instruments names {pair}, and there is no such wording")
    for code in catalogue.CODES:
        for tag in catalogue.languages(code):
            permission = catalogue.load(code, tag).permission
            if permission:
                said = f"{permission.given_by} gave permission on {permission.on}"
                yield Finding(State.GOOD, f"{catalogue.spec(code).name} in {tag}: {said}")


def _recordings() -> Iterator[Finding]:
    """What can be listened to, with a fingerprint by which a recording that was swapped is seen."""
    for code in (code for code in catalogue.CODES if catalogue.spec(code).part_of is None):
        for tag in catalogue.languages(code):
            clips, count = catalogue.clips(code, tag), catalogue.spec(code).item_count
            if not clips:
                continue
            heard = sum(str(item) in clips for item in range(1, count + 1))
            what = f"{catalogue.spec(code).name} in {tag}: {heard} of {count} questions can be listened to"
            yield Finding(State.GOOD if heard == count else State.KNOW, f"{what}, recordings {fingerprint(clips)}")
            if not plays_everywhere(clips):
                yield Finding(State.KNOW, f"{what}, some in Ogg alone, which older iPhones do not play")
    for place in catalogue.stray_clips():
        yield Finding(State.KNOW, f"recording {place} reads nothing that is asked")


def _help_lines(now: datetime) -> Iterator[Finding]:
    table, today = help_lines.table(), now.date()
    for country, help_here in sorted(table.items()):
        for row in help_here.rows:
            if help_lines.is_stale(row, today):
                name = row.name if isinstance(row, help_lines.HelpLine) else "emergency number"
                yield Finding(State.KNOW, f"help line {country} {name}: not verified for more than 180 days")
    undialled = sum(line.dialled_on is None for help_here in table.values() for line in help_here.lines)
    if undialled:
        yield Finding(State.KNOW, f"{undialled} help lines come from published lists and were never dialled by anybody")


def _audit_trail(sessions: Sessions) -> Iterator[Finding]:
    with reading(sessions) as session:
        if session.get_bind().dialect.name == "postgresql":  # else an entry written meanwhile looks like a break
            session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        broken = first_broken_link(session)
    if broken is None:
        yield Finding(State.GOOD, "the audit trail is whole")
    else:
        yield Finding(State.MEND, f"the audit trail is broken at entry {broken}: it was changed there or cut off")
