"""The pages that only a demonstration has, and that nobody else gets."""

import base64
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import HttpUrl, SecretStr

from monitor import Surface, create_app
from monitor.care.models import Episode
from monitor.config import Environment, Gateway, Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.demo.clinic import STAFF
from monitor.demo.guide import device_token, guide, roster
from monitor.demo.lives import PIN
from monitor.demo.phone_network import ACCOUNT, TOKEN
from monitor.demo.phone_network_control import network_process
from monitor.demo.tour import stops
from monitor.ids import new_id
from monitor.messaging.gateway import Refused
from monitor.messaging.twilio_gateway import TwilioGateway
from monitor.people import devices
from monitor.people.models import Device
from tests.builders import NOW, a_patient, a_staff_member, a_team
from tests.demo.conftest import SMALL, Riverside
from tests.phones import Phone, form_of

PAGES = ("/demo/", "/demo/texts", "/demo/device/0000000000000000000000")


@pytest.fixture
def phone(riverside: Riverside) -> Phone:
    """A browser at the demonstration, at NOW."""
    return Phone(riverside.sessions, riverside.settings)


def test_the_texts_are_shown_as_phones_show_them_and_their_links_open(phone: Phone, riverside: Riverside) -> None:
    page = phone.get("/demo/texts")
    with reading(riverside.sessions) as session:
        links = [each.check_in_url for each in guide(session, "", NOW).patients if each.check_in_url]

    assert page.status_code == 200
    assert 'lang="ar" dir="rtl"' in page.text
    assert any(f'href="{link}"' in page.text for link in links)
    assert all(phone.get(link).status_code == 200 for link in links)


def test_where_no_phone_network_is_nobody_can_write_on_a_phone(phone: Phone, riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        token = device_token(roster(session)[0][1])

    assert "<form" not in phone.get("/demo/texts").text
    assert phone.post(f"/demo/texts/{token}", {"body": "STOP"}).status_code == 404


def test_what_is_written_on_a_phone_goes_to_the_phone_network(riverside: Riverside) -> None:
    with network_process(inbound_url="http://127.0.0.1:9/hooks/twilio/text") as network:
        account = {"gateway": Gateway.TWILIO, "twilio_account_sid": ACCOUNT, "twilio_auth_token": SecretStr(TOKEN)}
        settings = riverside.settings.model_copy(update=account | {"twilio_base_url": HttpUrl(network.url)})
        phone = Phone(riverside.sessions, settings)
        with reading(riverside.sessions) as session:
            patient = roster(session)[0][1]
            path, number = f"/demo/texts/{device_token(patient)}", patient.number

        assert phone.get("/demo/texts").text.count("<form") > 1
        assert phone.post(path, {"body": "stop"}).location == "/demo/texts"
        assert phone.post("/demo/texts/0000000000000000000000", {"body": "stop"}).status_code == 404

        refused = TwilioGateway(settings.model_copy(update={"twilio_from": "+441632960199"}))
        with pytest.raises(Refused, match="21610"):  # the network knows that this phone wants no more
            refused.send(number, "Riverside: hello.", new_id(), valid_for=timedelta(hours=1))


def test_no_surname_is_on_a_phone(phone: Phone, riverside: Riverside) -> None:
    texts = phone.get("/demo/texts").text
    with reading(riverside.sessions) as session:
        surnames = [patient.preferred_name.partition(" ")[2] for _, patient in roster(session)]

    assert not [surname for surname in surnames if surname in texts]


def test_the_first_page_leads_to_everybody(phone: Phone) -> None:
    page = phone.get("/demo/")

    assert page.status_code == 200
    assert len(set(re.findall(r"/demo/device/\w+", page.text))) == SMALL
    assert len(set(re.findall(r"\w+@riverside.example", page.text))) == 10


def test_the_first_page_says_where_to_look(phone: Phone, riverside: Riverside) -> None:
    page = phone.get("/demo/").text
    with reading(riverside.sessions) as session:
        ways = stops(session)
        overdue = session.scalars(sa.select(Episode.patient_id).where(Episode.next_review_at < NOW)).one()

    assert all(f'href="{stop.path}"' in page for stop in ways)
    assert f"/staff/patients/{overdue}/review" in {stop.path for stop in ways}
    assert {stop.who for stop in ways if stop.who} <= {colleague.email for colleague in STAFF}


def test_a_browser_becomes_a_patients_own_phone(phone: Phone, riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        path = f"/demo/device/{device_token(roster(session)[0][1])}"

    assert PIN in phone.get(path).text
    assert phone.get("/me").status_code == 303, "looking changes nothing"
    assert phone.post(path).location == "/me"
    assert phone.get("/me").status_code == 200
    phone.wait(minutes=20)
    asked = phone.get("/me")
    assert "PIN" in asked.text
    unlocked = phone.post("/me/unlock", form_of(asked.text).sent | {"pin": PIN})
    assert unlocked.status_code == 303


@pytest.mark.parametrize("path", PAGES)
def test_they_say_that_everybody_is_invented_and_change_nothing(phone: Phone, path: str, riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        before = session.query(Device).count()
    page = phone.get(path)
    with reading(riverside.sessions) as session:
        assert session.query(Device).count() == before

    assert page.status_code == (404 if "device" in path else 200)
    assert page.status_code == 404 or "Every person here is invented." in page.text


@pytest.mark.parametrize("path", PAGES)
def test_where_others_are_in_care_there_are_no_such_pages(
    sqlite_sessions: Sessions, settings: Settings, path: str
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        a_patient(session, team, a_staff_member(session, team))

    assert Phone(sqlite_sessions, settings).get(path).status_code == 404
    assert Phone(sqlite_sessions, settings).post(path).status_code in (404, 405)


def test_a_real_service_has_none_of_it(sqlite_sessions: Sessions) -> None:
    production = Settings(
        environment=Environment.PRODUCTION,
        public_base_url="https://checkins.example",
        secret_key="a secret of the tests, long enough to sign with",
        data_keys="k1:" + base64.b64encode(bytes(range(32))).decode(),
        lookup_key=base64.b64encode(bytes(range(32, 64))).decode(),
        gateway=Gateway.TWILIO,
        twilio_account_sid="AC0",
        twilio_auth_token="a token of nobody's",
        twilio_from="+441632960100",
    )
    app = create_app(production, Surface.PATIENT, sessions=sqlite_sessions)

    assert not [rule for rule in app.url_map.iter_rules() if "demo" in rule.rule]


def test_the_pin_is_one_that_a_patient_might_have_chosen() -> None:
    assert not devices.is_weak_pin(PIN)
