"""What a message may hold: a closed, typed payload.

Nothing else can enter one: no name, no address, no measure, no text a person typed.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")

CASE = r"^[0-9]{4}-[0-9]{5,}$"
# No user, query or fragment: only places, and only characters that no mail program rewrites.
LINK = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$"
CODE = r"^[0-9]{8}$"


class Lead(StrEnum):
    """What brings the message to this person (stored words, never reused)."""

    REMINDER = "reminder"
    DUE = "due"
    OVERDUE = "overdue"
    OFFERED = "offered"  # a handover waits for your answer
    REFUSED = "refused"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    REVOKED = "revoked"
    DECIDE = "decide"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    READ_BACK = "read_back"
    OFFERED_ON = "offered_on"  # a role you hold, by somebody else
    PASSED = "passed"
    CALL = "call"
    CONTACTED = "contacted"
    NOT_CONTACTED = "not_contacted"
    REPORTED = "reported"
    NOT_REPORTED = "not_reported"
    ANSWERED_FOR_YOU = "answered_for_you"  # by a colleague, what was offered to you
    CASE_CLOSED = "case_closed"
    DEPUTY = "deputy"
    UNREACHED = "unreached"  # whoever was asked is away, and nobody stands in
    ASKED = "asked"  # a request waits for your answer
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    NOTICE = "notice"
    SKIPPED = "skipped"  # nobody could be reached on the step below yours
    INSTALLATION = "installation"  # about Estafette itself, and no case
    CHECKUP = "checkup"  # whether a contact still holds; about no case either
    CODE = "code"  # the one-time code you asked for on a page; about no case either


OF_NO_CASE = frozenset({Lead.INSTALLATION, Lead.CHECKUP, Lead.CODE})


class Payload(BaseModel):
    """All that a message may hold. Only what is about the installation itself, and a code, has no
    case.

    `asks` is a question from the path table. `due` is in UTC. A due date ends at 24:00 Amsterdam
    time, so 00:00 is shown as the day before, unless `at_moment` says that the time itself counts.
    `code` is what somebody asked for on a page; such a message asks nothing else of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    number: int = Field(ge=1)
    case: Annotated[str, StringConstraints(pattern=CASE, max_length=20)] | None
    asks: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    lead: Lead
    due: AwareDatetime | None
    at_moment: bool
    statutory: bool
    link: Annotated[str, StringConstraints(pattern=LINK, max_length=400)]
    language: Language
    code: Annotated[str, StringConstraints(pattern=CODE)] | None = Field(default=None, repr=False)

    @field_validator("asks")
    @classmethod
    def _one_printable_line(cls, asks: str) -> str:
        # isprintable also refuses line separators and marks that turn the writing direction.
        if asks.isprintable() and asks.strip():
            return asks
        raise ValueError("must be one line of printable characters")

    @field_validator("due")
    @classmethod
    def _in_utc(cls, due: datetime | None) -> datetime | None:
        if due is None or due.utcoffset() == timedelta(0):
            return due
        raise ValueError("must be in UTC")

    @model_validator(mode="after")
    def _about_a_case_or_the_installation(self) -> Self:
        if (self.case is None) == (self.lead in OF_NO_CASE):
            return self
        raise ValueError("names its case, unless it is about the installation")

    @model_validator(mode="after")
    def _a_code_when_it_brings_one(self) -> Self:
        if (self.code is None) == (self.lead is not Lead.CODE):
            return self
        raise ValueError("has a code exactly when its lead is code")
