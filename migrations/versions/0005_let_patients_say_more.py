"""let patients say more: how they compare, what happened to them, how large the letters are"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW_WORDS = {
    ("submissions", "compared"): ("compared", ("better", "same", "worse")),
    ("devices", "text_size"): ("textsize", ("usual", "large", "largest")),
}
"""Columns that hold one of a few words, each with the name of its CHECK."""


def upgrade() -> None:
    for (table, column), (check, words) in NEW_WORDS.items():
        # In one statement: SQLite cannot add a CHECK to a table that stands, and submissions are never copied.
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(40) "
            f"CONSTRAINT ck_{table}_{check} CHECK ({column} IN ({listed}))"
        )
    op.create_table(
        "life_events",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_life_events_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_life_events")),
    )
    op.create_index("ix_life_events_patient_id", "life_events", ["patient_id"])


def downgrade() -> None:
    op.drop_index("ix_life_events_patient_id", table_name="life_events")
    op.drop_table("life_events")
    for table, column in NEW_WORDS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
