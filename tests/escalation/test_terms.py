"""By when: dated cases worked by hand (deadlines.toml), and what must hold for every date."""

import os
import time
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pendulum
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from workalendar.europe import Netherlands

from escalation.calendars import Decree, calendars, days_between, known_decrees
from escalation.counting import AMSTERDAM, ends
from escalation.terms import BadTerm, Kind, Length, Term, Unit
from escalation.text import law, policy

CASES = tomllib.loads(Path(__file__).with_name("deadlines.toml").read_text("utf-8"))
ONE_DAY = timedelta(days=1)
BY_LAW = (Kind.STATUTORY, Kind.STATUTORY_EXCLUDED, Kind.BACKWARD, Kind.HOURS)
ours = calendars()


def a_term(length: str, kind: str = "statutory") -> Term:
    source = law("Awb 6:7") if kind in BY_LAW else policy("de brief")
    return Term(Length.parse(length), Kind(kind), source)


def the_end(start, length: str, kind: str = "statutory", by=ours):
    return ends(start, a_term(length, kind), by)


def told(ending, language: str = "en") -> str:
    return " ".join(step.in_language(language) for step in ending.derivation)


# --- dated cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["name"])
def test_a_dated_case_ends_where_the_paper_calendar_says(case):
    ending = the_end(case["start"], case["length"], case["kind"])
    assert (ending.nominal_end, ending.end) == (case["nominal"], case["end"])
    assert (
        ending.due_at.astimezone(AMSTERDAM).isoformat()[:19] == f"{case['end'] + ONE_DAY}T00:00:00"
    )
    assert ending.article == case.get("article", ending.article)
    assert bool(ending.warnings) == (ending.end == date(2029, 1, 1))


@pytest.mark.parametrize("case", CASES["moment"], ids=lambda case: case["name"])
def test_a_case_with_a_moment_ends_at_the_moment_the_clock_says(case):
    ending = the_end(case["start"], case["length"], case["kind"])
    assert ending.due_at == case["due_at"]
    assert ending.due_at.tzinfo is UTC


def test_a_chain_of_terms_starts_from_the_last_day_not_from_the_moment_it_was_over():
    objection = the_end(date(2026, 4, 2), "6 weeks")
    assert objection.end == date(2026, 5, 18)  # Mo
    assert the_end(objection.end, "12 weeks").end == date(2026, 8, 10)  # Mo


# --- dates that explain themselves ---------------------------------------------------------------


def test_a_moved_date_names_each_day_that_did_not_count_and_the_article():
    ending = the_end(date(2026, 2, 20), "6 weeks")
    assert [step.en for step in ending.derivation] == [
        "6 weeks (Awb 6:7) from the day after Friday 20 February 2026: "
        "up to and including Friday 3 April 2026.",
        "Friday 3 April 2026 (Good Friday), Saturday 4 April 2026, Sunday 5 April 2026 and "
        "Monday 6 April 2026 (Easter Monday) do not count as a last day.",
        "The term ends on Tuesday 7 April 2026 at 24:00 — Algemene termijnenwet art. 1, 3.",
    ]
    assert [step.nl for step in ending.derivation] == [
        "6 weken (Awb 6:7) vanaf de dag na vrijdag 20 februari 2026: "
        "tot en met vrijdag 3 april 2026.",
        "Vrijdag 3 april 2026 (Goede vrijdag), zaterdag 4 april 2026, zondag 5 april 2026 en "
        "maandag 6 april 2026 (Tweede paasdag) tellen niet als laatste dag.",
        "De termijn eindigt op dinsdag 7 april 2026 om 24:00 uur — "
        "Algemene termijnenwet art. 1, 3.",
    ]


def test_a_single_free_day_is_told_in_the_singular():
    ending = the_end(date(2025, 3, 24), "6 weeks")
    assert "Monday 5 May 2025 (Liberation Day) does not count as a last day." in told(ending)
    assert "Maandag 5 mei 2025 (Bevrijdingsdag) telt niet als laatste dag." in told(ending, "nl")


def test_a_decreed_day_is_explained_with_its_source():
    ending = the_end(date(2026, 4, 2), "6 weeks")
    assert "Friday 15 May 2026 (equated by royal decree: Besluit" in told(ending)
    assert "vrijdag 15 mei 2026 (gelijkgesteld bij koninklijk besluit: Bes" in told(ending, "nl")


