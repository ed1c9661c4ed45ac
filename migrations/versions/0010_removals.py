"""Removals: what is deleted by hand leaves a trace; and how late rungs were raised.

A table that a later migration makes anew on SQLite loses its triggers there: that migration calls
`watch_removals` for it again, as does one that adds a column. A test holds that.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.refusing import Refusing, on_sqlite
from migrations.removing import forget_removals, watch_removals

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WATCHED = ("assignments", "visits", "handovers", "checkpoints", "alerts", "deliveries")
EMPTIED = ("visits", "handovers", "checkpoints", "alerts", "deliveries", "removals")
RULES = (
    ("removals", "DELETE", "TRUE", "what was removed is history and stays"),
    (
        "removals",
        "UPDATE",
        """OLD.settled_at IS NOT NULL OR NEW.settled_at IS NULL OR NEW.id <> OLD.id
           OR NEW."of" <> OLD."of" OR NEW.row_key <> OLD.row_key""",
        "a removal can only be settled, once",
    ),
)
TRACES = Refusing("traced", RULES, never_emptied=EMPTIED)


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("of", sa.String(length=32), nullable=False),
        sa.Column("row_key", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("was", JSON, nullable=True),
        sa.Column("settled_at", UTC_TIME, nullable=True),
        sa.Column("settled_how", sa.String(length=32), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "settled_how IN ('restored', 'accepted')", name=op.f("ck_removals_settled_how")
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_how IS NULL)",
            name=op.f("ck_removals_settled_one_way_or_other"),
        ),
        sa.CheckConstraint(
            "settled_at IS NULL OR was IS NULL", name=op.f("ck_removals_settled_keeps_no_copy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removals")),
    )
    unsettled = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_removals_unsettled",
        "removals",
        ["case_id"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    op.create_table(
        "raised_late",
        sa.Column("statutory", sa.Boolean(), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_raised_late_counts_from_nothing")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_raised_late_never_early")),
        sa.PrimaryKeyConstraint("statutory", "at_most", name=op.f("pk_raised_late")),
    )
    TRACES.begin()
    watch_removals(*WATCHED)


def downgrade() -> None:
    forget_removals(*WATCHED)
    if not on_sqlite():
        op.execute("DROP FUNCTION tells_removal()")
    TRACES.end()
    op.drop_table("raised_late")
    op.drop_table("removals")
