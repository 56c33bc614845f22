"""Which episodes a viewer may see: every staff query about patients starts here."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Action, OutOfScope, Viewer
from monitor.care.models import Episode


def episodes_visible_to(viewer: Viewer) -> sa.Select[Episode]:
    """Return the query for the episodes of the viewer's own teams; for a role without patients it finds none."""
    teams = viewer.team_ids if viewer.may(Action.SEE_PATIENTS) else ()
    return sa.select(Episode).where(Episode.care_team_id.in_(teams))


def patient_in_scope(session: Session, viewer: Viewer, patient_id: UUID) -> Episode:
    """Return a patient's latest episode with the viewer's teams. Raises OutOfScope, which leaves an audit entry."""
    found = session.scalars(
        episodes_visible_to(viewer)
        .where(Episode.patient_id == patient_id)
        .order_by(Episode.closed_at.is_(None).desc(), Episode.opened_at.desc())
        .limit(1)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    ).one_or_none()
    if found is None:
        raise OutOfScope("patient", patient_id)
    return found
