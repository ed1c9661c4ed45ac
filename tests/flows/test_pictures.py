"""The waiting lists an operator sees in Prefect: who waits, how many, and where."""

from datetime import timedelta

import pytest

from casework.audit import Finding, Report
from casework.promises import answer, raise_due
from casework.visits import unarmed
from casework.words import Answer
from flows import pictures
from flows.clock import now
from tests.builders import a_case, act, go

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
    assert "buiten Prefect" not in shown["waiting-signal"]
    assert "1 zaak heeft nog geen run in Prefect" in shown["waiting-signal"]
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


def test_a_waiting_list_says_of_what_is_hours_late_that_it_is(house, shown):
    began = now() - timedelta(hours=5)
    a_case(house, "signal", began, acute=True)
    pictures.show_waiting_lists(None, now(), now() + HORIZON)
    assert "| minder dan 1 dag |" in shown["waiting-signal"]


def test_a_timeline_says_in_dutch_what_was_asked_done_decided_and_raised(house, shown):
    began = now() - timedelta(days=60)
    key = a_case(house, "signal", began)
    while raise_due(house, now()):
        pass
    act(house, key, "reporter_informed", now())
    answer(house, key, "triaged", given=Answer.DONE, by="director", now=now())
    go(house, key, "take_up", now())
    pictures.show_timeline(None, key, None)
    said = shown[f"case-{key}"]
    for line in (
        "| zaak geopend |  |",
        "| fase begonnen | melding |",
        "| afspraak gemeld | Is beslist wie deze melding oppakt? · ",
        "werkdagen te laat |",
        "| handeling vastgelegd | melder geïnformeerd |",
        "| afspraak beantwoord | Is beslist wie deze melding oppakt? · gedaan |",
        "| besloten over de volgende fase | naar beoordeling: oppakken |",
        "| fase begonnen | beoordeling |",
    ):
        assert line in said
    assert "director" not in said


def test_a_timeline_of_a_kind_of_line_without_words_shows_its_code(house, shown, monkeypatch):
    key = a_case(house, "signal", now())
    monkeypatch.delitem(pictures.told_words.KINDS, "opened")
    pictures.show_timeline(None, key, None)
    assert "| opened |" in shown[f"case-{key}"]


def test_the_audits_picture_says_what_each_finding_means_and_what_to_do(shown):
    found = (Finding("2026-00042", "removed-promise"),)
    pictures.show_audit(None, Report(now(), 1, found), None)
    said = shown["last-audit"]
    assert "1 open zaak nagekeken, 1 bevinding." in said
    assert "| 2026-00042 | removed-promise | een afspraak is met de hand verwijderd | " in said
    assert "`estafette mend 2026-00042 --by WIE`" in said
    pictures.show_audit(None, Report(now(), 3, found * 2), None)
    assert "3 open zaken nagekeken, 2 bevindingen." in shown["last-audit"]
    pictures.show_audit(None, Report(now(), 3, ()), None)
    assert "Alles in orde." in shown["last-audit"]
