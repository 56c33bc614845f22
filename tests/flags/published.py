"""A service that has put its own numbers in force, on the usual pathway or on another beside it."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.flag_policy import FlagPolicy
from monitor.care.models import USUAL_PATHWAY
from monitor.care.pathway import Pathway
from monitor.care.pathway_loading import read
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import keep_text, shipped_text
from tests.builders import NOW, a_staff_member

ANOTHER = "another_pathway"
OTHER_NUMBERS = """
off = ["N5"]
titration_weeks = [3, 6]
titration_fall = 5
cut_points = [[4, 14], [10, 11]]
window_days = 4
no_response_weeks = { antidepressant = 6, psychological = 4 }
plateau_spread = 3
missed_review = 1
missed_high = 3
"""
"""N2 is on, N5 is off, and every number differs."""


def with_numbers(numbers: str, code: str = USUAL_PATHWAY) -> str:
    """The usual pathway's file with other numbers for its flags, under that code or another."""
    rest, _, _ = shipped_text(USUAL_PATHWAY).partition("\n[flags]\n")
    return f"{rest}\n[flags]\n{numbers}".replace(f'code = "{USUAL_PATHWAY}"', f'code = "{code}"')


def put_in_force(session: Session, text: str, at: datetime = NOW) -> Pathway:
    """Publish a pathway file; two people are named for it."""
    pathway = read(text)
    author, signer = (
        a_staff_member(session, email=f"{name}-{pathway.code}@example.org", name=f"{name} of {pathway.code}")
        for name in ("author", "signer")
    )
    session.add(
        PathwayPublication(
            code=pathway.code,
            version_id=keep_text(session, text, pathway.code, at),
            at=at,
            published_by_id=author.id,
            signed_off_by_id=signer.id,
            words="Numbers of our own.",
        )
    )
    session.flush()
    return pathway


def numbers(text: str = OTHER_NUMBERS) -> FlagPolicy:
    """The policy that such numbers make."""
    return read(with_numbers(text)).flags
