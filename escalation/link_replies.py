"""What somebody without an account may reply by a signed link, and when a reply says too little."""

from collections.abc import Iterable
from enum import StrEnum

from escalation.packet import WORDS, repeats, says_something, words
from escalation.text import Text


class Reply(StrEnum):
    ACCEPT = "accept"  # of an offer
    REFUSE = "refuse"
    CALL = "call"
    SPOKE = "spoke"  # of a handover that was taken over
    NOT_SPOKEN = "not_spoken"
    REPORT_DONE = "report_done"
    REPORT_NOT_DONE = "report_not_done"
    REPORT_CANNOT_SHARE = "report_cannot_share"
    ANSWER_DONE = "answer_done"  # of a request
    ANSWER_NOT_DONE = "answer_not_done"
    ANSWER_CANNOT_SHARE = "answer_cannot_share"


OF_AN_OFFER = frozenset({Reply.ACCEPT, Reply.REFUSE, Reply.CALL})
OF_CONTACT = {Reply.SPOKE: "done", Reply.NOT_SPOKEN: "not_done"}
OF_A_REPORT = {
    Reply.REPORT_DONE: "done", Reply.REPORT_NOT_DONE: "not_done",
    Reply.REPORT_CANNOT_SHARE: "cannot_share",
}  # fmt: skip
OF_A_REQUEST = {
    Reply.ANSWER_DONE: "done", Reply.ANSWER_NOT_DONE: "not_done",
    Reply.ANSWER_CANNOT_SHARE: "cannot_share",
}  # fmt: skip
# Where the words of a reply are typed; that two spoke needs none.
FIELDS = (
    {Reply.ACCEPT: "accept", Reply.REFUSE: "refuse", Reply.CALL: "call"}
    | {Reply.NOT_SPOKEN: "not_spoken"}
    | dict.fromkeys(OF_A_REPORT, "report")
    | dict.fromkeys(OF_A_REQUEST, "answer")
)
LONGEST = {
    "accept": 4000, "refuse": 1000, "call": 1000, "not_spoken": 1000, "report": 4000,
    "answer": 1000,
}  # fmt: skip
# fmt: off
GONE = Text("Deze link werkt niet, of niet meer. Vraag degene die u de link stuurde om een nieuwe.",
            "This link does not work, or no longer does. Ask whoever sent it for another.")
PAST = Text("Deze link is verlopen. Open de link in het nieuwste bericht over dezelfde vraag. "
            "Hebt u geen nieuwer bericht? Vraag dan aan wie de zaak regisseert hoe het ervoor "
            "staat.",
            "This link has expired. Open the link in the newest message about the same question. "
            "If you have none, ask who directs the case how things stand.")
NOT_SHOWN = Text("Laat eerst zien dat u het bent, met de code die wij u sturen.",
                 "First show that it is you, with the code we send you.")
NOT_KNOWN = Text("Kies wat u wilt antwoorden, met een van de knoppen.",
                 "Choose what you want to answer, with one of the buttons.")
ANSWERED = Text("Dit is al beantwoord. Hieronder staat wat er nog open is.",
                "This was answered already. Below is what is still open.")
TOO_LITTLE = Text(
    f"Schrijf in uw eigen woorden wat u gaat doen en wanneer. Gebruik ten minste {WORDS} "
    "verschillende woorden.",
    f"Write in your own words what you will do and when, in at least {WORDS} different words.")
A_COPY = Text(
    "Dit staat al in de overdracht. Schrijf in uw eigen woorden wat u gaat doen en wanneer.",
    "This is what the packet says already. Write in your own words what you will do and when.")
DECIDED = Text(
    "Deze zaak is aan u toegewezen. U kunt haar niet weigeren. Bent u het er niet mee eens? Vraag "
    "dan om gebeld te worden.",
    "This case was assigned to you and can not be refused. If you do not agree, ask to be called.")
NO_WORDS = {
    "refuse": Text("Schrijf waarom u de zaak niet aanneemt. De afzender leest uw reden.",
                   "Write why you do not take the case over. The sender reads your reason."),
    "call": Text("Schrijf hoe en wanneer wij u kunnen bellen.",
                 "Write how and when you can be called."),
    "not_spoken": Text("Schrijf waarom u elkaar niet hebt gesproken.",
                       "Write why you did not speak."),
    "report": Text("Schrijf hoe het gaat, of waarom u dat niet kunt zeggen.",
                   "Write how things go, or why you can not say."),
    "answer": Text("Schrijf wat u hebt gedaan, of waarom niet.",
                   "Write what you did, or why not."),
}
# fmt: on


def problem(
    reply: Reply, said: str, packet: Iterable[str] = (), *, assigned: bool = False
) -> Text | None:
    """Why this can not be the reply, in one or two sentences; None when it can."""
    field = FIELDS.get(reply)
    if field is None:
        return None
    if len(said) > LONGEST[field]:
        return _too_long(len(said), LONGEST[field])
    if reply is Reply.ACCEPT:
        return _of_a_read_back(said, packet)
    if reply is Reply.REFUSE and assigned:
        return DECIDED
    return None if said.strip() else NO_WORDS[field]


def _of_a_read_back(said: str, packet: Iterable[str]) -> Text | None:
    if len(set(words(said))) < WORDS or not says_something(said):
        return TOO_LITTLE
    return A_COPY if repeats(said, packet) else None


def _too_long(length: int, longest: int) -> Text:
    return Text(
        f"Uw tekst is {length} tekens lang. Maak haar korter dan {longest} tekens.",
        f"Your text is {length} characters long; make it shorter than {longest}.",
    )
