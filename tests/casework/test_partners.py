"""Partners: at the table while something is expected of them, asked when silent, and counted."""

from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

import pytest

from casework.alert_views import alert_list
from casework.audit import audit
from casework.forcing import assign
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.partners import partners_of, statistics
from casework.people import NewOrganisation, add_organisation
from casework.promises import answer
from casework.receiving import accept, refuse
from casework.refusals import NotAllowed, NotFound
from casework.requests import ask, reply, withdraw
from casework.words import Answer, Role
from escalation.calendars import calendars
from escalation.partner_numbers import Told, partner_numbers, percentile
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact, act, go
from tests.casework.looking import DAY, behind_the_back, kinds, promises, raise_all, rows
from tests.casework.test_silence import told_of

CARE, LANDLORD = f"zorg-{TOWN}", "verhuur"
LATER = NOW + 3 * DAY
# Twenty working days after Monday 2 March is Monday 30 March, when the clock has gone forward.
FIRST = datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
READ_BACK = "Ik neem de regie over en bel de melder voor vrijdag."


@pytest.fixture(autouse=True)
def landlord(engine):
    add_organisation(engine, NewOrganisation(
        key=LANDLORD, name="Verhuurder Voorbeeld", kind="landlord", municipality=TOWN))  # fmt: skip
    a_contact(engine, "huismeester", "housing_officer", organisation=LANDLORD)


def asked(engine, case, to="care", now=NOW, **more):
    return ask(
        engine, case, **{"to": to, "what": "Is er hulp?", "by": "director", "now": now, **more}
    )


def replied(engine, number, given=Answer.DONE, by="care", now=LATER):
    return reply(engine, number, given=given, reason="zo is het", by=by, now=now)


def leads(engine, case, to="care", now=NOW, role=Role.CARE):
    made = offer(engine, case, role=role, to=to, packet=Packet.model_validate(PACKET),
                 by="director", now=now)  # fmt: skip
    return accept(engine, made.id, by=to, read_back=READ_BACK, now=now)


def seat(engine, case, organisation=CARE):
    [found] = [view for view in partners_of(engine, case) if view.organisation == organisation]
    return found


# --- who is at the table -------------------------------------------------------------------------


def test_the_director_alone_has_no_partner(engine, in_signal):
    assert partners_of(engine, in_signal) == []
    asked(engine, in_signal, to="jurist")  # of the director's own organisation
    assert partners_of(engine, in_signal) == []


def test_who_is_asked_something_is_at_the_table_until_it_answers(engine, in_signal):
    number = asked(engine, in_signal).id
    seen = seat(engine, in_signal)
    assert (seen.expected, seen.contact, seen.since, seen.silent_at) == (True, "care", NOW, FIRST)
    replied(engine, number)
    seen = seat(engine, in_signal)
    assert (seen.expected, seen.contact, seen.silent_at) == (False, None, None)
    assert seen.heard_at == LATER


def test_who_holds_a_lead_is_at_the_table(engine, in_voluntary_care):
    leads(engine, in_voluntary_care)
    assert (seat(engine, in_voluntary_care).contact, seat(engine, in_voluntary_care).heard_at) == (
        "care", NOW,
    )  # fmt: skip
    go(engine, in_voluntary_care, "works", NOW)
    assert seat(engine, in_voluntary_care).expected


def test_who_got_a_lead_by_force_is_at_the_table(engine, in_voluntary_care):
    assign(engine, in_voluntary_care, role=Role.CARE, to="care", by="process", now=NOW,
           because="niemand anders", packet=Packet.model_validate(PACKET))  # fmt: skip
    assert seat(engine, in_voluntary_care).silent_at == FIRST


def test_withdrawing_leaves_nothing_to_expect(engine, in_signal):
    number = asked(engine, in_signal).id
    withdraw(engine, number, by="director", reason="niet nodig", now=LATER)
    assert not seat(engine, in_signal).expected
    raise_all(engine, NOW + 60 * DAY)
    assert "partner_silent" not in promises(engine, in_signal)


