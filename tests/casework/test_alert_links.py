"""The signed link of an alert: it opens that alert, for its recipient, until a day, and changes
nothing; seeing the alert takes the recipient."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.alert_links import (
    BadLink,
    NotShown,
    OldLink,
    alert_link,
    opened_alert,
    seen_by_link,
)
from casework.alert_views import alert_list, alert_view
from casework.checkups import leave
from casework.claiming import claim
from casework.codes import ask
from casework.link_alerts import AlertToken
from casework.links import BadLink as BadOtherLink
from casework.links import opened
from casework.offering import offer
from casework.packets import Packet
from casework.promises import answer
from casework.words import Answer, Role
from notifications.wording import LINK
from tests.builders import NOW, PACKET, TOWN, a_contact
from tests.casework.looking import DAY, at_once, everything, kinds, raise_all, rows

SECRET, OTHER = b"voorbeeld-sleutel-nummer-een-1234", b"voorbeeld-sleutel-nummer-twee-123"
DUE = NOW + 5 * DAY
SEAL = "A" * 43


@pytest.fixture
def number(engine, in_signal) -> int:
    """The director's first alert about a promise that is due."""
    raise_all(engine, DUE)
    return next(a.number for a in reversed(alert_list(engine)) if a.recipient == "director")


def a_link(engine, number, now=DUE, to="director"):
    return alert_link(engine, number, to=to, secret=SECRET, now=now)


def opens(engine, token, now=DUE, secret=SECRET):
    return opened_alert(engine, token, secret=secret, now=now)


def seen(engine, token, shown, now=DUE, secret=SECRET):
    return seen_by_link(engine, token, shown=shown, secret=secret, now=now)


def number_of(engine, key):
    return next(row["id"] for row in rows(engine, "contacts") if row["key"] == key)


def refused(engine, error, token, **more):
    before = everything(engine)
    with pytest.raises(error):
        opens(engine, token, **more)
    with pytest.raises(error):
        seen(engine, token, number_of(engine, "director"), **more)
    assert everything(engine) == before


def test_the_link_shows_the_alert_whose_it_is_and_who_has_seen_it(engine, number):
    page = opens(engine, a_link(engine, number))
    assert page.alert == alert_view(engine, number)
    assert page.reader == number_of(engine, "director")
    assert (page.seen_at, page.others, page.moved_on) == (None, 0, False)


def test_opening_and_making_a_link_changes_nothing(engine, number):
    before = everything(engine)
    token = a_link(engine, number)
    assert opens(engine, token) == opens(engine, token)
    assert everything(engine) == before


def test_no_mail_program_breaks_a_link(engine, number):
    token = a_link(engine, number)
    assert re.fullmatch(LINK, f"https://voorbeeld.example/a/{token}")
    assert token[-1].isalnum() or token[-1] in "-_"


def test_a_message_sent_again_the_same_day_carries_the_same_link(engine, number):
    late = DUE.replace(hour=22, minute=59)  # 23:59 in Amsterdam
    assert a_link(engine, number, DUE) == a_link(engine, number, late)
    assert a_link(engine, number, DUE) != a_link(engine, number, late + timedelta(minutes=1))


def test_a_link_holds_for_thirty_days_and_then_says_that_it_expired(engine, number):
    token = a_link(engine, number, DUE)
    ends = (DUE + 30 * DAY).replace(hour=21, minute=59, second=59)  # 23:59 in summer
    assert opens(engine, token, ends).alert.number == number
    refused(engine, OldLink, token, now=ends + timedelta(seconds=1))
    with pytest.raises(OldLink, match="expired") as old:
        opens(engine, token, ends + DAY)
    assert old.value.alert == number