def test_a_short_term_explains_the_second_ordinary_day():
    ending = the_end(date(2026, 4, 2), "3 days")
    assert "Up to Tuesday 7 April 2026 there is only one; Friday 3 April 2026 (Good" in told(ending)
    assert "runs on up to and including Wednesday 8 April 2026" in told(ending)
    assert "the date stays" not in told(the_end(date(2026, 6, 5), "3 days"))  # Mo, so Tu


@pytest.mark.parametrize(
    ("length", "kind", "because"),
    [
        ("13 weeks", "statutory", "more than 12 weeks (art. 4)"),
        ("91 days", "statutory", "more than 90 days (art. 4)"),
        ("4 months", "statutory", "more than 3 months (art. 4)"),
        ("1 year", "statutory", "one year or more (art. 4)"),
        ("10 days", "statutory_excluded", "excepts this term"),
        ("2 weeks", "decision_set", "set in a letter or decision"),
        ("4 weeks", "policy", "the municipality's own term"),
        ("10 days", "backward", "counted back does not move"),
        ("10 days", "effect_period", "holds on free days too"),
        ("3 days", "event_relative", "follows an event"),
    ],
)
def test_a_date_that_stays_says_why(length, kind, because):
    ending = the_end(date(2026, 1, 3), length, kind)
    assert because in told(ending)
    assert ending.end == ending.nominal_end


def test_working_days_say_which_days_were_not_counted():
    over_easter = the_end(date(2026, 4, 2), "10 working days", "policy")
    assert (
        "Not counted: Saturdays and Sundays, Friday 3 April 2026 (Good Friday) "
        "and Monday 6 April 2026 (Easter Monday)." in told(over_easter)
    )
    closing = calendars(closed=[date(2026, 6, 3)])
    shut = the_end(date(2026, 6, 1), "3 working days", "policy", by=closing)
    assert "Not counted: Wednesday 3 June 2026 (closed)." in told(shut)
    assert "Niet geteld: woensdag 3 juni 2026 (gesloten)." in told(shut, "nl")
    assert "Not counted" not in told(the_end(date(2026, 6, 1), "3 working days", "policy"))


def test_a_clamped_month_says_so():
    ending = the_end(date(2026, 11, 30), "3 months", "effect_period")
    assert "February 2027 has no day 30" in told(ending)
    assert "Februari 2027 heeft geen dag 30" in told(ending, "nl")


def test_a_ban_over_a_clock_change_says_how_many_hours_pass():
    autumn = the_end(datetime(2026, 10, 23, 18, tzinfo=AMSTERDAM), "10 days", "effect_period")
    spring = the_end(datetime(2027, 3, 24, 18, tzinfo=AMSTERDAM), "10 days", "effect_period")
    assert "The clock goes back an hour meanwhile: 241 hours pass." in told(autumn)
    assert "De klok gaat intussen een uur vooruit: er verlopen 239 uur." in told(spring, "nl")


def test_an_hour_that_comes_twice_or_never_is_explained():
    twice = the_end(datetime(2026, 10, 15, 2, 30, tzinfo=AMSTERDAM), "10 days", "effect_period")
    never = the_end(datetime(2027, 3, 18, 2, 30, tzinfo=AMSTERDAM), "10 days", "effect_period")
    assert "Sunday 25 October 2026 02:30 summer time" in told(twice)
    assert "02:30 does not exist that day" in told(never)


def test_a_start_that_is_tomorrow_in_the_netherlands_is_explained():
    ending = the_end(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "2 weeks", "decision_set")
    assert ending.derivation[0].en.startswith("The starting moment falls on Wednesday 1 July 2026")


def test_at_once_is_said_in_so_many_words():
    assert "No length, so at once: Tuesday 7 April 2026." in told(
        the_end(date(2026, 4, 7), "0 days", "decision_set")
    )


# --- a calendar that runs out --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "length", "years"),
    [
        (date(2029, 3, 1), "6 weeks", ["2029"]),  # no decree yet
        (date(2020, 12, 10), "6 weeks", ["2021"]),  # only the end can be moved
        (date(2028, 12, 1), "6 weeks", ["2029"]),  # ends in the year without one
        (date(2022, 12, 20), "6 weeks", []),  # starts in one, but nothing there can move the end
        (date(2022, 12, 29), "4 days", ["2022"]),  # Fr 30 December may be the second ordinary day
        (date(2022, 12, 29), "2 days", ["2022"]),  # nominal end on Sa 31 December
        (date(2026, 2, 20), "6 weeks", []),
        (date(2029, 3, 1), "13 weeks", []),  # never moves
    ],
)
def test_a_statutory_term_warns_of_years_whose_decree_could_still_move_it(start, length, years):
    ending = the_end(start, length)
    assert [warning.en.partition(" loaded for ")[2][:4] for warning in ending.warnings] == years
    assert set(ending.warnings) <= set(ending.derivation)


