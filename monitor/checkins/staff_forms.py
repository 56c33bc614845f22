"""The form that adds a patient: read whole, with each fault beside its field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

import phonenumbers
from babel.core import get_global
from werkzeug.datastructures import MultiDict

from monitor.care.intake import lightest
from monitor.care.pathway import Pathway
from monitor.checkins.enrolment import NewPatient
from monitor.i18n import LANGUAGES, N_
from monitor.measures import catalogue
from monitor.people.staff_forms import LONGEST_NAME, Typed
from monitor.people.teams import Carer, Team

REGIONS: tuple[str, ...] = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
ZONES: tuple[str, ...] = tuple(sorted(zone for zone in get_global("zone_territories") if not zone.startswith("Etc/")))
HOURS: tuple[time, ...] = tuple(time(hour, minute) for hour in range(9, 20) for minute in (0, 30))
"""When a check-in may come: within the hours in which texts may go."""
CADENCES = (1, 2, 3, 4, 6, 8, 12)
AS_THE_STEP = "step"
"""As often as the step says on which the patient stands."""
OLDEST = 120

NOT_A_YEAR = N_("Write the year with four digits, or leave it empty.")
NOT_OF_THE_TEAM = N_("Choose somebody who works in the chosen team.")
NO_MEASURE = N_("Choose at least one measure.")
NOT_OFFERED = N_(
    "%(measure)s is not offered in the chosen language. Leave it out, or agree another language with them."
)
NO_RHYTHM = N_("Choose how often, or tick check-ins before appointments.")
NO_CONSENT = N_("Without their consent nothing is asked. Tick this once they have agreed.")
IN_THE_FUTURE = N_("This date lies ahead. Write the day on which they agreed.")
NUMBER_IN_USE = N_(
    "Another patient in care has this number. Check it with them; if two people do share a phone, tick the box below."
)


@dataclass(frozen=True)
class Options:
    """What may be chosen: the viewer's own teams, who works in them, pathways, and provisional wording in use."""

    teams: Sequence[Team]
    carers: Sequence[Carer]
    pathways: Sequence[Pathway]
    """The usual one first."""
    provisional: frozenset[tuple[str, str]]

    def offered(self, language: str) -> tuple[str, ...]:
        """Return the measures that a patient may be given in a language."""
        return catalogue.offered(language, self.provisional)


def first_values(options: Options, viewer_id: UUID, language: str, today: date) -> MultiDict[str, str]:
    """Return what the empty form proposes."""
    team = options.teams[0]
    own = [each for each in options.carers if each.id == viewer_id and each.team_id == team.id]
    values = {
        "team": str(team.id),
        "region": team.country,
        "time_zone": team.zone,
        "language": language,
        "accountable": str(viewer_id) if own else "",
        "pathway": options.pathways[0].code,
        "every_weeks": AS_THE_STEP,
        "weekday": "0",
        "at": "18:00",
        "before_appointments": "yes",
        "consented_on": today.isoformat(),
    }
    return MultiDict([*values.items(), *(("measures", code) for code in catalogue.TRACKED)])


class Enrolment(Typed):
    """The form as it was typed."""

    def read(self, options: Options, today: date) -> NewPatient | None:
        """Return the new patient, or None with every fault noted, in the order of the page."""
        name = self.words("preferred_name", limit=LONGEST_NAME)
        texts = self.ticked("agrees_to_texts")
        region = self.one_of("region", {each: each for each in REGIONS})
        number = self.number("number", region or "", for_texts=texts)
        birth_year = self._birth_year(today)
        language = self.one_of("language", {each: each for each in LANGUAGES})
        zone = self.one_of("time_zone", {each: each for each in ZONES})
        team = self.one_of("team", {str(each.id): each for each in options.teams})
        accountable = self._accountable(options.carers, team)
        pathway = self.one_of("pathway", {each.code: each for each in options.pathways})
        instruments = self._measures(language, options)
        every_weeks = self._cadence(pathway)
        weekday = self.one_of("weekday", {str(day): day for day in range(7)})
        at = self.one_of("at", {each.isoformat("minutes"): each for each in HOURS})
        consented_on = self._consented_on(today)
        record_number, access_needs = self.maybe("record_number", limit=40), self.maybe("access_needs")
        if self.faults or not (
            region and language and zone and team and accountable and pathway and at and consented_on
        ):
            return None
        return NewPatient(
            preferred_name=name,
            number=number,
            number_is_shared=self.ticked("number_is_shared"),
            record_number=record_number,
            birth_year=birth_year,
            language=language,
            region=region,
            time_zone=zone,
            access_needs=access_needs,
            care_team_id=team.id,
            accountable_id=accountable.id,
            pathway=pathway.code,
            instruments=instruments,
            every_weeks=every_weeks,
            before_appointments=self.ticked("before_appointments"),
            weekday=weekday or 0,
            at=at,
            agrees_to_texts=texts,
            consented_on=consented_on,
            by_text=texts and self.ticked("by_text"),
        )

    def _birth_year(self, today: date) -> int | None:
        typed = self.text("birth_year")
        if not typed:
            return None
        if not (typed.isascii() and typed.isdigit() and today.year - OLDEST <= int(typed) <= today.year):
            self.fault("birth_year", NOT_A_YEAR)
            return None
        return int(typed)

    def _accountable(self, carers: Sequence[Carer], team: Team | None) -> Carer | None:
        chosen = self.one_of("accountable", {str(each.id): each.id for each in carers})
        if chosen is None or team is None:
            return None
        found = next((each for each in carers if each.id == chosen and each.team_id == team.id), None)
        if found is None:
            self.fault("accountable", NOT_OF_THE_TEAM)
        return found

    def _measures(self, language: str | None, options: Options) -> tuple[str, ...]:
        chosen = self.some_of("measures", catalogue.TRACKED)
        if not chosen:
            self.fault("measures", NO_MEASURE)
        for code in chosen:
            if language and code not in options.offered(language):
                self.fault("measures", NOT_OFFERED, measure=catalogue.spec(code).name)
        return chosen

    def _cadence(self, pathway: Pathway | None) -> int | None:
        weeks: dict[str, int | None] = {"none": None, **{str(each): each for each in CADENCES}}
        if pathway is not None:
            weeks[AS_THE_STEP] = pathway.plan(lightest(pathway)).check_in_every_weeks
        every = self.one_of("every_weeks", weeks)
        if self.text("every_weeks") == "none" and not self.ticked("before_appointments"):
            self.fault("every_weeks", NO_RHYTHM)
        return every

    def _consented_on(self, today: date) -> date | None:
        if not self.ticked("agrees_to_check_ins"):
            self.fault("agrees_to_check_ins", NO_CONSENT)
        on = self.day("consented_on")
        if on and on > today:
            self.fault("consented_on", IN_THE_FUTURE)
        return on
