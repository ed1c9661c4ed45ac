"""The waiting lists an operator sees in Prefect: who waits, how many, and where."""

from datetime import timedelta

import pytest

from casework.visits import unarmed
from flows import pictures
from flows.clock import now
from tests.builders import a_case

HORIZON = timedelta(days=14)


@pytest.fixture
def shown(monkeypatch):
    """What is shown, by key."""
    texts: dict[str, str] = {}
    monkeypatch.setattr(
        pictures, "show", lambda _client, key, text, _run: texts.update({key: text})
    )
    return texts


def test_a_waiting_list_says_how_many_wait_and_how_many_of_those_outside_prefect(house, shown):
    near = a_case(house, "signal", now())
    far = a_case(house, "aftercare", now(), address="Voorbeeldlaan 1")
    unarmed(house, now(), horizon=HORIZON, stuck_after=HORIZON)
    pictures.show_waiting_lists(None, now(), now() + HORIZON)
    assert "1 zaak wacht hier." in shown["waiting-signal"]
    assert near in shown["waiting-signal"]
    assert "1 zaak wacht buiten Prefect, zonder run" in shown["waiting-aftercare"]
    assert far in shown["waiting-aftercare"]
    assert "0 zaken wachten hier." in shown["waiting-warning"]


def test_a_long_waiting_list_says_that_it_shows_only_the_first(house, shown, monkeypatch):
    for number in range(3):
        a_case(house, "signal", now(), address=f"Voorbeeldlaan {number}")
    few = pictures.waiting_list
    monkeypatch.setattr(pictures, "waiting_list", lambda engine, stage: few(engine, stage, limit=2))
    pictures.show_waiting_lists(None, now(), now() + HORIZON)
    said = shown["waiting-signal"]
    assert "3 zaken wachten hier. De lijst toont de 2 die het eerst aan de beurt zijn." in said
