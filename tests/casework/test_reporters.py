"""A reporter hears of each step and is never long without word; few may see who it is."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.absences import away
from casework.acts import NewAct, record_act
from casework.audit import audit
from casework.cases import find
from casework.connect import transaction
from casework.holding import held_at
from casework.intake import receive_signal
from casework.journal import broken_at
from casework.ledger import pause_term
from casework.people import NewOrganisation, add_organisation, contact
from casework.promises import answer
from casework.refusals import NotAllowed, NotFound
from casework.reporters import reporters_of, word_for_reporter
from casework.stages import reopen
from casework.succeeding import succeed
from casework.views import case_view, rings_at
from casework.words import Answer, Role
from escalation.rungs import AMSTERDAM
from tests.builders import NOW, ROADS, TOWN, a_contact, a_signal, act, go
from tests.casework.handing import unchanged
from tests.casework.looking import everything, kinds, promises, raise_all, rows, told

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
WHO = {"reporter_name": "Voorbeeld Melder", "reporter_contact": "melder@voorbeeld.example"}


def reported(engine: Engine, now: datetime = NOW, **more) -> str:
    """The key of the case a report went to whose reporter is known."""
    return receive_signal(engine, a_signal(received_at=now, **WHO | more), now).case_key


def unknown(engine: Engine, now: datetime = NOW, **more) -> str:
    return receive_signal(engine, a_signal(received_at=now, **more), now).case_key


def days_due(engine: Engine, case: str, key: str) -> list[str]:
    """The last days of every promise of this key, made earlier first."""
    made = sorted(case_view(engine, case, NOW).promises, key=lambda p: p.id)
    return [str(p.due_on) for p in made if p.key == key]


def count_open(engine: Engine, key: str) -> int:
    return len(rows(engine, "checkpoints", f"state = 'open' AND key = '{key}'"))


# --- never long without word ---------------------------------------------------------------------


def test_a_reporter_is_owed_word_within_six_weeks_of_the_report(engine):
    key = reported(engine)
    word = promises(engine, key)["reporter_word"]
    assert (str(word.due_on), word.section) == ("2026-04-13", "dossier")
    assert promises(engine, key)["acknowledged"].state == "open"


def test_nobody_is_owed_word_when_nobody_said_who_they_are(engine):
    key = unknown(engine)
    act(engine, key, "reporter_informed", NOW)
    go(engine, key, "take_up")
    assert not {"reporter_word", "reporter_told"} & {
        p.key for p in case_view(engine, key, NOW).promises
    }


def test_word_counts_from_the_first_report_whose_reporter_is_known(engine):
    key = unknown(engine)
    assert reported(engine, NOW + WEEK) == reported(engine, NOW + 2 * WEEK) == key
    assert days_due(engine, key, "reporter_word") == ["2026-04-20"]


def test_each_report_that_joins_is_acknowledged_by_itself(engine):
    key = reported(engine)
    reported(engine, NOW + WEEK)
    assert days_due(engine, key, "acknowledged") == ["2026-03-04", "2026-03-11"]


def test_word_given_answers_what_was_owed_and_starts_the_next_six_weeks(engine):
    key = reported(engine)
    done = act(engine, key, "reporter_informed", NOW + WEEK)
    assert done.started == (("reporter_word", "2026-04-20"),)
    act(engine, key, "reporter_informed", NOW + 2 * WEEK)
    assert days_due(engine, key, "reporter_word") == ["2026-04-13", "2026-04-20", "2026-04-27"]
    assert count_open(engine, "reporter_word") == 1
    assert "acknowledged" in promises(engine, key, "answered")


def test_word_given_twice_in_one_call_is_given_once(engine):
    key = reported(engine)
    new = NewAct(kind="reporter_informed", at=NOW + DAY, by="director")
    record_act(engine, key, new, NOW + DAY)
    before = everything(engine)
    assert record_act(engine, key, new, NOW + 2 * DAY).known_already
    assert everything(engine) == before


def test_word_written_down_late_starts_no_second_clock_beside_the_later_one(engine):
    key = reported(engine)
    act(engine, key, "reporter_informed", NOW + 2 * WEEK)
    earlier = NewAct(kind="reporter_informed", at=NOW + WEEK, by="director")
    assert record_act(engine, key, earlier, NOW + 3 * WEEK).started == ()
    assert str(promises(engine, key)["reporter_word"].due_on) == "2026-04-27"
    assert count_open(engine, "reporter_word") == 1


def test_word_whose_date_was_changed_has_no_second_clock_beside_it(engine):
    key = reported(engine)
    pause_term(
        engine, key, "reporter_word", on=NOW.date(), until=(NOW + WEEK).date(), by="director",
        ground="op verzoek van de melder", reason="op reis", now=NOW,
    )  # fmt: skip
    go(engine, key, "take_up")
    reported(engine, NOW + DAY)
    assert count_open(engine, "reporter_word") == 1


@pytest.mark.parametrize(
    ("given", "at", "due"),
    [
        (Answer.DONE, NOW + WEEK, "2026-04-20"),
        (Answer.NOT_DONE, NOW + WEEK, "2026-04-13"),  # still as long without word as before
        (Answer.CANNOT_SHARE, NOW + WEEK, "2026-04-13"),
        (Answer.NOT_DONE, NOW + 7 * WEEK, "2026-06-01"),
    ],
)
def test_an_answer_without_an_act_never_ends_the_clock(engine, given, at, due):
    key = reported(engine)
    number = str(promises(engine, key)["reporter_word"].id)
    for _ in range(2):
        answer(engine, key, number, given=given, by="director", reason="niet bereikt", now=at)
    assert str(promises(engine, key)["reporter_word"].due_on) == due
    assert count_open(engine, "reporter_word") == 1


# --- word at each step ---------------------------------------------------------------------------


def test_word_of_a_step_is_asked_when_the_case_takes_one_and_not_at_its_first(engine):
    key = reported(engine)
    assert "reporter_told" not in promises(engine, key)
    go(engine, key, "take_up")
    asked = promises(engine, key)["reporter_told"]
    assert (str(asked.due_on), asked.section) == ("2026-03-04", "case")


def test_of_several_steps_without_word_one_is_asked_and_keeps_its_date(engine):
    key = reported(engine)
    go(engine, key, "take_up", NOW)
    go(engine, key, "help_first", NOW + DAY)
    assert days_due(engine, key, "reporter_told") == ["2026-03-04"]
    act(engine, key, "reporter_informed", NOW + DAY)
    go(engine, key, "works", NOW + 2 * DAY)
    assert days_due(engine, key, "reporter_told") == ["2026-03-04", "2026-03-06"]


@pytest.mark.parametrize("exit_key", ["unfounded", "not_ours"])
def test_a_reporter_hears_of_the_end_though_the_case_is_closed(engine, exit_key):
    key = reported(engine)
    go(engine, key, exit_key)
    assert {p.key for p in promises(engine, key).values()} == {"reporter_told"}
    raise_all(engine, NOW + 2 * DAY)
    assert told(engine, key) == [("director", "due")]
    act(engine, key, "reporter_informed", NOW + 2 * DAY)
    assert promises(engine, key) == {}
    assert rings_at(engine, key) is None
    assert audit(engine, NOW + WEEK, horizon=DAY).clean


def test_the_audit_misses_a_watch_also_over_what_a_closed_case_still_owes(engine):
    key = reported(engine)
    go(engine, key, "unfounded")
    assert audit(engine, NOW).clean
    late = audit(engine, NOW + WEEK).findings
    assert [(found.case_key, found.what) for found in late] == [(key, "not-raised")]
    raise_all(engine, NOW + WEEK)
    assert audit(engine, NOW + WEEK).clean
    assert audit(engine, NOW + WEEK + 2 * DAY).findings  # nobody sent it


def test_word_of_the_end_can_be_answered_by_hand(engine):
    key = reported(engine)
    go(engine, key, "unfounded")
    for _ in range(2):
        answer(engine, key, "reporter_told", given=Answer.NOT_DONE, by="director",
               reason="wil geen bericht", now=NOW)  # fmt: skip
    assert promises(engine, key) == {}


def test_word_that_was_owed_when_the_case_closed_keeps_its_date(engine):
    key = reported(engine)
    go(engine, key, "take_up")
    go(engine, key, "no_nuisance", NOW + DAY)
    assert days_due(engine, key, "reporter_told") == ["2026-03-04"]
    assert count_open(engine, "reporter_told") == 1


def test_a_case_that_is_open_again_owes_word_again(engine):
    key = reported(engine)
    go(engine, key, "unfounded")
    act(engine, key, "reporter_informed", NOW + DAY)
    again = NOW + 20 * WEEK
    reopen(engine, key, stage="assessment", by="director", reason="weer klachten", now=again)
    open_now = promises(engine, key)
    assert str(open_now["reporter_word"].due_on) == str((again + 6 * WEEK).date())
    assert "reporter_told" in open_now


# --- many reports --------------------------------------------------------------------------------


def test_the_third_report_in_six_months_forces_a_review_once(engine):
    moments = [NOW, NOW + WEEK, NOW + 2 * WEEK, NOW + 3 * WEEK]
    key = unknown(engine, moments[0])
    unknown(engine, moments[1])
    assert days_due(engine, key, "reports_reviewed") == []
    unknown(engine, moments[2])
    unknown(engine, moments[3])
    assert days_due(engine, key, "reports_reviewed") == ["2026-03-30"]
    act(engine, key, "joint_analysis_signed", moments[3])
    unknown(engine, NOW + 4 * WEEK)
    assert days_due(engine, key, "reports_reviewed") == ["2026-03-30"]
    assert "reports_reviewed" in promises(engine, key, "answered")


def test_a_report_known_already_counts_once(engine):
    for _ in range(4):
        key = unknown(engine, reference="KCC-1")
    assert days_due(engine, key, "reports_reviewed") == []


def test_reports_are_counted_over_all_cases_of_the_address_and_of_no_other(engine):
    first = unknown(engine)
    go(engine, first, "unfounded")
    unknown(engine, NOW + WEEK, address="Elders 2")
    second = unknown(engine, NOW + WEEK)
    apart = receive_signal(
        engine, a_signal(received_at=NOW + 2 * WEEK, address="voorbeeldstraat  1"),
        NOW + 2 * WEEK, separate_because="ander gezin",
    ).case_key  # fmt: skip
    assert len({first, second, apart}) == 3
    assert days_due(engine, second, "reports_reviewed") == []
    assert days_due(engine, apart, "reports_reviewed") == ["2026-03-30"]


def test_reports_longer_ago_than_six_months_are_not_counted(engine):
    key = unknown(engine)
    unknown(engine, NOW + 20 * WEEK)
    unknown(engine, NOW + 30 * WEEK)
    assert days_due(engine, key, "reports_reviewed") == []
    unknown(engine, NOW + 40 * WEEK)
    assert len(days_due(engine, key, "reports_reviewed")) == 1


def test_the_next_half_year_may_force_a_review_again(engine):
    key = unknown(engine)
    for weeks in (1, 2, 40, 41, 42):
        unknown(engine, NOW + weeks * WEEK)
    assert len(days_due(engine, key, "reports_reviewed")) == 2


def test_a_review_that_closing_cut_short_is_asked_again_by_the_next_report(engine):
    key = unknown(engine)
    unknown(engine, NOW + DAY)
    unknown(engine, NOW + 2 * DAY)
    go(engine, key, "unfounded", NOW + 3 * DAY)
    assert "reports_reviewed" in promises(engine, key, "lapsed")
    another = unknown(engine, NOW + 4 * DAY)
    assert "reports_reviewed" in promises(engine, another)


# --- who may see it ------------------------------------------------------------------------------


def test_the_director_sees_who_reported_and_the_journal_says_so_without_a_name(engine):
    key = unknown(engine)
    reported(engine, NOW + DAY)
    before = len(kinds(engine, key))
    [who] = reporters_of(engine, key, by="director", now=NOW + DAY)
    assert (who.name, who.contact) == ("Voorbeeld Melder", "melder@voorbeeld.example")
    assert who.received_at == NOW + DAY
    line = case_view(engine, key, NOW).journal[-1]
    assert (line.what, line.actor, line.data) == ("reporters_seen", "director", {"reports": 1})
    reporters_of(engine, key, by="director", now=NOW + 2 * DAY)
    assert len(kinds(engine, key)) == before + 2
    assert broken_at(engine, key) is None
    assert "Voorbeeld Melder" not in str(rows(engine, "journal"))


def test_who_stands_in_for_the_absent_director_sees_it_too(engine):
    key = reported(engine)
    with pytest.raises(NotAllowed):
        reporters_of(engine, key, by="deputy", now=NOW)
    away(engine, "director", since=NOW, until=NOW + WEEK, by="director", now=NOW)
    assert len(reporters_of(engine, key, by="deputy", now=NOW + DAY)) == 1
    with pytest.raises(NotAllowed):
        reporters_of(engine, key, by="deputy", now=NOW + WEEK)


def test_the_holder_of_the_enforcement_lead_sees_it_and_nobody_of_the_care_lead(engine):
    key = reported(engine)
    for person, role in (("jurist", Role.ENFORCEMENT), ("care", Role.CARE)):
        with transaction(engine) as session:
            succeed(session, find(session, key), role, contact(session, person), NOW)
    assert reporters_of(engine, key, by="jurist", now=NOW)
    before = everything(engine)
    for person in ("care", "process", "head", "deputy"):
        with pytest.raises(NotAllowed) as refused:
            reporters_of(engine, key, by=person, now=NOW)
        assert "ask director" in str(refused.value)
        assert "Melder" not in str(refused.value)
    with pytest.raises(NotFound, match="nobody"):
        reporters_of(engine, key, by="nobody", now=NOW)
    with pytest.raises(NotFound, match="2026-00099"):
        reporters_of(engine, "2026-00099", by="director", now=NOW)
    assert everything(engine) == before


@pytest.mark.parametrize(
    ("kind", "sees"),
    [("municipality", True), ("police", True), ("care", False), ("landlord", False)],
)
def test_the_enforcement_lead_sees_it_only_of_municipality_or_police(engine, kind, sees):
    key = reported(engine)
    add_organisation(engine, NewOrganisation(
        key="partij", name="Partij Voorbeeld", kind=kind, municipality=TOWN))  # fmt: skip
    a_contact(engine, "iemand", "adviser", organisation="partij")
    with transaction(engine) as session:
        person = contact(session, "iemand")
        succeed(session, find(session, key), Role.ENFORCEMENT, person, NOW)
    if sees:
        assert reporters_of(engine, key, by="iemand", now=NOW)
    else:
        unchanged(engine, NotAllowed, "when of municipality or police; ask director",
                  lambda: reporters_of(engine, key, by="iemand", now=NOW))  # fmt: skip


def test_who_directed_a_closed_case_last_still_sees_whom_to_tell(engine):
    key = reported(engine)
    a_contact(engine, "regie", "case_director")
    with transaction(engine) as session:
        succeed(session, find(session, key), Role.DIRECTOR, contact(session, "regie"), NOW)
    go(engine, key, "unfounded")
    assert held_at(engine, key, Role.DIRECTOR, NOW + DAY) is None
    assert reporters_of(engine, key, by="regie", now=NOW + DAY)
    with pytest.raises(NotAllowed):
        reporters_of(engine, key, by="director", now=NOW + DAY)


def test_what_everybody_may_see_of_a_case_holds_no_reporter(engine):
    key = reported(engine)
    act(engine, key, "reporter_informed", NOW, channel="phone")
    go(engine, key, "unfounded")
    raise_all(engine, NOW + WEEK)
    view = case_view(engine, key, NOW)
    assert [(r.nature, r.reporter_known) for r in view.reports] == [("noise", True)]
    seen = str(view) + str(rows(engine, "journal")) + str(rows(engine, "alerts"))
    assert "Melder" not in seen
    assert "melder@" not in seen


# --- what they may be told -----------------------------------------------------------------------


def test_the_word_for_a_reporter_fits_the_stage_and_names_nobody(engine):
    key = reported(engine)
    first = word_for_reporter(engine, key)
    assert first.startswith("Beste melder,")
    assert "binnen 6 weken" in first
    go(engine, key, "unfounded")
    last = word_for_reporter(engine, key, "en")
    assert "finished" in last
    assert "within" not in last
    for text in (first, last):
        assert key in text
        assert "Voorbeeldstraat" not in text
        assert "Melder" not in text
    with pytest.raises(NotAllowed, match="nl, en"):
        word_for_reporter(engine, key, "fr")


# --- a year --------------------------------------------------------------------------------------


def spoken_of(engine: Engine, keys: tuple[str, ...]) -> list[datetime]:
    """When somebody was alerted about a promise of these keys."""
    names = {row["id"]: row["key"] for row in rows(engine, "checkpoints")}
    return sorted(
        a["created_at"] for a in rows(engine, "alerts") if names.get(a["checkpoint_id"]) in keys
    )


@pytest.mark.parametrize(
    ("engine", "days_late"),
    [("sqlite", 0), ("sqlite", 9), ("sqlite", 30), ("sqlite", 70), ("postgresql", 9)],
    indirect=["engine"],
)
def test_a_director_who_is_always_late_hears_it_before_six_weeks_of_silence_are_over(
    engine, days_late
):
    key, now, end = reported(engine), NOW, NOW + timedelta(days=365)
    word_given, steps = [NOW], {3: "take_up", 40: "help_first", 150: "works", 300: "calm"}
    while (now := now + DAY) < end:
        raise_all(engine, now)
        if way := steps.pop((now - NOW).days, None):
            told_before = count_open(engine, "reporter_told")
            asked_before = len(days_due(engine, key, "reporter_told"))
            go(engine, key, way, now, result="reduced" if way == "calm" else None)
            asked = len(days_due(engine, key, "reporter_told"))
            assert count_open(engine, "reporter_told") == 1
            assert asked == asked_before + (0 if told_before else 1)
        assert count_open(engine, "reporter_word") == (0 if not steps else 1)
        owed = rows(engine, "checkpoints", "state = 'open' AND key LIKE 'reporter_%'")
        if any(now >= promise["due_at"] + days_late * DAY for promise in owed):
            act(engine, key, "reporter_informed", now)
            word_given.append(now)
    alerts = spoken_of(engine, ("reporter_word", "reporter_told"))
    closed = case_view(engine, key, now).closed_at
    assert closed is not None
    for last, following in pairwise([*word_given, end]):
        six_weeks = (last.astimezone(AMSTERDAM) + 6 * WEEK).replace(hour=23, minute=59)
        if following > six_weeks and last < closed:
            assert any(last < alert <= six_weeks for alert in alerts), (last, following)
    assert not rows(engine, "checkpoints", "state = 'open' AND key = 'reporter_word'")


def test_every_stage_change_of_a_case_asks_for_word_exactly_once(engine):
    key, now = reported(engine), NOW
    for number, (_stage, way) in enumerate(ROADS["aftercare"], start=1):
        go(engine, key, way, now)
        assert len(days_due(engine, key, "reporter_told")) == number
        now += DAY
        act(engine, key, "reporter_informed", now)
        assert count_open(engine, "reporter_told") == 0
    with engine.connect() as looking:
        entered = "SELECT count(*) FROM journal WHERE kind = 'entered'"
        steps = looking.execute(sa.text(entered)).scalar_one() - 1
    assert len(days_due(engine, key, "reporter_told")) == steps
