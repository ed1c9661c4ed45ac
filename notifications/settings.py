"""What the wires read from the environment (ESTAFETTE_*): where their files are."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

DATA = ".estafette"


class WireSettings(BaseSettings):
    """The places of the channels file, of secrets and of the local mailbox."""

    model_config = SettingsConfigDict(
        env_prefix="ESTAFETTE_", env_ignore_empty=True, hide_input_in_errors=True
    )

    data: Path = Path(DATA)
    channels_file: Path | None = None
    secrets: Path | None = None
    smtp_port: int = Field(default=8025, ge=1, le=65535)

    @property
    def channels_place(self) -> Path:
        """Where the channels file is, or would be."""
        return self.channels_file or self.data / "channels.toml"


def own_words_folder() -> Path:
    """The folder of the municipality's own words."""
    # By hand: it is asked for with every message, and settings take half a millisecond.
    if given := os.environ.get("ESTAFETTE_TEMPLATES"):
        return Path(given)
    return Path(os.environ.get("ESTAFETTE_DATA") or DATA) / "templates"