def test_closing_a_case_clears_its_table(engine, in_signal):
    asked(engine, in_signal)
    raise_all(engine, FIRST)
    go(engine, in_signal, "unfounded", FIRST)
    seen = seat(engine, in_signal)
    assert (seen.expected, seen.silent_at, seen.asked_about) == (False, None, False)


def test_the_table_of_an_unknown_case_is_refused(engine):
    with pytest.raises(NotFound, match="case 2026-99999"):
        partners_of(engine, "2026-99999")


def asked_of(engine, promise):
    return {
        alert.recipient: (alert.lead, alert.asks.nl, alert.waits_for)
        for alert in alert_list(engine)
        if alert.promise == promise
    }


# --- silence of a partner ------------------------------------------------------------------------


def test_a_silent_partner_is_asked_and_its_director_and_process_director_hear_so(engine, in_signal):
    asked(engine, in_signal)
    raise_all(engine, FIRST - timedelta(seconds=1))
    assert "partner_silent" not in promises(engine, in_signal)
    raise_all(engine, FIRST)
    question = promises(engine, in_signal)["partner_silent"]
    assert str(question.due_on) == "2026-03-30"
    assert set(told_of(engine, question)) == {"director", "care"}
    assert asked_of(engine, "partner_silent") == {
        "care": ("due", question.asks.nl, None),
        "director": ("due", "Een ander moet dit nog beantwoorden. Vraagt u ernaar?", "care"),
    }
    assert seat(engine, in_signal).asked_about
    raise_all(engine, FIRST + 12 * DAY)
    assert {"process", "care"} <= set(told_of(engine, question))
    assert len(rows(engine, "checkpoints", "key = 'partner_silent'")) == 1


def test_what_the_director_does_does_not_break_the_silence_of_a_partner(engine, in_signal):
    asked(engine, in_signal)
    act(engine, in_signal, "site_visited", LATER)
    assert seat(engine, in_signal).silent_at == FIRST
    raise_all(engine, FIRST)
    act(engine, in_signal, "site_visited", FIRST)
    assert "partner_silent" in promises(engine, in_signal)


def test_what_a_partner_does_is_heard(engine, in_signal):
    asked(engine, in_signal)
    raise_all(engine, FIRST)
    answer(engine, in_signal, "triaged", given=Answer.DONE, by="care", now=FIRST)
    assert "partner_silent" in promises(engine, in_signal, "lapsed")
    assert seat(engine, in_signal).heard_at == FIRST
    assert seat(engine, in_signal).silent_at > FIRST + 20 * DAY


@pytest.mark.parametrize("by", ["care", "director"])
def test_saying_how_things_stand_begins_its_silence_anew(engine, in_signal, by):
    asked(engine, in_signal)
    raise_all(engine, FIRST)
    answer(engine, in_signal, "partner_silent", given=Answer.DONE, by=by, now=FIRST)
    assert seat(engine, in_signal).silent_at > FIRST + 20 * DAY
    raise_all(engine, FIRST)
    assert "partner_silent" not in promises(engine, in_signal)
    raise_all(engine, FIRST + 40 * DAY)
    assert len(rows(engine, "checkpoints", "key = 'partner_silent'")) == 2


def test_asking_again_does_not_put_off_that_it_is_silent(engine, in_signal):
    asked(engine, in_signal)
    asked(engine, in_signal, what="En nu?", now=LATER)
    assert seat(engine, in_signal).silent_at == FIRST


def test_two_partners_are_silent_apart(engine, in_signal):
    asked(engine, in_signal)
    asked(engine, in_signal, to="huismeester", now=LATER)
    raise_all(engine, FIRST)
    assert seat(engine, in_signal).asked_about
    assert not seat(engine, in_signal, LANDLORD).asked_about
    raise_all(engine, FIRST + 7 * DAY)
    assert seat(engine, in_signal, LANDLORD).asked_about
    assert kinds(engine, in_signal).count("silence_asked") == 3  # of the case itself too


