"""From the phone over the provider and back: one word, a new step, a flag, and one text with the day of a call."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from monitor import Surface, create_app
from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag
from monitor.messaging.hooks import blueprint as hooks
from monitor.messaging.models import InboundText, Message, MessageState, Understood
from monitor.messaging.twilio_gateway import TwilioGateway
from monitor.relapse.models import Reentry
from monitor.worker import Courier, make_courier, tick
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.messaging.outbox_setting import WallClock
from tests.messaging.stand_in import Manners, PhoneNetwork, running, settings_for
from tests.plans import stepped_down

PHONE = "+447700900001"


class Way:
    """A service, the provider that carries its texts, and the phone of somebody who has stepped down."""

    def __init__(self, sessions: Sessions, network: PhoneNetwork, clock: WallClock) -> None:
        self.sessions, self.network = sessions, network
        settings = settings_for(network.url)
        network.inbound_url = f"{settings.base_url}{hooks.url_prefix}/text"
        network.post = self._post
        self.app = create_app(settings, Surface.PATIENT, sessions=sessions, clock=clock)
        gateway = TwilioGateway(settings, callback_base=settings.base_url)
        self.courier: Courier = make_courier(settings, sessions, clock, gateway)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.care: InCare = a_patient(session, team, a_staff_member(session, team), number=PHONE)
            stepped_down(session, self.care)

    def text(self, body: str, sid: str | None = None) -> None:
        """Write from the phone; what is said in reply goes out, and the provider tells what became of it."""
        assert self.network.text_from(PHONE, body, sid=sid) == 200
        tick(self.courier)
        self.network.settle()

    @property
    def screen(self) -> list[str]:
        """What the phone shows."""
        return [text.form["Body"] for text in self.network.texts_to(PHONE)]

    def all(self, model: type) -> list:  # type: ignore[type-arg]
        with self.sessions() as session:
            return list(session.scalars(sa.select(model)))

    def step(self) -> Step:
        with self.sessions() as session:
            return session.get_one(Episode, self.care.episode.id).step

    def _post(self, url: str, headers: Mapping[str, str], body: str) -> int:
        place = urlsplit(url)
        path = f"{place.path}?{place.query}" if place.query else place.path
        at = f"{place.scheme}://{place.netloc}"
        return self.app.test_client().post(path, base_url=at, headers=headers, data=body).status_code


@pytest.fixture
def way(sessions: Sessions) -> Iterator[Way]:
    """The whole way, over a provider that now and then says everything twice."""
    clock = WallClock(NOW)
    network = PhoneNetwork(clock=clock, manners=Manners(doubled=1))
    with running(network=network):
        yield Way(sessions, network, clock)


def test_a_word_from_the_phone_comes_back_as_a_day_on_which_somebody_calls(way: Way) -> None:
    way.text("Return")

    [shown] = way.screen
    assert "Somebody calls you by Tuesday 1 December, 17:00." in shown
    assert way.step() is Step.TWO
    assert len(way.all(Reentry)) == len(way.all(Flag)) == 1
    [inbound] = way.all(InboundText)
    assert inbound.understood_as is Understood.COMING_BACK
    [message] = way.all(Message)
    assert message.state is MessageState.DELIVERED


def test_after_a_stop_the_word_is_heard_and_the_phone_stays_silent(way: Way) -> None:
    way.text("plan")
    way.text("STOP")
    before = way.screen
    assert len(before) >= 1

    way.text("Return")
    way.text("Plan")

    assert way.screen == before
    assert way.step() is Step.TWO


def test_the_word_for_the_plan_brings_its_address_and_nothing_else(way: Way) -> None:
    way.text("plan")

    [shown] = way.screen
    assert shown.endswith("\nhttp://127.0.0.1/plan")
    assert way.all(Flag) == []
