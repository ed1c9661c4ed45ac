"""A report of nuisance: as it comes in at a door, and the rows it becomes."""

import hashlib
import json
import unicodedata

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import Session

from casework.people import KEY
from models import Case, Reporter, Signal


class NewSignal(BaseModel):
    """A report as it comes in at a door; validated here, stored verbatim."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    municipality: str = Field(pattern=KEY, max_length=64)
    address: str = Field(min_length=3, max_length=200)
    received_at: AwareDatetime
    channel: str = Field(default="desk", pattern=KEY, max_length=32)
    nature: str = Field(default="unknown", pattern=KEY, max_length=32)
    acute: bool = False
    text: str = Field(default="", max_length=20_000)
    reference: str | None = Field(default=None, min_length=1, max_length=100)
    reporter_name: str | None = Field(default=None, max_length=200)
    reporter_contact: str = Field(default="", max_length=320)

    @property
    def address_key(self) -> str:
        """The address as compared: one case for "Dorpsstraat 1" and "dorpsstraat  1"."""
        plain = unicodedata.normalize("NFKC", self.address).casefold()
        return " ".join(plain.replace(",", " ").split())

    @property
    def key(self) -> str:
        """The source's own number, with the source; else a digest of all that was said."""
        if self.reference:
            return f"{self.municipality}/{self.channel}/{self.reference}"
        said = self.model_dump(mode="json", exclude={"address", "received_at"})
        said |= {"address": self.address_key, "at": self.received_at.timestamp()}
        text = json.dumps(said, sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:32]


def store(session: Session, case: Case, new: NewSignal) -> Signal:
    """The signal is a row of the case, and its reporter, when known, one of its own."""
    signal = Signal(
        reference=new.key,
        case_id=case.id or 0,
        received_at=new.received_at,
        channel=new.channel,
        nature=new.nature,
        acute=new.acute,
        text=new.text,
    )
    session.add(signal)
    session.flush()
    if new.reporter_name or new.reporter_contact:
        session.add(
            Reporter(
                signal_id=signal.id or 0,
                name=new.reporter_name or "",
                contact=new.reporter_contact,
            )
        )
    return signal
