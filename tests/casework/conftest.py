"""Every test of a verb begins in a town with people in every function, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from tests.builders import a_town


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, worlds: Any, tmp_path: Path) -> Iterator[Engine]:
    made = worlds.copy(request.param, a_town, tmp_path)
    yield made
    made.dispose()
