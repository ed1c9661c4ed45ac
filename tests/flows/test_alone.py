"""Two instances on one folder: who is there is said by name, at once, and nothing is harmed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desk import tree
from desk.child import CANNOT_START as KNOWN_TO_THE_DESK
from desk.child import Child
from desk.settings import DeskSettings
from desk.tree import Tree, TreeError
from flows.alone import NotAlone, instance, take_place
from flows.embedded import CANNOT_START
from tests.flows.conftest import ROOT
from tests.postgres import free_port

HOLDER = """
import sys; from pathlib import Path; from flows.alone import take_place
place = take_place(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
print("taken", flush=True); sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path, request):
    """The number of another process that has a place in the folder."""
    what, name = request.param
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), what, name], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"taken\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def started(*words: str, data: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *words, "--data", str(data), "--port", str(free_port())]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("holder", [("server", "")], indirect=True)
def test_a_second_server_on_one_folder_says_who_is_there_and_ends(tmp_path, holder):
    second = started("flows.server", data=tmp_path)
    assert second.returncode == CANNOT_START
    assert f"another server (process {holder.pid}) is at work" in second.stderr
    assert "ESTAFETTE_DATA" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("holder", [("worker", instance())], indirect=True)
def test_a_second_worker_of_one_name_says_who_is_there_and_ends(tmp_path, holder):
    second = started("flows.worker", data=tmp_path)
    assert second.returncode == CANNOT_START
    assert f"(process {holder.pid})" in second.stderr
    assert "ESTAFETTE_INSTANCE" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("holder", [("worker", "other/machine")], indirect=True)
def test_workers_of_two_names_go_together(tmp_path, holder):
    with take_place(tmp_path, "worker", instance()), pytest.raises(NotAlone):
        take_place(tmp_path, "worker", "other/machine")


@pytest.mark.parametrize("holder", [("server", "")], indirect=True)
def test_the_place_of_a_killed_process_is_free(tmp_path, holder):
    holder.kill()
    holder.wait()
    take_place(tmp_path, "server").close()


@pytest.mark.parametrize("holder", [("server", "")], indirect=True)
def test_up_beside_a_stray_server_says_so_and_leaves_nothing(
    tmp_path, holder, monkeypatch, sqlite_template
):
    (tmp_path / "estafette.db").write_bytes(sqlite_template.read_bytes())
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    for name in ("PREFECT", "SMTP", "DESK"):
        monkeypatch.setenv(f"ESTAFETTE_{name}_PORT", str(free_port()))
    standing = Tree(DeskSettings(), lambda line: None)
    with pytest.raises(TreeError, match=rf"did not start: another server \(process {holder.pid}\)"):
        standing.start()
    assert [child.exit_code() is not None for child in standing.children] == [True, True]


def test_a_second_up_on_the_folder_says_which_process_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "LOCK_SECONDS", 0.0)
    with tree._locked(tmp_path), pytest.raises(TreeError) as refused, tree._locked(tmp_path):
        pass
    assert f"another Estafette (process {os.getpid()}) uses the folder" in str(refused.value)


def test_a_child_that_can_not_start_is_said_once_with_its_reason(tmp_path, monkeypatch):
    said: list[str] = []
    why = f"import sys; print('somebody is there'); sys.exit({CANNOT_START})"
    with (tmp_path / "lock").open("w") as lock:
        child = Child("worker", [sys.executable, "-c", why], tmp_path / "log", {}, lock.fileno())
        for _ in range(3):
            child.start()
            child.process.wait(30)
            child.tend(said.append)
            child.process.stdin.close()
    assert said == ["the worker can not start and is tried again: somebody is there"]


def test_the_two_doors_know_that_code_by_the_same_number():
    assert KNOWN_TO_THE_DESK == CANNOT_START
