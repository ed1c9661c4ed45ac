"""The ten faults: how each is planted for real, what names it, and what is done by hand to mend it.

What the operator reads and types about each is its section of planted_page.md; here is only what
cannot be typed. `named` says that the fault is found, `within` when at the latest, which its text
says too.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.faults.mail_host import Weather
from tests.faults.planted import Installation
from tests.faults.planted_camera import Camera
from tests.faults.planted_parts import until
from tests.faults.planted_rows import SOON

Do = Callable[[Installation], None]
Hand = Callable[[Installation, Camera | None], None]
JUMP = Path(__file__).with_name("planted_clock.c")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
AHEAD, BEHIND = 180, -60  # seconds the clock jumps: enough to see, and soon over


@dataclass(frozen=True)
class Fault:
    """A fault. `own` installs one of its own for it, with its data on a small disk."""

    name: str
    title: str
    plant: Do
    named: Callable[[Installation], bool]
    within: timedelta
    hands: Mapping[str, Hand] = field(default_factory=dict)
    own: bool = False


# --- 1 the worker was killed, or stays away ---------------------------------------------------


def kill_the_worker(house: Installation) -> None:
    before = house.child("flows.worker")
    os.kill(before, signal.SIGKILL)
    house.says["dies"] = house.urgent()
    until(lambda: house.child("flows.worker") != before, 60)
    until(lambda: house.told(house.says["dies"]), 90)


def stop_the_worker(house: Installation) -> None:
    """It is there and does nothing: no signal of its death reaches `up`."""
    kill_the_worker(house)
    until(house.is_well, 90)
    os.kill(house.child("flows.worker"), signal.SIGSTOP)
    house.says["case"] = house.urgent()


# --- 2 a visit got stuck ----------------------------------------------------------------------


def stick_a_visit(house: Installation) -> None:
    case = house.says["case"] = house.urgent(15 * SECOND)
    run = until(lambda: house.run_that_waits(case), 60)
    house.says["run"] = run["id"]
    stuck = {"state": {"type": "RUNNING", "name": "Running"}, "force": True}
    house.ask(f"/flow_runs/{run['id']}/set_state", stuck)


def is_armed_again(house: Installation) -> bool:
    states = [run["state_name"] for run in house.runs_of(house.says["case"])]
    return len(states) == 2 and "Crashed" in states and "Scheduled" in states


# --- 3 a promise that cannot be judged --------------------------------------------------------


def poison_a_promise(house: Installation) -> None:
    case = house.says["case"] = house.urgent(timedelta(hours=3))
    house.behind_the_back(
        "UPDATE checkpoints SET due_on = '9999-12-30', due_at = '9999-12-30T00:00:00.000000Z', "
        "exact = 0, next_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') WHERE key = 'acute_call' "
        f"AND {of_case(case)}",
        "checkpoints",
    )
    soon = datetime.now(AMSTERDAM) + 2 * MINUTE
    house.redated(case, soon)
    house.says["soon"] = f"{soon:%Y-%m-%dT%H:%M%z}"
    house.urgent()  # the others go on


def wait_until_it_rings(house: Installation, camera: Camera | None) -> None:
    until(lambda: house.told(house.says["case"]), 240)


# --- 4 the mail server is dead ----------------------------------------------------------------


def kill_the_mail_server(house: Installation) -> None:
    house.mail.turn(Weather.GONE)
    cases = [house.urgent() for _ in range(3)]
    until(lambda: all(map(house.told, cases)), 90)


def start_the_mail_server(house: Installation, camera: Camera | None) -> None:
    house.mail.turn(Weather.FINE)
    until(lambda: not house.json("alert list --unsent"), 300)


# --- 5 a row was deleted ----------------------------------------------------------------------


def delete_rows(house: Installation) -> None:
    told = house.says["alert"] = house.urgent()
    until(lambda: house.told(told) and not house.json("alert list --unsent"), 90)
    promise = house.says["case"] = house.says["promise"] = house.urgent(MINUTE)
    holder = house.says["holder"] = house.urgent(timedelta(hours=2))
    house.rows(f"DELETE FROM checkpoints WHERE key = 'acute_call' AND {of_case(promise)}")
    house.rows(f"DELETE FROM alerts WHERE {of_case(told)}")
    held = f"DELETE FROM assignments WHERE role = 'case_director' AND {of_case(holder)}"
    house.behind_the_back(held, "assignments")  # which refuses it


def of_case(key: str) -> str:
    return f"case_id = (SELECT id FROM cases WHERE key = '{key}')"


# --- 6 the auditor is stopped -----------------------------------------------------------------


def pause_the_audit(house: Installation) -> None:
    house.audit_now()
    audit = house.says["audit"] = house.deployment("audit")["id"]
    house.ask(f"/deployments/{audit}/pause_deployment", {})
    # Nobody waits here for fifty minutes: the audit that was is said to be so long ago.
    house.rows(
        "UPDATE rounds SET at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-50 minutes') "
        "WHERE \"of\" = 'audit'"
    )


def resume_the_audit(house: Installation, camera: Camera | None) -> None:
    audit, heard = house.says["audit"], house.outside.beats
    if camera:
        camera.goes(house.place(f"/deployments/deployment/{audit}"), house.password, "Schedules")
        camera.switches()
    else:
        house.ask(f"/deployments/{audit}/resume_deployment", {})
    until(lambda: not house.deployment("audit")["paused"], 30)
    house.audit_now()
    until(lambda: house.outside.beats > heard, 30)


def run_the_audit(house: Installation, camera: Camera | None) -> None:
    house.audit_now()


# --- 7 the clock jumps ------------------------------------------------------------------------


def jump_the_clock(house: Installation) -> None:
    """A second worker, as on a second machine, whose clock jumps while it runs."""
    library = house.folder / "jump.so"
    made = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(JUMP), "-ldl"]
    subprocess.run(made, check=True)
    house.elsewhere = {"LD_PRELOAD": str(library), "CLOCK_JUMP": str(house.folder / "clock")}
    _jump(house, 0)
    command = [sys.executable, "-m", "flows.worker", "--data", str(house.data)]
    command += ["--port", str(house.ports["PREFECT"])]
    house.starts_beside(command, ESTAFETTE_INSTANCE="tweede", **house.elsewhere)
    until(lambda: len(house.workers()) == 2, 60)
    case = house.says["case"] = house.urgent(AHEAD * SECOND)
    _jump(house, AHEAD)
    until(lambda: house.told(case), 60)
    until(lambda: _last_round(house) > datetime.now(AMSTERDAM), 60)
    house.says["ahead"] = f"{_last_round(house):%d-%m-%Y %H:%M}"


def fall_back(house: Installation, camera: Camera | None) -> None:
    _jump(house, BEHIND)


def set_the_clock(house: Installation, camera: Camera | None) -> None:
    _jump(house, 0)
    until(house.is_well, AHEAD + 60)
    house.ends_beside()


def _last_round(house: Installation) -> datetime:
    """When a watch last raised something, as it says itself."""
    ((at,),) = house.rows("SELECT at FROM rounds WHERE \"of\" = 'watch'")
    return datetime.fromisoformat(at).astimezone(AMSTERDAM)


def _jump(house: Installation, seconds: int) -> None:
    (house.folder / "clock").write_text(str(seconds))


# --- 8 the disk is full -----------------------------------------------------------------------


def fill_the_disk(house: Installation) -> None:
    """Something grew until nothing more fits; `house` has a small disk of its own."""
    house.says["case"] = house.urgent()
    with suppress(OSError), (house.data / "grew.log").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
    due = datetime.now(AMSTERDAM) + SOON
    until(lambda: datetime.now(AMSTERDAM) > due, 60)  # what came due could not be raised


# --- 9 Prefect's database is lost -------------------------------------------------------------


def lose_prefects_database(house: Installation) -> None:
    house.stop()
    house.says["case"] = house.urgent()
    for file in (house.data / "prefect").glob("prefect.db*"):
        file.unlink()


def start(house: Installation, camera: Camera | None) -> None:
    house.start()


# --- 10 a deployment is stale -----------------------------------------------------------------


def make_deployments_stale(house: Installation) -> None:
    signal_one = house.deployment("signal")["id"]
    old = {"entrypoint": "flows.stages.report"}
    house.ask(f"/deployments/{signal_one}", old, "PATCH")
    flow = house.ask("/flows/", {"name": "mediation"})["id"]
    more = {"name": "estafette", "flow_id": flow, "work_pool_name": "estafette"}
    more |= {"entrypoint": "flows.stages.mediation"}
    house.says["extra"] = house.ask("/deployments/", more)["id"]
    house.urgent()


def delete_what_nobody_knows(house: Installation, camera: Camera | None) -> None:
    extra = house.says["extra"]
    if camera is None:
        house.ask(f"/deployments/{extra}", method="DELETE")
    while "deployments" in house.wrong():  # a click that came too soon is made again
        assert camera
        camera.goes(house.place(f"/deployments/deployment/{extra}"), house.password, "mediation")
        camera.deletes()


def restart(house: Installation, camera: Camera | None) -> None:
    house.restart()


def line(*whats: str) -> Callable[[Installation], bool]:
    """The doctor says of each of these lines that it is not ok."""
    return lambda house: house.wrong() >= set(whats)


def finding(code: str) -> Callable[[Installation], bool]:
    """The audit has this finding about the planted case."""
    return lambda house: (house.says["case"], code) in house.findings()


FAULTS = (
    Fault("killed-worker", "The worker was killed, or stays away", stop_the_worker,
          line("workers"), 2 * MINUTE, {"restart": restart}),
    Fault("stuck-visit", "A visit got stuck", stick_a_visit, is_armed_again, 3 * MINUTE),
    Fault("poisoned-promise", "A promise cannot be judged", poison_a_promise,
          finding("put-off"), MINUTE, {"audit": run_the_audit, "rings": wait_until_it_rings}),
    Fault("dead-mail-server", "The mail server is dead", kill_the_mail_server,
          line("outbox"), MINUTE, {"mend": start_the_mail_server}),
    Fault("deleted-row", "A row was deleted", delete_rows, finding("removed-promise"), MINUTE,
          {"audit": run_the_audit}),
    Fault("stopped-auditor", "The audit does not come by", pause_the_audit,
          line("last audit", "deployments"), MINUTE, {"resume": resume_the_audit}),
    Fault("clock-jump", "A clock jumps", jump_the_clock, line("clock"), MINUTE,
          {"back": fall_back, "set": set_the_clock}),
    Fault("full-disk", "The disk is full", fill_the_disk, line("disk"), MINUTE, own=True),
    Fault("lost-prefect-database", "Prefect's database is lost", lose_prefects_database,
          line("prefect", "workers", "deployments"), MINUTE, {"start": start}),
    Fault("stale-deployment", "A deployment is stale", make_deployments_stale,
          line("deployments"), MINUTE,
          {"restart": restart, "delete": delete_what_nobody_knows}),
)  # fmt: skip
