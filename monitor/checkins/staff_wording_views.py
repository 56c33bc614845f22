"""What patients are texted, in every language, for those who bring them in."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.access import OutOfScope, viewer
from monitor.checkins.service import provisional_pairs
from monitor.checkins.wording import Place, longest_by_kind, samples
from monitor.db import reading
from monitor.http import runtime
from monitor.i18n import LANGUAGES, known_language
from monitor.messaging.staff_words import kind_label
from monitor.messaging.texts import TextKind
from monitor.people.teams import first_team
from monitor.people.words import language_name

wording = Blueprint("wording", __name__)


@wording.get("/texts")
def page() -> ResponseReturnValue:
    """Show what each kind of text takes in each language, and the words of one language."""
    there, speaks = runtime(), viewer().language
    settings = there.settings
    with reading(there.sessions) as session:
        team = first_team(session, viewer().team_ids)
        if team is None:
            raise OutOfScope("page", None)
        place = Place(
            sender=settings.sender_name,
            base_url=settings.base_url,
            country=team.country,
            phone=team.phone,
            at=there.clock(),
            zone=team.time_zone,
        )
    provisional = provisional_pairs(settings.provisional_instruments)
    chosen = known_language(request.args.get("language")) or settings.default_language
    found = {tag: samples(tag, place, provisional) for tag in LANGUAGES}
    return render_template(
        "staff/texts_preview.html",
        kinds=[(kind, kind_label(kind, speaks)) for kind in TextKind],
        rows=[(name, tag, longest_by_kind(found[tag])) for name, tag in _by_name(speaks)],
        chosen=chosen,
        chosen_name=language_name(chosen, speaks),
        samples=found[chosen],
    )


def _by_name(speaks: str) -> list[tuple[str, str]]:
    return sorted((language_name(tag, speaks), tag) for tag in LANGUAGES)
