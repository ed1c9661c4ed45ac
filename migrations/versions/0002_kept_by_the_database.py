"""What the database itself refuses: edits of history, and a case without a director.

The same rules as triggers on both databases. They speak through their message, which the tests
read; the verbs never run into them.

Revision: 0002, after 0001
"""

from alembic import op

from migrations.refusing import Refusing, on_sqlite

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POINTS_AT_ITS_OPEN_DIRECTOR = """
    EXISTS (SELECT 1 FROM assignments a WHERE a.id = NEW.director_id
            AND (a.role <> 'case_director' OR a.until IS NOT NULL OR a.case_id <> NEW.id))
"""
RULES = (
    ("journal", "UPDATE", "TRUE", "the journal is append-only"),
    ("journal", "DELETE", "TRUE", "the journal is append-only"),
    ("assignments", "DELETE", "TRUE", "who held a case is history and stays"),
    (
        "assignments",
        "INSERT",
        """EXISTS (SELECT 1 FROM cases c WHERE c.director_id = NEW.id
                   AND (NEW.role <> 'case_director' OR NEW.until IS NOT NULL
                        OR NEW.case_id <> c.id))""",
        "a case points at its own open director",
    ),
    (
        "assignments",
        "UPDATE",
        """OLD.until IS NOT NULL OR NEW.id <> OLD.id OR NEW.case_id <> OLD.case_id
           OR NEW.role <> OLD.role OR NEW.contact_id <> OLD.contact_id
           OR NEW.since <> OLD.since""",
        "an assignment can only be ended; succession is a new row",
    ),
    (
        "assignments",
        "UPDATE",
        """NEW.until IS NOT NULL AND EXISTS
           (SELECT 1 FROM cases c WHERE c.director_id = OLD.id AND c.closed_at IS NULL)""",
        "an open case is never without a director",
    ),
    ("cases", "INSERT", POINTS_AT_ITS_OPEN_DIRECTOR, "a case points at its own open director"),
    (
        "cases",
        "UPDATE",
        f"NEW.closed_at IS NULL AND {POINTS_AT_ITS_OPEN_DIRECTOR}",
        "a case points at its own open director",
    ),
)

ON_SQLITE = (
    (
        "journal",
        "INSERT",
        """EXISTS (SELECT 1 FROM journal j WHERE j.id = NEW.id)
           OR EXISTS (SELECT 1 FROM journal j WHERE j.case_id = NEW.case_id AND j.seq = NEW.seq)
           OR EXISTS (SELECT 1 FROM journal j WHERE j.rung IS NOT NULL
                      AND j.checkpoint_id = NEW.checkpoint_id AND j.rung = NEW.rung)""",
        "the journal is append-only and a rung is raised once",
    ),
    (
        "assignments",
        "INSERT",
        """EXISTS (SELECT 1 FROM assignments a WHERE a.id = NEW.id)
           OR EXISTS (SELECT 1 FROM assignments a WHERE a.case_id = NEW.case_id
                      AND a.role = NEW.role AND a.until IS NULL AND NEW.until IS NULL)""",
        "who held a case is history and stays; a role has one holder",
    ),
)
KEPT = Refusing("kept", RULES, ON_SQLITE, never_emptied=("journal", "assignments"))


def upgrade() -> None:
    if not on_sqlite():
        op.execute(
            "CREATE FUNCTION never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'history stays' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    KEPT.begin()


def downgrade() -> None:
    KEPT.end()
    if not on_sqlite():
        op.execute("DROP FUNCTION never_emptied()")
