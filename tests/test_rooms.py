"""A room imports only the rooms below it, and keeps to its own kind of work.

Everything is read with ast, so nothing has to run for it. The table changes by an ADR, not in
passing (docs/adr/0002).
"""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "escalation": set(),
    "models": set(),
    "notifications": set(),
    "casework": {"escalation", "models"},
    "flows": {"casework", "escalation", "notifications"},
    "desk": {"casework", "escalation", "notifications"},
}
ROOMS = sorted(MAY_IMPORT)
DOORS = {"flows", "desk"}
BEHIND_THE_DOORS = [*sorted(MAY_IMPORT.keys() - DOORS), "migrations"]
# Of these the leaf rooms that hold rules and wires must know nothing at all.
DATABASE = {"sqlalchemy", "sqlmodel", "alembic", "sqlite3", "psycopg"}
NETWORK = {"socket", "ssl", "http", "urllib", "smtplib", "aiosmtpd", "httpx", "apprise", "requests"}
CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "time.localtime", "time.gmtime", "time.monotonic", "pendulum.now", "pendulum.today",
    "pendulum.yesterday", "pendulum.tomorrow", "func.now", "func.current_timestamp",
    "func.current_date", "func.localtimestamp", "func.clock_timestamp",
}  # fmt: skip
CLOCK_WORDS = ("current_timestamp", "current_date", "localtimestamp", "clock_timestamp", "now()")


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def nodes(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def imported(file: Path) -> set[str]:
    """Every module the file imports, wherever in the file, also for type checking only."""
    found = nodes(file)
    assert not [n for n in found if isinstance(n, ast.ImportFrom) and n.level], "write whole names"
    names = {alias.name for n in found if isinstance(n, ast.Import) for alias in n.names}
    return names | {n.module for n in found if isinstance(n, ast.ImportFrom) and n.module}


def packages(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(file)}


def calls(file: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the last two parts of the name that is called: "session.commit"."""
    for node in nodes(file):
        if isinstance(node, ast.Call):
            yield node, ".".join(ast.unparse(node.func).split(".")[-2:])


def mentioned(file: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every dotted name, called or handed on ("default_factory=datetime.now"), and what is taken
    from a module by name ("from time import time")."""
    for node in nodes(file):
        if isinstance(node, ast.Attribute):
            yield node, ".".join(ast.unparse(node).split(".")[-2:])
        if isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def offenders(rooms: list[str], wrong) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{node.lineno} {name}"
        for room in rooms
        for file in files(room)
        for node, name in calls(file)
        if wrong(name)
    ]


def texts(file: Path) -> Iterator[ast.Constant]:
    """The strings of a file that are not docstrings."""
    found = nodes(file)
    said = {
        n.body[0].value
        for n in found
        if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)
        and n.body
        and isinstance(n.body[0], ast.Expr)
    }
    for node in found:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said:
            yield node


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exists_and_imports_only_what_is_below_it(room):
    assert files(room)
    for file in files(room):
        wrong = packages(file) & MAY_IMPORT.keys() - MAY_IMPORT[room] - {room}
        assert not wrong, f"{file.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("room", [*ROOMS, "migrations"])
def test_no_room_imports_tests_or_benches(room):
    for file in files(room):
        assert not packages(file) & {"tests", "bench"}, file.relative_to(ROOT)


def test_the_rules_know_no_database_no_network_and_no_prefect():
    for file in files("escalation"):
        assert not packages(file) & (DATABASE | NETWORK | {"prefect"}), file.relative_to(ROOT)


def test_the_wires_know_no_database_and_no_prefect():
    for file in files("notifications"):
        assert not packages(file) & (DATABASE | {"prefect"}), file.relative_to(ROOT)


@pytest.mark.parametrize("room", ["casework", "models"])
def test_the_hall_and_the_rows_know_no_network_and_no_prefect(room):
    for file in files(room):
        assert not packages(file) & (NETWORK | {"prefect"}), file.relative_to(ROOT)


@pytest.mark.parametrize("room", sorted(DOORS))
def test_a_door_speaks_no_sql(room):
    # The type of the engine it composes, and the errors it words, are all it may know.
    allowed = {"sqlalchemy.engine", "sqlalchemy.exc"}
    for file in files(room):
        known = {name for name in imported(file) if name.split(".")[0] in DATABASE}
        assert known <= allowed, f"{file.relative_to(ROOT)} imports {sorted(known - allowed)}"


@pytest.mark.parametrize("room", BEHIND_THE_DOORS)
def test_only_the_doors_read_the_clock(room):
    for file in files(room):
        read = [(n.lineno, name) for n, name in mentioned(file) if name in CLOCKS]
        assert not read, f"{file.relative_to(ROOT)}: {read}"


@pytest.mark.parametrize("room", ["models", "casework", "migrations"])
def test_no_default_and_no_sql_takes_the_time_of_the_database(room):
    for file in files(room):
        keywords = [k for node, _ in calls(file) for k in node.keywords]
        assert not {k.arg for k in keywords} & {"server_onupdate", "onupdate"}, file
        defaults = [k.value for k in keywords if k.arg == "server_default"]
        assert all(is_constant(value) for value in defaults), file
        said = [t for t in texts(file) if any(w in t.value.lower() for w in CLOCK_WORDS)]
        assert not said, f"{file.relative_to(ROOT)}:{said[0].lineno}"


def is_constant(value: ast.expr) -> bool:
    """The value a column gets for the release before, which does not know it (docs/machines.md)."""
    return ast.unparse(value) in {"sa.true()", "sa.false()"} or isinstance(value, ast.Constant)


def test_no_row_gets_its_moment_from_a_default():
    for file in files("models"):
        for node, name in calls(file):
            for keyword in node.keywords:
                if keyword.arg == "default_factory":
                    assert ast.unparse(keyword.value) in {"dict", "list", "uuid.uuid4"}, name


def test_only_the_hall_opens_sessions_and_transactions():
    opening = {"Session", "sessionmaker", "transaction", "reading", "begin", "begin_nested"}
    rooms = [room for room in ROOMS if room != "casework"]
    assert not offenders(rooms, lambda name: name.split(".")[-1] in opening)


def test_nobody_commits_by_hand():
    everywhere = [*ROOMS, "migrations"]
    assert not offenders(everywhere, lambda name: name.split(".")[-1] in {"commit", "rollback"})


def test_only_the_rows_make_engines():
    rooms = [room for room in ROOMS if room != "models"]
    assert not offenders(rooms, lambda name: name.split(".")[-1] == "create_engine")


@pytest.mark.parametrize("room", [*ROOMS, "migrations"])
def test_a_room_resolves_inside_this_repository_whatever_else_is_installed(room):
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / room


def test_the_fence_sees_what_it_must_see(tmp_path):
    sneaky = tmp_path / "sneaky.py"
    sneaky.write_text(
        "def late():\n"
        "    from models.case import Case\n"
        "    import datetime as d\n"
        "    from time import time\n"
        "    session.commit()\n"
        "    return Case, d.datetime.now(), sa.func.now(), 'now() of the database'\n"
    )
    assert "models" in packages(sneaky)
    assert "session.commit" in {name for _, name in calls(sneaky)}
    assert {"datetime.now", "func.now", "time.time"} <= {name for _, name in mentioned(sneaky)}
    assert [t.value for t in texts(sneaky)] == ["now() of the database"]
