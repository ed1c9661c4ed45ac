"""Artifacts in Prefect, made so that they cost little: only when something changed.

Prefect's client tells every change once more as an event with the whole text in it, kept for days,
and versions that belong to no run are never cleared away. So its API is asked directly, and a
picture of the whole house has one version a day: written over while the day lasts, which costs no
event at all, with the last few days kept: cleared away here, with each day's first version. What
belongs to a run stays as long as that, and goes with it (flows/clean.py).
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from httpx import codes
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import PrefectHTTPStatusError

from flows import clock

KEPT = 7
AT_ONCE = 50  # cleared away after a new version; more than one only when there were too many
MOST_REMEMBERED = 10_000

_shown: dict[tuple[str, UUID | None], int] = {}
_of_today: dict[str, tuple[date, UUID]] = {}


def show(client: SyncPrefectClient, key: str, text: str, run_id: UUID | None = None) -> None:
    """The artifact of this key shows `text`: in a version of this run, else in that of today.

    Unchanged since this process last showed it, of this run, nothing is done.
    """
    if _shown.get((key, run_id)) == hash(text):
        return
    if len(_shown) > MOST_REMEMBERED:
        forget()
    if run_id is not None:
        _create(client, key, text, run_id)
    elif not _written_over(client, key, text):
        _of_today[key] = clock.now().date(), _create(client, key, text, None)
        _clear_away(client, key)
    _shown[key, run_id] = hash(text)


def forget() -> None:
    """Everything is shown again at the next look: Prefect's database may be another."""
    _shown.clear()
    _of_today.clear()


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    head = [titles, ["---"] * len(titles)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [*head, *rows])


def _create(client: SyncPrefectClient, key: str, text: str, run_id: UUID | None) -> UUID:
    title = text.partition("\n")[0].lstrip("# ")
    wanted = ArtifactCreate(
        key=key, type="markdown", description=title, data=text, flow_run_id=run_id
    )
    said = wanted.model_dump(mode="json", exclude_unset=True)
    return UUID(client.request("POST", "/artifacts/", json=said).json()["id"])


def _written_over(client: SyncPrefectClient, key: str, text: str) -> bool:
    """The version of today shows the text now; False when there is none."""
    today = clock.now().date()
    day, version = _of_today.get(key) or _newest(client, key) or (None, None)
    if version is None or day != today:
        return False
    try:
        client.request("PATCH", "/artifacts/{id}", path_params={"id": version}, json={"data": text})
    except PrefectHTTPStatusError as refused:
        if refused.response.status_code != codes.NOT_FOUND:  # somebody deleted it
            raise
        return False
    _of_today[key] = today, version
    return True


def _newest(client: SyncPrefectClient, key: str) -> tuple[date, UUID] | None:
    found = _versions(client, key, offset=0, limit=1)
    return (found[0].created.date(), found[0].id) if found and found[0].created else None


def _clear_away(client: SyncPrefectClient, key: str) -> None:
    for version in _versions(client, key, offset=KEPT, limit=AT_ONCE):
        client.delete_artifact(version.id)


def _versions(client: SyncPrefectClient, key: str, *, offset: int, limit: int) -> list[Artifact]:
    """Versions of this artifact, the newest first."""
    return client.read_artifacts(
        artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
        sort=ArtifactSort.CREATED_DESC,
        offset=offset,
        limit=limit,
    )
