"""Signed links: one handover or one request for whoever has no account, and the answers to it."""

import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from casework.absences import away, back
from casework.claiming import claim
from casework.forcing import assign
from casework.holding import held_at
from casework.link_tokens import LinkSecretError, Token, link_secret
from casework.link_views import AskView, LinkView
from casework.links import (
    BadLink,
    NotShown,
    UnclearReply,
    link_in_message,
    make_link,
    opened,
    reader,
    reply_by_link,
    request_link_in_message,
)
from casework.offering import draft, offer, revoke
from casework.packets import Packet
from casework.receiving import accept
from casework.refusals import NotAllowed, NotFound
from casework.reporting import contacted
from casework.requests import ask, withdraw
from casework.requests import reply as reply_to
from casework.words import Answer, Role
from escalation.link_replies import GONE, Reply
from notifications.wording import LINK
from tests.builders import NOW, PACKET, TOWN, a_contact, act, go
from tests.casework.looking import (
    DAY,
    at_once,
    behind_the_back,
    everything,
    kinds,
    promises,
    raise_all,
    rows,
    told,
)

SECRET, OTHER = b"voorbeeld-sleutel-nummer-een-1234", b"voorbeeld-sleutel-nummer-twee-123"
WHOLE = Packet.model_validate(PACKET)
READ_BACK = "Ik ga maandag langs en bel daarna de wijkagent over het vervolg."
LATER = NOW + DAY


