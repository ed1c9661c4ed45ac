"""The path's own terms in words for people: roles, families, terms, waivers."""

from escalation.policy import Policy
from escalation.shape import Checkpoint, Family, Guard
from escalation.terms import Kind, Length
from escalation.text import Text

KINDS = {
    Kind.STATUTORY: Text("wettelijke termijn", "term set by law"),
    Kind.STATUTORY_EXCLUDED: Text(
        "wettelijke termijn buiten de Atw", "term set by law, outside the Atw"
    ),
    Kind.DECISION_SET: Text("datum in de brief of het besluit", "date in the letter or decision"),
    Kind.POLICY: Text("beleidstermijn", "policy term"),
    Kind.BACKWARD: Text("teruggerekend", "counted back"),
    Kind.HOURS: Text("uren vanaf een moment", "hours from a moment"),
    Kind.EFFECT_PERIOD: Text("werkingsduur", "period in which the measure holds"),
    Kind.EVENT_RELATIVE: Text("vanaf een gebeurtenis", "counted from an event"),
}
FAMILIES = {
    Family.GROUND: Text("wettelijke grond", "legal ground"),
    Family.FACTS: Text("feiten vastgesteld", "facts verified"),
    Family.HEARD: Text("persoon gehoord", "person heard"),
    Family.LIGHTER: Text("lichtere middelen", "lighter means"),
    Family.POLICY: Text("eigen beleid gevolgd", "own policy followed"),
    Family.DURATION: Text("duur en huisvesting", "duration and housing"),
    Family.CONTENT: Text("inhoud compleet", "formal content"),
}
FUNCTIONS = {
    "case_director": Text("regievoerder", "case director"),
    "process_director": Text("procesregisseur", "process director"),
    "head_of_public_order": Text("hoofd openbare orde", "head of public order"),
    "mayor": Text("burgemeester", "mayor"),
    "care_lead": Text("zorg", "care"),
    "enforcement_lead": Text("handhaving", "enforcement"),
}


def function(key: str) -> Text:
    """A role or function as people say it; the key itself when it is a new one."""
    spoken = key.replace("_", " ")
    return FUNCTIONS.get(key, Text(spoken, spoken))


def waiver(guard: Guard) -> Text:
    """Whether the guard can be waived, and by whom."""
    if not guard.waivable:
        return Text("wet: geen afwijking mogelijk", "law: cannot be waived")
    by = [function(key) for key in guard.waived_by]
    nl, en = _either([f.nl for f in by], "of"), _either([f.en for f in by], "or")
    return Text(f"beleid: {nl} mag met reden afwijken", f"policy: {en} may waive it, with a reason")


def _either(words: list[str], between: str) -> str:
    return f" {between} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def how_long(section: str, checkpoint: Checkpoint, policy: Policy) -> Text:
    """How long a promise runs, and who says so: the law, the decision or the policy."""
    if (fact := checkpoint.from_fact) is not None:
        return Text(f"zoals `{fact}` zegt", f"as `{fact}` says")
    if checkpoint.length is not None:
        return _fixed(checkpoint)
    name = f"{section}.{checkpoint.key}"
    length = policy.length(section, checkpoint)
    words = length.words if length else Text("niet gesteld", "not set")
    return Text(f"{words.nl} (`{name}`)", f"{words.en} (`{name}`)")


def _fixed(checkpoint: Checkpoint) -> Text:
    words = Length.parse(checkpoint.length or "").words
    if checkpoint.longer_if is None:
        return words
    why, length = checkpoint.longer_if
    more = Length.parse(length).words
    return Text(f"{words.nl} ({more.nl} bij `{why}`)", f"{words.en} ({more.en} if `{why}`)")


def condition(checkpoint: Checkpoint) -> Text:
    """When the promise is made, and from when it counts; empty when always and at once."""
    said = []
    if only := checkpoint.only_if:
        said.append(Text(f"alleen bij `{only}`", f"only if `{only}`"))
    if after := checkpoint.after_term:
        said.append(Text(f"vanaf het eind van `{after}`", f"from the end of `{after}`"))
    return Text("; ".join(t.nl for t in said), "; ".join(t.en for t in said))


def runs(checkpoint: Checkpoint) -> Text:
    """What becomes of the promise when the case leaves the stage."""
    if checkpoint.outlives:
        return Text("loopt door", "runs on")
    return Text("vervalt", "lapses")
