"""What a reporter may be told: fixed words for each stage, about nobody else.

Every step between finding out and calm is told in the same words, so that word of a step does not
say which one it was: that somebody is with care, or under a measure, is personal.
"""

from escalation.terms import Length
from escalation.text import Text

_ON_THE_WAY = Text(
    "Wij zijn een stap verder en werken aan een oplossing. Wat wij precies doen, mogen wij u niet "
    "vertellen.",
    "We are a step further and are working on a solution. What exactly we do, we may not tell you.",
)
AT_STAGE = {
    "signal": Text(
        "Uw melding is binnen. Wij bekijken wie ermee aan de slag gaat.",
        "Your report has come in. We are looking at who takes it up.",
    ),
    "assessment": Text(
        "Wij zoeken uit wat er aan de hand is. Daarna kiezen wij wat wij doen.",
        "We are finding out what is going on. Then we choose what we do.",
    ),
    "voluntary_care": _ON_THE_WAY,
    "outreach_care": _ON_THE_WAY,
    "warning": _ON_THE_WAY,
    "behavioural_order": _ON_THE_WAY,
    "house_closure": _ON_THE_WAY,
    "aftercare": Text(
        "Wij kijken nog een tijd of het rustig blijft. Merkt u weer overlast? Meld het dan "
        "opnieuw.",
        "We keep looking for a while whether it stays calm. Do you notice nuisance again? Then "
        "report it again.",
    ),
    "referred": Text(
        "Wij kunnen hier zelf niet meer doen. Een andere organisatie is nu aan zet.",
        "We can do no more here ourselves. It is now the turn of another organisation.",
    ),
    "closed": Text(
        "Wij zijn klaar met deze zaak. Merkt u weer overlast? Meld het dan opnieuw.",
        "We have finished this case. Do you notice nuisance again? Then report it again.",
    ),
}
GREETING = Text("Beste melder,", "Dear reporter,")
NOT_OF_OTHERS = Text(
    "Over andere mensen mogen wij u niets vertellen.", "We may not tell you about other people."
)


def word_at(stage: str, case_key: str, again_within: Length | None) -> Text:
    """The message for a reporter of a case in this stage, and when they hear again, if they do."""
    number = Text(f"Uw zaaknummer is {case_key}.", f"Your case number is {case_key}.")
    ending = (NOT_OF_OTHERS, *([_again(again_within)] if again_within else []), number)
    return Text(
        "\n\n".join([GREETING.nl, AT_STAGE[stage].nl, " ".join(t.nl for t in ending)]),
        "\n\n".join([GREETING.en, AT_STAGE[stage].en, " ".join(t.en for t in ending)]),
    )


def _again(within: Length) -> Text:
    length = within.words
    return Text(
        f"U hoort binnen {length.nl} weer van ons.", f"You hear from us again within {length.en}."
    )
