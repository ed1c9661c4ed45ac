"""Visits that arming must look at are marked, and every question of arming has its index.

The mark is set by the database itself, for every writer, also for the version of the code before:
a rolling upgrade runs both. What that version does not clear is only looked at once more.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_visits_called", ["called", "wake_at"], "called AND completed_at IS NULL"),
    ("ix_visits_leaving", ["left_at"], "completed_at IS NULL AND left_at IS NOT NULL"),
    ("ix_visits_in_rows", ["wake_at", "stage"], "run_id IS NULL AND left_at IS NULL"),
    ("ix_visits_waiting", ["stage", "wake_at"], "left_at IS NULL"),
)
CALL = "UPDATE visits SET called = TRUE WHERE case_id = NEW.id AND completed_at IS NULL"
MOVED_ON = "NEW.version <> OLD.version"
ON_SQLITE = f"""
    CREATE TRIGGER visits_called AFTER UPDATE OF version ON cases WHEN {MOVED_ON}
    BEGIN {CALL}; END"""
ON_POSTGRESQL = (
    f"""CREATE FUNCTION visits_called() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {CALL}; RETURN NULL; END $$""",
    f"""CREATE TRIGGER visits_called AFTER UPDATE OF version ON cases FOR EACH ROW
        WHEN ({MOVED_ON}) EXECUTE FUNCTION visits_called()""",
)


def upgrade() -> None:
    # With a default, for the version of the code before, which knows no such column.
    op.execute("ALTER TABLE visits ADD COLUMN called BOOLEAN DEFAULT TRUE NOT NULL")
    for name, columns, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, "visits", columns, sqlite_where=where, postgresql_where=where)
    # Without those that have none: else it is taken to find them, all of them.
    has_one = sa.text("run_id IS NOT NULL")
    op.drop_index("ix_visits_run_id", "visits")
    op.create_index(
        "ix_visits_run_id", "visits", ["run_id"], sqlite_where=has_one, postgresql_where=has_one
    )
    for statement in (ON_SQLITE,) if _on_sqlite() else ON_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER visits_called" + ("" if _on_sqlite() else " ON cases"))
    if not _on_sqlite():
        op.execute("DROP FUNCTION visits_called()")
    op.drop_index("ix_visits_run_id", "visits")
    op.create_index("ix_visits_run_id", "visits", ["run_id"])
    for name, *_rest in INDEXES:
        op.drop_index(name, "visits")
    op.execute("ALTER TABLE visits DROP COLUMN called")


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
