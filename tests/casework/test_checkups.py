"""Checkups: every contact is asked in time whether it still holds; who left is chosen no more."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.administration import administration
from casework.alert_views import alert_list
from casework.checkups import confirm, leave
from casework.claiming import claim
from casework.connect import reading
from casework.contact_views import contact_view
from casework.intake import receive_signal
from casework.offering import offer
from casework.packets import Packet
from casework.people import NewContact, add_contact, contact, contacts
from casework.presence import refuse_unreachable
from casework.promises import next_due, raise_due
from casework.receiving import accept
from casework.refusals import NotAllowed, NotFound
from casework.stock import take_stock
from casework.words import Role
from escalation.notices import due_of, notice_asks
from escalation.policy import shipped
from tests.builders import NOW, PACKET, TOWN, a_contact, a_signal
from tests.casework.looking import DAY, a_policy, at_once, everything, raise_all, rows

A_MOMENT = timedelta(microseconds=1)
# Six months after 2 March 2026, and ten working days after that: at nine in Amsterdam.
ASKED = datetime(2026, 9, 2, 7, tzinfo=UTC)
OTHERS = datetime(2026, 9, 16, 7, tzinfo=UTC)
AGAIN = datetime(2027, 3, 2, 8, tzinfo=UTC)


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def checks(engine) -> list[tuple[str, str, int, str]]:
    """Who was asked about whom on which rung, and in which month, oldest first."""
    names = {str(row["id"]): row["key"] for row in rows(engine, "contacts")}
    found = []
    for row in rows(engine, "alerts", "notice = 'contact_check'"):
        number, _, month = row["period"].partition(":")
        found.append((names[str(row["recipient_id"])], names[number], row["rung"], month))
    return found


@pytest.fixture
def looked(engine):
    """The watch has looked once: everybody is taken to be right on 2 March."""
    assert raise_due(engine, NOW) == 0
    return engine


# --- asking --------------------------------------------------------------------------------------


def test_at_first_everybody_is_taken_to_be_right(looked):
    assert {row["check_at"] for row in rows(looked, "contacts")} == {ASKED}
    assert next_due(looked) == ASKED
    assert raise_all(looked, ASKED - A_MOMENT) == 0
    assert rows(looked, "alerts") == []


def test_each_contact_is_asked_itself_once(looked):
    assert raise_all(looked, ASKED) == 6
    assert raise_all(looked, ASKED) == 0
    keys = sorted(key for key, *_ in contacts(looked))
    assert sorted(checks(looked)) == [(key, key, 0, "2026-09") for key in keys]
    assert next_due(looked) == OTHERS


def test_after_ten_working_days_the_administrator_is_asked_and_then_not_for_long(looked):
    a_contact(looked, "beheer", "administrator")
    for key in ("director", "deputy", "process", "head", "jurist", "beheer"):
        confirm(looked, key, by="beheer", now=ASKED - DAY)
    raise_all(looked, ASKED)
    assert raise_all(looked, OTHERS - A_MOMENT) == 0
    assert raise_all(looked, OTHERS) == 1
    assert checks(looked) == [("care", "care", 0, "2026-09"), ("beheer", "care", 1, "2026-09")]
    assert contact_view(looked, "care", OTHERS).check_at == datetime(2027, 3, 16, 8, tzinfo=UTC)
    raise_all(looked, contact_view(looked, "care", OTHERS).check_at)
    assert ("care", "care", 0, "2027-03") in checks(looked)


def test_without_an_administrator_it_is_the_process_director_and_never_the_same_person(looked):
    raise_all(looked, ASKED)
    raise_all(looked, OTHERS)
    others = {about: who for who, about, rung, _ in checks(looked) if rung == 1}
    assert others.pop("process", None) is None
    assert set(others.values()) == {"process"}
    assert len(others) == 5


def test_who_is_confirmed_is_asked_again_only_after_the_time_of_the_policy(looked):
    raise_all(looked, ASKED)
    assert confirm(looked, "care", by="care", now=ASKED + DAY) == datetime(
        2027, 3, 3, 8, tzinfo=UTC
    )
    raise_all(looked, OTHERS)
    assert ("process", "care", 1, "2026-09") not in checks(looked)
    assert administration(looked)[0].kind == "contact_confirmed"


def test_confirmed_twice_is_confirmed_once(engine):
    confirm(engine, "care", by="care", now=NOW)
    before = everything(engine)
    assert confirm(engine, "care", by="care", now=NOW) == ASKED
    assert everything(engine) == before


def test_a_contact_is_confirmed_by_the_number_a_message_names(engine):
    number = contact_view(engine, "care", NOW).number
    confirm(engine, str(number), by="process", now=NOW)
    assert contact_view(engine, "care", NOW).confirmed_at == NOW
    assert administration(engine)[0].data == {"contact": "care"}


def test_the_municipality_says_for_how_long_a_contact_holds(engine):
    shorter = shipped("default").replace(
        'case.contact_unchecked = "6 months"', 'case.contact_unchecked = "4 weeks"'
    )
    a_policy(engine, shorter, TOWN)
    raise_due(engine, NOW)
    assert contact_view(engine, "care", NOW).check_at == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_with_a_policy_of_a_day_nobody_is_asked_twice_in_a_month(engine):
    daily = shipped("default").replace(
        'case.contact_unchecked = "6 months"', 'case.contact_unchecked = "1 day"'
    )
    a_policy(engine, daily, TOWN)
    for n in range(25):
        raise_all(engine, NOW + n * DAY)
        confirm(engine, "care", by="care", now=NOW + n * DAY + A_MOMENT)
    assert [who for who, _, rung, _ in checks(engine) if rung == 0].count("care") == 1
    assert next_due(engine) > NOW + 24 * DAY


def test_after_years_without_a_watch_each_is_asked_once_and_the_watch_comes_to_rest(looked):
    late = NOW + 1000 * DAY
    assert raise_all(looked, late) == 6
    assert next_due(looked) > late


def test_two_watchers_at_once_ask_once(looked):
    at_once(*[lambda: raise_all(looked, ASKED)] * 2)
    raise_all(looked, ASKED)
    assert len(checks(looked)) == len(set(checks(looked))) == 6


def test_it_is_about_no_case(looked, in_signal):
    late = ASKED + 400 * DAY
    take_stock(looked, in_signal, "signal", late)
    raise_due(looked, late, case_key=in_signal)
    assert checks(looked) == []


def test_a_contact_added_anew_need_not_be_asked_soon(engine):
    new = NewContact(key="nieuw", organisation=f"zorg-{TOWN}", name="Voorbeeld Nieuw",
                     function="care_worker", address="nieuw@voorbeeld.example")  # fmt: skip
    add_contact(engine, new, NOW + DAY)
    got = contact_view(engine, "nieuw", NOW + DAY)
    assert (got.confirmed_at, got.check_at) == (NOW + DAY, ASKED + DAY)


def test_the_message_names_a_number_and_no_person_and_goes_to_the_contact_though_absent(looked):
    a_contact(looked, "care", "care_worker", organisation=f"zorg-{TOWN}", deputy="jurist")
    away(looked, "care", since=ASKED - DAY, by="care", now=ASKED - DAY)
    raise_all(looked, ASKED)
    sent = {one.address.partition("@")[0]: one for one in claim(looked, ASKED, 50)}
    mine = sent["care"]
    number = contact_view(looked, "care", NOW).number
    assert (mine.case_key, mine.lead, mine.due_at, mine.statutory) == (None, "checkup", None, False)
    assert mine.asks == notice_asks("contact_check", f"{number}:2026-09")
    assert f"nummer {number}" in mine.asks.nl
    assert len(sent) == 6


def test_a_check_is_listed_and_acknowledged_as_any_notice_and_that_confirms_nothing(looked):
    raise_all(looked, ASKED)
    shown = alert_list(looked)[0]
    assert (shown.case_key, shown.notice, shown.due_on) == (None, "contact_check", None)
    assert acknowledge(looked, shown.number, by=shown.recipient, now=ASKED) == "seen"
    assert raise_all(looked, OTHERS) >= 5


def test_a_check_has_no_last_day():
    assert due_of("contact_check", "12:2026-09") is None


# --- leaving -------------------------------------------------------------------------------------


def test_who_holds_a_role_can_not_leave_and_is_told_how(engine, in_signal):
    unchanged(engine, NotAllowed, f"{in_signal}; pass on .*: estafette handover pass-on director",
              lambda: leave(engine, "director", by="process", now=NOW))  # fmt: skip


def test_who_left_is_chosen_for_nothing_and_asked_no_more(looked):
    leave(looked, "care", by="process", now=NOW)
    assert "care" not in [key for key, *_ in contacts(looked)]
    with reading(looked) as session, pytest.raises(NotAllowed, match="care left; choose"):
        refuse_unreachable(session, contact(session, "care"), NOW)
    unchanged(looked, NotAllowed, "left and can not stand in", lambda: a_contact(
        looked, "nieuw", "case_worker", deputy="care"))  # fmt: skip
    unchanged(looked, NotAllowed, "add who is back", lambda: confirm(
        looked, "care", by="process", now=NOW))  # fmt: skip
    unchanged(looked, NotAllowed, "left", lambda: away(
        looked, "care", since=NOW, by="process", now=NOW))  # fmt: skip
    raise_all(looked, ASKED)
    assert "care" not in [who for who, *_ in checks(looked)]


def test_a_director_who_left_gets_no_new_case_and_a_role_is_not_offered_to_who_left(
    engine, in_signal
):
    a_contact(engine, "second", "case_director")
    leave(engine, "second", by="process", now=NOW)
    new = receive_signal(engine, a_signal(address="Elders 2"), NOW).case_key
    leave(engine, "care", by="process", now=NOW)
    assert contact_view(engine, "director", NOW).roles == 2
    unchanged(engine, NotAllowed, "care left", lambda: offer(
        engine, new, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW))  # fmt: skip


def test_leaving_and_accepting_at_once_never_leave_a_role_with_who_left(engine, in_signal):
    made = offer(engine, in_signal, role=Role.CARE, to="care", by="director", now=NOW,
                 packet=Packet.model_validate(PACKET))  # fmt: skip
    read_back = "Ik bezoek hen deze week thuis en bel vrijdag."
    got = at_once(
        lambda: leave(engine, "care", by="process", now=NOW),
        lambda: accept(engine, made.id, by="care", read_back=read_back, now=NOW),
    )
    assert len([one for one in got if isinstance(one, NotAllowed)]) == 1
    view = contact_view(engine, "care", NOW)
    assert (view.left_at is None) == (view.roles == 1)


def test_left_twice_is_left_once(engine):
    leave(engine, "care", by="process", now=NOW)
    before = everything(engine)
    leave(engine, "care", by="process", now=NOW + DAY)
    assert everything(engine) == before
    assert administration(engine)[0].data == {"contact": "care"}


def test_nobody_unknown_leaves_or_is_confirmed(engine):
    unchanged(engine, NotFound, "nobody", lambda: leave(engine, "nobody", by="process", now=NOW))
    unchanged(engine, NotFound, "nobody", lambda: confirm(engine, "nobody", by="process", now=NOW))
    unchanged(engine, NotFound, "nobody", lambda: leave(engine, "care", by="nobody", now=NOW))


def test_what_was_offered_to_who_leaves_is_with_the_deputy(engine, in_signal):
    a_contact(engine, "wijkteam", "care_worker", deputy="care")
    offer(engine, in_signal, role=Role.CARE, to="wijkteam", by="director", now=NOW,
          packet=Packet.model_validate(PACKET))  # fmt: skip
    leave(engine, "wijkteam", by="process", now=NOW + DAY)
    assert [(a.recipient, a.lead) for a in alert_list(engine)] == [("care", "offered")]


def test_who_had_left_is_back_when_added_again(engine):
    leave(engine, "care", by="process", now=NOW)
    a_contact(engine, "care", "care_worker", organisation=f"zorg-{TOWN}")
    assert contact_view(engine, "care", NOW).left_at is None
    raise_due(engine, NOW)
    assert contact_view(engine, "care", NOW).check_at == ASKED