def test_only_statutory_terms_mind_a_missing_decree():
    for length, kind in [("6 weeks", "decision_set"), ("10 working days", "policy")]:
        assert the_end(date(2029, 3, 1), length, kind).warnings == ()


# --- what is refused -----------------------------------------------------------------------------


UNREADABLE = (
    "/weeks/6/six weeks/-1 days/1.5 weeks/6weeks/6 wks/6 weken/10000 days/6 weeks 2 days/6 week s/"
    "٣ days"
)


@pytest.mark.parametrize("text", UNREADABLE.split("/"))
def test_a_length_nobody_can_read_is_refused_with_the_forms_that_are_allowed(text):
    with pytest.raises(BadTerm, match=r'is not a length: write a whole number.*"6 weeks"'):
        Length.parse(text)


def test_a_negative_length_is_refused():
    with pytest.raises(BadTerm, match="cannot be negative: -1 days"):
        Length(-1, Unit.DAYS)


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.POLICY, Kind.HOURS}))
def test_working_days_belong_to_policy_alone(kind):
    with pytest.raises(BadTerm, match=f"not a {kind} term"):
        a_term("5 working days", kind)


def test_an_hours_term_is_measured_in_hours():
    with pytest.raises(BadTerm, match="needs a length in hours, not 2 days"):
        a_term("2 days", "hours")


@pytest.mark.parametrize("kind", ["hours", "statutory", "policy", "effect_period", "backward"])
def test_hours_need_a_moment_to_run_from(kind):
    with pytest.raises(BadTerm, match="48 hours run from a moment"):
        the_end(date(2026, 4, 2), "48 hours", kind)


def test_a_moment_without_a_time_zone_is_refused():
    naive = datetime(2026, 4, 2, 12, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(BadTerm, match="needs a time zone"):
        the_end(naive, "6 weeks")


@pytest.mark.parametrize(
    ("start", "length", "kind"),
    [
        (date(2026, 4, 2), "9999 years", "decision_set"),
        (date(2026, 4, 2), "9999 years", "backward"),
        (date(9999, 12, 31), "0 days", "decision_set"),
        (date(2100, 12, 30), "6 weeks", "statutory"),  # nobody computed the holidays of 2101
        (date(2100, 12, 30), "9 working days", "policy"),
    ],
)
def test_an_end_out_of_reach_is_refused_rather_than_guessed(start, length, kind):
    with pytest.raises(BadTerm, match="cannot be counted"):
        the_end(start, length, kind)


# --- what must hold for every date ---------------------------------------------------------------

unhurried = settings(deadline=None)  # the first call loads the holidays

DAYS = st.dates(date(2015, 1, 1), date(2060, 12, 31))
LAWFUL = {"days": 90, "weeks": 12, "months": 3}  # the longest that may still move
MOVABLE = st.sampled_from(sorted(LAWFUL)).flatmap(
    lambda unit: st.integers(1, LAWFUL[unit]).map(lambda n: f"{n} {unit}")
)
SHORT = st.integers(0, 6).map(lambda n: f"{n} days")
ANY_LENGTH = st.builds("{} {}".format, st.integers(0, 400), st.sampled_from(["days", "weeks"]))
DATE_KINDS = st.sampled_from(sorted(set(Kind) - {Kind.HOURS}))
MOMENTS = st.integers(1_420_070_400, 2_871_763_200).map(  # from 2015 up to 2060
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
CLOSE_TO_A_CLOCK_CHANGE = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)]),
    st.integers(-20_000, 300),
)
DECREED = st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=40)


def decreeing(days):
    return calendars([Decree(day, 2026, 2028, "Stcrt.") for day in days])


@given(DAYS, MOVABLE | SHORT)
@unhurried
def test_a_statutory_term_never_ends_on_a_free_day(start, length):
    assert not ours.statutory.is_free(the_end(start, length).end)


