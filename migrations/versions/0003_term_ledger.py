"""The ledger of terms: a promise whose date is moved is replaced, and the reason is kept.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from migrations.refusing import Refusing, on_sqlite

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AWAITS = "(awaits IS NULL) = (awaits_length IS NULL)"
# What a promise says of its date. `UPDATE OF` keeps the watch, which sets other columns, at speed.
DATED = ("due_on", "due_at", "nominal_on", "exact", "since", "kind", "length")
MOVED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in DATED)

RULES = (
    (
        "checkpoints",
        f"UPDATE OF {', '.join(DATED)}",
        MOVED,
        "a promised date never moves; it is replaced, and the ledger says why",
    ),
    ("term_changes", "UPDATE", "TRUE", "the ledger of terms is append-only"),
    ("term_changes", "DELETE", "TRUE", "the ledger of terms is append-only"),
)
ON_SQLITE = (
    (
        "checkpoints",
        "INSERT",
        """EXISTS (SELECT 1 FROM checkpoints c WHERE c.id = NEW.id)
           OR EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = NEW.case_id
                      AND c.key = NEW.key AND c.origin = NEW.origin)""",
        "a promised date never moves; UNIQUE case_id, key, origin",
    ),
    (
        "term_changes",
        "INSERT",
        """EXISTS (SELECT 1 FROM term_changes t WHERE t.id = NEW.id
                   OR t.checkpoint_id = NEW.checkpoint_id OR t.successor_id = NEW.successor_id
                   OR (t.root_id = NEW.root_id AND t.seq = NEW.seq))""",
        "the ledger of terms is append-only; a promise is replaced once (UNIQUE)",
    ),
)


DATES_STAY = Refusing("dated", RULES, ON_SQLITE, never_emptied=("term_changes",))


def upgrade() -> None:
    _dates_of_promises()
    _ledger()
    DATES_STAY.begin()


def downgrade() -> None:
    DATES_STAY.end()
    op.drop_table("term_changes")
    # The constraint goes with its column, so that column goes first.
    for column in ("awaits_length", "awaits", "nominal_on"):
        op.execute(f"ALTER TABLE checkpoints DROP COLUMN {column}")


def _dates_of_promises() -> None:
    """Existing promises ended where counting ended, as far as anybody knows now."""
    # Column by column: SQLite would make the table anew, which rows that refer to it forbid. There
    # a column that is never empty needs a default; every row gets a date of its own at once.
    a_day = "DEFAULT '1970-01-01'" if on_sqlite() else ""
    nullable = f"NOT NULL {a_day}" if on_sqlite() else ""
    op.execute(f"ALTER TABLE checkpoints ADD COLUMN nominal_on DATE {nullable}")
    op.execute("UPDATE checkpoints SET nominal_on = due_on")
    if not on_sqlite():
        op.alter_column("checkpoints", "nominal_on", nullable=False)
    op.execute("ALTER TABLE checkpoints ADD COLUMN awaits VARCHAR(64)")
    op.execute(
        "ALTER TABLE checkpoints ADD COLUMN awaits_length VARCHAR(32) "
        f"CONSTRAINT ck_checkpoints_awaits_with_its_length CHECK ({AWAITS})"
    )


def _ledger() -> None:
    says = "({0} IS NOT NULL AND length(trim({0})) > 0)".format
    op.create_table(
        "term_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "paused",
                "resumed",
                "extended",
                "redated",
                name="term_what",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("length", sa.String(length=32), nullable=True),
        sa.Column("nominal_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("ground", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", UTC_TIME, nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_term_changes_{name}"))
            for name, condition in {
                "counted_from_one": "seq >= 1",
                "by_another": "checkpoint_id <> successor_id",
                "pause_has_a_last_day": "(what = 'paused') = (until IS NOT NULL)",
                "pause_ends_after_it_began": 'until IS NULL OR until >= "on"',
                "extension_has_a_length": f"(what = 'extended') = {says('length')}",
                "has_ground": says("ground"),
                "has_reason": says("reason"),
            }.items()
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_term_changes_{column}_{table}")
            )
            for column, table in {
                "case_id": "cases",
                "root_id": "checkpoints",
                "checkpoint_id": "checkpoints",
                "successor_id": "checkpoints",
                "act_id": "acts",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_changes")),
        sa.UniqueConstraint("root_id", "seq", name=op.f("uq_term_changes_root_id_seq")),
        sa.UniqueConstraint("checkpoint_id", name=op.f("uq_term_changes_checkpoint_id")),
        sa.UniqueConstraint("successor_id", name=op.f("uq_term_changes_successor_id")),
    )
    op.create_index(op.f("ix_term_changes_case_id"), "term_changes", ["case_id"], unique=False)
