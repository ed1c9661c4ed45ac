"""Artifacts in Prefect: made only when they changed, and only the last few of each are kept.

Prefect keeps every version, and clears away only those of a run that it clears away. The pictures
of the whole house belong to no run, so these would stay for ever.
"""

from collections.abc import Sequence
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

KEPT = 5
AT_ONCE = 50  # versions cleared away after a new one; more than one only when there were too many
MOST_REMEMBERED = 10_000

_shown: dict[str, int] = {}


def show(client: SyncPrefectClient, key: str, text: str, run_id: UUID | None = None) -> None:
    """The artifact of this key shows `text`. Unchanged since this process last showed it, nothing
    is done; without a run only the last few versions stay."""
    if _shown.get(key) == hash(text):
        return
    if len(_shown) > MOST_REMEMBERED:
        _shown.clear()
    title = text.partition("\n")[0].lstrip("# ")
    client.create_artifact(
        ArtifactCreate(key=key, type="markdown", description=title, data=text, flow_run_id=run_id)
    )
    _shown[key] = hash(text)
    if run_id is None:
        _clear_away(client, key)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    head = [titles, ["---"] * len(titles)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [*head, *rows])


def _clear_away(client: SyncPrefectClient, key: str) -> None:
    older = client.read_artifacts(
        artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
        sort=ArtifactSort.CREATED_DESC,
        offset=KEPT,
        limit=AT_ONCE,
    )
    for version in older:
        client.delete_artifact(version.id)
