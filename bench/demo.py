"""Demo: from the command to pages one can look at, and a clean end."""

from typing import Any

from bench.figures import Table
from bench.processes import answers, program

SAYS = """\
`estafette demo` in an empty data folder, everything installed and once started before (warm cache).
Seconds from the command until Prefect answers, the desk's pages answer, and the demo says where to
look; then until Ctrl-C has ended everything, with no process left. Aim: ready under 60 seconds."""


def bench(quick: bool) -> Table:
    table = Table("demo", "From command to pages", SAYS)
    runs = [_run() for _ in range(2 if quick else 4)]
    table.rows.extend(runs[1:])  # the first warms the cache
    return table


def _run() -> dict[str, Any]:
    with program("desk.cli", "demo", "--json") as demo:
        health = f"http://127.0.0.1:{demo.ports['PREFECT']}/api/health"
        pages = f"http://127.0.0.1:{demo.ports['DESK']}/"
        seconds = {
            "the desk answers": demo.wait_until(lambda: answers(pages)),
            "Prefect answers": demo.wait_until(lambda: answers(health)),
            "ready": demo.wait_until(demo.has_said_something),
        }
        return seconds | {"stopped in": demo.stop()}
