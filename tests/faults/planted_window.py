"""An installation's Prefect, asked by its API as its pages ask it, with the password it has."""

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.faults.planted_parts import until

BUSY_SECONDS = 60.0
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Window:
    """Prefect of the installation whose data folder and ports these are."""

    data: Path
    ports: dict[str, int]

    @property
    def prefect(self) -> str:
        return f"http://127.0.0.1:{self.ports['PREFECT']}"

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """What Prefect's API answers, asked with the installation's own password."""
        headers = {"Content-Type": "application/json", "Prefect-Csrf-Client": "planted"}
        known = base64.b64encode(self.password.encode()).decode()
        headers["Authorization"] = f"Basic {known}"
        if method or body is not None:
            headers |= self._token(headers)
        request = urllib.request.Request(
            f"{self.prefect}/api{path}", headers=headers, method=method,
            data=None if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        said = until(lambda: _said(request), BUSY_SECONDS)[0]
        return json.loads(said) if said else None

    @property
    def password(self) -> str:
        """What its pages and API ask for: NAME:PASSWORD."""
        return (self.data / "prefect" / "credential").read_text().strip()

    def place(self, address: str) -> str:
        """Where a page of Prefect is; `artifact:KEY` is the newest artifact of that key."""
        kind, _, key = address.partition(":")
        if kind == "artifact":
            address = f"/artifacts/artifact/{self.artifact(key)['id']}"
        return f"{self.prefect}/v2{address}"

    def artifact(self, key: str) -> Any:
        """The newest artifact of this key."""
        wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
        return self.ask("/artifacts/filter", wanted)[0]

    def deployment(self, flow: str) -> Any:
        """What Prefect has of our deployment of this flow."""
        return self.ask(f"/deployments/name/{flow}/estafette")

    def runs_of(self, case: str) -> list[Any]:
        """The runs of a case's visits, oldest first."""
        found = self.ask("/flow_runs/filter", {"flow_runs": {"name": {"like_": case}}})
        return sorted(found, key=lambda run: str(run["created"]))

    def run_that_waits(self, case: str) -> Any:
        """The case's run once it has looked and waits; None before."""
        waits = [run for run in self.runs_of(case) if run["state_name"] == "Scheduled"]
        return next((r for r in waits if "wacht" in (r["state"]["message"] or "")), None)

    def workers(self) -> list[str]:
        """Those of our work pool that are online, by name."""
        known = self.ask("/work_pools/estafette/workers/filter", {})
        return [worker["name"] for worker in known if worker["status"] == "ONLINE"]

    def audit_now(self) -> None:
        """A run of the audit, as with Quick run on its page, is over."""
        audit = self.deployment("audit")["id"]
        run = self.ask(f"/deployments/{audit}/create_flow_run", {"state": {"type": "SCHEDULED"}})
        until(lambda: self.ask(f"/flow_runs/{run['id']}")["state_type"] in OVER, 90)

    def _token(self, headers: dict[str, str]) -> dict[str, str]:
        address = f"{self.prefect}/api/csrf-token?client=planted"
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {"Prefect-Csrf-Token": json.load(answer)["token"]}


def _said(request: urllib.request.Request) -> tuple[bytes] | None:
    """What is answered; None while Prefect is too busy, which on SQLite it says with 503."""
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return (answer.read(),)
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return None
