"""A whole installation on several machines, as processes on loopback: what docs/machines.md says.

Prefect's API twice behind a balancer, its services apart, PostgreSQL with two databases, Redis, our
workers and a mail server. Every door has its credential.
"""

import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.connect import connect
from casework.schema import migrate
from flows.clock import now
from tests.builders import a_town
from tests.faults.mail_host import MailHost
from tests.machines.balancer import Balancer
from tests.machines.parts import READY_SECONDS, ROOT, Part, Postgres, Redis
from tests.postgres import free_port

PASSWORD = "only-for-tests"
LOGIN = f"operator:{PASSWORD}"
MANNERS = '[everybody]\nhours = "always"\ndigest_at = "never"\nbudget = "none"\n'
PREFECT = [sys.executable, "-m", "prefect", "server"]
OURS = ("ESTAFETTE_", "PREFECT_")


class Cluster:
    """The parts by name, and what a test needs to look at them from outside."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.mail = folder, MailHost()
        self.parts: dict[str, Part] = {}
        self.postgres, self.redis = Postgres(PASSWORD), Redis(folder / "redis", PASSWORD)
        self.replicas = [free_port(), free_port()]
        self.balancer = Balancer(self.replicas)
        for name, port in zip(("api-1", "api-2"), self.replicas, strict=True):
            self._add(self._api(name, port))
        self._add(self._services())
        for number in range(workers):
            self._add(self.worker(f"worker-{number + 1}"))
        self._add(self.postgres)
        self._add(self.redis)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.balancer.port}/api"

    @cached_property
    def rows(self) -> Engine:
        """Our database, for the test itself; after its server was gone: dispose of it."""
        return connect(f"{self.postgres.url}/estafette")

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        with ExitStack() as opened:
            opened.callback(self._stop)
            opened.enter_context(self.mail.serve())
            opened.enter_context(self.balancer.serve())
            self._start_stores()
            self.start("api-1", "api-2", "services")
            self.start(*(name for name in self.parts if name.startswith("worker-")))
            yield self

    def start(self, *names: str) -> None:
        for name in names:
            self.parts[name].start()
        for name in names:
            self.parts[name].wait()

    def worker(
        self, name: str, code: Path = ROOT, module: str = "flows.worker", **more: str
    ) -> Part:
        """One of our workers, of this code or of another."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        channels = self.folder / "channels.toml"
        channels.write_text(MANNERS)
        env = self.client_env(home) | {
            "PYTHONPATH": str(code), "PYTHONUNBUFFERED": "1",
            "ESTAFETTE_DATA": str(home), "ESTAFETTE_INSTANCE": name,
            "ESTAFETTE_DATABASE_URL": f"{self.postgres.url}/estafette",
            "ESTAFETTE_VISITS_AT_ONCE": "3", "ESTAFETTE_CHANNELS_FILE": str(channels),
            "ESTAFETTE_SMTP_PORT": str(self.mail.port), "ESTAFETTE_LINK_SECRET": "x" * 40,
            **more,
        }  # fmt: skip
        return Part(name, [sys.executable, "-m", module], env, self.folder, cwd=code)

    def client_env(self, home: Path) -> dict[str, str]:
        """What anybody needs to speak to Prefect."""
        return _clean() | {
            "PREFECT_HOME": str(home / "prefect"), "PREFECT_API_URL": self.api_url,
            "PREFECT_API_AUTH_STRING": LOGIN, "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false", "DO_NOT_TRACK": "1",
        }  # fmt: skip

    def _server_env(self, name: str) -> dict[str, str]:
        at, redis = self.postgres.url.removeprefix("postgresql://"), self.redis.url
        return _clean() | {
            "PREFECT_HOME": str(self.folder / name),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{at}/prefect",
            "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
            "PREFECT_SERVER_API_AUTH_STRING": LOGIN,
            "PREFECT_API_AUTH_STRING": LOGIN,
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
            "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
            "PREFECT_REDIS_MESSAGING_URL": f"{redis}/0",
            "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": f"{redis}/0",
            "PREFECT_SERVER_DOCKET_URL": f"{redis}/0",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "60",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        }  # fmt: skip

    def _api(self, name: str, port: int) -> Part:
        command = [*PREFECT, "start", "--no-services", "--host", "127.0.0.1", "--port", str(port)]
        health = f"http://127.0.0.1:{port}/api/health"
        return Part(name, command, self._server_env(name), self.folder, lambda: answers(health))

    def _services(self) -> Part:
        command = [*PREFECT, "services", "start"]
        return Part("services", command, self._server_env("services"), self.folder)

    def _start_stores(self) -> None:
        self.start("postgres", "redis")
        admin = sa.create_engine(
            f"{self.postgres.url}/postgres".replace("://", "+psycopg://", 1),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            for name in ("prefect", "estafette"):
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
        admin.dispose()
        command = [*PREFECT, "database", "upgrade", "-y"]
        upgrade = Part("upgrade", command, self._server_env("upgrade"), self.folder)
        upgrade.start()
        migrate(self.rows, now())
        a_town(self.rows)
        assert upgrade.process is not None
        assert upgrade.process.wait(READY_SECONDS) == 0, upgrade.log.read_text()

    def _add(self, part: Part) -> None:
        self.parts[part.name] = part

    def _stop(self) -> None:
        self.rows.dispose()
        stores = (self.postgres, self.redis)
        others = [part for part in self.parts.values() if part not in stores]
        for part in others:
            if not part.is_over() and part.process is not None:
                part.process.terminate()
        for part in others:
            part.stop()
        self.redis.stop()
        self.postgres.remove()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
