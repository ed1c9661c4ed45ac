"""Every migration from 0007 on lets the version before it go on: one upgrades while it runs.

The version before neither knows what was added nor fills it in; what it reads and writes must still
be there (migrations/README.md).
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from casework.connect import connect
from casework.schema import MIGRATIONS
from tests.builders import NOW

SINCE = "0006"
STEPS = [
    script.revision
    for script in reversed([*ScriptDirectory(str(MIGRATIONS)).walk_revisions()])
    if script.revision >= SINCE
]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """Every column by table, after each step."""
    file: Path = tmp_path_factory.mktemp("additive") / "estafette.db"
    engine, found = connect(f"sqlite:///{file}"), {}
    for step in STEPS:
        upgrade(engine, step)
        look = sa.inspect(engine)
        found[step] = {
            table: {column["name"]: dict(column) for column in look.get_columns(table)}
            for table in look.get_table_names()
        }
    engine.dispose()
    return found


def upgrade(engine: Engine, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(migrates=True).begin() as connection:
        config.attributes |= {"connection": connection, "now": NOW}
        command.upgrade(config, step)


@pytest.mark.parametrize(("before", "after"), [*pairwise(STEPS)])
def test_a_migration_leaves_the_version_before_it_what_it_uses(looks, before, after):
    assert broken(looks[before], looks[after]) == []


def test_what_would_break_the_version_before_is_seen():
    """The judge is judged: each way of breaking it, by its name."""
    before = {"t": {"a": a_column("a"), "b": a_column("b", nullable=True)}, "gone": {}}
    after = {"t": {"b": a_column("b"), "c": a_column("c"), "d": a_column("d", default="0")}}
    assert broken(before, after) == [
        "t.a is gone", "t.b may no longer be empty", "t.c is asked of who does not know it",
        "gone is gone",
    ]  # fmt: skip
    after = {"t": before["t"] | {"a": a_column("a", kind=sa.Integer())}, "gone": {}}
    assert broken(before, after) == ["t.a is of another kind"]


def a_column(name, *, nullable=False, default=None, kind=None):
    return {"name": name, "nullable": nullable, "default": default, "type": kind or sa.String(9)}


def broken(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    for table, columns in before.items():
        if table not in after:
            found.append(f"{table} is gone")
            continue
        now = after[table]
        found += [f"{table}.{name} is gone" for name in columns if name not in now]
        for name, column in now.items():
            if name not in columns:
                if not column["nullable"] and column["default"] is None:
                    found.append(f"{table}.{name} is asked of who does not know it")
            elif str(column["type"]) != str(columns[name]["type"]):
                found.append(f"{table}.{name} is of another kind")
            elif columns[name]["nullable"] and not column["nullable"]:
                found.append(f"{table}.{name} may no longer be empty")
    return found
