"""Rounds: when the watch and the audit last looked at everything, and how long it took.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("of", sa.String(length=32), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.CheckConstraint("\"of\" IN ('watch', 'audit')", name=op.f("ck_rounds_round_of")),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_rounds_takes_time")),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_rounds_counts_from_nothing")),
        sa.PrimaryKeyConstraint("of", name=op.f("pk_rounds")),
    )


def downgrade() -> None:
    op.drop_table("rounds")
