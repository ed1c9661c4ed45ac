"""Prefect's server as we start it, on a database of choice, which also counts what it is asked.

    python -m bench.counted FOLDER PORT [POSTGRESQL-URL]

`GET /bench/calls` answers with the calls since the last time it was asked, by path without ids.
"""

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from flows.embedded import settle

LOOPBACK, CALLS = "127.0.0.1", "/bench/calls"
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Counted:
    """The application, with a count of the calls that reach it."""

    def __init__(self, app: Any) -> None:
        self._app, self._calls = app, Counter[str]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path == CALLS:
            return await self._answer(send)
        if path.startswith("/api") and path != "/api/health":
            word = scope.get("method", "websocket")
            self._calls[f"{word} {AN_ID.sub('ID', path.removeprefix('/api'))}"] += 1
        await self._app(scope, receive, send)
        return None

    async def _answer(self, send: Any) -> None:
        said, self._calls = json.dumps(self._calls).encode(), Counter()
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": said})


def main(folder: str, port: str, database: str = "") -> None:
    settle(Path(folder), int(port))
    if database:
        os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    import uvicorn
    from prefect.server.api.server import create_app

    app = Counted(create_app(final=True))
    uvicorn.run(app, host=LOOPBACK, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
