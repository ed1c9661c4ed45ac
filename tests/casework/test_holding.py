"""Who held a case on 3 March at 14:00? Answers about the past are right to the moment."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from casework.cases import find
from casework.connect import transaction
from casework.holding import held_at, history_of, holders_at
from casework.people import contact
from casework.refusals import NotFound
from casework.stages import decide, reopen
from casework.succeeding import succeed
from casework.views import case_view
from casework.words import Role
from escalation.rungs import AMSTERDAM
from tests.builders import NOW, a_contact
from tests.casework.looking import behind_the_back, rows

AFTERWARDS = NOW + timedelta(days=10_000)
INSTANT = timedelta(microseconds=1)
DIRECTOR, CARE = Role.DIRECTOR, Role.CARE
# Both nights in which the clock in the Netherlands changes.
SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def passes(engine, case: str, to: str, at: datetime, role: Role = DIRECTOR) -> None:
    """The role passes to somebody at that moment, as every verb that passes it does."""
    with transaction(engine) as session:
        succeed(session, find(session, case), role, contact(session, to), at)


def director(engine, case: str, moment: datetime) -> str:
    return holders_at(engine, case, moment).roles[DIRECTOR].person


def close(engine, case: str, at: datetime) -> None:
    seen = case_view(engine, case, at).version
    decide(engine, case, by="director", seen_version=seen, now=at, exit_key="unfounded")


def test_at_the_instant_of_a_succession_only_the_new_holder_holds_the_case(engine, in_signal):
    at = datetime(2026, 3, 3, 14, 0, tzinfo=AMSTERDAM)
    passes(engine, in_signal, "deputy", at)
    asked = (at - INSTANT, at, at + INSTANT)
    assert [director(engine, in_signal, moment) for moment in asked] == [
        "director", "deputy", "deputy",
    ]  # fmt: skip
    before = holders_at(engine, in_signal, at - INSTANT).roles[DIRECTOR]
    assert (before.since, before.until) == (NOW, at.astimezone(UTC))
    assert holders_at(engine, in_signal, at).roles[DIRECTOR].until is None


def test_the_holder_is_a_person_for_their_own_organisation(engine, in_signal):
    passes(engine, in_signal, "care", NOW, CARE)
    held = holders_at(engine, in_signal, NOW).roles
    assert {role: (h.person, h.organisation) for role, h in held.items()} == {
        "case_director": ("director", "gemeente-voorbeeldstad"),
        "care_lead": ("care", "zorg-voorbeeldstad"),
    }


def test_an_organisation_that_took_a_role_on_is_named_beside_its_person(engine, in_signal):
    passes(engine, in_signal, "jurist", NOW, CARE)
    behind_the_back(
        engine,
        "UPDATE assignments SET principal_id = (SELECT id FROM organisations WHERE key = "
        "'zorg-voorbeeldstad') WHERE role = 'care_lead'",
        "assignments",
    )
    held = holders_at(engine, in_signal, NOW).roles[CARE]
    assert (held.person, held.organisation) == ("jurist", "zorg-voorbeeldstad")


def test_before_its_opening_nobody_held_the_case_and_the_answer_says_so(engine, in_signal):
    held = holders_at(engine, in_signal, NOW - INSTANT)
    assert (held.state, held.roles) == ("not_open_yet", {})
    assert holders_at(engine, in_signal, NOW).state == "open"


def test_after_its_closing_nobody_holds_the_case_until_it_is_open_again(engine, in_signal):
    closed, again = NOW + timedelta(days=3), NOW + timedelta(days=9)
    close(engine, in_signal, closed)
    reopen(
        engine, in_signal, stage="assessment", by="deputy", reason="weer klachten", now=again
    )  # fmt: skip
    moments = (closed - INSTANT, closed, again - INSTANT, again)
    found = [holders_at(engine, in_signal, moment) for moment in moments]
    assert [held.state for held in found] == ["open", "closed", "closed", "open"]
    assert [held.roles.get("case_director") and held.roles["case_director"].person
            for held in found] == ["director", None, None, "deputy"]  # fmt: skip


def test_the_history_names_everybody_who_ever_held_a_role(engine, in_signal):
    passes(engine, in_signal, "care", NOW + timedelta(days=1), CARE)
    passes(engine, in_signal, "deputy", NOW + timedelta(days=2))
    assert [(h.role, h.person, h.until) for h in history_of(engine, in_signal)] == [
        ("case_director", "director", NOW + timedelta(days=2)),
        ("care_lead", "care", None),
        ("case_director", "deputy", None),
    ]


def test_a_case_nobody_knows_is_named(engine):
    for asked in (lambda: holders_at(engine, "2026-00099", NOW),
                  lambda: history_of(engine, "2026-00099")):  # fmt: skip
        with pytest.raises(NotFound, match="2026-00099"):
            asked()


@pytest.mark.parametrize("role", [DIRECTOR, CARE])
def test_on_a_clock_that_runs_behind_a_role_passes_from_the_last_moment_on_record(
    engine, in_signal, role
):
    passes(engine, in_signal, "deputy", NOW + timedelta(minutes=5), role)
    passes(engine, in_signal, "jurist", NOW + timedelta(minutes=3), role)
    passes(engine, in_signal, "deputy", NOW + timedelta(minutes=9), role)
    spans = [h for h in history_of(engine, in_signal) if h.role == role]
    assert [h.person for h in spans][-3:] == ["deputy", "jurist", "deputy"]
    assert [h.until for h in spans[:-1]] == [h.since for h in spans[1:]]
    assert spans[-2].since == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_successions_exactly_one_director_held_the_case_at_any_moment(
    engine, in_signal, seed
):
    chance, people = Random(seed), ["director"]
    for number in range(5):
        a_contact(engine, f"regie{number}", "case_director")
    # Around both clock changes, and at the very same instant.
    moments = sorted(
        [NOW + timedelta(minutes=chance.randrange(400 * 1440)) for _ in range(12)]
        + [SPRING, SPRING, AUTUMN + timedelta(minutes=chance.randrange(-90, 90)), AUTUMN]
    )
    for moment in moments:
        people.append(f"regie{chance.randrange(5)}")
        passes(engine, in_signal, people[-1], moment)
    asked = [NOW + timedelta(seconds=chance.randrange(450 * 86_400)) for _ in range(60)]
    for moment in [*asked, *moments, *(m - INSTANT for m in moments)]:
        expected = people[sum(passed <= moment for passed in moments)]
        local = moment.astimezone(AMSTERDAM)
        assert director(engine, in_signal, local) == expected
        assert held_at(engine, in_signal, DIRECTOR, moment) == expected
        spans = rows(engine, "assignments", "role = 'case_director'")
        covering = [s for s in spans if s["since"] <= moment < (s["until"] or AFTERWARDS)]
        assert len(covering) == 1
