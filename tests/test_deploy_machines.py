"""What `deploy/` hands out for several machines names variables, commands and modules that exist.

No container is built or run here; what can be asked of the files themselves is asked.
"""

import inspect
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[1]
COMPOSE_TEXT = (ROOT / "deploy/compose/compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
OURS = {
    name: service
    for name, service in COMPOSE["services"].items()
    if "build" in service
}  # fmt: skip
KUBERNETES = ROOT / "deploy/kubernetes"
MANIFESTS = [
    document
    for file in sorted(KUBERNETES.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for document in yaml.safe_load_all(file.read_text("utf-8"))
]
WORKLOADS = {
    one["metadata"]["name"]: one
    for one in MANIFESTS
    if one["kind"] in {"Deployment", "StatefulSet", "Job"}
}
CONTAINERS = {name: one["spec"]["template"]["spec"]["containers"][0]
              for name, one in WORKLOADS.items()}  # fmt: skip
CONFIGS = {
    name: dict(re.findall(r"^(\w+)=(.*)$", (KUBERNETES / f"{name}.env").read_text("utf-8"), re.M))
    for name in ("estafette", "prefect")
}
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text("utf-8")
MACHINES = (ROOT / "docs/machines.md").read_text("utf-8")
NOBODY = "http://127.0.0.1:1"


def variables() -> dict[str, str | None]:
    """Every variable that is set for a process of ours, and to what when that is not secret."""
    found: dict[str, str | None] = dict(
        re.findall(r"^(?:ENV|   ) (\w+)=(\S+)", CONTAINERFILE, re.M)
    )
    for service in OURS.values():
        for name, value in service["environment"].items():
            secret = is_from_file(name)
            found[name.removesuffix("_FILE") if secret else name] = None if secret else str(value)
    for values in CONFIGS.values():
        found |= values
    for container in CONTAINERS.values():
        found |= {one["name"]: None for one in container.get("env", [])}
    return found


def is_from_file(name: str) -> bool:
    """Whether deploy/with-secrets reads this variable's value from a file."""
    return name.endswith("_FILE") and name != "ESTAFETTE_CHANNELS_FILE"


def known_to_prefect() -> set[str]:
    from prefect.settings.legacy import _get_valid_setting_names
    from prefect.settings.models.root import Settings
    from prefect_redis.cleanup_queue import RedisWorkerCleanupQueueSettings
    from prefect_redis.client import RedisMessagingSettings

    redis = {
        settings.model_config["env_prefix"].upper() + field.upper()
        for settings in (RedisMessagingSettings, RedisWorkerCleanupQueueSettings)
        for field in settings.model_fields
    }
    return {*_get_valid_setting_names(Settings)} | redis


def test_every_variable_that_is_set_is_one_that_is_read():
    example = (ROOT / ".env.example").read_text("utf-8")
    ours = set(re.findall(r"^(ESTAFETTE_\w+)=", example, re.M))
    others = {"HEALTH_URL", "PATH", "PYTHONUNBUFFERED", "DO_NOT_TRACK", "REDIS_PASSWORD",
              "UV_PROJECT_ENVIRONMENT", "UV_LINK_MODE", "UV_PYTHON_DOWNLOADS"}  # fmt: skip
    assert variables().keys() - ours - known_to_prefect() - others == set()


def test_every_module_that_prefect_is_told_to_use_is_there():
    named = {value for value in variables().values() if value and value.startswith("prefect_redis")}
    modules = ("messaging", "ordering", "lease_storage", "cleanup_queue")
    assert named == {f"prefect_redis.{name}" for name in modules}
    for module in named:
        import_module(module)


@pytest.mark.parametrize("named", [*OURS, *WORKLOADS])
def test_every_command_exists(named):
    from prefect.cli import server
    from typer.main import get_command

    from desk.cli import app

    given = OURS[named]["command"] if named in OURS else CONTAINERS[named].get("args")
    program, *words = given or ["redis"]
    prefects = {
        ("server", "start"): server.start,
        ("server", "services", "start"): server.start_services,
        ("server", "database", "upgrade"): server.upgrade,
    }
    if program == "estafette":
        assert words[0] in get_command(app).commands
        assert words[1:] == []
    elif program == "prefect":
        verbs = tuple(word for word in words if word.isalpha())
        takes = inspect.signature(prefects[verbs]).parameters
        options = [word for word in words if word.startswith("--")]
        assert [one for one in options if one[2:].replace("-", "_") not in takes] == []
    else:
        assert program == "redis"


def test_compose_and_kubernetes_run_the_same_processes_with_the_same_settings():
    roles = {"prefect-api": "api-1", "prefect-services": "services", "worker": "worker-1",
             "desk": "desk-1", "estafette-migrate": "estafette-migrate",
             "prefect-migrate": "prefect-migrate"}  # fmt: skip
    for name, service in roles.items():
        assert CONTAINERS[name]["args"] == OURS[service]["command"]
    of_prefect = OURS["services"]["environment"]
    assert CONFIGS["prefect"].keys() == {n for n in of_prefect if not is_from_file(n)}
    same = {n: v for n, v in CONFIGS["prefect"].items() if "example.org" not in v}
    assert same == {n: v for n, v in of_prefect.items() if n in same}
    secret = {n.removesuffix("_FILE") for n in of_prefect if is_from_file(n)}
    assert secret == {one["name"] for one in CONTAINERS["prefect-services"]["env"]}


def test_every_secret_comes_from_a_file_or_a_secret_and_none_stands_in_the_clear():
    handed = set(re.findall(r"\b(?:ESTAFETTE|PREFECT)_\w+[A-Z]\b",
                            (ROOT / "deploy/with-secrets").read_text("utf-8")))  # fmt: skip
    for service in OURS.values():
        for name, value in service["environment"].items():
            if is_from_file(name):
                assert name.removesuffix("_FILE") in handed
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
    in_the_clear = {n for n, v in variables().items() if v is not None and n in handed}
    assert in_the_clear <= {"ESTAFETTE_HEARTBEAT_URL"}
    for container in CONTAINERS.values():
        for one in container.get("env", []):
            assert "value" not in one


def test_the_entrypoint_hands_over_what_files_hold_and_says_what_it_cannot_read(tmp_path):
    secret = tmp_path / "login"
    secret.write_text("operator:geheim\n")
    command = [str(ROOT / "deploy/with-secrets"), "sh", "-c", 'echo "$PREFECT_API_AUTH_STRING"']
    env = {"PATH": os.environ["PATH"], "PREFECT_API_AUTH_STRING_FILE": str(secret)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "operator:geheim\n"
    for broken in (tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").touch()
        env["PREFECT_API_AUTH_STRING_FILE"] = str(broken)
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert str(broken) in done.stderr


def test_health_is_asked_of_the_process_itself_though_the_environment_names_a_proxy():
    answers = [200, 503]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {"HEALTH_URL": f"http://127.0.0.1:{server.server_port}/", "http_proxy": NOBODY}
        healthy = [sys.executable, ROOT / "deploy/healthy"]
        well, ill = (subprocess.run(healthy, env=env, capture_output=True, check=False)
                     for _ in range(2))  # fmt: skip
        server.shutdown()
    assert (well.returncode, ill.returncode) == (0, 1)
    assert b"503" in ill.stderr
    assert subprocess.run(healthy, env={}, check=False).returncode == 0, "nobody is asked anything"


def test_secrets_are_made_once_and_kept_from_others(tmp_path):
    shutil.copytree(ROOT / "deploy/compose", tmp_path / "compose")
    shutil.rmtree(tmp_path / "compose/secrets", ignore_errors=True)
    texts = []
    for _ in range(2):
        subprocess.run([tmp_path / "compose/make-secrets"], check=True, capture_output=True)
        made = {file.name: file.read_text() for file in (tmp_path / "compose/secrets").iterdir()}
        texts.append(made)
    assert texts[0] == texts[1]
    assert (tmp_path / "compose/secrets").stat().st_mode & 0o777 == 0o700
    files = {one["file"].removeprefix("./secrets/") for one in COMPOSE["secrets"].values()}
    assert files - texts[0].keys() == {"tls_pem", "MAIL_PASSWORD"}, "these are the operator's"
    assert len(set(texts[0].values())) == len(texts[0])
    assert len(texts[0]["link_secret"]) >= 32


def test_compose_asks_for_what_its_example_explains_and_for_nothing_else():
    example = (ROOT / "deploy/compose/.env.example").read_text("utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE_TEXT))
    assert asked == set(re.findall(r"^(\w+)=", example, re.M))


def test_nobody_goes_on_before_postgres_has_its_databases():
    asks = COMPOSE["services"]["postgres"]["healthcheck"]["test"]
    # While they are made, at the first start, its own image lets it answer at the socket alone.
    assert asks[asks.index("--host") + 1] == "127.0.0.1"
    for name in ("prefect-migrate", "estafette-migrate"):
        assert OURS[name]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("file", ["compose/channels.example.toml", "kubernetes/channels.toml"])
def test_the_channels_that_are_handed_out_can_work_with_the_secrets_that_are(file):
    from notifications.channels import Channels

    text = (ROOT / "deploy" / file).read_text("utf-8")
    assert "MAIL_PASSWORD" in COMPOSE["secrets"]
    assert [*Channels.from_toml(text, {"MAIL_PASSWORD": "geheim"}).by_name] == ["mail"]


def test_only_the_door_is_reached_from_outside():
    assert [n for n, s in COMPOSE["services"].items() if "ports" in s] == ["haproxy"]
    assert COMPOSE["networks"]["inside"]["internal"]
    proxied = (ROOT / "deploy/compose/haproxy.cfg").read_text("utf-8")
    servers = set(re.findall(r"^    server (\S+) \1:\d+ check$", proxied, re.M))
    assert servers == {"api-1", "api-2", "desk-1", "desk-2"} <= COMPOSE["services"].keys()


def test_the_balancer_takes_its_settings(tmp_path):
    if not (haproxy := shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")):
        pytest.skip("no haproxy here")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
            "/CN=x", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    both = (tmp_path / "certificate").read_text() + (tmp_path / "key").read_text()
    (tmp_path / "tls_pem").write_text(both)
    text = (ROOT / "deploy/compose/haproxy.cfg").read_text("utf-8")
    (tmp_path / "cfg").write_text(text.replace("/run/secrets", str(tmp_path)))
    env = {"DESK_NAME": "desk.example.org", "PREFECT_NAME": "prefect.example.org"}
    command = [haproxy, "-c", "-f", tmp_path / "cfg"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_every_workload_has_what_keeps_it_in_bounds_and_finds_its_own_pods():
    budgets = {one["metadata"]["name"] for one in MANIFESTS if one["kind"] == "PodDisruptionBudget"}
    assert budgets == {n for n, one in WORKLOADS.items() if one["spec"].get("replicas", 1) > 1}
    for name, one in WORKLOADS.items():
        pod, container = one["spec"]["template"]["spec"], CONTAINERS[name]
        for first in pod.get("initContainers", []):
            assert first["securityContext"] == container["securityContext"]
            assert {"requests", "limits"} <= first["resources"].keys()
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["enableServiceLinks"] is False, "PREFECT_API_PORT would be the Service's"
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert {"requests", "limits"} <= container["resources"].keys()
        if one["kind"] != "Job":
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        probed = one["kind"] == "Job" or "readinessProbe" in container
        assert probed or name in {"worker", "prefect-services"}, "nobody asks these anything"
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        claimed = {
            claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])
        }
        assert mounted == {volume["name"] for volume in pod.get("volumes", [])} | claimed


@pytest.mark.parametrize("named", ["prefect-api", "prefect-services"])
def test_prefect_is_counted_on_only_once_its_database_is_migrated(named):
    (first,) = WORKLOADS[named]["spec"]["template"]["spec"]["initContainers"]
    assert first["args"] == ["/opt/estafette/deploy/prefect-migrated"]
    given = {one["name"] for one in first["env"]}
    assert given == {"PREFECT_SERVER_DATABASE_CONNECTION_URL"}


def test_prefects_database_is_ready_when_it_was_migrated_and_not_before(tmp_path):
    from prefect.server.database.alembic_commands import alembic_config

    file, asks = tmp_path / "prefect.db", [sys.executable, ROOT / "deploy/prefect-migrated"]
    env = {"PATH": os.environ["PATH"], "PREFECT_HOME": str(tmp_path), "DO_NOT_TRACK": "1",
           "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{file}"}  # fmt: skip
    done = subprocess.run(asks, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Prefect's database is not ready for this version: ")
    versions = Path(alembic_config().config_file_name).parent / "_migrations/versions/sqlite"
    script = ScriptDirectory(versions.parents[1], version_locations=[versions])
    with sqlite3.connect(file) as rows:  # as after a migration, which takes half a minute
        rows.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))")
        rows.execute("INSERT INTO alembic_version VALUES (?)", [script.get_current_head()])
    subprocess.run(asks, env=env, capture_output=True, check=True)


def test_prefects_services_hear_that_they_are_to_stop():
    # They handle no SIGTERM, and the kernel gives process 1 none that it does not handle.
    assert WORKLOADS["prefect-services"]["spec"]["template"]["spec"]["shareProcessNamespace"]
    assert OURS["services"]["init"]


def test_the_page_names_every_key_of_the_secret_that_kubernetes_wants():
    keys = {
        one["valueFrom"]["secretKeyRef"]["key"]
        for container in CONTAINERS.values()
        for one in container.get("env", [])
        if "secretKeyRef" in one["valueFrom"]
    }
    assert [key for key in keys if f"`{key}`" not in MACHINES] == []


def test_kustomize_puts_it_together():
    if not (kubectl := shutil.which("kubectl")):
        pytest.skip("no kubectl here")
    command = [kubectl, "kustomize", str(KUBERNETES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made = [*yaml.safe_load_all(done.stdout)]
    assert len(made) == len(MANIFESTS) + 3, "the config maps are made of files"
    assert all(
        one["metadata"].get("namespace") == "estafette"
        for one in made
        if one["kind"] != "Namespace"
    )
    images = set(re.findall(r"image: (\S+)", done.stdout))
    assert not any(image == "estafette" or image.endswith(":latest") for image in images)


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody_special():
    (uv,) = re.findall(r"^uv_version=(\S+)", (ROOT / "estafette").read_text("utf-8"), re.M)
    assert f"uv=={uv}" in CONTAINERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M)
    assert copied == ["pyproject.toml uv.lock", "."]
    for named in ("deploy/with-secrets", "deploy/healthy", "deploy/prefect-migrated"):
        assert f"/opt/estafette/{named}" in f"{CONTAINERFILE}{WORKLOADS}"
        assert os.access(ROOT / named, os.X_OK)
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, re.M) == ["10001:10001"]
    ignored = (ROOT / ".containerignore").read_text("utf-8")
    assert ignored == (ROOT / ".dockerignore").read_text("utf-8")
    for package in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "packages"
    ]:
        assert f"!{package.partition('.')[0]}\n" in ignored