def test_when_the_lead_goes_to_somebody_else_of_the_partner_that_person_is_asked(
    engine, in_voluntary_care
):
    key = in_voluntary_care
    leads(engine, key)
    a_contact(engine, "wijkteam", "care_worker", organisation=CARE)
    raise_all(engine, FIRST)
    assign(engine, key, role=Role.CARE, to="wijkteam", by="process", because="overbelast",
           packet=Packet.model_validate(PACKET), now=FIRST)  # fmt: skip
    assert "partner_silent" in promises(engine, key, "lapsed")
    assert (seat(engine, key).contact, seat(engine, key).silent_at > FIRST) == ("wijkteam", True)


def test_a_partner_nobody_watches_is_found_by_the_audit(engine, in_signal):
    asked(engine, in_signal)
    assert not _findings(engine)
    behind_the_back(engine, "UPDATE partners SET silent_at = NULL")
    assert _findings(engine) == {"silence-unwatched"}
    behind_the_back(engine, "DELETE FROM partners")
    assert _findings(engine) == {"silence-unwatched"}


def test_a_partner_nobody_asks_is_found_by_the_audit(engine, in_signal):
    asked(engine, in_signal)
    behind_the_back(engine, "UPDATE partners SET silent_at = heard_at")
    assert _findings(engine, LATER) == {"silence-not-asked"}


def _findings(engine, now=NOW):
    found = {f.what for f in audit(engine, now).findings}
    return {what for what in found if what.startswith("silence")}


# --- numbers -------------------------------------------------------------------------------------


def counted(engine, now, **more):
    return {n.organisation: n for n in statistics(engine, now=now, **more)}


def test_the_numbers_of_a_partner_rebuild_from_the_journal_alone(engine, in_signal):
    first, second = asked(engine, in_signal).id, asked(engine, in_signal, what="En nu?").id
    third = asked(engine, in_signal, what="Nog iets?").id
    asked(engine, in_signal, what="Hallo?")
    replied(engine, first, Answer.DONE, now=NOW + timedelta(hours=2))
    replied(engine, second, Answer.CANNOT_SHARE, now=NOW + 9 * DAY)
    withdraw(engine, third, by="director", reason="niet nodig", now=LATER)
    got = counted(engine, NOW + 10 * DAY)[CARE]
    assert (got.asked, got.answered, got.open, got.withdrawn) == (4, 2, 1, 1)
    assert (got.done, got.not_done, got.cannot_share) == (1, 0, 1)
    assert (got.late, got.silent) == (1, 1)
    assert (got.median_hours, got.p90_hours) == (109.0, 216.0)
    assert (got.median_working_days, got.p90_working_days) == (3.5, 7.0)
    for table in ("alerts", "checkpoints", "requests"):
        behind_the_back(engine, f"DELETE FROM {table} WHERE request_id IS NOT NULL"
                        if table != "requests" else "DELETE FROM requests", table)  # fmt: skip
    assert counted(engine, NOW + 10 * DAY)[CARE] == got


def test_handovers_and_silence_are_counted_too(engine, in_voluntary_care):
    key = in_voluntary_care
    made = offer(engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
                 by="director", now=NOW)  # fmt: skip
    refuse(engine, made.id, by="care", reason="wachtlijst", now=NOW)
    offer(engine, key, role=Role.ENFORCEMENT, to="huismeester", by="director", now=NOW,
          packet=Packet.model_validate(PACKET))  # fmt: skip
    leads(engine, key)
    raise_all(engine, NOW + 60 * DAY)
    got = counted(engine, NOW + 60 * DAY)
    assert (got[CARE].offered, got[CARE].accepted, got[CARE].refused) == (2, 1, 1)
    assert (got[LANDLORD].offered, got[LANDLORD].expired) == (1, 1)
    assert (got[CARE].silences, got[LANDLORD].silences) == (1, 0)


def test_a_period_counts_what_was_asked_in_it_as_it_stood_at_its_end(engine, in_signal):
    old = asked(engine, in_signal).id
    new = asked(engine, in_signal, what="En nu?", now=LATER).id
    replied(engine, old, now=LATER)
    replied(engine, new, now=LATER + 2 * DAY)
    assert counted(engine, LATER + 9 * DAY, since=LATER)[CARE].asked == 1
    got = counted(engine, LATER + 9 * DAY, until=LATER + DAY)[CARE]
    assert (got.asked, got.answered, got.open) == (2, 1, 1)
    with pytest.raises(NotAllowed, match="begins before it ends"):
        statistics(engine, now=LATER, since=LATER, until=LATER)


