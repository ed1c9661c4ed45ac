"""Decreed days: loaded and withdrawn by people, on record, and never moving a promised date."""

from datetime import date, timedelta

import pytest

from casework.administration import administration, administration_broken_at
from casework.connect import connect
from casework.decree_views import covered, decrees
from casework.decrees import add_decree, import_decrees, withdraw_decree, withdraw_decree_day
from casework.ledger import pause_term, redate_term
from casework.policies import activate, installed_calendars
from casework.refusals import NotAllowed, NotFound
from casework.schema import migrate
from escalation.calendars import Decree, read_decrees
from escalation.policy import shipped
from tests.builders import NOW, TOWN, announce_order
from tests.casework.looking import at_once, behind_the_back, everything, promises, rows

LATER = NOW + timedelta(days=1)
STCRT = "Stcrt. 2028, 12345"
FRIDAY, ANOTHER = date(2029, 5, 11), date(2030, 5, 31)


def load(engine, *days, years=(2029, 2031), source=STCRT, by="head", now=LATER):
    return add_decree(engine, days, *years, source, by, now)


def withdraw(engine, day, reason="verkeerd gelezen", by="head", now=LATER):
    return withdraw_decree_day(engine, day, by, reason, now)


def is_free(engine, day):
    found = installed_calendars(engine)
    assert found is not None
    return found.statutory.is_free(day)


def test_a_loaded_decree_covers_its_years_frees_its_days_and_is_on_record(engine):
    done = load(engine, ANOTHER, FRIDAY)
    assert (done.days, done.warnings) == ((FRIDAY, ANOTHER), ())
    assert is_free(engine, FRIDAY)
    assert covered(engine, 2026).up_to == 2031
    entry = administration(engine)[0]
    assert (entry.at, entry.actor, entry.kind) == (LATER, "head", "decree_loaded")
    assert entry.data == {
        "years": [2029, 2031], "source": STCRT, "days": ["2029-05-11", "2030-05-31"],
    }  # fmt: skip
    assert administration_broken_at(engine) is None


def test_a_decree_without_a_single_day_covers_its_years(engine):
    assert load(engine).days == ()
    assert covered(engine, 2026).up_to == 2031


def test_loaded_twice_is_loaded_once(engine):
    load(engine, FRIDAY)
    before = everything(engine)
    assert load(engine, FRIDAY).days == ()
    assert everything(engine) == before
    assert load(engine, FRIDAY, ANOTHER).days == (ANOTHER,)


def test_two_administrators_who_load_the_same_decree_at_once_load_it_once(engine):
    both = at_once(lambda: load(engine, FRIDAY), lambda: load(engine, FRIDAY))
    assert sorted(done.days for done in both) == [(), (FRIDAY,)]
    assert len(rows(engine, "decrees", "first_year = 2029")) == 2
    assert administration_broken_at(engine) is None


@pytest.mark.parametrize(
    ("days", "more", "says"),
    [
        ([date(2032, 5, 7)], {}, "2032-05-07 is outside 2029-2031"),
        ([FRIDAY], {"source": "  "}, "needs its source"),
        ([FRIDAY], {"source": "x" * 201}, "at most 200"),
        ([], {"years": (2031, 2029)}, "ends before it begins"),
        ([], {"years": (2029, 3021)}, "no period of a decree"),
        ([], {"years": (2029, 2092)}, "too long for one decree"),
        ([date(2026, 5, 15)], {"years": (2026, 2028)}, "loaded already under another source"),
    ],
)
def test_a_decree_that_cannot_be_is_refused_and_changes_nothing(engine, days, more, says):
    before = everything(engine)
    with pytest.raises(NotAllowed, match=says):
        load(engine, *days, **more)
    assert everything(engine) == before


