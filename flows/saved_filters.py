"""Saved filters: what operations staff look for in Prefect, kept by name in Prefect itself.

Prefect's first pages (V1) show them to everybody in the list beside "Runs". Its second pages (V2)
keep filters in each browser instead; docs/prefect-ui.md has an address for each there.
"""

from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient

from escalation.path import OPEN_STAGES
from flows import clock
from flows.settings import FlowSettings

# The pages look at when a run should first have come, back from now: a case may wait for long.
A_MONTH, A_YEAR = 30, 366
A_DAY = 86_400  # seconds
WAITING = ["Scheduled", "Late", "Pending", "Running"]

Filter = dict[str, Any]


def declare(client: SyncPrefectClient) -> None:
    """Every filter is there under its name, as it is here. Again on the same day changes nothing;
    filters that somebody saved under other names stay."""
    for name, filters in filters_on(clock.now(), FlowSettings().horizon_days).items():
        client.request("PUT", "/saved_searches/", json={"name": name, "filters": filters})


def filters_on(now: datetime, horizon_days: int) -> dict[str, list[Filter]]:
    """Each filter by its name, in the order of the alphabet, as it is on the day of `now` in UTC.

    Who is in a stage may have a run that comes first at the end of the horizon. The pages know one
    kind of time that lies on both sides: so long around a day.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    here = _around(today, A_YEAR + horizon_days)
    return {
        "alle: te laat": _runs(_back(A_YEAR), state=["Late"]),
        "alle: mislukt of omgevallen": _runs(_back(A_MONTH), state=["Failed", "Crashed"]),
        **{
            f"fase: {one.dutch}": _runs(here, tag=[one.dutch], state=WAITING) for one in OPEN_STAGES
        },
    }


def _back(days: int) -> Filter:
    return {"type": "span", "seconds": -days * A_DAY}


def _around(day: datetime, days: int) -> Filter:
    at = day.isoformat().replace("+00:00", "Z")
    return {"type": "around", "date": at, "quantity": days, "unit": "day"}


def _runs(within: Filter, **of: list[str]) -> list[Filter]:
    return [_one(name, value) for name, value in {**of, "range": within}.items()]


def _one(name: str, value: Any) -> Filter:
    # `type` and `operation` are asked for and read by nobody.
    return {"object": "flowRun", "property": name, "type": "", "operation": "", "value": value}
