"""Triggers that write down what is deleted: the whole row, in the table `removals`.

They fire whoever deletes and from whatever program. On SQLite each names the columns its table has
at that moment; PostgreSQL takes the row as it is.
"""

from alembic import op

from migrations.refusing import on_sqlite

# How a row says which case it belongs to. A delivery goes after its alert, if that goes too.
OF_A_DELIVERY = """coalesce(
    (SELECT a.case_id FROM alerts a WHERE a.id = OLD.alert_id),
    (SELECT r.case_id FROM removals r WHERE r."of" = 'alerts' AND r.settled_at IS NULL
     AND r.row_key = CAST(OLD.alert_id AS VARCHAR(36)) ORDER BY r.id DESC LIMIT 1))"""
ON_POSTGRESQL = f"""
    CREATE OR REPLACE FUNCTION tells_removal() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE of_case integer;
    BEGIN
        IF TG_TABLE_NAME = 'deliveries' THEN of_case := {OF_A_DELIVERY};
        ELSE of_case := OLD.case_id; END IF;
        INSERT INTO removals ("of", row_key, case_id, was)
        VALUES (TG_TABLE_NAME, OLD.id::text, of_case, to_jsonb(OLD));
        RETURN NULL;
    END $$"""


def watch_removals(*tables: str) -> None:
    """From now on a row that is deleted from these tables leaves a trace."""
    forget_removals(*tables)
    if not on_sqlite():
        op.execute(ON_POSTGRESQL)
    for table in tables:
        op.execute(_on_sqlite(table) if on_sqlite() else _on_postgresql(table))


def forget_removals(*tables: str) -> None:
    """They leave none any longer."""
    for table in tables:
        if on_sqlite():
            op.execute(f"DROP TRIGGER IF EXISTS tells_removal_{table}")
        else:
            op.execute(f"DROP TRIGGER IF EXISTS tells_removal ON {table}")


def _on_sqlite(table: str) -> str:
    rows = op.get_bind().exec_driver_sql(f"PRAGMA table_info({table})")
    columns = ", ".join(f"'{name}', OLD.\"{name}\"" for _place, name, *_rest in rows)
    case = OF_A_DELIVERY if table == "deliveries" else "OLD.case_id"
    return f"""
        CREATE TRIGGER tells_removal_{table} AFTER DELETE ON {table} BEGIN
            INSERT INTO removals ("of", row_key, case_id, was)
            VALUES ('{table}', OLD.id, {case}, json_object({columns}));
        END"""


def _on_postgresql(table: str) -> str:
    return (
        f"CREATE TRIGGER tells_removal AFTER DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION tells_removal()"
    )
