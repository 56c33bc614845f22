"""Staff are told outside the program that something waits: at least once, and never about whom or what."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import notice_sending, service
from monitor.flags.jobs import keep_time
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome, Severity
from monitor.flags.models import Flag
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.flags.notice_sending import MOST_TRIES, SendingReport, Ways, send_due
from monitor.flags.notices import given_up
from monitor.flags.post import ConsolePost, MailServer, NotTaken, SmtpPost
from monitor.ids import new_id
from monitor.messaging.gateway import OutcomeUnknown, RecordingGateway
from monitor.people.models import NoticeChannel, Role, StaffMember
from tests.builders import NOW
from tests.flags.mail_server import MailServer as StandIn
from tests.flags.mail_server import running_mail_server
from tests.flags.ward import DAY, HOUR, WEEK, Ward

EVENING = NOW.replace(hour=20)
MINUTE = timedelta(minutes=1)
FROM = "monitor@clinic.example"


class Clinic(Ward):
    """One patient, the clinician, and a mail server that they read at."""

    def __init__(self, sessions: Sessions, mail: StandIn) -> None:
        super().__init__(sessions)
        self.mail, self.texts = mail, RecordingGateway()

    def sends(self, at: datetime, url: str | None = None) -> SendingReport:
        post = SmtpPost(MailServer.from_url(url or self.mail.url), FROM)
        return send_due(self.sessions, lambda: at, Ways(post, self.texts, "https://monitor.example/staff/", "GB"))

    @property
    def notices(self) -> list[Notice]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Notice).order_by(Notice.created_at, Notice.id)))

    @property
    def notice(self) -> Notice:
        [notice] = self.notices
        return notice

    def changes(self, who: UUID, **values: object) -> None:
        with unit_of_work(self.sessions) as session:
            member = session.get_one(StaffMember, who)
            for name, value in values.items():
                setattr(member, name, value)

    def tries_to_ring(self, at: datetime) -> None:
        self.does(
            lambda session, flag, by: service.record_attempt(session, flag, by, AttemptOutcome.LEFT_MESSAGE, "", at)
        )


@pytest.fixture
def clinic(sessions: Sessions) -> Iterator[Clinic]:
    """A service whose staff read mail."""
    with running_mail_server() as mail:
        yield Clinic(sessions, mail)


# ---- who is told, and when ----


@pytest.mark.parametrize("at", [NOW, EVENING, NOW + 4 * DAY])
def test_a_safety_answer_is_told_to_its_owner_at_once_at_any_hour(clinic: Clinic, at: datetime) -> None:
    clinic.answers_item_9(1, at)

    notice = clinic.notice
    assert (notice.staff_member_id, notice.kind, notice.due_at) == (
        clinic.care.clinician.id,
        NoticeKind.FLAG_WAITS,
        at,
    )


@pytest.mark.parametrize(
    ("at", "told_at"),
    [
        (NOW, NOW),
        (EVENING, NOW.replace(hour=9) + DAY),
        (NOW + 4 * DAY, NOW.replace(hour=9) + 6 * DAY),  # Saturday: on Monday
    ],
)
def test_anything_else_for_the_same_day_is_told_when_somebody_is_there(
    clinic: Clinic, at: datetime, told_at: datetime
) -> None:
    clinic.stands(baseline=10, last=10, best=10, worst=10, safety_answer=1, count=1)
    for missed in (at - WEEK, at):
        clinic.misses(missed)

    clinic.look(at)

    assert clinic.flag.kind is FlagKind.MISSED_CHECK_INS
    assert clinic.notice.due_at == told_at


def test_what_is_not_for_the_same_day_waits_for_the_worklist(clinic: Clinic) -> None:
    clinic.stands(baseline=8, last=16, best=8, worst=16)

    clinic.look()

    assert clinic.flags
    assert clinic.notices == []


def test_a_second_answer_is_told_again_only_to_those_who_had_looked_or_if_it_is_for_sooner(clinic: Clinic) -> None:
    clinic.answers_item_9(1)
    clinic.answers_item_9(1, NOW + MINUTE)
    assert len(clinic.notices) == 1
    clinic.answers_item_9(3, NOW + 2 * MINUTE)
    assert len(clinic.notices) == 2
    clinic.tries_to_ring(NOW + 3 * MINUTE)
    clinic.answers_item_9(1, NOW + HOUR)
    assert len(clinic.notices) == 3


def test_whoever_is_handed_something_for_the_same_day_is_told(clinic: Clinic) -> None:
    ravi = clinic.joins("Ravi")
    clinic.has(FlagKind.SAFETY, severity=Severity.URGENT)

    clinic.does(
        lambda session, flag, by: service.hand_over(session, flag, by, session.get_one(StaffMember, ravi), "", NOW)
    )

    assert clinic.notice.staff_member_id == ravi


# ---- what it says ----


def words_of(clinic: Clinic) -> str:
    [letter] = clinic.mail.letters
    return " ".join(letter.get_content().split())


def test_a_letter_says_by_when_and_where_to_look(clinic: Clinic) -> None:
    clinic.answers_item_9(2)

    report = clinic.sends(NOW)

    assert report == SendingReport(sent=1)
    [letter] = clinic.mail.letters
    assert (letter["From"], letter["To"], letter["Auto-Submitted"]) == (FROM, "maren@example.org", "auto-generated")
    assert letter["Subject"] == "Something waits in the program"
    assert words_of(clinic) == ("A check-in needs review by 14:00. Open the program: https://monitor.example/staff/")
    assert clinic.notice.sent_at == NOW
    assert base64.b64decode(clinic.mail.accepted[0]) == b"\0clinic\0secret@word"


def test_a_letter_names_nobody_and_no_reason_in_any_kind_and_language(clinic: Clinic) -> None:
    lead = clinic.joins("Ines", Role.SUPERVISOR)
    for language in ("en", "es"):
        clinic.changes(lead, language=language)
        for kind in FlagKind:
            clinic.has(kind, due_at=NOW - HOUR, severity=Severity.URGENT)
            keep_time(clinic.sessions, lambda: NOW)
            clinic.sends(NOW)
            with unit_of_work(clinic.sessions) as session:
                for row in session.scalars(sa.select(Flag).where(Flag.closed_at.is_(None))):
                    by = session.get_one(StaffMember, lead)
                    service.close_held(session, row, by, Outcome.SPOKE, "Done.", NOW)

    said = "\n".join(str(letter) for letter in clinic.mail.letters).lower()
    assert len(clinic.mail.letters) >= 2 * len(FlagKind)
    assert clinic.care.patient.preferred_name.lower() not in said
    assert "riverside" not in said
    for word in ("safety", "phq", "gad", "item", "score", "worse", "deterior", "relapse", "suicid", "patient"):
        assert word not in said, word


def test_what_is_due_on_another_day_says_which(clinic: Clinic) -> None:
    clinic.answers_item_9(1, EVENING)

    clinic.sends(EVENING)

    assert words_of(clinic).startswith("A check-in needs review by Wed 25 Nov, 17:00.")


def test_overdue_is_said_to_whom_it_has_come(clinic: Clinic) -> None:
    clinic.joins("Ines", Role.SUPERVISOR)
    clinic.has(FlagKind.DETERIORATING, due_at=NOW - HOUR)
    keep_time(clinic.sessions, lambda: NOW)

    clinic.sends(NOW)

    [letter] = [each for each in clinic.mail.letters if each["To"] == "ines@example.org"]
    assert "by 9:00 and still waits. It has come to you." in " ".join(letter.get_content().split())


def test_those_who_want_texts_get_one_through_the_same_gateway_as_everybody(clinic: Clinic) -> None:
    clinic.changes(clinic.care.clinician.id, notices_by=NoticeChannel.TEXT, number="+447700900555")
    clinic.answers_item_9(1)

    clinic.sends(NOW)

    [text] = clinic.texts.sent
    assert (text.to, text.reference) == ("+447700900555", clinic.notice.id)
    assert text.body == "A check-in needs review by 17:00. Open the program: https://monitor.example/staff/"
    assert clinic.mail.letters == []


def test_those_who_want_texts_and_have_no_number_get_a_letter(clinic: Clinic) -> None:
    clinic.changes(clinic.care.clinician.id, notices_by=NoticeChannel.TEXT)
    clinic.answers_item_9(1)

    clinic.sends(NOW)

    assert len(clinic.mail.letters) == 1


# ---- at least once ----


def test_a_notice_goes_once_and_what_was_settled_before_it_went_goes_not_at_all(clinic: Clinic) -> None:
    clinic.answers_item_9(1)
    clinic.sends(NOW)
    clinic.sends(NOW + DAY)
    clinic.answers_item_9(3, NOW + DAY)
    clinic.closes(at=NOW + DAY)
    clinic.sends(NOW + DAY)

    assert len(clinic.mail.letters) == 1
    assert [notice.sent_at for notice in clinic.notices] == [NOW]


def test_while_the_mail_server_is_dead_it_is_tried_again_until_it_answers(clinic: Clinic) -> None:
    clinic.answers_item_9(1)
    with running_mail_server() as other:
        dead = other.url

    at = NOW
    for _ in range(5):
        report = clinic.sends(at, dead)
        assert (report.sent, report.failed, report.down) == (0, 1, {NoticeChannel.EMAIL})
        assert clinic.sends(at, dead) == SendingReport(), "not again before its time"
        at = clinic.notice.due_at
    clinic.sends(at)

    assert (clinic.notice.tries, clinic.notice.sent_at, clinic.notice.given_up_at) == (6, at, None)
    assert at == NOW + 62 * MINUTE
    assert len(clinic.mail.letters) == 1


def test_a_dead_mail_server_is_asked_once_a_pass_and_texts_still_go(clinic: Clinic) -> None:
    ravi = clinic.joins("Ravi")
    clinic.changes(ravi, notices_by=NoticeChannel.TEXT, number="+447700900555")
    for owner, kind in ((clinic.care.clinician.id, FlagKind.SAFETY), (ravi, FlagKind.MISSED_CHECK_INS)):
        clinic.has(kind, owner_id=owner, severity=Severity.URGENT)
    clinic.joins("Ines", Role.SUPERVISOR)
    keep_time(clinic.sessions, lambda: NOW)
    mails = sum(notice.channel is NoticeChannel.EMAIL for notice in clinic.notices)
    with running_mail_server() as other:
        dead = other.url

    report = clinic.sends(NOW, dead)

    assert mails > 1
    assert report.failed == 1
    assert len(clinic.texts.sent) == report.sent == len(clinic.notices) - mails


def test_an_address_that_is_turned_away_keeps_nobody_else_from_their_mail(clinic: Clinic) -> None:
    clinic.joins("Ines", Role.SUPERVISOR)
    clinic.joins("Mia", Role.MANAGER)
    clinic.mail.unknown.add("ines@example.org")
    clinic.has(FlagKind.DETERIORATING, due_at=NOW - 5 * DAY)
    for hours in range(0, 96, 4):
        keep_time(clinic.sessions, lambda hours=hours: NOW + hours * HOUR)

    clinic.sends(NOW + 4 * DAY)

    assert {letter["To"] for letter in clinic.mail.letters} >= {"mia@example.org"}
    assert "ines@example.org" not in {letter["To"] for letter in clinic.mail.letters}


def test_after_the_last_try_it_is_given_up_and_counted(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    clinic.mail.unknown.add("maren@example.org")
    clinic.answers_item_9(1)

    for _ in range(MOST_TRIES + 3):
        clinic.sends(clinic.notice.due_at)

    assert (clinic.notice.tries, clinic.notice.sent_at) == (MOST_TRIES, None)
    assert clinic.notice.given_up_at is not None
    assert timedelta(hours=9) < clinic.notice.given_up_at - NOW < timedelta(hours=13)
    with clinic.sessions() as session:
        assert given_up(session) == 1
    assert "maren" not in caplog.text


def test_a_machine_that_stops_between_sending_and_writing_it_down_sends_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.answers_item_9(1)

    class Stopped(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch, suppress(Stopped):
        patch.setattr(notice_sending, "_note_sent", stop)
        clinic.sends(NOW)
    assert (clinic.notice.tries, clinic.notice.sent_at) == (1, None)

    clinic.sends(NOW + MINUTE)
    clinic.sends(clinic.notice.due_at)

    assert len(clinic.mail.letters) == 2
    assert len({letter["Message-ID"] for letter in clinic.mail.letters}) == 1, "so that a reader's program sees one"


def test_a_text_that_may_have_gone_goes_again(clinic: Clinic) -> None:
    clinic.changes(clinic.care.clinician.id, notices_by=NoticeChannel.TEXT, number="+447700900555")
    clinic.texts.fail_next(OutcomeUnknown("timeout"))
    clinic.answers_item_9(1)

    clinic.sends(NOW)
    clinic.sends(NOW + 2 * MINUTE)

    assert len(clinic.texts.sent) == 1
    assert clinic.notice.sent_at == NOW + 2 * MINUTE


# ---- the digest ----


def test_the_working_day_begins_with_counts_of_ones_own_work(clinic: Clinic) -> None:
    clinic.has(FlagKind.NOT_IMPROVING, due_at=NOW.replace(hour=17), escalate_at=NOW + WEEK)
    clinic.has(FlagKind.UNREACHABLE, due_at=NOW - DAY, escalate_at=NOW + WEEK)
    clinic.has(FlagKind.MISSED_CHECK_INS, due_at=NOW - DAY, snoozed_until=NOW + DAY, escalate_at=NOW + WEEK)
    clinic.has(FlagKind.RELAPSE_SIGNAL, due_at=NOW + DAY, escalate_at=NOW + WEEK)
    with unit_of_work(clinic.sessions) as session:
        session.merge(clinic.care.episode).next_review_at = NOW - 3 * DAY
    opening = NOW.replace(hour=9)

    for at in (opening - MINUTE, opening, opening + MINUTE, NOW + 3 * HOUR):
        keep_time(clinic.sessions, lambda at=at: at)
    assert (clinic.notice.staff_member_id, clinic.notice.kind) == (clinic.care.clinician.id, NoticeKind.DIGEST)
    assert clinic.notice.created_at == opening
    clinic.sends(opening)

    assert re.findall(r"\d+", words_of(clinic)) == ["1", "1", "0", "1"]
    keep_time(clinic.sessions, lambda: opening + DAY)
    assert len(clinic.notices) == 2


@pytest.mark.parametrize("why", ["nothing waits", "wants none", "is away", "it is Sunday"])
def test_nobody_gets_a_digest_for_nothing(clinic: Clinic, why: str) -> None:
    if why != "nothing waits":
        clinic.has(FlagKind.NOT_IMPROVING, due_at=NOW + 30 * DAY - 13 * HOUR)
        clinic.has(FlagKind.UNREACHABLE, due_at=NOW, escalate_at=NOW + 60 * DAY)
    if why == "wants none":
        clinic.changes(clinic.care.clinician.id, wants_digest=False)
    if why == "is away":
        clinic.is_away(clinic.care.clinician.id, clinic.joins("Ravi"), NOW - HOUR, NOW + HOUR)
        with unit_of_work(clinic.sessions) as session:
            session.execute(sa.update(Flag).values(due_at=NOW + 2 * HOUR, escalate_at=NOW + WEEK))
    at = NOW + 5 * DAY if why == "it is Sunday" else NOW

    keep_time(clinic.sessions, lambda: at)

    assert clinic.notices == []


# ---- the way there ----


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1", "smtp://", "smtp://host/path", "smtp://host?x=1", "smtp://host:99999", "mail.host"]
)
def test_an_address_that_is_no_mail_server_is_refused_without_quoting_it(settings: Settings, url: str) -> None:
    values = settings.model_dump() | {"smtp_url": url, "mail_from": FROM}
    if not url:
        assert Settings(**values).smtp_url is None
        return
    with pytest.raises(ValidationError) as refused:
        Settings(**values)
    assert refused.value.errors()[0]["loc"] == ("smtp_url",)


@pytest.mark.parametrize("sender", ["", "monitor", "@clinic.example", "a@b\nBcc: c@d"])
def test_a_mail_server_needs_an_address_to_send_from(settings: Settings, sender: str) -> None:
    values = settings.model_dump() | {"smtp_url": "smtp://mail.clinic.example", "mail_from": sender}
    with pytest.raises(ValidationError, match="MONITOR_MAIL_FROM"):
        Settings(**values)


def test_an_address_is_read_in_all_its_parts() -> None:
    whole = MailServer.from_url("smtps://clinic%40x:p%3Aw@mail.example:2525")
    assert (whole.host, whole.port, whole.tls_first, whole.name, whole.password) == (
        "mail.example",
        2525,
        True,
        "clinic@x",
        "p:w",
    )
    assert "p:w" not in repr(whole)
    assert [MailServer.from_url(f"{each}://mail.example").port for each in ("smtp", "smtps")] == [587, 465]


def test_nothing_goes_unencrypted_to_another_machine() -> None:
    """The stand-in offers no encryption, and is reached here as if it were elsewhere."""
    with running_mail_server() as mail:
        there = MailServer("127.0.0.1", mail.port, tls_first=False)
        elsewhere = type("Elsewhere", (MailServer,), {"is_this_machine": False})(
            there.host, there.port, tls_first=False
        )
        with pytest.raises(NotTaken):
            SmtpPost(elsewhere, FROM).send("maren@example.org", "Hello", "Hello", new_id(), NOW)
        assert mail.letters == []


@pytest.mark.parametrize("show_text", [True, False])
def test_without_a_mail_server_notices_are_printed_and_never_to_whom(show_text: bool) -> None:
    printed, reference = StringIO(), new_id()

    ConsolePost(printed, show_text=show_text).send("maren@example.org", "Hello", "Look by 17:00.", reference, NOW)

    assert str(reference) in printed.getvalue()
    assert "maren" not in printed.getvalue()
    assert ("Look by 17:00." in printed.getvalue()) is show_text
