"""What an operator sets: read alike by the desk and the flows, refused when no date bears it."""

import pytest
from pydantic import ValidationError

from desk.settings import DeskSettings
from flows.settings import FlowSettings

BOTH = pytest.mark.parametrize("settings", [FlowSettings, DeskSettings])
TOO_LARGE = {
    "HORIZON_DAYS": "99999999", "ARMED_AT_MOST": str(10**20), "ORDINARY_AT_ONCE": str(10**10),
    "STUCK_SECONDS": str(10**15), "RUNS_KEPT_DAYS": "99999999",
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_number_that_no_date_bears_is_refused_by_its_name(monkeypatch, settings, name):
    monkeypatch.setenv(f"ESTAFETTE_{name}", TOO_LARGE[name])
    with pytest.raises(ValidationError, match=name.lower()):
        settings()


@BOTH
@pytest.mark.parametrize("name", [*TOO_LARGE, "HEARTBEAT_SIGNALS"])
def test_a_variable_that_is_empty_is_as_one_that_is_not_set(monkeypatch, settings, name):
    monkeypatch.setenv(f"ESTAFETTE_{name}", "")
    assert getattr(settings(), name.lower()) == settings.model_fields[name.lower()].default
