"""Staff who have a patient before them, or on the phone, and the form for what they say."""

from typing import Any

import sqlalchemy as sa

from monitor.checkins.models import CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Role
from tests.builders import InCare, a_check_in, a_patient, a_staff_member, a_team
from tests.phones import form_of
from tests.staff_browser import Browser, StaffApp


class Desk:
    """Noor of the North team, whom Maren has on the phone; Sven is of the South team."""

    def __init__(self, sessions: Sessions, settings: Settings, **patient: Any) -> None:
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, team)
            a_staff_member(session, other, "sven@example.org", name="Sven Lund")
            a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
            self.noor: InCare = a_patient(session, team, self.maren, **patient)
        self.sessions = sessions
        self.app = StaffApp(settings, sessions)
        self.maren_s: Browser = self.app.browser("maren@example.org")
        self.path = f"/patients/{self.noor.patient.id}/answers"

    def check_in(self, **values: Any) -> CheckIn:
        with unit_of_work(self.sessions) as session:
            return a_check_in(session, self.noor, **values)

    def fill_in(self, mode: str | None = "phone", **chosen: str) -> dict[str, str]:
        """What the form sends once every question is answered with 0, but for those named."""
        form = form_of(self.maren_s.get(self.path).text)
        items = [name for name in form.radios if name != "mode"]
        how = {"mode": mode} if mode else {}
        sent = {name: value for name, value in form.sent.items() if name != "csrf_token"}
        return sent | {"spoken": "en"} | dict.fromkeys(items, "0") | how | chosen

    def send(self, fields: dict[str, str]) -> Any:
        return self.maren_s.post(self.path, **fields)

    def all(self, model: Any) -> list[Any]:
        """Every row of a table."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(model)))
