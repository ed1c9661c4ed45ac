"""What the desk and the embedded default read from the environment (ESTAFETTE_*)."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class DeskSettings(BaseSettings):
    """The data folder, and the address and ports of the embedded default."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", env_ignore_empty=True)

    data: Path = Path(".estafette")
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    # Where Prefect's server listens; another address than this machine's own lets others in.
    prefect_host: IPv4Address | IPv6Address = IPv4Address("127.0.0.1")
    smtp_port: int = Field(default=8025, ge=1, le=65535)
    # The flows read these too; here they are checked before anything is started.
    horizon_days: int = Field(default=400, ge=1, le=36_500)
    armed_at_most: int = Field(default=10_000, ge=100, le=10_000_000)
    ordinary_at_once: int = Field(default=0, ge=0, le=10_000)
    visits_at_once: int = Field(default=1, ge=1, le=32)
    stuck_seconds: int = Field(default=90, ge=10, le=86_400)
    runs_kept_days: int = Field(default=180, ge=1, le=36_500)
    heartbeat_signals: bool = False
    desk_host: str = "127.0.0.1"  # for `estafette desk` alone; `up` stays on loopback
    desk_port: int = Field(default=8080, ge=1, le=65535)
    work_pool: str = "estafette"  # in which the doctor looks for workers

    @model_validator(mode="after")
    def ports_differ(self) -> Self:
        """Each server has a port of its own."""
        if len({self.prefect_port, self.smtp_port, self.desk_port}) < 3:
            raise ValueError(
                "ESTAFETTE_PREFECT_PORT, ESTAFETTE_SMTP_PORT and ESTAFETTE_DESK_PORT must differ"
            )
        return self

    @property
    def horizon(self) -> timedelta:
        """Visits whose next moment lies further away need no run yet."""
        return timedelta(days=self.horizon_days)

    @property
    def mailbox(self) -> Path:
        """Where the local mailbox keeps its letters."""
        return self.data / "mailbox"

    @property
    def prefect_url(self) -> str:
        """Where this machine finds Prefect; the address of "everywhere" is none."""
        host = str(self.prefect_host)
        if self.prefect_host.is_unspecified:
            host = "127.0.0.1" if self.prefect_host.version == 4 else "::1"
        return f"http://{host if '.' in host else f'[{host}]'}:{self.prefect_port}"

    @property
    def seen_elsewhere(self) -> bool:
        """Whether other machines can reach Prefect's pages."""
        return not self.prefect_host.is_loopback

    @property
    def credential(self) -> Path:
        """The file with the name and password of Prefect's pages; `flows.credential` makes it."""
        return self.data / "prefect" / "credential"

    @property
    def desk_url(self) -> str:
        return f"http://127.0.0.1:{self.desk_port}"
