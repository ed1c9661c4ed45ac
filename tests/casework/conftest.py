"""Every test of a verb begins in a town with people in every function, on both databases.

A test that also asks for `in_warning` (or another stage) finds one case there, numbered 2026-00001:
it was brought that far once, and is copied.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from tests.builders import ROADS, a_case, a_town


def _in(stage: str) -> Callable[[Engine], None]:
    def build(engine: Engine) -> None:
        a_town(engine)
        assert a_case(engine, stage) == "2026-00001"

    build.__name__ = f"in_{stage}"
    return build


BEGINNINGS = {f"in_{stage}": _in(stage) for stage in ROADS}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, worlds: Any) -> Engine:
    asked = [BEGINNINGS[name] for name in request.fixturenames if name in BEGINNINGS]
    begun: Engine = worlds.begin(request.param, asked[0] if asked else a_town)
    return begun


def _beginning(name: str) -> Any:
    @pytest.fixture(name=name)
    def key(engine: Engine) -> str:
        return "2026-00001"

    return key


in_signal = _beginning("in_signal")
in_voluntary_care = _beginning("in_voluntary_care")
in_outreach_care = _beginning("in_outreach_care")
in_warning = _beginning("in_warning")
in_behavioural_order = _beginning("in_behavioural_order")
in_house_closure = _beginning("in_house_closure")
in_aftercare = _beginning("in_aftercare")