def test_a_link_that_was_changed_or_is_foreign_opens_nothing(engine, number):
    token = a_link(engine, number)
    number_, contact, day, seal = token.split(".")
    other = next(a.number for a in alert_list(engine) if a.number != number)
    changed = [
        f"a{other}.{contact}.{day}.{seal}", f"{number_}.{int(contact) + 1}.{day}.{seal}",
        f"{number_}.{contact}.{int(day) + 1}.{seal}", f"{number_}.{contact}.20990101.{seal}",
        f"{number_}.{contact}.20260101.{seal}", f"{number_}.{contact}.{day}.{seal.swapcase()}",
        f"{number_}.{contact}.{day}.{'A' * 43}", f"{number_}.{contact}.{day}", f"{token}=",
        f"h{token[1:]}", f"A{token[1:]}", f"{token}\n", f" {token}", "", ".", "a1.1.1.1",
        f"a٣.{contact}.{day}.{seal}", f"a99.{contact}.{day}.{seal}", "x" * 100_000,
        f"{number_}.{contact}.{day}.{'é' * 43}", f"a{'9' * 30}.{contact}.{day}.{seal}",
    ]  # fmt: skip
    for wrong in changed:
        refused(engine, BadLink, wrong)
    refused(engine, BadLink, token, secret=OTHER)
    assert opens(engine, token)


def test_one_kind_of_link_is_never_another(engine, number):
    token = a_link(engine, number)
    contact, _, seal = token.split(".")[1:]
    for wrong in (token, f"h{number}.{contact}.{seal}", f"r{number}.{contact}.{seal}"):
        with pytest.raises(BadOtherLink):
            opened(engine, wrong, secret=SECRET, now=DUE)


TOKEN = AlertToken(12, 3, "20260401", SEAL)


@given(st.text(max_size=90))
def test_no_text_is_a_token_that_fits(text):
    read = AlertToken.read(text)
    assert read is None or not read.fits(SECRET, 1)


@given(
    st.integers(1, 10**9 - 1), st.integers(1, 10**9 - 1), st.integers(1, 10**6),
    st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8)), st.data(),
)  # fmt: skip
def test_a_token_with_any_character_changed_fits_no_more(number, contact, home, day, data):
    from casework.link_alerts import _seal

    token = f"a{number}.{contact}.{day}.{_seal(SECRET, number, contact, home, day)}"
    assert AlertToken.read(token).fits(SECRET, home)
    assert not AlertToken.read(token).fits(OTHER, home)
    assert not AlertToken.read(token).fits(SECRET, home + 1)
    at = data.draw(st.integers(0, len(token) - 1))
    mark = data.draw(st.sampled_from("0123456789.-_aAzZhr").filter(lambda m: m != token[at]))
    read = AlertToken.read(token[:at] + mark + token[at + 1 :])
    assert read is None or not read.fits(SECRET, home)


# --- whose it is ---------------------------------------------------------------------------------


def test_an_alert_that_is_somebody_elses_by_now_opens_for_them_alone(engine, in_signal):
    raise_all(engine, NOW + 2 * DAY)  # to the director alone
    (number,) = (a.number for a in alert_list(engine))
    old = a_link(engine, number)
    away(engine, "director", since=DUE, by="director", now=DUE)
    claim(engine, DUE, 100)  # what was not sent is the deputy's
    moved = next(a for a in alert_list(engine, number=number))
    assert moved.recipient == "deputy"
    refused(engine, BadLink, old)
    assert opens(engine, a_link(engine, number, to="deputy")).reader == number_of(engine, "deputy")


def test_a_link_made_for_somebody_else_opens_nothing(engine, number):
    refused(engine, BadLink, a_link(engine, number, to="care"))


def test_a_link_dies_when_its_reader_leaves_or_goes_elsewhere(engine, in_voluntary_care):
    packet = Packet.model_validate(PACKET)
    offer(engine, in_voluntary_care, role=Role.CARE, to="care", packet=packet, by="director",
          now=NOW)  # fmt: skip
    (alert,) = (a.number for a in alert_list(engine) if a.recipient == "care")
    token = a_link(engine, alert, NOW, "care")
    assert opens(engine, token, NOW)
    a_contact(engine, "care", "care_worker", organisation=f"gemeente-{TOWN}")
    refused(engine, BadLink, token, now=NOW)
    a_contact(engine, "care", "care_worker", organisation=f"zorg-{TOWN}")
    leave(engine, "care", by="care", now=NOW)
    refused(engine, BadLink, token, now=NOW)


