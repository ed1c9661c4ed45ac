"""How late rungs were raised is counted once each, whoever raised them and however many at once."""

from datetime import timedelta

import pytest

from casework.connect import reading
from casework.lateness import BEYOND, BOUNDS, LATENESS, Tally, counted, spreads
from casework.promises import next_due, raise_due
from casework.rounds import swept
from casework.stock import take_stock
from tests.builders import NOW
from tests.casework.looking import DAY, at_once, behind_the_back, rows


def at_most(engine, law: bool) -> dict[int, int]:
    """How many were raised at most so late."""
    with reading(engine) as session:
        return dict(zip(BOUNDS, spreads(session)[law].at_most, strict=True))


def total(engine) -> float:
    with reading(engine) as session:
        return sum(spread.total for spread in spreads(session).values())


@pytest.mark.parametrize(
    ("late", "bound"),
    [(0, 1), (1, 1), (1.5, 5), (61, 300), (3600, 3600), (6 * 86_400, 604_800), (10**7, BEYOND)],
)
def test_a_rung_is_counted_by_how_long_after_its_moment_it_was_raised(
    engine, in_signal, late, bound
):
    tally = Tally()
    first = next_due(engine)
    assert raise_due(engine, first + timedelta(seconds=late), 1, late=tally) == 1
    swept(engine, 1, 0.1, NOW, tally)
    raised = {most: n for law in (True, False) for most, n in at_most(engine, law).items() if n}
    assert min(raised) == bound
    assert set(raised.values()) == {1}
    assert total(engine) == pytest.approx(late, abs=0.001)


def test_nothing_raised_is_nothing_counted(engine, in_signal):
    tally = Tally()
    assert raise_due(engine, NOW, late=tally) == 0
    swept(engine, 0, 0.1, NOW, tally)
    assert rows(engine, "raised_late") == []
    assert at_most(engine, True) == dict.fromkeys(BOUNDS, 0)


def test_a_promise_that_was_put_off_was_not_raised(engine, in_signal):
    behind_the_back(engine, "UPDATE checkpoints SET due_on = '9999-12-30', next_rung = 0",
                    "checkpoints")  # fmt: skip
    tally = Tally()
    assert raise_due(engine, NOW + 4 * DAY, late=tally)
    assert tally.counts.total() == 0


def test_what_did_not_become_true_is_not_counted(engine, in_signal, monkeypatch):
    def breaks(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("casework.raising._send", breaks)
    tally = Tally()
    with pytest.raises(RuntimeError):
        raise_due(engine, NOW + 4 * DAY, late=tally)
    assert tally.counts.total() == 0


def test_what_a_visit_raises_by_itself_is_counted_too(engine, in_signal):
    take_stock(engine, in_signal, "signal", NOW + 4 * DAY)
    assert sum(row["count"] for row in rows(engine, "raised_late")) > 0


def test_several_watchers_at_once_add_up(engine, in_signal):
    def adds(watcher: int):
        tally = Tally()
        for seconds in sorted(LATENESS, reverse=bool(watcher % 2)):
            for law in (True, False):
                tally.add(law, seconds)
        return lambda: [counted(engine, tally) for _ in range(5)]

    assert not any(isinstance(e, Exception) for e in at_once(*map(adds, range(4))))
    assert {row["count"] for row in rows(engine, "raised_late")} == {20}
    assert total(engine) == 2 * 20 * sum(LATENESS)


def test_a_bound_that_is_no_longer_told_apart_is_counted_with_the_next(engine, in_signal):
    behind_the_back(engine, "INSERT INTO raised_late VALUES (TRUE, 30, 2, 50.0)")
    assert (at_most(engine, True)[15], at_most(engine, True)[60]) == (0, 2)