@given(DAYS, MOVABLE | SHORT)
@unhurried
def test_a_statutory_term_is_extended_no_further_than_the_law_asks(start, length):
    ending = the_end(start, length)
    needed = 2 if (ending.nominal_end - start).days >= 3 else 0

    def lawful(last: date) -> bool:
        worked = [d for d in days_between(start + ONE_DAY, last) if not ours.statutory.is_free(d)]
        return not ours.statutory.is_free(last) and len(worked) >= needed

    assert lawful(ending.end)
    assert not any(lawful(d) for d in days_between(ending.nominal_end, ending.end - ONE_DAY))


@pytest.mark.parametrize("decrees", [(), known_decrees()], ids=["without decrees", "with decrees"])
def test_six_weeks_from_every_day_end_where_an_independent_calendar_says(decrees):
    """Stepping day by day over a calendar that shares nothing with ours."""
    theirs, by, decreed = Netherlands(), calendars(decrees), {row.day for row in decrees}
    for start in days_between(date(2020, 1, 1), date(2035, 10, 31)):
        last = start + timedelta(days=42)
        while last in decreed or not theirs.is_working_day(last):
            last += ONE_DAY
        ending = the_end(start, "6 weeks", by=by)
        assert (ending.nominal_end, ending.end) == (start + timedelta(days=42), last), start


@given(DAYS, st.integers(0, 40), ANY_LENGTH | MOVABLE | SHORT, DATE_KINDS)
@unhurried
def test_a_later_start_never_ends_earlier(start, days, length, kind):
    earlier = the_end(start, length, kind)
    later = the_end(start + days * ONE_DAY, length, kind)
    assert earlier.end <= later.end
    assert earlier.due_at <= later.due_at


@given(DAYS, st.integers(0, 40), st.integers(0, 300))
@unhurried
def test_a_later_start_never_ends_earlier_in_working_days(start, days, n):
    earlier = the_end(start, f"{n} working days", "policy")
    assert earlier.end <= the_end(start + days * ONE_DAY, f"{n} working days", "policy").end


@given(CLOSE_TO_A_CLOCK_CHANGE, st.integers(0, 300), st.integers(0, 15))
@unhurried
def test_a_later_start_never_ends_earlier_by_the_clock(start, minutes, n):
    later = start + timedelta(minutes=minutes)
    assume(not start.astimezone(AMSTERDAM).fold and not later.astimezone(AMSTERDAM).fold)
    first, second = (the_end(moment, f"{n} days", "effect_period") for moment in (start, later))
    assert first.due_at <= second.due_at


@given(st.dates(date(2025, 10, 1), date(2027, 12, 31)), MOVABLE | SHORT, DECREED, DECREED)
@unhurried
def test_one_more_decreed_day_never_brings_a_date_forward(start, length, days, more):
    before = the_end(start, length, by=decreeing(days))
    assert before.end <= the_end(start, length, by=decreeing(days | more)).end


@given(st.dates(date(2025, 10, 1), date(2027, 12, 31)), st.integers(0, 60), DECREED, DECREED)
@unhurried
def test_one_more_closed_day_never_brings_a_date_forward(start, n, days, more):
    before, after = (
        the_end(start, f"{n} working days", "policy", by=calendars(closed=closed))
        for closed in (days, days | more)
    )
    assert before.end <= after.end


@given(DAYS, ANY_LENGTH, DATE_KINDS.filter(lambda kind: kind is not Kind.STATUTORY))
@unhurried
def test_only_statutory_terms_move(start, length, kind):
    ending = the_end(start, length, kind)
    back = -1 if kind is Kind.BACKWARD else 1
    n, unit = Length.parse(length).n, Length.parse(length).unit
    assert ending.end == ending.nominal_end == start + back * timedelta(**{unit: n})


@given(DAYS, MOVABLE)
@unhurried
def test_a_day_is_over_at_midnight_in_the_netherlands(start, length):
    ending = the_end(start, length)
    local = ending.due_at.astimezone(AMSTERDAM)
    assert (local.date(), local.hour, local.minute) == (ending.end + ONE_DAY, 0, 0)