def test_only_somebody_who_is_known_loads_and_withdraws(engine):
    with pytest.raises(NotFound, match="no contact nobody"):
        load(engine, FRIDAY, by="nobody")
    with pytest.raises(NotFound, match="no contact nobody"):
        withdraw(engine, date(2026, 5, 15), by="nobody")


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2029, 5, 12), "falls on a weekend"),
        (date(2029, 5, 10), "Ascension"),
        (date(2029, 3, 30), "Good Friday"),
    ],
)
def test_a_day_that_was_free_already_is_loaded_with_a_warning(engine, day, says):
    done = load(engine, day)
    assert done.days == (day,)
    assert [says in warning.en for warning in done.warnings] == [True]


def test_an_unusually_long_period_is_loaded_with_a_warning(engine):
    assert "longer than the three years" in load(engine, years=(2029, 2032)).warnings[0].en


def test_a_file_is_loaded_whole_or_not_at_all(engine):
    text = f"""decreed = [
        {{ day = 2029-05-11, years = [2029, 2031], source = "{STCRT}" }},
        {{ years = [2032, 2034], source = "Stcrt. 2031, 1" }},
    ]"""
    wrong = (*read_decrees(text), Decree(date(2026, 5, 15), 2026, 2028, "een andere"))
    before = everything(engine)
    with pytest.raises(NotAllowed, match="another source"):
        import_decrees(engine, wrong, "head", LATER)
    assert everything(engine) == before
    assert import_decrees(engine, read_decrees(text), "head", LATER).days == (FRIDAY,)
    assert covered(engine, 2026).up_to == 2034


def test_a_withdrawn_day_is_ordinary_from_then_on_and_its_row_stays(engine):
    load(engine, FRIDAY)
    done = withdraw(engine, FRIDAY, now=LATER + timedelta(hours=1))
    assert done.days == (FRIDAY,)
    assert not is_free(engine, FRIDAY)
    assert covered(engine, 2026).up_to == 2031
    (row,) = [row for row in decrees(engine).rows if row.day == FRIDAY]
    assert (row.withdrawn_at, row.withdrawn_by) == (LATER + timedelta(hours=1), "head")
    entry = administration(engine)[0]
    assert (entry.kind, entry.data["reason"]) == ("decree_withdrawn", "verkeerd gelezen")
    before = everything(engine)
    assert withdraw(engine, FRIDAY).days == ()
    assert everything(engine) == before


def test_a_withdrawn_day_can_be_loaded_anew_under_its_right_source(engine):
    load(engine, FRIDAY)
    withdraw(engine, FRIDAY)
    assert load(engine, FRIDAY, source="Stcrt. 2028, 54321").days == (FRIDAY,)
    assert is_free(engine, FRIDAY)


def test_a_period_loaded_by_mistake_is_withdrawn_with_all_its_days(engine):
    load(engine, FRIDAY, ANOTHER, years=(2029, 2034))
    done = withdraw_decree(engine, 2029, 2034, "head", "moest 2031 zijn", LATER)
    assert done.days == (FRIDAY, ANOTHER)
    assert covered(engine, 2026).up_to == 2028
    assert not is_free(engine, FRIDAY)
    before = everything(engine)
    assert withdraw_decree(engine, 2029, 2034, "head", "nog eens", LATER).days == ()
    assert everything(engine) == before
    assert load(engine, FRIDAY).days == (FRIDAY,)
    with pytest.raises(NotFound, match="no decree for 1999-2001"):
        withdraw_decree(engine, 1999, 2001, "head", "fout", LATER)


def test_a_day_that_is_there_twice_in_one_file_is_refused(engine):
    twice = [Decree(FRIDAY, 2029, 2031, source) for source in ("Stcrt. 1", "Stcrt. 2")]
    with pytest.raises(NotAllowed, match="2029-05-11 is there twice"):
        import_decrees(engine, twice, "head", LATER)


def test_a_withdrawal_needs_a_reason_and_a_day_that_was_loaded(engine):
    with pytest.raises(NotAllowed, match="needs a reason"):
        withdraw(engine, date(2026, 5, 15), reason=" ")
    with pytest.raises(NotFound, match="no decreed day 2026-05-18"):
        withdraw(engine, date(2026, 5, 18))


def test_migrating_again_puts_no_withdrawn_day_back(engine):
    withdraw(engine, date(2026, 5, 15))
    before = everything(engine)
    migrate(engine, LATER)
    assert everything(engine) == before


