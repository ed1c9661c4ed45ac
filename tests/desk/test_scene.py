"""The scene of the demo: rulings up to now, live cases left behind, and what they do next."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from casework.alert_views import alert_list
from casework.alerts import next_to_send
from casework.audit import audit
from casework.connect import connect
from casework.promises import next_due, raise_due
from casework.stages import decide
from casework.views import case_list, case_view, timeline
from desk import scene
from desk.replay import start
from desk.scene import PIECES, Scene, play_next, set_scene

SUNDAY_NIGHT = datetime(2026, 11, 22, 2, 17, 33, 250_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def staged(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the scene is set; tests play on in copies of it."""
    file = tmp_path_factory.mktemp("scene") / "estafette.db"
    file.write_bytes(sqlite_template.read_bytes())
    engine = connect(f"sqlite:///{file}")
    set_scene(engine, SUNDAY_NIGHT)
    engine.dispose()
    return file


@pytest.fixture
def stage(staged: Path, tmp_path: Path) -> Iterator[Engine]:
    file = tmp_path / "estafette.db"
    file.write_bytes(staged.read_bytes())
    engine = connect(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def closures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smaller scene: the acute signal and one closure."""
    monkeypatch.setattr(scene, "PIECES", PIECES[:2])


def of(engine: Engine, municipality: str, stage: str) -> str:
    return next(
        c.key for c in case_list(engine) if (c.municipality, c.stage) == (municipality, stage)
    )


def play_all(engine: Engine, on: Scene, now: datetime = SUNDAY_NIGHT) -> list[str]:
    said = []
    for seconds in range(0, 600, 20):
        at = now + timedelta(seconds=seconds)
        raise_due(engine, at)
        said += play_next(engine, on, at)
    return said


def test_live_cases_wait_in_six_stages(stage):
    waiting = Counter(c.stage for c in case_list(stage))
    assert waiting == {
        "signal": 1, "voluntary_care": 2, "outreach_care": 1, "warning": 1,
        "behavioural_order": 1, "house_closure": 2,
    }  # fmt: skip
    assert all(c.holder for c in case_list(stage))


def test_three_promises_come_due_within_minutes_on_a_sunday_night(stage):
    soon = sorted(c.next_at - SUNDAY_NIGHT for c in case_list(stage) if c.next_at)[:3]
    for wait, minutes in zip(soon, (2, 3, 5), strict=True):
        assert -timedelta(seconds=1) < wait - minutes * MINUTE <= timedelta(0)


def test_nothing_of_the_past_is_sent(stage):
    assert next_to_send(stage) is None
    assert {a.state for a in alert_list(stage, limit=1000)} == {"delivered"}
    assert next_due(stage) > SUNDAY_NIGHT


def test_every_case_of_the_scene_stands_the_audit(stage):
    assert {f.what for f in audit(stage, SUNDAY_NIGHT).findings} <= {"no-run"}


def test_set_again_nothing_changes(stage):
    before = {c.key: timeline(stage, c.key) for c in case_list(stage)}
    later = SUNDAY_NIGHT + timedelta(hours=30)
    again = set_scene(stage, later)
    assert set(again.cases) == set(before)
    assert {c.key: timeline(stage, c.key) for c in case_list(stage)} == before
    assert again.scenario[0].moment < SUNDAY_NIGHT + 3 * MINUTE


@pytest.mark.usefixtures("closures")
def test_an_interrupted_scene_is_finished(sqlite_engine):
    piece = PIECES[1]
    reel = start(piece.history, sqlite_engine, shift=SUNDAY_NIGHT - piece.stops_at)
    reel.run(SUNDAY_NIGHT - timedelta(days=25))
    set_scene(sqlite_engine, SUNDAY_NIGHT + timedelta(hours=1))
    winterswijk = case_view(sqlite_engine, reel.view.key, SUNDAY_NIGHT)
    assert winterswijk.stage == "house_closure"
    ends = next(p for p in winterswijk.promises if p.key == "closure_ends")
    assert abs(ends.due_at - SUNDAY_NIGHT - 3 * MINUTE) <= timedelta(seconds=1)


@pytest.mark.usefixtures("closures")
def test_the_scene_is_set_and_played_on_both_databases(engine):
    on = set_scene(engine, SUNDAY_NIGHT)
    assert len(play_all(engine, on)) == len(on.scenario) == 9


def test_a_wait_ends_an_alert_rings_and_the_next_stage_begins(stage):
    on = set_scene(stage, SUNDAY_NIGHT)
    key = of(stage, "winterswijk", "house_closure")
    assert raise_due(stage, SUNDAY_NIGHT + 3 * MINUTE) == 2
    rang = alert_list(stage, case_key=key, unsent=True)
    assert [(a.lead, a.recipient, a.state) for a in rang] == [
        ("due", "winterswijk-regie", "waiting")
    ]
    play_next(stage, on, SUNDAY_NIGHT + 6 * MINUTE)
    view = case_view(stage, key, SUNDAY_NIGHT + 6 * MINUTE)
    assert [(v[0], v[3] is None) for v in view.visits][-2:] == [
        ("house_closure", False), ("aftercare", True),
    ]  # fmt: skip
    assert [p.state for p in view.promises if p.key == "closure_ends"] == ["answered"]


def test_the_baton_passes_to_care_and_is_read_back(stage):
    key = of(stage, "arnhem", "signal")
    play_all(stage, set_scene(stage, SUNDAY_NIGHT))
    view = case_view(stage, key, SUNDAY_NIGHT)
    assert view.stage == "voluntary_care"
    assert view.holders["care_lead"] == "arnhem-zorg"


def test_every_cue_is_played_once_however_often_asked(stage):
    on = set_scene(stage, SUNDAY_NIGHT)
    said = play_all(stage, on)
    assert len(said) == len(set(said)) == len(on.scenario)
    lines = {c.key: timeline(stage, c.key) for c in case_list(stage)}
    assert play_next(stage, on, SUNDAY_NIGHT + 20 * MINUTE) == []
    restarted = set_scene(stage, SUNDAY_NIGHT + 20 * MINUTE)
    assert play_next(stage, restarted, SUNDAY_NIGHT + 20 * MINUTE) == []
    assert {c.key: timeline(stage, c.key) for c in case_list(stage)} == lines


def test_a_restart_halfway_plays_the_rest_late_and_nothing_twice(stage):
    first = play_next(stage, set_scene(stage, SUNDAY_NIGHT), SUNDAY_NIGHT + 4 * MINUTE)
    later = SUNDAY_NIGHT + timedelta(hours=5)
    on = set_scene(stage, later)
    rest = play_next(stage, on, later)
    assert sorted(first + rest) == sorted(f"{cue.case_key}: {cue.what}" for cue in on.scenario)
    assert not set(first) & set(rest)


def test_what_a_watcher_decides_first_is_not_decided_again(stage):
    on = set_scene(stage, SUNDAY_NIGHT)
    key = of(stage, "winterswijk", "house_closure")
    at = SUNDAY_NIGHT + MINUTE
    decide(
        stage, key, by="winterswijk-regie", seen_version=case_view(stage, key, at).version, now=at,
        exit_key="dropped",
    )  # fmt: skip
    play_all(stage, on)
    assert case_view(stage, key, at).stage == "outreach_care"


def test_a_cue_that_is_refused_holds_up_its_own_case_only(stage):
    on, key = set_scene(stage, SUNDAY_NIGHT), of(stage, "arnhem", "signal")
    version = case_view(stage, key, SUNDAY_NIGHT).version
    decide(
        stage, key, by="arnhem-regie", seen_version=version, now=SUNDAY_NIGHT, exit_key="unfounded"
    )
    play_all(stage, on)
    left = [cue for cue in on.scenario if cue.place not in on.done]
    assert [cue.case_key for cue in left] == [key, key, key]
    assert case_view(stage, key, SUNDAY_NIGHT).stage == "closed"


@pytest.mark.usefixtures("closures")
@pytest.mark.parametrize("now", [
    datetime(2026, 10, 25, 0, 58, tzinfo=UTC),  # the clock goes back in two minutes
    datetime(2027, 3, 28, 0, 58, tzinfo=UTC),  # and forward
    datetime(2026, 12, 31, 22, 58, tzinfo=UTC),  # midnight, New Year's Eve
])  # fmt: skip
def test_promises_come_due_within_minutes_at_any_hour(sqlite_engine, now):
    set_scene(sqlite_engine, now)
    assert sorted(c.next_at - now for c in case_list(sqlite_engine)) == [2 * MINUTE, 3 * MINUTE]
