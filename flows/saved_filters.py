"""Saved filters: what operations staff look for in Prefect, kept by name in Prefect itself.

Prefect's first pages (V1) show them to everybody in the list beside "Runs". Its second pages (V2)
keep filters in each browser instead; docs/prefect-ui.md has an address for each there.
"""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient

from escalation.path import OPEN_STAGES

# The pages look back from now, to when a run should first have come; a case may wait for long.
A_MONTH, A_YEAR = -30 * 86_400, -366 * 86_400
WAITING = ["Scheduled", "Late", "Pending", "Running"]

Filter = dict[str, Any]


def declare(client: SyncPrefectClient) -> None:
    """Every filter is there under its name, as it is here. Again changes nothing; filters that
    somebody saved under other names stay."""
    for name, filters in FILTERS.items():
        client.request("PUT", "/saved_searches/", json={"name": name, "filters": filters})


def _runs(back: int, **of: list[str]) -> list[Filter]:
    span: Filter = {"type": "span", "seconds": back}
    return [_one(name, value) for name, value in {**of, "range": span}.items()]


def _one(name: str, value: Any) -> Filter:
    # `type` and `operation` are asked for and read by nobody.
    return {"object": "flowRun", "property": name, "type": "", "operation": "", "value": value}


# The list is in the order of the alphabet.
FILTERS = {
    "alle: te laat": _runs(A_YEAR, state=["Late"]),
    "alle: mislukt of omgevallen": _runs(A_MONTH, state=["Failed", "Crashed"]),
    **{f"fase: {one.dutch}": _runs(A_YEAR, tag=[one.dutch], state=WAITING) for one in OPEN_STAGES},
}