def test_years_left_out_are_named(engine):
    assert decrees(engine).uncovered == (2020, 2021, 2022)
    load(engine, years=(2032, 2034))
    assert decrees(engine).uncovered == (2020, 2021, 2022, 2029, 2030, 2031)
    assert covered(engine, 2026).up_to == 2028
    assert covered(engine, 2030).up_to == 2028
    assert covered(engine, 2033).up_to == 2034
    assert covered(engine, 2016).up_to is None


# --- promises keep their dates -------------------------------------------------------------------


def test_a_change_of_the_table_names_each_promise_it_would_re_date_and_moves_none(
    engine, in_behavioural_order
):
    announce_order(engine, in_behavioural_order)
    promised = promises(engine, in_behavioural_order)
    objection = promised["objection"]
    assert objection.due_on == date(2026, 4, 13)  # Mo, six weeks after Mo 2 March
    done = load(engine, objection.due_on, years=(2026, 2028), source="Stcrt. 2026, 1")
    (told,) = [d for d in done.differing if d.promise == "objection"]
    assert (told.case_key, told.number) == (in_behavioural_order, objection.id)
    assert (told.promised, told.by_table) == (date(2026, 4, 13), date(2026, 4, 14))
    assert promises(engine, in_behavioural_order) == promised
    assert told in decrees(engine).differing
    assert withdraw(engine, objection.due_on).differing == ()


def test_no_promise_differs_from_the_table_it_was_dated_with(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order)
    assert decrees(engine).differing == ()


# --- the record of administration ----------------------------------------------------------------


def test_what_an_installation_came_with_is_on_record(engine):
    begun = administration(engine)
    assert {entry.actor for entry in begun} == {"estafette"}
    assert [entry.kind for entry in begun] == ["policy_activated", *["decree_loaded"] * 3]


def test_activating_a_policy_is_on_record_with_its_digest(engine):
    activate(engine, shipped("default"), TOWN, LATER, by="head")
    entry = administration(engine)[0]
    assert (entry.kind, entry.actor) == ("policy_activated", "head")
    assert entry.data["municipality"] == TOWN
    assert len(entry.data["digest"]) == 64


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE administration SET actor = 'somebody' WHERE id = 2",
        "UPDATE administration SET kind = 'other' WHERE id = 2",
        "DELETE FROM administration WHERE id = 1",
    ],
)
def test_a_record_changed_behind_the_back_shows_where(engine, sql):
    assert administration_broken_at(engine) is None
    behind_the_back(engine, sql, "administration")
    assert administration_broken_at(engine) == 2


def test_calendars_are_of_the_installation_only_where_there_is_one(engine, tmp_path):
    nowhere = tmp_path / "nowhere" / "estafette.db"
    assert installed_calendars(connect(f"sqlite:///{nowhere}")) is None
    assert not nowhere.parent.exists()
    empty = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    empty.connect().close()
    assert installed_calendars(empty) is None
    empty.dispose()


def test_a_promise_that_was_paused_or_re_dated_is_compared_with_what_its_ledger_gives(
    engine, in_behavioural_order
):
    announce_order(engine, in_behavioural_order)
    why = {"by": "director", "ground": "Awb 4:15", "reason": "wacht op stukken", "now": LATER}
    paused = pause_term(
        engine, in_behavioural_order, "objection", on=LATER.date(),
        until=LATER.date() + timedelta(days=7), **why,
    )  # fmt: skip
    assert paused.due_on == date(2026, 4, 20)  # Mo, a week after Mo 13 April
    assert decrees(engine).differing == ()
    year = {"years": (2026, 2028), "source": "Stcrt. 2026, 1"}
    (told,) = load(engine, date(2026, 4, 20), **year).differing
    assert (told.promised, told.by_table) == (date(2026, 4, 20), date(2026, 4, 21))
    redate_term(engine, in_behavioural_order, "objection", on=LATER.date(), to=told.by_table, **why)
    assert decrees(engine).differing == ()
