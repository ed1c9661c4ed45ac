"""One-time codes: for one person, for ten minutes, once; guessed by nobody and stored nowhere."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.alerts import record
from casework.checkups import leave
from casework.claiming import claim
from casework.codes import (
    HOLDS,
    Checked,
    NoWayOfTheirOwn,
    TooManyCodes,
    ask,
    check,
    code_in_message,
    code_waits,
)
from casework.customs import AT_ONCE, Customs
from casework.falling_back import fall_back
from casework.link_sessions import LASTS, session_for, whose
from casework.refusals import NotAllowed, NotFound
from escalation.interruptions import ALWAYS, Manners
from escalation.notices import notice_asks
from tests.builders import NOW, TOWN, a_contact
from tests.casework.looking import DAY, at_once, behind_the_back, everything, held, rows

SECRET, OTHER = b"voorbeeld-sleutel-nummer-een-1234", b"voorbeeld-sleutel-nummer-twee-123"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def number_of(engine, key="care"):
    return next(row["id"] for row in rows(engine, "contacts") if row["key"] == key)


@pytest.fixture
def care(engine) -> int:
    return number_of(engine)


def asked(engine, contact, now=NOW, to="care"):
    """The digits of a new code, as its message says them."""
    ask(engine, contact, now=now)
    return digits(engine, rows(engine, "codes")[-1]["id"], to)


def digits(engine, number, to="care"):
    return code_in_message(engine, number, to=to, secret=SECRET)


def entered(engine, contact, typed, now=NOW, secret=SECRET):
    return check(engine, contact, typed, secret=secret, now=now)


def wrong(code):
    """Eight digits that are not these."""
    return f"{(int(code) + 1) % 10**8:08}"


def test_asking_puts_one_message_for_this_person_in_the_outbox(engine, care):
    ask(engine, care, now=NOW)
    (code,) = rows(engine, "codes")
    assert (code["contact_id"], code["expires_at"], code["tries"]) == (care, NOW + HOLDS, 0)
    (alert,) = claim(engine, NOW)
    assert (alert.recipient, alert.lead, alert.code) == ("care", "code", code["id"])
    assert (alert.case_key, alert.due_at) == (None, None)
    assert alert.asks == notice_asks("code", "1")
    assert alert.asks.nl != "code"


def test_a_right_code_is_right_once(engine, care):
    code = asked(engine, care)
    assert code_waits(engine, care, now=NOW)
    assert entered(engine, care, code) is Checked.RIGHT
    assert not code_waits(engine, care, now=NOW)
    assert entered(engine, care, code) is Checked.USED


@pytest.mark.parametrize("as_typed", ["{0} {1}", " {0}{1}\n", "{0}-{1}", "{0}\u00a0{1}"])
def test_a_code_may_be_typed_as_people_type_it(engine, care, as_typed):
    code = asked(engine, care)
    assert entered(engine, care, as_typed.format(code[:4], code[4:])) is Checked.RIGHT


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "abcdefgh", "١٢٣٤٥٦٧٨", "0" * 9999])
def test_what_is_no_code_is_no_try(engine, care, typed):
    asked(engine, care)
    before = everything(engine)
    assert entered(engine, care, typed) is Checked.NO_CODE
    assert everything(engine) == before


def test_a_code_holds_for_ten_minutes(engine, care):
    code = asked(engine, care)
    assert entered(engine, care, code, NOW + 10 * MINUTE) is Checked.EXPIRED
    code = asked(engine, care, NOW + HOUR)
    just_in_time = NOW + HOUR + 10 * MINUTE - timedelta(microseconds=1)
    assert entered(engine, care, code, just_in_time) is Checked.RIGHT


def test_the_fifth_wrong_try_makes_a_code_void(engine, care):
    code = asked(engine, care)
    got = [entered(engine, care, wrong(code)) for _ in range(5)]
    assert got == [Checked.WRONG] * 4 + [Checked.VOID]
    assert entered(engine, care, code) is Checked.VOID
    assert rows(engine, "codes")[0]["tries"] == 5


def test_after_four_wrong_tries_the_right_code_still_works(engine, care):
    code = asked(engine, care)
    for _ in range(4):
        entered(engine, care, wrong(code))
    assert entered(engine, care, code) is Checked.RIGHT


def test_a_wrong_try_counts_against_every_code_that_holds(engine, care):
    codes = [asked(engine, care, NOW + n * MINUTE) for n in range(2)]
    guess = next(g for n in range(9) if (g := f"{n:08}") not in codes)
    for _ in range(5):
        entered(engine, care, guess, NOW + 2 * MINUTE)
    for code in codes:
        assert entered(engine, care, code, NOW + 2 * MINUTE) is Checked.VOID


def test_the_code_asked_before_works_too_so_that_a_slow_mail_does_no_harm(engine, care):
    first, _ = (asked(engine, care, NOW + n * MINUTE) for n in range(2))
    assert entered(engine, care, first, NOW + 2 * MINUTE) is Checked.RIGHT


def test_nobody_enters_a_code_that_was_not_asked(engine, care):
    assert entered(engine, care, "12345678") is Checked.NONE


def test_a_code_of_somebody_else_is_wrong_and_not_spent(engine, care):
    director = number_of(engine, "director")
    theirs = asked(engine, director, to="director")
    asked(engine, care)
    assert entered(engine, care, theirs) is Checked.WRONG
    assert entered(engine, director, theirs) is Checked.RIGHT


def test_a_person_gets_five_codes_an_hour_and_a_sixth_sends_nothing(engine, care):
    for n in range(5):
        ask(engine, care, now=NOW + n * MINUTE)
    before = everything(engine)
    with pytest.raises(TooManyCodes, match="within the hour") as many:
        ask(engine, care, now=NOW + 59 * MINUTE)
    assert many.value.again_at == NOW + HOUR
    assert everything(engine) == before
    ask(engine, number_of(engine, "director"), now=NOW + 5 * MINUTE)
    ask(engine, care, now=NOW + HOUR)
    assert len(rows(engine, "codes", f"contact_id = {care}")) == 6


def test_many_who_ask_at_once_get_five_codes_together(engine, care):
    got = at_once(*[lambda: ask(engine, care, now=NOW)] * 8)
    assert sum(isinstance(one, TooManyCodes) for one in got) == 3
    assert got.count(None) == len(rows(engine, "codes")) == len(rows(engine, "alerts")) == 5


def test_of_two_who_enter_the_right_code_at_once_one_wins(engine, care):
    code = asked(engine, care)
    got = at_once(*[lambda: entered(engine, care, code)] * 4)
    assert sorted(got) == [Checked.RIGHT] + [Checked.USED] * 3


def test_who_waits_for_another_with_the_same_code_finds_it_used(engine, care):
    code = asked(engine, care)
    lock = f"UPDATE contacts SET language = language WHERE id = {care}"
    with held(engine, "UPDATE codes SET used_at = expires_at", lock) as start:
        waiting = start(lambda: entered(engine, care, code))
    assert waiting.result(20) is Checked.USED


def test_guessing_at_once_is_no_way_past_the_last_try(engine, care):
    code = asked(engine, care)
    got = at_once(*[lambda n=n: entered(engine, care, f"{n:08}") for n in range(12)])
    assert got.count(Checked.WRONG) == 4
    assert rows(engine, "codes")[0]["tries"] == 5
    assert entered(engine, care, code) is Checked.VOID


def test_the_code_itself_is_stored_nowhere(engine, care):
    code = asked(engine, care)
    claim(engine, NOW)
    entered(engine, care, code)
    assert code not in str(everything(engine))
    assert f"{code[:4]} {code[4:]}" not in str(everything(engine))


def test_without_the_secret_of_the_installation_there_is_no_code(engine, care):
    code = asked(engine, care)
    assert code_in_message(engine, 1, to="care", secret=OTHER) != code
    assert entered(engine, care, code, secret=OTHER) is Checked.WRONG


def test_two_codes_are_not_the_same(engine, care):
    assert len({asked(engine, care, NOW + n * HOUR) for n in range(12)}) == 12


def test_a_code_is_worded_for_whoever_asked_and_for_nobody_else(engine, care):
    asked(engine, care)
    assert digits(engine, 1, to="director") is None
    assert digits(engine, 77) is None


def test_a_code_goes_at_night_and_over_the_budget(engine, care):
    night = NOW.replace(hour=2)
    sparing = Manners(hours={"mon": [["09:00", "17:00"]]}, budget=1)
    customs = Customs(lambda person, organisation: sparing, lambda channel: None)
    for _ in range(3):
        ask(engine, care, now=night)
    got = claim(engine, night, customs=customs)
    assert [alert.lead for alert in got] == ["code"] * 3
    assert len({alert.token for alert in got}) == 3, "each is a message by itself"


def test_a_code_that_fails_goes_by_no_other_person(engine, care):
    ask(engine, care, now=NOW)
    behind_the_back(engine, "UPDATE alerts SET falls_back_at = created_at, state = 'failed'")
    fall_back(engine, NOW + MINUTE, 10, AT_ONCE)
    assert {row["recipient_id"] for row in rows(engine, "alerts") if row["notice"] == "code"} == {
        care
    }


SHARED = Customs(
    lambda person, home: Manners(order=("teams", "mail")), lambda channel: None,
    lambda channel: channel in {"teams", "webhook"},
)  # fmt: skip


def test_a_code_goes_where_nobody_else_reads_though_other_messages_go_elsewhere(engine, care):
    ask(engine, care, now=NOW, customs=SHARED)
    (alert,) = claim(engine, NOW, customs=SHARED)
    assert alert.channel == "mail"
    record(engine, alert.token, "failed", "refused", NOW, customs=SHARED)
    again = [one for one in claim(engine, NOW + MINUTE, customs=SHARED) if one.lead == "code"]
    assert {one.channel for one in again} == {"mail"}, "nor does it fall back to such a place"


def test_who_is_reached_only_where_others_read_gets_no_code_and_is_told_how_to_go_on(engine):
    a_contact(engine, "team", "care_worker", channel="webhook")
    alone = Customs(lambda person, home: ALWAYS, lambda channel: None, lambda name: True)
    before = everything(engine)
    with pytest.raises(NoWayOfTheirOwn, match="contact way add team"):
        ask(engine, number_of(engine, "team"), now=NOW, customs=alone)
    assert everything(engine) == before


def test_nothing_is_journalled_of_codes(engine, in_signal, care):
    before = everything(engine)
    code = asked(engine, care)
    entered(engine, care, wrong(code))
    entered(engine, care, code)
    after = everything(engine)
    assert {name for name in after if after[name] != before[name]} == {"codes", "alerts"}


def test_somebody_who_left_or_is_nobody_gets_no_code(engine, care):
    leave(engine, "care", by="care", now=NOW)
    with pytest.raises(NotAllowed, match="care left"):
        ask(engine, care, now=NOW)
    with pytest.raises(NotFound):
        ask(engine, 77, now=NOW)
    assert not rows(engine, "codes")


# --- what is over --------------------------------------------------------------------------------


def test_a_code_that_is_over_for_a_day_is_gone_when_a_new_one_is_asked(engine, care):
    asked(engine, care)
    claim(engine, NOW)
    behind_the_back(engine, "UPDATE alerts SET state = 'delivered', token = NULL, next_at = NULL")
    ask(engine, care, now=NOW + DAY)
    assert len(rows(engine, "codes")) == 2, "not yet for a day"
    ask(engine, care, now=NOW + DAY + HOLDS)
    assert [row["made_at"] for row in rows(engine, "codes")] == [NOW + DAY, NOW + DAY + HOLDS]


def test_the_number_of_a_code_that_is_gone_is_never_given_again(engine, care):
    for n in range(4):
        ask(engine, care, now=NOW + 3 * n * DAY)
    assert len(rows(engine, "codes")) == 1
    periods = [row["period"] for row in rows(engine, "alerts")]
    assert len(set(periods)) == 4


def test_a_code_that_is_over_is_not_sent_any_more_when_a_new_one_is(engine, care):
    ask(engine, care, now=NOW)
    ask(engine, care, now=NOW + HOUR)
    (alert,) = claim(engine, NOW + HOUR)
    assert alert.code == 2
    assert [row["state"] for row in rows(engine, "alerts")] == ["void", "leased"]


def test_a_code_a_sender_has_just_now_can_still_be_worded(engine, care):
    ask(engine, care, now=NOW)
    claim(engine, NOW)
    ask(engine, care, now=NOW + 3 * DAY)
    assert digits(engine, 1) is not None


# --- a session -----------------------------------------------------------------------------------


def test_a_session_is_of_one_contact_for_twelve_hours(engine, care):
    given_ = session_for(engine, care, secret=SECRET, now=NOW)
    for now in (NOW, NOW + LASTS - timedelta(seconds=1)):
        assert whose(engine, given_, secret=SECRET, now=now) == care
    assert whose(engine, given_, secret=SECRET, now=NOW + LASTS) is None
    assert whose(engine, given_, secret=OTHER, now=NOW) is None


def test_a_session_holds_only_the_number_until_when_and_a_seal(engine, care):
    number, until, seal = session_for(engine, care, secret=SECRET, now=NOW).split(".")
    assert (int(number), int(until)) == (care, int((NOW + LASTS).timestamp()))
    assert len(seal) == 43


def test_a_session_ends_when_its_contact_leaves_or_goes_elsewhere(engine, care):
    given_ = session_for(engine, care, secret=SECRET, now=NOW)
    a_contact(engine, "care", "care_worker", organisation=f"gemeente-{TOWN}")
    assert whose(engine, given_, secret=SECRET, now=NOW) is None
    a_contact(engine, "care", "care_worker", organisation=f"zorg-{TOWN}")
    assert whose(engine, given_, secret=SECRET, now=NOW) == care
    leave(engine, "care", by="care", now=NOW)
    assert whose(engine, given_, secret=SECRET, now=NOW) is None


def test_a_session_that_was_changed_is_nobodys(engine, care):
    given_ = session_for(engine, care, secret=SECRET, now=NOW)
    number, until, seal = given_.split(".")
    for changed in (
        f"{care + 1}.{until}.{seal}", f"{number}.{int(until) + 1}.{seal}", f"0{given_}",
        f"{number}.{until}.{seal.swapcase()}", f"{number}.{until}.{'A' * 43}", f"{given_}=",
        f"{number}.{until}", "", ".", f"{given_}\n", "x" * 100_000, f"77.{until}.{seal}",
        f"{number}.{until}.{'é' * 43}",
    ):  # fmt: skip
        assert whose(engine, changed, secret=SECRET, now=NOW) is None


@given(st.text(max_size=90))
def test_no_text_is_a_session(text):
    assert whose(None, text, secret=SECRET, now=NOW) is None
