"""What an operator can set for the flows. Nothing is read at import."""

from datetime import timedelta
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import Engine

from casework.connect import connect


class FlowSettings(BaseSettings):
    """ESTAFETTE_* variables; each with the value it has when nobody sets it."""

    model_config = SettingsConfigDict(
        env_prefix="ESTAFETTE_", extra="ignore", env_ignore_empty=True
    )

    work_pool: str = "estafette"
    # One at a time on SQLite, where Prefect answers 503 under concurrency; more on PostgreSQL.
    visits_at_once: int = Field(default=1, ge=1, le=32)
    # Visits whose next moment lies further away wait in the rows alone.
    horizon_days: int = Field(default=400, ge=1, le=36_500)
    # And of those within the horizon only the nearest get a run ahead of their moment.
    armed_at_most: int = Field(default=10_000, ge=100, le=10_000_000)
    # At most so many visits without a date of law at once, over all workers; 0: no limit.
    ordinary_at_once: int = Field(default=0, ge=0, le=10_000)
    # A visit takes a second; a run that is at it, or overdue, for so long is not coming back.
    stuck_seconds: int = Field(default=90, ge=10, le=86_400)
    # A run that has ended stays in Prefect for so long; `flows.clean` removes it after that.
    runs_kept_days: int = Field(default=180, ge=1, le=36_500)
    # Where the link in an alert leads.
    desk_url: str = "http://127.0.0.1:8080"
    # Called after every audit that found nothing; whoever listens there notices when it stays away.
    heartbeat_url: str = Field(default="", repr=False)
    # Whether that listener also knows ADDRESS/start and ADDRESS/fail, as healthchecks does.
    heartbeat_signals: bool = False

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=self.horizon_days)

    @property
    def stuck_after(self) -> timedelta:
        return timedelta(seconds=self.stuck_seconds)

    @property
    def runs_kept(self) -> timedelta:
        return timedelta(days=self.runs_kept_days)


@cache
def engine() -> Engine:
    """This process's database engine; made once."""
    return connect()
