"""python -m bench: what Estafette costs, as Markdown here and as files in bench/results."""

import argparse
import sys
from collections.abc import Callable

from bench import (
    audits,
    demo,
    drain,
    idle,
    index,
    lateness,
    outbox,
    waiting,
    watchers,
    window,
    year,
)
from bench.figures import Table, as_markdown, keep, keep_beside

BENCHES: dict[str, Callable[[bool], Table]] = {
    "drain": drain.bench,
    "watchers": watchers.bench,
    "lateness": lateness.bench,
    "index": index.bench,
    "audits": audits.bench,
    "outbox": outbox.bench,
    "idle": idle.bench,
    "demo": demo.bench,
    "window": window.bench,
    "waiting": waiting.bench,
    "year": year.bench,
}


def main() -> None:
    asked = _asked()
    tables = []
    for name in asked.only or BENCHES:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        tables.append(BENCHES[name](asked.quick))
    print(as_markdown(tables))
    if asked.keep:
        keep_beside(tables)
    elif not asked.only and not asked.quick:
        keep(tables)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller runs, no files")
    parser.add_argument("--only", action="append", choices=BENCHES, help="this one; repeatable")
    parser.add_argument(
        "--keep", action="store_true", help="put what --only measured beside the kept results"
    )
    asked = parser.parse_args()
    if asked.keep and (asked.quick or not asked.only):
        parser.error("--keep is for --only, and for whole runs")
    return asked


if __name__ == "__main__":
    main()
