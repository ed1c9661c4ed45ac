"""What a step of a history may say of the baton: handovers, requests to a partner, and waits.

What travels along and what is read back has a default, so that a history states what differs.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from casework.packets import Packet
from casework.words import Answer as Given
from casework.words import Role
from desk.known_words import DayOrAfter, Strict, Words

# What travels with a baton, and what is read back, where a history does not say.
PACKET = {
    "severity": "medium",
    "risks": ["none"],
    "summary": "Nagespeelde uitspraak; de feiten staan in het dossier.",
    "if_then": "Loopt het uit de hand, dan belt u de regievoerder en daarna de wijkagent.",
    "not_shared": "Niets over behandeling.",
    "ask_whom": "De zorgcoördinator van de eigen organisatie.",
    "told_person": "De bewoner weet van deze overdracht.",
    "told_reporter": "De melder weet dat iemand anders het verder oppakt.",
}
READ_BACK = "Ik neem de leiding van deze stap over en laat binnen de termijn weten hoe het gaat."

Reason = Annotated[Words, Field(max_length=1000)]
Offered = Annotated[
    Packet, BeforeValidator(lambda given: PACKET | given if isinstance(given, dict) else given)
]


class Offer(Strict):
    role: Role
    to: str
    by: str = "director"
    packet: Offered = Packet.model_validate(PACKET)


class Assign(Strict):
    """The process director assigns the role by force; the packet is that of the last offer."""

    role: Role
    to: str
    because: Reason
    by: str = "process_director"
    packet: Offered | None = None


class Acknowledge(Strict):
    role: Role


class Accept(Strict):
    """`spoke` says that sender and receiver spoke at once: the warm contact is made with it."""

    role: Role
    read_back: Words = READ_BACK
    spoke: bool = True


class Refuse(Strict):
    role: Role
    reason: Reason


class Contacted(Strict):
    role: Role


class Report(Strict):
    role: Role
    report: Words


class Ask(Strict):
    to: str
    what: Words
    by: str = "director"


class Reply(Strict):
    """The answer to what was asked last; of whom it was asked, unless `by` says otherwise."""

    given: Given = Given.DONE
    reason: Reason
    by: str | None = None


class Wait(Strict):
    """Why nothing has to happen until a day; of a `partner`, or else on the whole case."""

    until: DayOrAfter
    reason: Reason
    partner: str | None = None
    by: str = "director"


OfRole = Offer | Assign | Acknowledge | Accept | Refuse | Contacted | Report
Baton = OfRole | Ask | Reply | Wait