def test_a_request_that_got_another_date_is_late_by_that_one():
    lines = [
        Told(NOW, "asked", {"organisation": "x", "request": 1, "promise": 7,
                            "due_at": (NOW + DAY).isoformat()}),
        Told(NOW, "term_changed", {"replaced": 7, "promise": 9, "due": "2026-03-20"}),
        Told(NOW + 5 * DAY, "replied", {"request": 1, "answer": "done"}),
    ]  # fmt: skip
    [got] = partner_numbers(lines, NOW + 6 * DAY, calendars().working)
    assert (got.answered, got.late) == (1, 0)


def test_an_offer_that_was_taken_back_counts_as_revoked_and_as_nothing_else(engine, in_signal):
    made = offer(engine, in_signal, role=Role.CARE, to="care", by="director", now=NOW,
                 packet=Packet.model_validate(PACKET))  # fmt: skip
    revoke(engine, made.id, by="director", now=LATER)
    got = counted(engine, LATER)[CARE]
    assert (got.offered, got.revoked) == (1, 1)
    assert (got.accepted, got.refused, got.expired) == (0, 0, 0)


@pytest.mark.parametrize(("values", "p90"), [([], None), ([3.0], 3.0), (list(range(1, 11)), 9),
                                            (list(range(1, 21)), 18), ([1, 1, 9], 9)])  # fmt: skip
def test_nine_in_ten_are_no_slower_than_the_ninetieth_percentile(values, p90):
    assert percentile(values, 90) == p90


@pytest.mark.parametrize("seed", range(4))
def test_after_a_random_history_the_journal_and_the_rows_say_the_same(engine, seed):
    chance, now = Random(seed), NOW
    cases = [a_case(engine, address=f"Voorbeeldlaan {n}") for n in range(3)]
    people = {"care": CARE, "huismeester": LANDLORD, "jurist": f"gemeente-{TOWN}"}
    still_open = []
    for number in range(40):
        now += timedelta(hours=chance.randint(1, 40))
        if chance.random() < 0.55 or not still_open:
            who = chance.choice(list(people))
            made = asked(engine, chance.choice(cases), to=who, what=f"Vraag {number}", now=now)
            still_open.append((made.id, who))
            continue
        request, who = still_open.pop(chance.randrange(len(still_open)))
        if chance.random() < 0.2:
            withdraw(engine, request, by="director", reason="niet nodig", now=now)
        else:
            replied(engine, request, chance.choice(list(Answer)), who, now)
    go(engine, cases[0], "unfounded", now)
    got = counted(engine, now)
    assert got.keys() == set(people.values())
    for key, numbers in got.items():
        assert _shown(numbers) == _in_the_rows(engine, key, now), key


def _shown(numbers):
    return (numbers.asked, numbers.answered, numbers.open, numbers.withdrawn, numbers.done,
            numbers.not_done, numbers.cannot_share, numbers.late, numbers.silent,
            numbers.median_hours)  # fmt: skip


def _in_the_rows(engine, key, now):
    [home] = [row["id"] for row in rows(engine, "organisations", f"key = '{key}'")]
    asked_of = rows(engine, "requests", f"organisation_id = {home}")
    due = {row["request_id"]: row["due_at"] for row in rows(engine, "checkpoints")}
    state = [row["state"] for row in asked_of]
    given = [row["answer"] for row in asked_of]
    done = [row for row in asked_of if row["state"] == "answered"]
    hours = [(row["closed_at"] - row["asked_at"]) / timedelta(hours=1) for row in done]
    return (
        len(asked_of), len(done), state.count("open"), state.count("withdrawn"),
        given.count("done"), given.count("not_done"), given.count("cannot_share"),
        sum(row["closed_at"] > due[row["id"]] for row in done),
        sum(now > due[row["id"]] for row in asked_of if row["state"] == "open"),
        median(hours) if hours else None,
    )  # fmt: skip
