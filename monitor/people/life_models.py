"""What happened in a patient's life, as they note it themselves, so that a course can be read beside it."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.db import Base, Sealed, WithId
from monitor.people.models import Patient


class LifeEvent(WithId, Base):
    """One thing that happened, on a day, in the patient's own few words. They add it and take it away again."""

    __tablename__ = "life_events"

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    happened_on: Mapped[date]
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key
