"""What the database itself refuses: edits of history, and a case without a director.

The same rules as triggers on both databases. They speak through their message, which the tests
read; the verbs never run into them.

Revision: 0002, after 0001
"""

from collections.abc import Iterator

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Rules: table, event, the condition under which it is refused, and the words. NEW and OLD are the
# row after and before.
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

# INSERT OR REPLACE deletes what is in its way without asking the triggers on DELETE.
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
# TRUNCATE empties a table without asking the triggers on its rows.
NEVER_EMPTIED = ("journal", "assignments")


def named() -> Iterator[tuple[str, str, str, str, str]]:
    rules = RULES + (ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ())
    for number, (table, event, condition, words) in enumerate(rules, start=1):
        yield f"kept_{number}_{table}_{event.lower()}", table, event, condition, words


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, table, event, condition, words in named():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        return
    for name, table, event, condition, words in named():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {condition} THEN RAISE EXCEPTION '{words}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    op.execute(
        "CREATE FUNCTION never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'history stays' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in NEVER_EMPTIED:
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in NEVER_EMPTIED:
            op.execute(f"DROP TRIGGER never_emptied ON {table}")
        op.execute("DROP FUNCTION never_emptied()")
    for name, table, *_rest in named():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
