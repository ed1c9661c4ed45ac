"""A database no migration has touched yet, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.connect import connect


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        url = request.getfixturevalue("postgres_url")
        name = f"empty_{abs(hash(request.node.nodeid))}"
        admin = sa.create_engine(connect(url).url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        admin.dispose()
        made = connect(url.replace("/postgres", f"/{name}"))
    yield made
    made.dispose()
