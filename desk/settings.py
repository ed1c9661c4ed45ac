"""What the desk and the embedded default read from the environment (ESTAFETTE_*)."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeskSettings(BaseSettings):
    """The data folder and the loopback ports of the embedded default."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", env_ignore_empty=True)

    data: Path = Path(".estafette")
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    smtp_port: int = Field(default=8025, ge=1, le=65535)
    horizon_days: int = Field(default=400, ge=1)
    desk_port: int = Field(default=8080, ge=1, le=65535)

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
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def desk_url(self) -> str:
        return f"http://127.0.0.1:{self.desk_port}"
