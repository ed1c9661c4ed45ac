"""Many reports in a short time force a review; a reporter is told only what is neutral."""

from datetime import date
from random import Random

import pytest

from escalation.path import PATH, STAGES
from escalation.reporter_words import AT_STAGE, word_at
from escalation.reports import forces_review, in_one_stretch
from escalation.standing import longest
from escalation.terms import Length
from tests.escalation.test_in_message import FORBIDDEN

HALF_A_YEAR = Length.parse("6 months")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


@pytest.mark.parametrize(
    ("days", "new", "forced"),
    [
        (("01-05", "02-05"), "02-05", False),
        (("01-05", "02-05", "07-05"), "07-05", True),  # the last day of six months
        (("01-05", "02-05", "07-06"), "07-06", False),
        (("01-05", "02-05", "03-05"), "01-05", True),  # written down last
        (("03-05", "03-05", "03-05"), "03-05", True),
        (("01-05", "01-06", "01-07", "12-01"), "12-01", False),  # long after the others
        (("01-05", "07-01", "12-01"), "07-01", False),  # between two that are too far apart
    ],
)
def test_three_reports_within_six_months_force_a_review(days, new, forced):
    reports = [day(text) for text in days]
    assert forces_review(reports, day(new), 3, HALF_A_YEAR) is forced


@pytest.mark.parametrize("seed", range(50))
def test_the_order_in_which_reports_are_written_down_does_not_matter(seed):
    chance = Random(seed)
    reports = [date.fromordinal(day("01-01").toordinal() + chance.randrange(500)) for _ in range(6)]
    new = chance.choice(reports)
    forced = forces_review(reports, new, 3, HALF_A_YEAR)
    assert forces_review(chance.sample(reports, 6), new, 3, HALF_A_YEAR) is forced
    # Said the long way: some three of them, the new one too, lie in one stretch.
    others = list(reports)
    others.remove(new)
    threes = (sorted((new, a, b)) for i, a in enumerate(others) for b in others[i + 1 :])
    assert forced is any(last <= longest(first, HALF_A_YEAR) for first, _, last in threes)


def test_two_days_are_in_one_stretch_whichever_came_first():
    assert in_one_stretch(day("01-05"), day("07-05"), HALF_A_YEAR)
    assert in_one_stretch(day("07-05"), day("01-05"), HALF_A_YEAR)
    assert not in_one_stretch(day("07-06"), day("01-05"), HALF_A_YEAR)


@pytest.mark.parametrize("stage", [stage.key for stage in PATH])
def test_word_for_a_reporter_names_neither_care_nor_a_measure(stage):
    word = word_at(stage, "2026-00042", Length.parse("6 weeks"))
    for text in (word.nl, word.en):
        assert not FORBIDDEN.search(text)
        assert "2026-00042" in text


def test_word_of_a_step_does_not_say_which_step_it_was():
    with_somebody = {key for key, stage in STAGES.items() if stage.coercive or "care" in key}
    told = {AT_STAGE[key] for key in with_somebody - {"aftercare"}}
    assert len(with_somebody) == 6
    assert len(told) == 1


def test_word_says_within_how_long_the_next_follows_unless_it_is_the_last():
    word = word_at("assessment", "2026-00042", Length.parse("6 weeks"))
    assert "binnen 6 weken" in word.nl
    assert "within 6 weeks" in word.en
    assert "binnen" not in word_at("closed", "2026-00042", None).nl.partition("\n\nWij")[2]