def test_the_message_of_a_code_has_no_page(engine, in_signal):
    ask(engine, number_of(engine, "director"), now=NOW)
    (alert,) = (a.number for a in alert_list(engine) if a.lead == "code")
    refused(engine, BadLink, a_link(engine, alert, NOW), now=NOW)


# --- seeing it -----------------------------------------------------------------------------------


def test_who_has_shown_who_they_are_has_seen_it_and_the_promise_is_quiet(engine, in_signal, number):
    token, director = a_link(engine, number), number_of(engine, "director")
    assert seen(engine, token, director) == "quiet"
    (row,) = rows(engine, "acknowledgements")
    assert (row["alert_id"], row["by"], row["at"]) == (number, "director", DUE)
    assert kinds(engine, in_signal)[-1] == "acknowledged"
    assert opens(engine, token, DUE + DAY).seen_at == DUE


def test_nobody_else_has_seen_it_for_them(engine, number):
    token = a_link(engine, number)
    before = everything(engine)
    for other in (None, 0, number_of(engine, "deputy"), number_of(engine, "care")):
        with pytest.raises(NotShown, match="show that it is you"):
            seen(engine, token, other)
    assert everything(engine) == before


def test_seen_before_is_known_whoever_says_so_and_changes_nothing(engine, number):
    token = a_link(engine, number)
    seen(engine, token, number_of(engine, "director"))
    before = everything(engine)
    for shown in (number_of(engine, "director"), None):
        assert seen(engine, token, shown, DUE + DAY) == "known"
    assert everything(engine) == before


def test_pressed_twice_at_once_is_seen_once(engine, number):
    token, director = a_link(engine, number), number_of(engine, "director")
    got = at_once(*[lambda: seen(engine, token, director)] * 2)
    assert sorted(got) == ["known", "quiet"]
    assert len(rows(engine, "acknowledgements")) == 1


def test_several_people_can_have_seen_one_alert(engine, number):
    acknowledge(engine, number, by="deputy", now=DUE)
    acknowledge(engine, number, by="process", now=DUE)
    page = opens(engine, a_link(engine, number))
    assert (page.seen_at, page.others) == (None, 2)
    seen(engine, a_link(engine, number), number_of(engine, "director"))
    page = opens(engine, a_link(engine, number))
    assert (page.seen_at, page.others) == (DUE, 2)


def test_an_old_message_of_a_promise_that_rang_again_says_so(engine, number):
    later = DUE + 10 * DAY
    raise_all(engine, later)
    token = a_link(engine, number, later)
    assert opens(engine, token, later).moved_on
    assert seen(engine, token, number_of(engine, "director"), later) == "moved on"
    newest = next(a.number for a in alert_list(engine) if a.recipient == "director")
    assert not opens(engine, a_link(engine, newest, later), later).moved_on


def test_of_a_promise_that_is_over_nothing_changes_but_that_it_was_seen(engine, in_signal, number):
    token = a_link(engine, number)
    answer(
        engine,
        in_signal,
        opens(engine, token).alert.promise,
        given=Answer.DONE,
        by="director",
        now=DUE,
    )
    page = opens(engine, token)
    assert (page.alert.over, page.moved_on) == (True, False)
    assert seen(engine, token, number_of(engine, "director")) == "moved on"


def test_news_about_no_promise_is_seen_and_moves_nothing(engine, in_voluntary_care):
    packet = Packet.model_validate(PACKET)
    offer(engine, in_voluntary_care, role=Role.CARE, to="care", packet=packet, by="director",
          now=NOW)  # fmt: skip
    (alert,) = (a.number for a in alert_list(engine) if a.recipient == "care")
    token = a_link(engine, alert, NOW, "care")
    assert seen(engine, token, number_of(engine, "care"), NOW) == "seen"
    assert not opens(engine, token, NOW).moved_on
