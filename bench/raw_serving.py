"""Serving runs as Prefect does by itself: a new process for each.

python -m bench.raw_serving worker FOLDER PORT POOL LIMIT    its ProcessWorker on a work pool
python -m bench.raw_serving serve FOLDER PORT - LIMIT        `serve()`, for the bare flow alone
"""

import asyncio
import sys
from pathlib import Path

from flows.embedded import settle


def main(how: str, folder: str, port: str, pool: str, limit: str) -> None:
    settle(Path(folder), int(port))
    if how == "serve":
        from bench.raw_prefect import SERVED, bare

        bare.serve(name=SERVED, limit=int(limit), print_starting_message=False)
    else:
        from prefect.workers.process import ProcessWorker

        asyncio.run(ProcessWorker(pool, limit=int(limit)).start())


if __name__ == "__main__":
    main(*sys.argv[1:])
