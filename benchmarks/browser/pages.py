"""The same questions and the same points as a peer's own page would hold them, and as bare HTML: the floor."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from benchmarks.browser.clinic import Occasion
from monitor.checkins.forms import Question, questions
from monitor.measures import catalogue

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_RADIO_BUTTONS = {
    "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl",
    "valueCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "radio-button"}]
    },
}


def peer_pages(occasions: Sequence[Occasion]) -> Mapping[str, bytes]:
    """Return every page of the peers by its path."""
    asked = questions([catalogue.load(code, "en") for code in catalogue.TRACKED])
    values: Mapping[str, dict[str, Any]] = {
        "floor": {"questions": asked},
        "surveyjs": {"model": _survey_model(asked)},
        "lhc_forms": {"questionnaire": _questionnaire(asked)},
        "uplot": {"points": _points(occasions)},
    }
    return {
        f"/{name}": _TEMPLATES.get_template(f"{name}.html").render(given).encode() for name, given in values.items()
    }


def _survey_model(asked: Sequence[Question]) -> dict[str, object]:
    """One page with all questions, as SurveyJS shows a form unless told otherwise."""
    return {
        "title": "Check-in",
        "elements": [
            {
                "type": "radiogroup",
                "name": question.name,
                "title": question.text,
                "isRequired": True,
                "choices": [{"value": option.value, "text": option.label} for option in question.options],
            }
            for question in asked
        ],
    }


def _questionnaire(asked: Sequence[Question]) -> dict[str, object]:
    """The questions as a FHIR R4 Questionnaire, with radio buttons in place of the lists that are the default."""
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "title": "Check-in",
        "item": [
            {
                "linkId": question.name,
                "text": question.text,
                "type": "choice",
                "required": True,
                "extension": [_RADIO_BUTTONS],
                "answerOption": [
                    {"valueCoding": {"code": str(option.value), "display": option.label}} for option in question.options
                ],
            }
            for question in asked
        ],
    }


def _points(occasions: Sequence[Occasion]) -> list[list[float]]:
    """Columns as uPlot takes them: seconds, PHQ-9, GAD-7."""
    seconds = [datetime.combine(each.on, datetime.min.time(), UTC).timestamp() for each in occasions]
    return [seconds, *([float(each.totals[code]) for each in occasions] for code in catalogue.TRACKED)]
