"""Promises that several acts start, and short ways to write one down."""

from escalation import neutral
from escalation.shape import Checkpoint
from escalation.terms import Kind
from escalation.text import Text, law, policy, proposal

# fmt: off
OBJECTION = Checkpoint(
    "objection", Text("Is er bezwaar gemaakt?", "Was an objection made?"),
    Kind.STATUTORY, law("Awb 6:7, 6:8(1)"), length="6 weeks",
    answered_by=("objection_received",), outlives=True, outside=neutral.ANSWER)

VIEWS_IN = Checkpoint(
    "views_in", Text("Is de zienswijze binnen en gewogen?", "Are the views in, and weighed?"),
    Kind.DECISION_SET, policy("termijn in de brief (Awb 4:8, 4:9)"), from_fact="views_until",
    answered_by=("views_heard",), outside=neutral.ANSWER)
# fmt: on


def reviewed(
    key: str,
    nl: str,
    en: str,
    outside: Text = neutral.RESULT,
    by: tuple[str, ...] = (),
    after: str | None = None,
) -> Checkpoint:
    """A look back at a measure, a time the municipality sets `after` it was made or took effect."""
    return Checkpoint(
        key, Text(nl, en), Kind.POLICY, proposal(),
        answered_by=by, outside=outside, after_fact=after,
    )  # fmt: skip
