"""What may leave the building: a message names neither care nor a measure."""

import re

import pytest

from escalation.baton import HANDOVER_NEWS, REQUEST_NEWS, WAITED_FOR
from escalation.policy import sections

CARE = "hulp|zorg|help|care|bemiddel|mediat|behandel|contact"
MEASURE = (
    "sluit|clos|gedrag|behaviour|\\blast\\b|order|dwangsom|penalt|huisverbod|\\bban\\b|waarschuw|"
    "warn|bezwaar|objection|rechter|court|zienswijze|views|invorder|collect|heropen|reopen"
)
FORBIDDEN = re.compile(f"{CARE}|{MEASURE}", re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [c.in_message for _section, c in sections()]
    + [*HANDOVER_NEWS.values(), *REQUEST_NEWS.values(), WAITED_FOR],
    ids=lambda text: text.en,
)
def test_a_message_names_neither_care_nor_a_measure(text):
    assert not FORBIDDEN.search(text.nl)
    assert not FORBIDDEN.search(text.en)


def test_the_words_would_be_found_if_they_were_there():
    named = [c.asks for _section, c in sections() if c.outside is not None]
    assert sum(bool(FORBIDDEN.search(text.nl)) for text in named) > len(named) // 2