@pytest.fixture
def on_offer(engine, in_signal):
    """The number of a handover that waits for somebody without an account."""
    a_contact(engine, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    return offered(engine, in_signal)


def offered(engine, case, to="buiten", **more):
    options = {"role": Role.CARE, "packet": WHOLE, "by": "director", "now": NOW, **more}
    return offer(engine, case, to=to, **options).id


def a_link(engine, number, by="director"):
    return make_link(engine, number, by=by, secret=SECRET, now=NOW)


def seen(engine, token, secret=SECRET, now=LATER):
    return opened(engine, token, secret=secret, now=now)


def replied(engine, token, reply, words, now=LATER, secret=SECRET):
    """A reply by whoever the link is for, who has shown who they are."""
    read = Token.read(token)
    return reply_by_link(engine, token, reply=reply, words=words, secret=secret, now=now,
                         shown=read.contact if read else None)  # fmt: skip


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def opens_nothing(engine, token, **more):
    for call in (
        lambda: seen(engine, token, **more),
        lambda: replied(engine, token, "accept", READ_BACK, **more),
        lambda: replied(engine, token, "refuse", "vol", **more),
    ):
        unchanged(engine, BadLink, f"^{re.escape(GONE.en)}$", call)


# --- what it shows -------------------------------------------------------------------------------


def test_a_link_shows_the_packet_who_asks_and_by_when(engine, in_signal, on_offer):
    view = seen(engine, a_link(engine, on_offer))
    assert dict(view.packet) == PACKET
    assert (view.case_key, view.role, view.sender) == (
        in_signal, "care_lead", "Gemeente Voorbeeldstad",
    )  # fmt: skip
    assert (str(view.due.on), view.due.exact, view.assigned) == ("2026-03-09", False, False)
    assert (view.read_back, view.owed) == (None, ())
    assert all(asks.nl.endswith("?") and isinstance(day, date) for asks, day in view.actions)
    assert view.actions


def test_a_link_shows_nothing_else_of_the_case(engine, in_signal, on_offer):
    view = seen(engine, a_link(engine, on_offer))
    assert {f.name for f in fields(LinkView)} == {
        "case_key", "role", "sender", "assigned", "call_asked", "due", "packet", "actions",
        "read_back", "owed",
    }  # fmt: skip
    assert not re.search("Voorbeeldstraat|voorbeeld.example|Voorbeeld Director", str(view))


def test_an_urgent_offer_shows_the_time(engine, in_signal, on_offer):
    revoke(engine, on_offer, by="director", now=NOW)
    urgent = WHOLE.model_copy(update={"severity": "urgent"})
    view = seen(engine, a_link(engine, offered(engine, in_signal, packet=urgent)), now=NOW)
    assert view.due.exact
    assert view.due.at > NOW


def test_opening_a_link_changes_nothing(engine, on_offer):
    token = a_link(engine, on_offer)
    before = everything(engine)
    assert seen(engine, token) == seen(engine, token)
    assert everything(engine) == before


def test_no_mail_program_breaks_a_link(engine, on_offer):
    token = a_link(engine, on_offer)
    assert re.fullmatch(LINK, f"https://voorbeeld.example/o/{token}")
    assert token[-1].isalnum()


# --- replying ------------------------------------------------------------------------------------


def test_accepting_by_link_is_accepting_with_a_read_back(engine, in_signal, on_offer):
    token = a_link(engine, on_offer)
    assert replied(engine, token, "accept", f"  {READ_BACK}\n") is Reply.ACCEPT
    (row,) = rows(engine, "handovers")
    assert (row["state"], row["read_back"], row["answered_by"]) == (
        "accepted", READ_BACK, "buiten",
    )  # fmt: skip
    assert held_at(engine, in_signal, Role.CARE, LATER) == "buiten"
    assert {"warm_contact", "report_back"} <= promises(engine, in_signal).keys()


def test_refusing_by_link_needs_a_reason_and_goes_back(engine, in_signal, on_offer):
    token = a_link(engine, on_offer)
    unchanged(engine, UnclearReply, "why you do not", lambda: replied(engine, token, "refuse", " "))
    assert replied(engine, token, "refuse", "geen plek") is Reply.REFUSE
    assert rows(engine, "handovers")[0]["reason"] == "geen plek"
    assert ("director", "refused") in told(engine, in_signal)
    assert held_at(engine, in_signal, Role.CARE, LATER) is None
    opens_nothing_more(engine, token)


def opens_nothing_more(engine, token):
    unchanged(engine, BadLink, "does not work", lambda: seen(engine, token))
    unchanged(engine, BadLink, "does not work", lambda: replied(engine, token, "refuse", "anders"))


def test_asking_to_be_called_leaves_the_link_as_it_is(engine, in_signal, on_offer):
    token = a_link(engine, on_offer)
    assert replied(engine, token, "call", "06 in de ochtend") is Reply.CALL
    assert rows(engine, "handovers")[0]["call"] == "06 in de ochtend"
    assert ("director", "call") in told(engine, in_signal)
    assert "call_back" in promises(engine, in_signal)
    assert seen(engine, token).call_asked
    assert replied(engine, token, "accept", READ_BACK) is Reply.ACCEPT


@pytest.mark.parametrize(
    ("reply", "words"), [("accept", READ_BACK), ("refuse", "vol"), ("call", "morgen")]
)
def test_the_same_reply_again_is_given_once(engine, on_offer, reply, words):
    token = a_link(engine, on_offer)
    replied(engine, token, reply, words)
    before = everything(engine)
    assert replied(engine, token, reply, words, LATER + DAY) == reply
    assert everything(engine) == before


def test_two_replies_at_once_one_wins_and_the_other_is_told(engine, on_offer):
    token = a_link(engine, on_offer)
    got = at_once(
        lambda: replied(engine, token, "accept", READ_BACK),
        lambda: replied(engine, token, "refuse", "vol"),
    )
    assert len([g for g in got if isinstance(g, Reply)]) == 1
    assert len([g for g in got if isinstance(g, NotAllowed | BadLink)]) == 1
    assert (
        rows(engine, "handovers")[0]["state"]
        == {"accept": "accepted", "refuse": "refused"}[next(g for g in got if isinstance(g, Reply))]
    )


@pytest.mark.parametrize(
    ("reply", "words", "match"),
    [
        ("accept", "", "at least 5 different"),
        ("accept", "ja ja ja ja ja ja", "at least 5 different"),
        ("accept", f"{PACKET['summary']} {PACKET['if_then']}", "own words"),
        ("accept", "woord " * 700, "shorter than 4000"),
        ("refuse", "x" * 1001, "shorter than 1000"),
        ("call", " \n ", "how and when"),
        ("call", "x" * 1001, "shorter than 1000"),
        ("delete", "alles", "Choose what you want"),
        ("", "", "Choose what you want"),
    ],
)
def test_an_unclear_reply_is_refused_in_both_languages(engine, on_offer, reply, words, match):
    token = a_link(engine, on_offer)
    before = everything(engine)
    with pytest.raises(UnclearReply, match=match) as refused:
        replied(engine, token, reply, words)
    assert refused.value.text.nl != refused.value.text.en
    assert everything(engine) == before


def test_what_was_assigned_is_read_back_by_link_and_not_refused(engine, in_signal, on_offer):
    made = assign(engine, in_signal, role=Role.CARE, to="buiten", by="process", because="nodig",
                  now=NOW)  # fmt: skip
    token = a_link(engine, made.id, by="process")
    assert seen(engine, token).assigned
    unchanged(engine, UnclearReply, "assigned to you",
              lambda: replied(engine, token, "refuse", "vol"))  # fmt: skip
    assert replied(engine, token, "accept", READ_BACK) is Reply.ACCEPT
    assert [row["state"] for row in rows(engine, "handovers")] == ["revoked", "accepted"]


# --- who replies ---------------------------------------------------------------------------------


def test_nothing_is_replied_by_whom_has_not_shown_to_be_the_one_it_is_for(engine, on_offer):
    token = a_link(engine, on_offer)
    others = [row["id"] for row in rows(engine, "contacts") if row["key"] != "buiten"]
    for shown in (None, 0, *others):
        for reply, words in (("accept", READ_BACK), ("refuse", "vol"), ("call", "06")):
            unchanged(engine, NotShown, "show that it is you",
                      lambda s=shown, r=reply, w=words: reply_by_link(
                          engine, token, reply=r, words=w, shown=s, secret=SECRET, now=LATER,
                      ))  # fmt: skip


def test_what_a_reply_lacks_is_told_before_anybody_has_shown_who_they_are(engine, on_offer):
    token = a_link(engine, on_offer)
    unchanged(engine, UnclearReply, "why you do not", lambda: reply_by_link(
        engine, token, reply="refuse", words="", shown=None, secret=SECRET, now=LATER,
    ))  # fmt: skip


def test_a_reply_that_was_given_is_given_once_also_when_nobody_shows_who_they_are(engine, on_offer):
    token = a_link(engine, on_offer)
    replied(engine, token, "refuse", "vol")
    before = everything(engine)
    again = reply_by_link(
        engine, token, reply="refuse", words="vol", shown=None, secret=SECRET, now=LATER
    )
    assert (again, everything(engine)) == (Reply.REFUSE, before)


def test_a_link_says_whom_it_is_for_while_it_holds(engine, on_offer):
    token = a_link(engine, on_offer)
    number = next(row["id"] for row in rows(engine, "contacts") if row["key"] == "buiten")
    assert reader(engine, token, secret=SECRET, now=LATER) == number
    replied(engine, token, "refuse", "vol")
    unchanged(engine, BadLink, "does not work",
              lambda: reader(engine, token, secret=SECRET, now=LATER))  # fmt: skip


# --- what makes it void --------------------------------------------------------------------------


def test_a_link_that_was_changed_or_is_foreign_opens_nothing(engine, in_signal, on_offer):
    token = a_link(engine, on_offer)
    number, contact, seal = token.split(".")
    others = [row["id"] for row in rows(engine, "contacts") if str(row["id"]) != contact]
    changed = [f"{number}.{other}.{seal}" for other in others] + [
        f"h2.{contact}.{seal}", f"h٣.{contact}.{seal}", f"h{'9' * 30}.1.{seal}",
        f"r1.{contact}.{seal}", f"1.{contact}.{seal}", f"H1.{contact}.{seal}",
        f"{number}.{contact}.{seal[:-1]}", f"{number}.{contact}.{seal.swapcase()}",
        f"{number}.{contact}.{'A' * 43}", f"{number}.{contact}.{'é' * 43}",
        f"{number}.{contact}.", f"{number}.{contact}", f"0{token}", f"-{token}", f"{token}=",
        f"{token}\n", f" {token}", f"{token}\0", "", ".", "..", "None", "../a", "x" * 100_000,
    ]  # fmt: skip
    for wrong in changed:
        opens_nothing(engine, wrong)
    opens_nothing(engine, token, secret=OTHER)
    assert seen(engine, token)


def test_the_link_of_one_handover_opens_no_other(engine, in_signal, on_offer):
    first = a_link(engine, on_offer)
    second = offered(engine, in_signal, role=Role.ENFORCEMENT)
    link_in_message(engine, second, to="buiten", secret=SECRET, now=NOW)
    _, contact, seal = first.split(".")
    opens_nothing(engine, f"h{second}.{contact}.{seal}")


def test_a_new_link_makes_the_old_one_void(engine, on_offer):
    old, new = a_link(engine, on_offer), a_link(engine, on_offer)
    assert old != new
    opens_nothing(engine, old)
    assert seen(engine, new)


def test_a_link_dies_when_the_offer_is_taken_back(engine, on_offer):
    token = a_link(engine, on_offer)
    revoke(engine, on_offer, by="director", now=NOW)
    opens_nothing(engine, token)


def test_a_link_dies_when_the_offer_runs_out(engine, on_offer):
    token = a_link(engine, on_offer)
    raise_all(engine, NOW + 30 * DAY)
    assert rows(engine, "handovers")[0]["state"] == "expired"
    opens_nothing(engine, token, now=NOW + 30 * DAY)


def test_a_handover_whose_mark_is_gone_opens_nothing(engine, on_offer):
    token = a_link(engine, on_offer)
    behind_the_back(engine, "UPDATE handovers SET link = NULL")
    opens_nothing(engine, token)


# --- who gets one --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["director", "process"])
def test_the_sender_and_the_process_director_make_links(engine, in_signal, on_offer, by):
    assert seen(engine, a_link(engine, on_offer, by=by))
    assert kinds(engine, in_signal)[-1] == "link_made"


@pytest.mark.parametrize("by", ["jurist", "care", "buiten"])
def test_nobody_else_makes_links(engine, on_offer, by):
    unchanged(engine, NotAllowed, f"{by} is neither", lambda: a_link(engine, on_offer, by=by))


def test_whoever_has_an_account_gets_no_link(engine, in_signal):
    number = offered(engine, in_signal, to="care")
    unchanged(engine, NotAllowed, f"estafette handover accept {number}",
              lambda: a_link(engine, number))  # fmt: skip


def test_a_handover_that_waits_for_nobody_gets_no_link(engine, in_signal, on_offer):
    revoke(engine, on_offer, by="director", now=NOW)
    unchanged(engine, NotAllowed, "it is revoked", lambda: a_link(engine, on_offer))
    kept = draft(engine, in_signal, role=Role.CARE, to="buiten", packet=WHOLE, by="director",
                 now=NOW)  # fmt: skip
    unchanged(engine, NotAllowed, "it is draft", lambda: a_link(engine, kept.id))
    unchanged(engine, NotFound, "no handover 77", lambda: a_link(engine, 77))


def test_an_organisation_without_account_answers_by_its_contact(engine, in_signal, on_offer):
    revoke(engine, on_offer, by="director", now=NOW)
    a_contact(engine, "vast", "care_worker", organisation=f"zorg-{TOWN}", account=False, fixed=True)
    token = a_link(engine, offered(engine, in_signal, to=f"zorg-{TOWN}"))
    replied(engine, token, "accept", READ_BACK)
    assert held_at(engine, in_signal, Role.CARE, LATER) == "vast"


def test_a_deputy_has_a_link_of_their_own_while_the_receiver_is_away(engine, in_signal, on_offer):
    a_contact(engine, "invaller", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    a_contact(engine, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False,
              deputy="invaller")  # fmt: skip
    assert in_message(engine, on_offer, to="invaller") is None
    away(engine, "buiten", since=NOW, by="buiten", now=NOW)
    token = in_message(engine, on_offer, to="invaller")
    assert seen(engine, token)
    back(engine, "buiten", by="buiten", now=LATER)
    opens_nothing(engine, token)
    away(engine, "buiten", since=LATER, by="buiten", now=LATER)
    replied(engine, token, "accept", READ_BACK)
    assert held_at(engine, in_signal, Role.CARE, LATER) == "invaller"


# --- in messages ---------------------------------------------------------------------------------


def in_message(engine, number, to="buiten"):
    return link_in_message(engine, number, to=to, secret=SECRET, now=NOW)


def test_every_message_carries_the_same_link(engine, on_offer):
    first = in_message(engine, on_offer)
    assert in_message(engine, on_offer) == first
    made = a_link(engine, on_offer)
    assert in_message(engine, on_offer) == made
    opens_nothing(engine, first)


def test_sending_a_link_makes_no_page_stale(engine, in_signal, on_offer):
    before = rows(engine, "cases"), kinds(engine, in_signal)
    in_message(engine, on_offer)
    assert (rows(engine, "cases"), kinds(engine, in_signal)) == before


def test_two_messages_at_once_carry_the_same_link(engine, on_offer):
    got = at_once(*[lambda: in_message(engine, on_offer)] * 2)
    assert got[0] == got[1]


def test_a_message_to_whoever_can_not_answer_carries_none(engine, on_offer):
    a_contact(engine, "vreemd", "care_worker", account=False)
    for to in ("vreemd", "care", "director"):
        assert in_message(engine, on_offer, to=to) is None
    revoke(engine, on_offer, by="director", now=NOW)
    assert in_message(engine, on_offer) is None


def test_a_claimed_alert_says_whether_its_recipient_needs_a_link(engine, on_offer):
    (alert,) = claim(engine, NOW)
    assert (alert.recipient, alert.account, alert.handover) == ("buiten", False, on_offer)


def test_a_reminder_of_the_term_is_about_the_handover_too(engine, on_offer):
    claim(engine, NOW)
    raise_all(engine, NOW + 7 * DAY)
    alerts = [a for a in claim(engine, NOW + 7 * DAY) if a.recipient == "buiten"]
    assert {a.handover for a in alerts} == {on_offer}


def test_neither_token_nor_mark_reaches_journal_or_outbox(engine, on_offer):
    token = a_link(engine, on_offer)
    mark = rows(engine, "handovers")[0]["link"]
    claim(engine, NOW)
    everywhere = {name: str(found) for name, found in everything(engine).items()}
    assert [name for name, text in everywhere.items() if mark in text] == ["handovers"]
    assert not [name for name, text in everywhere.items() if token.split(".")[2] in text]


# --- after it was taken over ---------------------------------------------------------------------


@pytest.fixture
def taken(engine, on_offer) -> str:
    """The link of a handover that its receiver has accepted by it."""
    token = in_message(engine, on_offer)
    replied(engine, token, "accept", READ_BACK)
    return token


def test_the_same_link_then_shows_the_read_back_and_what_is_owed_by_when(engine, taken):
    view = seen(engine, taken)
    assert (dict(view.packet), view.read_back, view.due) == (PACKET, READ_BACK, None)
    assert [(term.promise, str(term.on)) for term in view.owed] == [
        ("warm_contact", "2026-03-17"), ("report_back", "2026-03-17"),
    ]  # fmt: skip


def test_both_promises_are_kept_by_link_and_then_it_dies(engine, in_signal, taken, on_offer):
    assert replied(engine, taken, "spoke", "") is Reply.SPOKE
    assert [term.promise for term in seen(engine, taken).owed] == ["report_back"]
    assert rows(engine, "handovers")[0]["state"] == "contacted"
    assert replied(engine, taken, "report_done", "Het gaat goed.") is Reply.REPORT_DONE
    (row,) = rows(engine, "handovers")
    assert (row["state"], row["report"]) == ("closed", "Het gaat goed.")
    assert told(engine, in_signal)[-2:] == [("director", "contacted"), ("director", "reported")]
    opens_nothing_more(engine, taken)


def test_reporting_back_first_leaves_the_warm_contact(engine, taken):
    replied(engine, taken, "report_done", "Het gaat goed.")
    assert rows(engine, "handovers")[0]["state"] == "reported"
    assert [term.promise for term in seen(engine, taken).owed] == ["warm_contact"]


@pytest.mark.parametrize(
    ("reply", "promise", "given"),
    [
        ("not_spoken", "warm_contact", "not_done"),
        ("report_not_done", "report_back", "not_done"),
        ("report_cannot_share", "report_back", "cannot_share"),
    ],
)
def test_a_no_by_link_is_an_answer_with_its_reason(engine, in_signal, taken, reply, promise, given):
    unchanged(engine, UnclearReply, "^Write ", lambda: replied(engine, taken, reply, " \n"))
    replied(engine, taken, reply, "omdat het niet kan")
    (row,) = rows(engine, "checkpoints", f"key = '{promise}'")
    assert (row["answer"], row["reason"], row["answered_by"]) == (
        given, "omdat het niet kan", "buiten",
    )  # fmt: skip
    assert [term.promise for term in seen(engine, taken).owed] == [
        other for other in ("warm_contact", "report_back") if other != promise
    ]


@pytest.mark.parametrize(
    ("reply", "words", "match"),
    [
        ("not_spoken", "x" * 1001, "shorter than 1000"),
        ("report_done", "", "how things go"),
        ("report_done", "x" * 4001, "shorter than 4000"),
        ("accept", "Iets heel anders dan wat er eerst stond.", "answered already"),
        ("refuse", "toch niet", "answered already"),
        ("call", "bel mij", "answered already"),
        ("answer_done", "gedaan", "Choose what you want"),
        ("weg", "", "Choose what you want"),
    ],
)
def test_an_unclear_reply_after_it_was_taken_over_is_refused(engine, taken, reply, words, match):
    unchanged(engine, UnclearReply, match, lambda: replied(engine, taken, reply, words))


def test_what_is_owed_after_an_offer_is_no_answer_to_it(engine, on_offer):
    token = a_link(engine, on_offer)
    for reply in ("spoke", "not_spoken", "report_done", "answer_done"):
        unchanged(engine, UnclearReply, "Choose", lambda r=reply: replied(engine, token, r, "ja"))


def test_what_the_sender_said_already_is_not_asked_by_link(engine, taken, on_offer):
    contacted(engine, on_offer, by="director", now=LATER)
    assert [term.promise for term in seen(engine, taken).owed] == ["report_back"]
    unchanged(engine, UnclearReply, "answered already", lambda: replied(engine, taken, "spoke", ""))


@pytest.mark.parametrize(
    ("reply", "words"),
    [("accept", READ_BACK), ("spoke", ""), ("not_spoken", "ziek"), ("report_done", "goed"),
     ("report_cannot_share", "geheim")],
)  # fmt: skip
def test_the_same_word_again_is_given_once_also_when_it_ended_the_link(engine, taken, reply, words):
    first = {"spoke": "report_done", "not_spoken": "report_done"}.get(reply, "spoke")
    if reply != "accept":
        replied(engine, taken, first, "ja")
    replied(engine, taken, reply, words)
    before = everything(engine)
    assert replied(engine, taken, reply, words, LATER + DAY) == reply
    assert everything(engine) == before


def test_two_reports_at_once_one_stands(engine, taken):
    got = at_once(
        lambda: replied(engine, taken, "report_done", "het gaat goed"),
        lambda: replied(engine, taken, "report_cannot_share", "geheim"),
    )
    assert len([g for g in got if isinstance(g, Reply)]) == 1
    assert len([g for g in got if isinstance(g, NotAllowed)]) == 1
    assert rows(engine, "handovers")[0]["report"] in {"het gaat goed", "geheim"}


def test_what_is_owed_dies_with_the_case(engine, in_signal, taken):
    act(engine, in_signal, "reporter_informed", LATER)
    go(engine, in_signal, "unfounded", LATER)
    assert rows(engine, "handovers")[0]["state"] == "closed"
    opens_nothing_more(engine, taken)


def test_a_new_link_for_what_is_owed_makes_the_old_one_void(engine, in_signal, taken, on_offer):
    new = a_link(engine, on_offer)
    opens_nothing_more(engine, taken)
    assert seen(engine, new).read_back == READ_BACK
    assert kinds(engine, in_signal)[-1] == "link_made"


def test_no_link_is_made_when_nothing_is_owed_or_the_taker_has_an_account(
    engine, in_signal, taken, on_offer
):
    replied(engine, taken, "spoke", "")
    replied(engine, taken, "report_done", "goed")
    unchanged(engine, NotAllowed, "it is closed", lambda: a_link(engine, on_offer))
    number = offered(engine, in_signal, to="jurist", role=Role.ENFORCEMENT)
    accept(engine, number, by="jurist", read_back=READ_BACK, now=LATER)
    unchanged(engine, NotAllowed, f"estafette handover report {number}",
              lambda: a_link(engine, number))  # fmt: skip


def test_reminders_of_what_is_owed_carry_the_link_for_the_taker_only(engine, taken, on_offer):
    a_contact(engine, "collega", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    for to in ("collega", "care", "director"):
        assert in_message(engine, on_offer, to=to) is None
    assert in_message(engine, on_offer) == taken
    claim(engine, LATER)
    raise_all(engine, LATER + 30 * DAY)
    alerts = [a for a in claim(engine, LATER + 30 * DAY, 200) if a.recipient == "buiten"]
    assert len([a for a in alerts if a.handover == on_offer]) >= 2


def test_a_colleague_of_the_organisation_loses_the_link_when_another_took_over(
    engine, in_signal, on_offer
):
    revoke(engine, on_offer, by="director", now=NOW)
    a_contact(engine, "vast", "care_worker", organisation=f"zorg-{TOWN}", account=False, fixed=True)
    number = offered(engine, in_signal, to=f"zorg-{TOWN}")
    theirs, own = in_message(engine, number), in_message(engine, number, to="vast")
    replied(engine, own, "accept", READ_BACK)
    opens_nothing(engine, theirs)
    assert seen(engine, own).read_back == READ_BACK


def test_who_stands_in_reports_back_by_a_link_of_their_own(engine, taken, on_offer):
    a_contact(engine, "invaller", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    a_contact(engine, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False,
              deputy="invaller")  # fmt: skip
    assert in_message(engine, on_offer, to="invaller") is None
    away(engine, "buiten", since=NOW, by="buiten", now=NOW)
    token = in_message(engine, on_offer, to="invaller")
    replied(engine, token, "report_done", "het gaat goed")
    back(engine, "buiten", by="buiten", now=LATER)
    opens_nothing_more(engine, token)
    assert [term.promise for term in seen(engine, taken).owed] == ["warm_contact"]


# --- a request -----------------------------------------------------------------------------------

ASK = "Kunt u deze week langsgaan?"


@pytest.fixture
def asked(engine, in_signal) -> int:
    """The number of a request to somebody without an account."""
    a_contact(engine, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    return ask(engine, in_signal, to="buiten", what=ASK, by="director", now=NOW).id


def ask_link(engine, number, to="buiten", now=NOW):
    return request_link_in_message(engine, number, to=to, secret=SECRET, now=now)


def test_the_link_of_a_request_shows_only_the_ask_from_whom_and_by_when(engine, in_signal, asked):
    view = seen(engine, ask_link(engine, asked))
    assert isinstance(view, AskView)
    assert (view.case_key, view.asker, view.ask, str(view.due.on)) == (
        in_signal, "Gemeente Voorbeeldstad", ASK, "2026-03-09",
    )  # fmt: skip
    assert {f.name for f in fields(AskView)} == {"case_key", "asker", "ask", "due"}
    assert not re.search("Voorbeeldstraat|voorbeeld.example|Voorbeeld Director", str(view))


def test_making_and_opening_the_link_of_a_request_changes_nothing(engine, asked):
    before = everything(engine)
    token = ask_link(engine, asked)
    assert ask_link(engine, asked, now=LATER) == token
    assert seen(engine, token) == seen(engine, token)
    assert everything(engine) == before
    assert re.fullmatch(LINK, f"https://voorbeeld.example/o/{token}")


@pytest.mark.parametrize("given", ["done", "not_done", "cannot_share"])
def test_a_request_is_answered_by_link_with_a_reason(engine, in_signal, asked, given):
    token = ask_link(engine, asked)
    for words, match in ((" ", "Write what you did"), ("x" * 1001, "shorter than 1000")):
        unchanged(engine, UnclearReply, match,
                  lambda w=words: replied(engine, token, f"answer_{given}", w))  # fmt: skip
    replied(engine, token, f"answer_{given}", " zo zit het ")
    (row,) = rows(engine, "requests")
    assert (row["state"], row["answer"], row["reason"], row["closed_by"]) == (
        "answered", given, "zo zit het", "buiten",
    )  # fmt: skip
    assert ("director", "answered") in told(engine, in_signal)
    before = everything(engine)
    assert replied(engine, token, f"answer_{given}", "zo zit het") == f"answer_{given}"
    assert everything(engine) == before
    opens_nothing_more(engine, token)


def test_a_request_takes_no_answer_to_a_handover(engine, asked):
    token = ask_link(engine, asked)
    for reply in ("accept", "refuse", "spoke", "report_done", "", "weg"):
        unchanged(engine, UnclearReply, "Choose", lambda r=reply: replied(engine, token, r, "ja"))


def test_the_link_of_a_request_dies_when_it_is_withdrawn_or_answered_elsewhere(
    engine, in_signal, asked
):
    token = ask_link(engine, asked)
    withdraw(engine, asked, by="director", reason="niet meer nodig", now=LATER)
    opens_nothing_more(engine, token)
    other = ask(engine, in_signal, to="buiten", what="Iets anders?", by="director", now=NOW).id
    second = ask_link(engine, other)
    reply_to(engine, other, given=Answer.DONE, reason="gebeld", by="care", now=LATER)
    opens_nothing_more(engine, second)
    assert ask_link(engine, asked) is ask_link(engine, other) is None


def test_the_link_of_a_request_that_was_changed_or_is_of_another_opens_nothing(
    engine, in_signal, asked
):
    token = ask_link(engine, asked)
    same = offered(engine, in_signal)
    other = ask(engine, in_signal, to="buiten", what="Iets anders?", by="director", now=NOW).id
    _, contact, seal = token.split(".")
    for wrong in (f"r{other}.{contact}.{seal}", f"h{same}.{contact}.{seal}", f"r9.{contact}.{seal}",
                  f"r{asked}.1.{seal}", token.swapcase()):  # fmt: skip
        opens_nothing(engine, wrong)
    opens_nothing(engine, token, secret=OTHER)
    assert seen(engine, token)


def test_only_who_can_answer_a_request_and_has_no_account_gets_its_link(engine, asked):
    a_contact(engine, "vreemd", "jurist", account=False)
    a_contact(engine, "collega", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    for to in ("vreemd", "care", "director"):
        assert ask_link(engine, asked, to=to) is None
    token = ask_link(engine, asked, to="collega")
    assert token != ask_link(engine, asked)
    replied(engine, token, "answer_done", "geregeld")
    assert rows(engine, "requests")[0]["closed_by"] == "collega"


def test_messages_about_a_request_say_which_one(engine, asked):
    (news,) = claim(engine, NOW)
    assert (news.recipient, news.account, news.request) == ("buiten", False, asked)
    raise_all(engine, NOW + 7 * DAY)
    rungs = [a for a in claim(engine, NOW + 7 * DAY, 200) if a.recipient == "buiten"]
    assert {(a.handover, a.request) for a in rungs} == {(None, asked)}


# --- the secret ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path / "new" / "data"))
    return tmp_path / "new" / "data"


def test_the_secret_is_made_at_first_use_for_us_alone(folder):
    first = link_secret()
    assert len(first) >= 32
    assert link_secret() == first
    (file,) = folder.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("link.key", 0o600)


def test_two_who_make_the_secret_at_once_find_the_same(folder):
    assert len(set(at_once(*[link_secret] * 4))) == 1
    assert [file.name for file in folder.iterdir()] == ["link.key"]


def test_a_secret_of_the_operator_goes_first_and_makes_no_file(folder, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_LINK_SECRET", SECRET.decode())
    assert link_secret() == SECRET
    assert not folder.exists()


def test_a_secret_that_is_too_short_is_refused_and_not_shown(folder, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_LINK_SECRET", "kanarie")
    with pytest.raises(LinkSecretError, match="ESTAFETTE_LINK_SECRET is too short") as refused:
        link_secret()
    assert "kanarie" not in str(refused.value)
    monkeypatch.delenv("ESTAFETTE_LINK_SECRET")
    folder.mkdir(parents=True)
    (folder / "link.key").write_text("\n")
    with pytest.raises(LinkSecretError, match=re.escape("link.key is too short")):
        link_secret()


# --- whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize("since", [{"account": True}, {"organisation": f"gemeente-{TOWN}"}])
def test_a_link_dies_when_its_reader_gets_an_account_or_goes_elsewhere(
    engine, in_signal, on_offer, since
):
    token, number = a_link(engine, on_offer), ask(
        engine, in_signal, to="buiten", what="Is er hulp?", by="director", now=NOW).id  # fmt: skip
    asked = request_link_in_message(engine, number, to="buiten", secret=SECRET, now=NOW)
    assert seen(engine, token)
    assert seen(engine, asked)
    was = {"organisation": f"zorg-{TOWN}", "account": False}
    a_contact(engine, "buiten", "care_worker", **(was | since))
    opens_nothing(engine, token)
    opens_nothing(engine, asked)


def test_a_link_made_for_the_new_place_works_where_the_old_one_does_not(
    engine, in_signal, on_offer
):
    old = a_link(engine, on_offer)
    a_contact(engine, "buiten", "care_worker", organisation=f"gemeente-{TOWN}", account=False)
    sent = link_in_message(engine, on_offer, to="buiten", secret=SECRET, now=NOW)
    assert sent != old
    assert seen(engine, sent).case_key == in_signal
    opens_nothing(engine, old)