@pytest.mark.parametrize("change", [date(2026, 10, 25), date(2027, 3, 28)])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
@pytest.mark.parametrize("kind", ["statutory", "statutory_excluded", "policy", "decision_set"])
def test_a_term_across_a_clock_change_ends_on_the_day_counted_on_paper(change, hour, kind):
    for before in range(43):
        day = change - before * ONE_DAY
        start = datetime(day.year, day.month, day.day, hour, 30, tzinfo=AMSTERDAM)
        ending = the_end(start, "6 weeks", kind)
        assert ending.nominal_end == day + timedelta(days=42)
        assert ending.due_at.astimezone(AMSTERDAM).time() == datetime.min.time()


@given(MOMENTS, MOVABLE, DATE_KINDS.filter(lambda kind: kind is not Kind.EFFECT_PERIOD))
@unhurried
def test_a_moment_counts_as_the_day_it_falls_on_in_the_netherlands(moment, length, kind):
    from_moment, from_day = (
        the_end(start, length, kind) for start in (moment, moment.astimezone(AMSTERDAM).date())
    )
    assert (from_moment.end, from_moment.due_at) == (from_day.end, from_day.due_at)


@given(MOMENTS | CLOSE_TO_A_CLOCK_CHANGE, st.integers(1, 60))
@unhurried
def test_a_ban_ends_at_the_time_of_day_it_began(moment, days):
    begin = moment.astimezone(AMSTERDAM)
    end = the_end(moment, f"{days} days", "effect_period").due_at.astimezone(AMSTERDAM)
    assert end.date() == begin.date() + days * ONE_DAY
    last_sunday_of_march = end.month == 3 and end.weekday() == 6 and end.day >= 25
    skipped = last_sunday_of_march and begin.hour == 2
    assert end.time() == (datetime.min.time().replace(hour=3) if skipped else begin.time())


@given(MOMENTS | CLOSE_TO_A_CLOCK_CHANGE, st.integers(0, 500))
@unhurried
def test_hours_elapse_whatever_the_clock_says(moment, n):
    assert the_end(moment, f"{n} hours", "hours").due_at - moment == timedelta(hours=n)
    assert moment - the_end(moment, f"{n} hours", "backward").due_at == timedelta(hours=n)


@given(MOMENTS | CLOSE_TO_A_CLOCK_CHANGE, MOVABLE, DATE_KINDS)
@unhurried
def test_the_zone_a_moment_is_written_in_is_irrelevant(moment, length, kind):
    written = [moment, moment.astimezone(AMSTERDAM), pendulum.instance(moment).in_tz("Asia/Tokyo")]
    one, *others = (the_end(start, length, kind) for start in written)
    assert others == [one, one]
    assert {type(ending.end) for ending in others} == {date}
    assert {type(ending.due_at) for ending in others} == {datetime}


@pytest.fixture
def machine_zone():
    def move_to(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()

    before = os.environ.get("TZ")
    yield move_to
    os.environ.pop("TZ") if before is None else move_to(before)
    time.tzset()


def test_the_zone_of_the_machine_is_irrelevant(machine_zone):
    rows = CASES["case"] + CASES["moment"]
    answers = []
    for zone in ("UTC", "Europe/Amsterdam", "Pacific/Auckland", "America/Los_Angeles"):
        machine_zone(zone)
        answers.append([the_end(row["start"], row["length"], row["kind"]) for row in rows])
    assert all(answer == answers[0] for answer in answers)


@given(DAYS, MOVABLE | SHORT, DATE_KINDS)
@unhurried
def test_every_date_is_explained_in_both_languages_down_to_its_last_day(start, length, kind):
    ending = the_end(start, length, kind)
    assert all(step.nl.endswith(".") and step.en.endswith(".") for step in ending.derivation)
    assert f"{ending.end:%A} {ending.end.day} {ending.end:%B %Y}" in ending.derivation[-1].en
    assert ending.derivation[-1].nl.endswith(f"om 24:00 uur — {ending.article}.")


@given(st.builds(Length, st.integers(0, 9999), st.sampled_from(Unit)))
def test_a_length_reads_back_as_it_was_written(length):
    assert Length.parse(str(length)) == length
    assert Length.parse(f"  {str(length).upper()} ") == length


def test_a_length_speaks_dutch_too():
    assert [Length.parse(text).words.nl for text in ("1 week", "6 weeks", "2 working days")] == [
        "1 week",
        "6 weken",
        "2 werkdagen",
    ]
    assert str(Length.parse("1 week")) == "1 week"
    assert str(Length.parse("6 weeks")) == "6 weeks"
    assert str(Length.parse("0 days")) == "0 days"
