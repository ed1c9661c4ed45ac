"""Triggers that refuse: the same rules on both databases, for every migration that needs them.

A rule is a table, an event, the condition under which it is refused, and the words it is refused
with; NEW and OLD are the row after and before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from alembic import op

Rule = tuple[str, str, str, str]


def on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


@dataclass(frozen=True, slots=True)
class Refusing:
    """Rules under one name, and the tables that are never emptied.

    `replacing` are rules for SQLite only: there INSERT OR REPLACE deletes what is in its way and
    asks no trigger on DELETE. On PostgreSQL TRUNCATE does so, which `never_emptied` forbids; the
    function of that name is made by migration 0002.
    """

    name: str
    rules: tuple[Rule, ...]
    replacing: tuple[Rule, ...] = ()
    never_emptied: tuple[str, ...] = ()

    def begin(self) -> None:
        """From now on the database refuses."""
        for name, rule in self._named():
            if on_sqlite():
                _refuse_on_sqlite(name, rule)
            else:
                _refuse_on_postgresql(name, rule)
        for table in () if on_sqlite() else self.never_emptied:
            op.execute(
                f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()"
            )

    def end(self) -> None:
        """The database refuses no longer."""
        for table in () if on_sqlite() else self.never_emptied:
            op.execute(f"DROP TRIGGER never_emptied ON {table}")
        for name, (table, *_rest) in self._named():
            op.execute(f"DROP TRIGGER {name}" + ("" if on_sqlite() else f" ON {table}"))
            if not on_sqlite():
                op.execute(f"DROP FUNCTION {name}()")

    def _named(self) -> Iterator[tuple[str, Rule]]:
        rules = self.rules + (self.replacing if on_sqlite() else ())
        for number, rule in enumerate(rules, start=1):
            table, event, *_rest = rule
            yield f"{self.name}_{number}_{table}_{event.split()[0].lower()}", rule


def _refuse_on_sqlite(name: str, rule: Rule) -> None:
    table, event, condition, words = rule
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )


def _refuse_on_postgresql(name: str, rule: Rule) -> None:
    table, event, condition, words = rule
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition} THEN RAISE EXCEPTION '{words}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
