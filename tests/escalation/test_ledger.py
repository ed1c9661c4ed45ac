"""Changing a promised date: worked cases, and what holds for every change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalation.calendars import calendars
from escalation.counting import AMSTERDAM, ends
from escalation.free_days import rolls
from escalation.ledger import BadChange, Entry, Standing, What, applied, fold
from escalation.terms import Kind, Length, Term, Unit
from escalation.text import law, policy

NL = calendars()
PAUSED, RESUMED, EXTENDED, REDATED = What


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def term(start: date | datetime, length: str, kind: Kind = Kind.STATUTORY) -> Standing:
    """A term that begins at `start`, as it was first promised."""
    source = law("Awb 7:10") if kind is Kind.STATUTORY else policy("besluit")
    counted = Length.parse(length)
    ending = ends(start, Term(counted, kind, source), NL)
    exact = kind in {Kind.HOURS, Kind.EFFECT_PERIOD} and isinstance(start, datetime)
    first = start.astimezone(AMSTERDAM).date() if isinstance(start, datetime) else start
    return Standing(
        kind, counted.unit, first, rolls(kind, counted), ending.nominal_end, ending.end,
        ending.due_at, exact, ending.derivation,
    )  # fmt: skip


def pause(on: str, until: str) -> Entry:
    return Entry(PAUSED, day(on), until=day(until), ground="Awb 4:15")


def resume(on: str) -> Entry:
    return Entry(RESUMED, day(on), ground="hersteld")


def extend(on: str, length: str) -> Entry:
    return Entry(EXTENDED, day(on), length=Length.parse(length), ground="Awb 7:10(3)")


def redate(on: str, to: date | datetime) -> Entry:
    return Entry(REDATED, day(on), to=to, ground="uitspraak")


def after(root: Standing, *entries: Entry) -> Standing:
    return fold(root, [(entry, NL) for entry in entries])


# --- worked cases --------------------------------------------------------------------------------

FRIDAY = day("02-20")  # six weeks from here: Good Friday 3 April, so Tuesday 7 April
CASES = [
    ("a pause moves the end by its days", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-09")], "04-10", "04-10"),  # 3 April + 7 = Friday 10 April
    ("and it rolls off free days anew", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-10")], "04-11", "04-13"),  # Saturday, so Monday
    ("resumed earlier it is earlier", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-30"), resume("03-09")], "04-10", "04-10"),
    ("two pauses add up", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-09"), pause("03-16", "03-20")], "04-14", "04-14"),
    ("one may follow on another", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-09"), pause("03-09", "03-13")], "04-14", "04-14"),
    ("an extension is counted from where counting ended", term(FRIDAY, "6 weeks"),
     [extend("03-20", "6 weeks")], "05-15", "05-18"),  # 15 May is a free day by royal decree
    ("and keeps a pause that runs", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-09"), extend("03-05", "1 week")], "04-17", "04-17"),
    ("which may be resumed after that", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-09"), extend("03-05", "1 week"), resume("03-05")], "04-13", "04-13"),
    ("a date a court gives does not roll", term(FRIDAY, "6 weeks"),
     [redate("03-20", day("05-14"))], "05-14", "05-14"),  # Ascension Day
    ("nor does a pause after it", term(FRIDAY, "6 weeks"),
     [redate("03-20", day("05-13")), pause("03-20", "03-21")], "05-14", "05-14"),
    ("a date a court gives ends a pause", term(FRIDAY, "6 weeks"),
     [pause("03-02", "03-30"), redate("03-09", day("04-01"))], "04-01", "04-01"),
    ("a decision's own term never rolls", term(FRIDAY, "6 weeks", Kind.DECISION_SET),
     [pause("03-02", "03-10")], "04-11", "04-11"),  # a Saturday
    ("working days lost are working days won", term(FRIDAY, "10 working days", Kind.POLICY),
     [pause("02-25", "03-04")], "03-13", "03-13"),  # from 6 March; Thursday to Wednesday is 5
    ("a weekend costs a desk nothing", term(FRIDAY, "10 working days", Kind.POLICY),
     [pause("02-27", "03-01")], "03-06", "03-06"),
    ("a term longer than the law moves stays", term(FRIDAY, "13 weeks"),
     [pause("03-02", "03-03")], "05-23", "05-23"),  # a Saturday, art. 4
    ("a pause after counting ended does not end the term while it stands still",
     term(day("02-28"), "2 weeks"), [pause("03-15", "03-18")], "03-17", "03-18"),
    ("three days over Easter keep two ordinary days", term(day("04-01"), "3 days"),
     [pause("04-01", "04-02")], "04-05", "04-08"),  # Thursday stands still, Tuesday is the first
    ("a pause leaves the ordinary day before it", term(day("04-01"), "3 days"),
     [pause("04-02", "04-03")], "04-05", "04-07"),  # Thursday counts, Tuesday is the second
]  # fmt: skip


@pytest.mark.parametrize(
    ("root", "entries", "nominal", "end"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_worked_cases(root, entries, nominal, end):
    now = after(root, *entries)
    assert (str(now.nominal), str(now.end)) == (f"2026-{nominal}", f"2026-{end}")


def test_a_moment_keeps_its_time_on_the_clock_through_a_pause_over_summer_time():
    ten = datetime(2026, 3, 20, 10, 0, tzinfo=AMSTERDAM)
    closure = term(ten, "1 week", Kind.EFFECT_PERIOD)
    now = after(closure, pause("03-21", "03-25"))
    assert now.due_at.astimezone(AMSTERDAM).isoformat() == "2026-03-31T10:00:00+02:00"
    assert now.exact


def test_a_moment_a_court_gives_is_that_moment():
    noon = datetime(2026, 5, 14, 12, 0, tzinfo=AMSTERDAM)
    now = after(term(FRIDAY, "6 weeks"), redate("03-20", noon))
    assert (now.exact, now.due_at, now.end) == (True, noon.astimezone(UTC), day("05-14"))


def test_a_changed_date_explains_every_step_in_both_languages():
    now = after(term(FRIDAY, "6 weeks"), pause("03-02", "03-10"), extend("03-20", "6 weeks"))
    nl, en = (" ".join(getattr(t, lang) for t in now.derivation) for lang in ("nl", "en"))
    for words in ("Opgeschort na maandag 2 maart 2026", "niet meegeteld: 8 dagen", "Awb 4:15",
                  "Verlengd met 6 weken (Awb 7:10(3))", "De termijn eindigt op"):  # fmt: skip
        assert words in nl
    for words in ("Paused after Monday 2 March 2026", "not counted: 8 days", "Extended by 6 weeks",
                  "Saturday 11 April 2026"):  # fmt: skip
        assert words in en


# --- what is refused -----------------------------------------------------------------------------

ROOT = term(FRIDAY, "6 weeks")  # ends Tuesday 7 April
REFUSED = [
    ([pause("04-08", "04-10")], "may begin from 2026-02-20 up to 2026-04-07"),
    ([pause("02-19", "02-25")], "may begin from 2026-02-20"),
    ([pause("03-10", "03-09")], "can not end on 2026-03-09"),
    ([Entry(PAUSED, day("03-10"))], "needs a last day"),
    ([pause("03-02", "03-09"), pause("03-05", "03-20")], "paused up to 2026-03-09 already"),
    ([pause("03-02", "03-09"), resume("03-05"), pause("03-04", "03-20")], "from 2026-03-05"),
    ([resume("03-05")], "nothing to resume"),
    ([pause("03-02", "03-09"), resume("03-01")], "resume on a day in it, not on 2026-03-01"),
    ([pause("03-02", "03-09"), resume("03-10")], "from 2026-03-02 up to 2026-03-09"),
    ([pause("03-02", "03-09"), resume("03-05"), resume("03-05")], "nothing to resume"),
    ([extend("03-02", "0 days")], "a length of its own"),
    ([extend("03-02", "4 hours")], "by days, weeks, months or years"),
    ([extend("03-02", "3 working days")], "only a policy term counts working days"),
    ([extend("03-02", "99 years")], "a year up to 2090|cannot be counted|from 1995 up to 2090"),
    ([Entry(REDATED, day("03-02"))], "needs the new date"),
    ([redate("03-02", date(1990, 1, 1))], "from 1995 up to 2090"),
    ([redate("03-02", datetime(2026, 5, 1, 12, 0))], "needs its zone"),  # noqa: DTZ001
    ([Entry(PAUSED, day("03-10"), until=date(9999, 12, 31))], "from 1995 up to 2090"),
]


@pytest.mark.parametrize(("entries", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_can_not_be_is_refused_with_what_can(entries, words):
    with pytest.raises(BadChange, match=words):
        after(ROOT, *entries)


# --- what always holds ---------------------------------------------------------------------------


def at_some_moment(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)


starts = st.dates(date(2024, 1, 1), date(2030, 12, 31))
moments = st.builds(at_some_moment, starts, st.integers(0, 1439))
terms = st.one_of(
    st.builds(term, starts, st.sampled_from(["3 days", "6 weeks", "12 weeks", "2 months"])),
    st.builds(term, starts, st.sampled_from(["13 weeks", "1 year"])),
    st.builds(term, starts, st.sampled_from(["5 working days", "20 working days"]),
              st.just(Kind.POLICY)),
    st.builds(term, starts, st.sampled_from(["10 days", "3 months"]), st.just(Kind.DECISION_SET)),
    st.builds(term, moments, st.sampled_from(["10 days", "4 weeks"]), st.just(Kind.EFFECT_PERIOD)),
    st.builds(term, moments, st.just("48 hours"), st.just(Kind.HOURS)),
)  # fmt: skip


@st.composite
def changed(draw, length: int = 4):
    """A term with a few changes made to it, each one that was allowed."""
    now, made = draw(terms), []
    for _ in range(draw(st.integers(0, length))):
        on = now.counts_from + timedelta(days=draw(st.integers(0, 120)))
        entry = draw(st.sampled_from([
            Entry(PAUSED, on, until=on + timedelta(days=draw(st.integers(0, 60)))),
            Entry(RESUMED, on),
            Entry(EXTENDED, on, length=Length(draw(st.integers(1, 8)), Unit.WEEKS)),
            Entry(REDATED, on, to=on + timedelta(days=draw(st.integers(0, 60)))),
        ]))  # fmt: skip
        try:
            now = applied(now, entry, NL)
        except BadChange:
            continue
        made.append(entry)
    return now, made


@given(changed(), st.data())
def test_a_pause_never_brings_a_date_forward_and_resuming_never_before_it(found, data):
    before, _ = found
    on = data.draw(st.dates(before.counts_from, before.end))
    until = on + timedelta(days=data.draw(st.integers(0, 90)))
    try:
        paused = applied(before, Entry(PAUSED, on, until=until), NL)
    except BadChange:
        assume(False)
    assert paused.due_at >= before.due_at
    assert paused.end >= before.end
    back = data.draw(st.dates(on, until))
    resumed = applied(paused, Entry(RESUMED, back), NL)
    assert before.due_at <= resumed.due_at <= paused.due_at


@given(changed(), st.data())
def test_a_pause_that_is_resumed_the_same_day_changes_nothing(found, data):
    before, _ = found
    on = data.draw(st.dates(before.counts_from, before.end))
    try:
        paused = applied(before, Entry(PAUSED, on, until=on + timedelta(days=30)), NL)
    except BadChange:
        assume(False)
    resumed = applied(paused, Entry(RESUMED, on), NL)
    dates = (before.nominal, before.end, before.due_at, before.exact, before.still)
    assert (resumed.nominal, resumed.end, resumed.due_at, resumed.exact, resumed.still) == dates


@given(terms, changed())
def test_the_same_ledger_always_gives_the_same_date(root, found):
    _, made = found
    entries = [(entry, NL) for entry in made]
    try:
        first = fold(root, entries)
    except BadChange:
        with pytest.raises(BadChange):
            fold(root, entries)
        return
    assert fold(root, entries) == first == fold(replace(root), entries)


@given(changed())
def test_a_statutory_date_that_was_not_stated_is_never_on_a_free_day(found):
    now, _ = found
    if now.rolls:
        assert not NL.statutory.is_free(now.end)
