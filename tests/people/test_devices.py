"""A patient's own phone: how it is set up, what opens it, and what keeps others out."""

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people import devices
from monitor.people.devices import Invitation, Unlock, is_weak_pin
from monitor.people.models import Device
from monitor.people.patient_forms import digits
from tests.builders import NOW
from tests.phones import Asked, Phone, an_open_check_in, every_row

PIN = "284915"


def test_a_phone_is_set_up_by_its_qr_code_and_opens_the_patients_pages(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    invitation = invite(sessions, asked)
    before = every_row(sessions)
    assert phone.get(f"/set-up/{invitation.token}").status_code == 200
    assert every_row(sessions) == before

    done = phone.post(f"/set-up/{invitation.token}", {"pin": PIN, "again": PIN})

    assert (done.status_code, done.location) == (303, "/me")
    cookie = done.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "My progress" in phone.get("/me").text
    with unit_of_work(sessions) as session:
        actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
        assert actions == ["invited_device", "enrolled_device"]
        assert PIN not in repr(session.execute(sa.select(Device)).all())


def test_a_phone_is_set_up_by_the_code_that_staff_speak(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    code = invite(sessions, asked).code

    done = phone.post("/set-up", {"code": f"{code[:4]} {code[4:]}", "pin": PIN, "again": PIN})

    assert (done.status_code, done.location) == (303, "/me")


def test_an_invitation_is_good_once_and_for_ten_minutes(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    used, late = invite(sqlite_sessions, asked), invite(sqlite_sessions, an_open_check_in(sqlite_sessions))
    again = {"pin": PIN, "again": PIN}
    phone.post(f"/set-up/{used.token}", again)
    phone.wait(minutes=10)

    pages = [phone.get(f"/set-up/{token}") for token in (used.token, late.token, "unknown")]
    sent = [phone.post(f"/set-up/{token}", again) for token in (used.token, late.token, "unknown")]

    assert {page.status_code for page in (*pages, *sent)} == {404}
    assert all("This code has finished" in page.text for page in (*pages, *sent))
    assert phone.post("/set-up", {"code": late.code} | again).status_code == 422


def test_a_new_invitation_ends_the_one_before(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    first, second = invite(sqlite_sessions, asked), invite(sqlite_sessions, asked)

    assert phone.get(f"/set-up/{first.token}").status_code == 404
    assert phone.get(f"/set-up/{second.token}").status_code == 200


def test_guessing_codes_stops_after_ten_tries(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    right = {"code": invite(sqlite_sessions, asked).code, "pin": PIN, "again": PIN}
    wrong = right | {"code": "00000000" if right["code"] != "00000000" else "11111111"}

    assert [phone.post("/set-up", wrong).status_code for _ in range(10)] == [422] * 10

    assert phone.post("/set-up", right).status_code == 429
    phone.wait(minutes=16)
    fresh = right | {"code": invite(sqlite_sessions, asked, phone).code}
    assert phone.post("/set-up", fresh).status_code == 303


@pytest.mark.parametrize(
    ("pin", "again", "said"),
    [
        ("12345", "12345", "exactly 6 digits"),
        ("1234567", "1234567", "exactly 6 digits"),
        ("abcdef", "abcdef", "exactly 6 digits"),
        ("123456", "123456", "easy to guess"),
        (PIN, "284916", "not the same"),
        ("", "", "exactly 6 digits"),
    ],
)
def test_a_pin_that_will_not_do_is_asked_for_again_and_never_shown(
    sqlite_sessions: Sessions, settings: Settings, pin: str, again: str, said: str
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    invitation = invite(sqlite_sessions, asked)

    page = phone.post(f"/set-up/{invitation.token}", {"pin": pin, "again": again})

    assert page.status_code == 422
    assert said in page.text
    assert "<title>Error:" in page.text
    assert f'value="{pin or PIN}"' not in page.text
    assert phone.post(f"/set-up/{invitation.token}", {"pin": PIN, "again": PIN}).status_code == 303


@pytest.mark.parametrize(
    ("pin", "weak"),
    [
        ("000000", True),
        ("777777", True),
        ("123456", True),
        ("654321", True),
        ("890123", True),
        ("121212", True),
        ("123123", True),
        ("198519", True),
        ("851985", True),
        ("284915", False),
        ("112358", False),
        ("198642", False),
    ],
)
def test_the_first_pins_that_anybody_would_try_are_weak(pin: str, weak: bool) -> None:
    assert is_weak_pin(pin, "1985") is weak


def test_digits_are_read_in_any_script() -> None:
    assert digits("٢٨٤ ٩١٥") == PIN
    assert digits("2849-15") == PIN
    assert digits("28²915") == "28²915"


def test_after_15_idle_minutes_the_pin_is_asked_again(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sqlite_sessions, settings)
    phone.wait(minutes=14)
    assert "My progress" in phone.get("/me").text
    phone.wait(minutes=14)
    assert "My progress" in phone.get("/me").text
    phone.wait(minutes=16)
    before = every_row(sqlite_sessions)

    locked = phone.get("/me/settings")

    assert (locked.status_code, "Enter your PIN" in locked.text) == (200, True)
    assert every_row(sqlite_sessions) == before
    assert phone.post("/me/settings", {"do": "stop"}).status_code == 403
    opened = phone.post("/me/unlock", {"pin": PIN, "next": "settings.show"})
    assert (opened.status_code, opened.location) == (303, "/me/settings")
    assert "My settings" in phone.get("/me/settings").text


def test_five_wrong_pins_lock_the_phone_until_staff_help(sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sessions, settings)
    phone.wait(minutes=16)
    tries = [phone.post("/me/unlock", {"pin": "111111"}) for _ in range(5)]
    assert ["This is not your PIN" in page.text for page in tries] == [True] * 4 + [False]

    right = phone.post("/me/unlock", {"pin": PIN})

    assert (right.status_code, "This phone is locked" in right.text) == (422, True)
    phone.wait(days=30)
    assert "This phone is locked" in phone.get("/me").text
    with unit_of_work(sessions) as session:
        device = session.scalars(sa.select(Device)).one()
        token = devices.begin_enrolment(session, device.patient, None, phone.now).token
    phone.post(f"/set-up/{token}", {"pin": "730264", "again": "730264"})
    assert "My progress" in phone.get("/me").text


def test_the_right_pin_forgives_the_wrong_ones(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sqlite_sessions, settings)
    for _ in range(2):
        for _ in range(4):
            phone.post("/me/unlock", {"pin": "111111"})
        assert phone.post("/me/unlock", {"pin": PIN}).status_code == 303


def test_a_new_phone_ends_the_old_one(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions)
    lost, new = (an_own_phone(sqlite_sessions, settings, asked) for _ in range(2))

    assert "My progress" in new.get("/me").text
    assert lost.get("/me").location == "/set-up"


def test_a_phone_that_is_not_ours_is_taken_off_without_a_pin(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sqlite_sessions, settings)
    phone.wait(minutes=16)

    gone = phone.post("/me/unlock", {"do": "forget"})

    assert "This phone is removed" in gone.text
    assert phone.get("/me").location == "/set-up"


@pytest.mark.parametrize("elsewhere", ["https://example.org", "//example.org", "help.show", ""])
def test_a_pin_leads_nowhere_but_to_the_patients_own_pages(
    sqlite_sessions: Sessions, settings: Settings, elsewhere: str
) -> None:
    phone = an_own_phone(sqlite_sessions, settings)

    assert phone.post("/me/unlock", {"pin": PIN, "next": elsewhere}).location == "/me"


def test_a_cookie_that_was_changed_opens_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sqlite_sessions, settings)
    cookie = phone.browser.get_cookie("device")
    assert cookie is not None
    phone.browser.set_cookie("device", cookie.value[:-2] + "xx")

    assert phone.get("/me").location == "/set-up"


def test_another_sites_page_cannot_send_a_form_here(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = an_own_phone(sqlite_sessions, settings)
    phone.headers["Sec-Fetch-Site"] = "cross-site"

    assert phone.post("/me/settings", {"do": "forget"}).status_code == 403


def test_a_pin_tried_by_service_is_counted(sqlite_sessions: Sessions, settings: Settings) -> None:
    an_own_phone(sqlite_sessions, settings)
    with unit_of_work(sqlite_sessions) as session:
        device = session.scalars(sa.select(Device)).one()
        assert devices.change_pin(session, device, "111111", "730264", NOW) is Unlock.WRONG
        assert device.tries == 1
        assert devices.change_pin(session, device, PIN, "730264", NOW) is Unlock.OPEN
        assert devices.unlock(session, device, "730264", NOW) is Unlock.OPEN


def invite(sessions: Sessions, asked: Asked, phone: Phone | None = None) -> Invitation:
    with unit_of_work(sessions) as session:
        return devices.begin_enrolment(session, asked.care.patient, None, phone.now if phone else NOW)


def an_own_phone(sessions: Sessions, settings: Settings, asked: Asked | None = None) -> Phone:
    phone = Phone(sessions, settings)
    token = invite(sessions, asked or an_open_check_in(sessions)).token
    assert phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN}).status_code == 303
    return phone
