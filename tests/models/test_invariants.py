"""What can never be true: each is tried by raw SQL behind the verbs' back, on both databases."""

import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel

from casework.alerts import record
from casework.claiming import claim
from casework.offering import offer
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import accept
from casework.words import Role
from models import UtcTime
from tests.builders import NOW, PACKET, a_case, a_signal, a_town, case_view, go, receive_signal

T = SQLModel.metadata.tables
LATER = NOW + timedelta(days=30)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def come_some_way(engine) -> None:
    """A case with two holders, raised promises, sent alerts and a handover."""
    a_town(engine)
    key = a_case(engine, "voluntary_care")
    packet = Packet.model_validate(PACKET)
    made = offer(engine, key, role=Role.CARE, to="care", packet=packet, by="director", now=NOW)
    accept(engine, made.id, by="care", read_back="Ik bezoek hen deze week thuis.", now=NOW)
    raise_due(engine, LATER)
    for alert in claim(engine, LATER, 3):
        record(engine, alert.token, "delivered", "ok", LATER)


@pytest.fixture(scope="module")
def untouched():
    """Databases nobody has changed yet, by kind: a refused attempt leaves them to the next."""
    engines: dict = {}
    yield engines
    for engine in engines.values():
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, worlds, tmp_path_factory, untouched):
    """A database with a case that has come some way, as no other test has left it."""
    kind = request.param
    if kind not in untouched:
        untouched[kind] = worlds.copy(kind, come_some_way, tmp_path_factory.mktemp("invariants"))
    engine = untouched[kind]
    before = everything(engine)
    yield engine
    if everything(engine) != before:
        untouched.pop(kind).dispose()


@pytest.fixture
def case(engine) -> str:
    return one(engine, "cases")["key"]


def rows(engine, table: str, where: str = "TRUE", **values) -> list[dict]:
    with engine.connect() as connection:
        query = sa.select(T[table]).where(sa.text(where).bindparams(**values))
        return [dict(row) for row in connection.execute(query).mappings()]


def everything(engine) -> dict:
    with engine.connect() as connection:
        return {name: connection.execute(sa.select(T[name])).all() for name in T}


def one(engine, table: str, where: str = "TRUE", **values) -> dict:
    return rows(engine, table, where, **values)[0]


def change(engine, table: str, where: str, **values) -> None:
    with engine.begin() as connection:
        changed = connection.execute(sa.update(T[table]).where(sa.text(where)).values(**values))
        assert changed.rowcount, "the attempt must touch a row"


def add(engine, *inserts: tuple[str, dict]) -> None:
    with engine.begin() as connection:
        for table, row in inserts:
            connection.execute(sa.insert(T[table]).values(**row))


def run(engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(sql))


def like(row: dict, **changes) -> dict:
    """A copy of a row for a new one: without its number, with these changes."""
    plain = {k: v for k, v in row.items() if k != "id" or isinstance(v, uuid.UUID)}
    return plain | changes


def refused(words: str):
    return pytest.raises(IntegrityError, match=words)


OPEN_DIRECTOR = "role = 'case_director' AND until IS NULL"
NO_DIRECTOR = "an open case is never without a director"
OWN_DIRECTOR = "a case points at its own open director"
APPEND_ONLY = "the journal is append-only"
CHECK = "(?i)check"
UNIQUE = "(?i)unique"
ONE_HOLDER = "(?i)unique|a role has one holder"
ONCE = "(?i)unique|a rung is raised once"


# --- an open case always has exactly one director ------------------------------------------------


def test_the_director_of_an_open_case_can_not_be_ended(engine, case):
    with refused(NO_DIRECTOR):
        change(engine, "assignments", OPEN_DIRECTOR, until=LATER)


def test_an_assignment_can_not_be_deleted(engine, case):
    with refused("who held a case is history"):
        run(engine, "DELETE FROM assignments")
    with refused("who held a case is history"):
        run(engine, "DELETE FROM assignments WHERE role = 'care_lead'")


def test_a_case_can_not_let_go_of_its_director(engine, case):
    with refused("(?i)null"):
        change(engine, "cases", "TRUE", director_id=None)


def test_a_case_can_not_point_at_an_assignment_that_does_not_exist(engine, case):
    with refused("(?i)foreign"):
        change(engine, "cases", "TRUE", director_id=uuid.uuid4())


def test_a_case_can_not_point_at_another_role(engine, case):
    care = one(engine, "assignments", "role = 'care_lead'")
    with refused(OWN_DIRECTOR):
        change(engine, "cases", "TRUE", director_id=care["id"])


def test_a_case_can_not_point_at_an_assignment_that_has_ended(engine, case):
    ended = like(
        one(engine, "assignments", OPEN_DIRECTOR), id=uuid.uuid4(), since=NOW, until=NOW
    )  # fmt: skip
    add(engine, ("assignments", ended))
    with refused(OWN_DIRECTOR):
        change(engine, "cases", "TRUE", director_id=ended["id"])


def test_a_case_can_not_point_at_the_director_of_another_case(engine, case):
    other = a_case(engine, address="Elders 2")
    with refused(OWN_DIRECTOR):
        change(
            engine, "cases", f"key = '{case}'",
            director_id=one(engine, "cases", f"key = '{other}'")["director_id"],
        )  # fmt: skip


def a_new_case(engine, **changes) -> dict:
    old = one(engine, "cases")
    return like(
        old, id=9000, key="2026-09000", address_key="nieuw 1", director_id=uuid.uuid4(), **changes
    )


def test_a_case_can_not_be_inserted_without_a_director(engine, case):
    with refused("(?i)foreign"):
        add(engine, ("cases", a_new_case(engine)))


@pytest.mark.parametrize("wrong", ["another role", "ended", "another case"])
def test_a_case_can_not_be_inserted_with_a_director_who_is_none(engine, case, wrong):
    new, mine = a_new_case(engine), one(engine, "assignments", OPEN_DIRECTOR)
    director = like(mine, id=new["director_id"], case_id=new["id"])
    director |= {
        "another role": {"role": "enforcement_lead"},
        "ended": {"until": LATER},
        "another case": {"case_id": mine["case_id"], "role": "enforcement_lead"},
    }[wrong]
    with refused(OWN_DIRECTOR):
        add(engine, ("cases", new), ("assignments", director))
    assert len(rows(engine, "cases")) == 1


def test_a_case_can_not_be_inserted_with_somebody_who_holds_another(engine, case):
    care = one(engine, "assignments", "role = 'care_lead'")
    with refused(OWN_DIRECTOR):
        add(engine, ("cases", a_new_case(engine) | {"director_id": care["id"]}))


def test_a_case_and_its_first_director_appear_together(engine, case):
    new = a_new_case(engine)
    mine = one(engine, "assignments", OPEN_DIRECTOR)
    add(engine, ("cases", new), (
        "assignments", like(mine, id=new["director_id"], case_id=new["id"])))  # fmt: skip
    assert len(rows(engine, "assignments", OPEN_DIRECTOR)) == 2


def test_a_case_that_is_inserted_closed_has_a_director_all_the_same(engine, case):
    with refused("(?i)foreign"):
        add(engine, ("cases", a_new_case(engine, closed_at=NOW) | {"result": "moved"}))


def test_a_closed_case_can_not_be_reopened_without_a_director(engine, case):
    go(engine, case, "works")
    go(engine, case, "calm", result="resolved")
    with refused(OWN_DIRECTOR):
        change(engine, "cases", "TRUE", closed_at=None, result=None)


def test_an_open_case_has_no_second_director(engine, case):
    second = like(one(engine, "assignments", OPEN_DIRECTOR), id=uuid.uuid4())
    with refused(ONE_HOLDER):
        add(engine, ("assignments", second))


def test_a_role_has_no_second_holder(engine, case):
    second = like(one(engine, "assignments", "role = 'care_lead'"), id=uuid.uuid4())
    with refused(ONE_HOLDER):
        add(engine, ("assignments", second))


@pytest.mark.parametrize(
    "change_to",
    [
        {"contact_id": 1},
        {"role": "enforcement_lead"},
        {"since": NOW - timedelta(days=9)},
        {"id": uuid.uuid4()},
    ],
    ids=lambda c: next(iter(c)),
)
def test_who_held_what_since_when_can_not_be_rewritten(engine, case, change_to):
    with refused("an assignment can only be ended"):
        change(engine, "assignments", "role = 'care_lead'", **change_to)


def test_an_ended_assignment_can_not_be_taken_up_again(engine, case):
    change(engine, "assignments", "role = 'care_lead'", until=LATER)
    with refused("an assignment can only be ended"):
        change(engine, "assignments", "role = 'care_lead'", until=None)


def test_an_assignment_does_not_end_before_it_began(engine, case):
    with refused(CHECK):
        change(engine, "assignments", "role = 'care_lead'", until=NOW - timedelta(seconds=1))


def test_succession_is_possible_in_one_transaction(engine, case):
    mine = one(engine, "assignments", OPEN_DIRECTOR)
    following = like(mine, id=uuid.uuid4(), since=LATER)
    with engine.begin() as connection:
        connection.execute(sa.update(T["cases"]).values(director_id=following["id"]))
        ended = sa.update(T["assignments"]).where(T["assignments"].c.id == mine["id"])
        connection.execute(ended.values(until=LATER))
        connection.execute(sa.insert(T["assignments"]).values(**following))
    assert [r["id"] for r in rows(engine, "assignments", OPEN_DIRECTOR)] == [following["id"]]


def test_succession_left_half_way_is_no_succession(engine, case):
    mine = one(engine, "assignments", OPEN_DIRECTOR)
    with refused("(?i)foreign"), engine.begin() as connection:
        connection.execute(sa.update(T["cases"]).values(director_id=uuid.uuid4()))
        connection.execute(sa.update(T["assignments"]).where(
            T["assignments"].c.id == mine["id"]).values(until=LATER))  # fmt: skip
    assert one(engine, "assignments", OPEN_DIRECTOR) == mine


# --- cases and visits ----------------------------------------------------------------------------


def test_there_are_no_two_open_cases_at_one_address(engine, case):
    new, mine = a_new_case(engine), one(engine, "assignments", OPEN_DIRECTOR)
    new["address_key"] = one(engine, "cases")["address_key"]
    with refused(UNIQUE):
        add(engine, ("cases", new), (
            "assignments", like(mine, id=new["director_id"], case_id=new["id"])))  # fmt: skip


def test_a_case_number_is_given_once(engine, case):
    a_case(engine, address="Elders 2")
    with refused(UNIQUE):
        change(engine, "cases", "TRUE", key=case)


def test_a_case_is_not_closed_without_a_result_nor_has_one_while_open(engine, case):
    with refused(CHECK):
        change(engine, "cases", "TRUE", closed_at=LATER)
    with refused(CHECK):
        change(engine, "cases", "TRUE", result="resolved")


def test_a_case_is_in_one_stage_at_a_time(engine, case):
    here = one(engine, "visits", "left_at IS NULL")
    with refused(UNIQUE):
        add(engine, ("visits", like(here, number=2)))
    with refused(UNIQUE):
        change(engine, "visits", "left_at IS NOT NULL", left_at=None, left_for=None)


def test_two_visits_of_a_stage_have_two_numbers(engine, case):
    there = one(engine, "visits", "left_at IS NOT NULL")
    with refused(UNIQUE):
        add(engine, ("visits", like(there)))


def test_a_visit_is_left_for_somewhere_and_completed_after_that(engine, case):
    with refused(CHECK):
        change(engine, "visits", "left_at IS NULL", left_at=LATER)
    with refused(CHECK):
        change(engine, "visits", "left_at IS NULL", left_for="closed")
    with refused(CHECK):
        change(engine, "visits", "left_at IS NULL", completed_at=LATER)


def test_a_signal_is_stored_once(engine, case):
    with refused(UNIQUE):
        add(engine, ("signals", like(one(engine, "signals"))))


def test_an_act_is_stored_once(engine, case):
    case_id = one(engine, "cases")["id"]
    act = {"case_id": case_id, "kind": "note_added", "at": NOW, "by": "director", "facts": {},
           "reference": "R1", "recorded_at": NOW}  # fmt: skip
    with refused(UNIQUE):
        add(engine, ("acts", act), ("acts", act))


def test_what_a_case_consists_of_can_not_be_cut_loose_from_it(engine, case):
    with refused("(?i)foreign"):
        run(engine, "DELETE FROM cases")
    with refused("(?i)foreign"):
        run(engine, "DELETE FROM contacts WHERE key = 'director'")


# --- promises ------------------------------------------------------------------------------------

OPEN, OVER = "state = 'open'", "state <> 'open'"


def test_an_open_promise_has_a_next_moment_and_one_that_is_over_has_none(engine, case):
    with refused(CHECK):
        change(engine, "checkpoints", OPEN, next_at=None)
    with refused(CHECK):
        change(engine, "checkpoints", OVER, next_at=LATER)


def test_a_promise_is_not_answered_without_an_answer_nor_open_with_one(engine, case):
    with refused(CHECK):
        change(engine, "checkpoints", OPEN, state="answered", next_at=None, closed_at=LATER)
    with refused(CHECK):
        change(engine, "checkpoints", OPEN, answer="done")
    with refused(CHECK):
        change(engine, "checkpoints", "state = 'lapsed'", answer="done")


def test_a_promise_that_is_over_says_since_when(engine, case):
    with refused(CHECK):
        change(engine, "checkpoints", OPEN, state="lapsed", next_at=None)
    with refused(CHECK):
        change(engine, "checkpoints", OVER, closed_at=None)


@pytest.mark.parametrize("answer", ["not_done", "cannot_share"])
@pytest.mark.parametrize("reason", [None, "", "   "], ids=["none", "empty", "blank"])
def test_not_done_and_cannot_share_have_a_reason(engine, case, answer, reason):
    with refused(CHECK):
        change(
            engine, "checkpoints", OPEN, state="answered", next_at=None, closed_at=LATER,
            answer=answer, reason=reason,
        )  # fmt: skip


def test_one_start_makes_one_promise_of_a_key(engine, case):
    with refused(UNIQUE):
        add(engine, ("checkpoints", like(one(engine, "checkpoints", OPEN))))


@pytest.mark.parametrize("column", ["due_at", "due_on", "since", "derivation", "next_rung"])
def test_a_promise_always_has_its_date_and_its_why(engine, case, column):
    with refused("(?i)null"):
        change(engine, "checkpoints", OPEN, **{column: sa.null()})


# --- handovers -----------------------------------------------------------------------------------


BY_FORCE = {"forced_by": "process", "forced_because": "de buurt wacht"}


def an_offer(engine, **changes) -> dict:
    return like(one(engine, "handovers"), state="offered", read_back=None, **changes)


def test_a_role_of_a_case_is_on_offer_once(engine, case):
    add(engine, ("handovers", an_offer(engine)))
    for state in ("offered", "assigned"):
        with refused(UNIQUE):
            add(engine, ("handovers", an_offer(engine) | BY_FORCE | {"state": state}))


def test_a_sender_has_one_draft_of_a_role(engine, case):
    draft = an_offer(engine) | {"state": "draft", "offered_at": None}
    add(engine, ("handovers", draft))
    with refused(UNIQUE):
        add(engine, ("handovers", draft))


def test_only_a_draft_or_what_was_a_draft_has_no_moment_of_offering(engine, case):
    for state in ("offered", "expired"):
        with refused(CHECK):
            add(engine, ("handovers", an_offer(engine) | {"state": state, "offered_at": None}))


@pytest.mark.parametrize("lacking", ["forced_by", "forced_because"])
@pytest.mark.parametrize("said", [None, "", "   "], ids=["none", "empty", "blank"])
def test_a_role_is_not_assigned_by_force_without_who_and_why(engine, case, lacking, said):
    assigned = an_offer(engine) | BY_FORCE | {"state": "assigned"}
    with refused(CHECK):
        add(engine, ("handovers", assigned | {lacking: said}))


@pytest.mark.parametrize("state", ["accepted", "contacted", "reported", "closed"])
@pytest.mark.parametrize("said", [None, "", "   "], ids=["none", "empty", "blank"])
def test_a_handover_is_not_accepted_without_a_read_back(engine, case, state, said):
    with refused(CHECK):
        add(engine, ("handovers", an_offer(engine) | {"state": state, "read_back": said}))


@pytest.mark.parametrize("said", [None, "", "   "], ids=["none", "empty", "blank"])
def test_a_handover_is_not_refused_without_a_reason(engine, case, said):
    with refused(CHECK):
        add(engine, ("handovers", an_offer(engine) | {"state": "refused", "reason": said}))


def test_a_handover_goes_to_somebody_else(engine, case):
    sender = one(engine, "handovers")["from_contact_id"]
    with refused(CHECK):
        add(engine, ("handovers", an_offer(engine, to_contact_id=sender)))


# --- raising and alerts --------------------------------------------------------------------------


def test_a_rung_is_raised_once(engine, case):
    raised = one(engine, "journal", "kind = 'raised'")
    with refused(ONCE):
        add(engine, ("journal", like(raised, seq=900)))


def test_an_alert_about_a_promise_is_not_doubled(engine, case):
    with refused(UNIQUE):
        add(engine, ("alerts", like(one(engine, "alerts", "checkpoint_id IS NOT NULL"))))


def test_an_alert_about_a_handover_is_not_doubled(engine, case):
    with refused(UNIQUE):
        add(engine, ("alerts", like(one(engine, "alerts", "handover_id IS NOT NULL"))))


@pytest.mark.parametrize(
    ("about", "without"), [("checkpoint_id", "rung"), ("handover_id", "event")]
)
def test_an_alert_names_its_rung_or_event_or_it_could_be_doubled(engine, case, about, without):
    with refused(CHECK):
        add(engine, ("alerts", like(one(engine, "alerts", f"{about} IS NOT NULL")) | {
            without: None}))  # fmt: skip


def test_an_alert_is_about_one_thing(engine, case):
    with refused(CHECK):
        change(engine, "alerts", "checkpoint_id IS NOT NULL", checkpoint_id=None)
    handover = one(engine, "handovers")["id"]
    with refused(CHECK):
        change(engine, "alerts", "checkpoint_id IS NOT NULL", handover_id=handover)


def test_an_alert_that_was_not_sent_has_a_next_moment_and_one_that_was_has_none(engine, case):
    with refused(CHECK):
        change(engine, "alerts", "state = 'waiting'", next_at=None)
    with refused(CHECK):
        change(engine, "alerts", "state = 'delivered'", next_at=LATER)


def test_an_alert_is_leased_with_a_token_and_has_none_otherwise(engine, case):
    with refused(CHECK):
        change(engine, "alerts", "state = 'waiting'", state="leased")
    with refused(CHECK):
        change(engine, "alerts", "state = 'waiting'", token="t")


def test_an_attempt_to_deliver_is_on_record_once(engine, case):
    with refused(UNIQUE):
        add(engine, ("deliveries", like(one(engine, "deliveries"))))


# --- the journal ---------------------------------------------------------------------------------


def test_no_word_of_the_journal_can_be_changed(engine, case):
    for column in T["journal"].c.keys():  # noqa: SIM118
        with refused(APPEND_ONLY):
            run(engine, f"UPDATE journal SET {column} = {column}")


def test_no_line_of_the_journal_can_be_deleted(engine, case):
    before = rows(engine, "journal")
    with refused(APPEND_ONLY):
        run(engine, "DELETE FROM journal")
    with refused(APPEND_ONLY):
        run(engine, "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)")
    assert rows(engine, "journal") == before


def test_no_line_of_the_journal_can_be_written_over(engine, case):
    before = rows(engine, "journal")
    line = before[-1] | {"actor": "somebody-else"}
    with refused(APPEND_ONLY):
        if engine.dialect.name == "sqlite":
            add_or_replace = sa.insert(T["journal"]).prefix_with("OR REPLACE").values(**line)
        else:
            add_or_replace = sa.dialects.postgresql.insert(T["journal"]).values(**line)
            add_or_replace = add_or_replace.on_conflict_do_update(
                index_elements=["id"], set_={"actor": "somebody-else"}
            )
        with engine.begin() as connection:
            connection.execute(add_or_replace)
    assert rows(engine, "journal") == before


@pytest.mark.parametrize("table", ["journal", "assignments"])
def test_a_tool_that_knows_nothing_of_us_can_not_write_over_history_either(worlds, tmp_path, table):
    engine = worlds.copy("sqlite", come_some_way, tmp_path)
    stranger = sqlite3.connect(engine.url.database)
    with pytest.raises(sqlite3.IntegrityError, match=r"history|append-only"):
        stranger.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    stranger.close()


@pytest.mark.parametrize("table", ["journal", "assignments", "cases"])
def test_history_can_not_be_emptied_at_once_on_postgres(worlds, tmp_path, table):
    engine = worlds.copy("postgresql", come_some_way, tmp_path)
    with refused("history stays"):
        run(engine, f"TRUNCATE {table} CASCADE")
    assert rows(engine, table)
    engine.dispose()


def test_a_case_has_one_line_of_each_number(engine, case):
    with refused(ONCE):
        add(engine, ("journal", like(one(engine, "journal"), rung=None)))


# --- words and people ----------------------------------------------------------------------------

WORDS = [
    ("checkpoints", "state"),
    ("checkpoints", "answer"),
    ("handovers", "state"),
    ("handovers", "role"),
    ("alerts", "state"),
    ("deliveries", "outcome"),
]


@pytest.mark.parametrize(("table", "column"), WORDS, ids=lambda v: v)
def test_a_word_nobody_knows_is_not_stored(engine, case, table, column):
    for word in ("moved", "", "OPEN", "Done"):
        with refused(CHECK):
            run(engine, f"UPDATE {table} SET {column} = '{word}'")


def test_a_role_nobody_knows_is_not_held(engine, case):
    mine = like(one(engine, "assignments", "role = 'care_lead'"), id=uuid.uuid4())
    statement = sa.insert(sa.table("assignments", *(sa.column(n, c.type) for n, c in
        T["assignments"].c.items() if n != "role"), sa.column("role")))  # fmt: skip
    with refused(CHECK), engine.begin() as connection:
        connection.execute(statement.values(**mine | {"role": "mayor"}))


def test_nobody_stands_in_for_themselves_and_an_absence_has_a_length(engine, case):
    with refused(CHECK):
        run(engine, "UPDATE contacts SET deputy_id = id")
    away = {"contact_id": one(engine, "contacts")["id"], "since": NOW, "recorded_at": NOW}
    for until in (NOW, NOW - timedelta(days=1)):
        with refused(CHECK):
            add(engine, ("absences", away | {"until": until}))


# --- moments -------------------------------------------------------------------------------------

MOMENTS = sa.Table("moments_kept", sa.MetaData(), sa.Column("at", UtcTime(), nullable=True))


def kept(engine, *moments: datetime | None) -> list[datetime | None]:
    """The moments as they come back, in the order the database sorts them."""
    with engine.begin() as connection:
        MOMENTS.create(connection, checkfirst=True)
        connection.execute(sa.delete(MOMENTS))
        connection.execute(sa.insert(MOMENTS), [{"at": moment} for moment in moments])
        return list(connection.execute(sa.select(MOMENTS.c.at).order_by(MOMENTS.c.at)).scalars())


def test_a_naive_moment_is_refused_everywhere(engine):
    with pytest.raises(StatementError, match="a moment needs a time zone"):
        kept(engine, datetime(2026, 3, 2, 9))  # noqa: DTZ001
    naive = sa.select(T["cases"]).where(T["cases"].c.opened_at > datetime(2026, 3, 2))  # noqa: DTZ001
    with engine.connect() as connection, pytest.raises(StatementError, match="needs a time zone"):
        connection.execute(naive)


def test_every_moment_column_is_the_one_type_that_refuses_naive_ones():
    for table in T.values():
        for column in table.columns:
            assert not isinstance(column.type, sa.DateTime), f"{table.name}.{column.name}"


def test_a_moment_written_by_hand_without_its_zone_is_read_as_utc(sqlite_engine):
    kept(sqlite_engine, datetime(2026, 3, 2, 9, tzinfo=UTC))
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE moments_kept SET at = '2026-03-02 09:00:00'")
        read = list(connection.execute(sa.select(MOMENTS.c.at)).scalars())
    assert read == [datetime(2026, 3, 2, 9, tzinfo=UTC)]


def test_nothing_stays_nothing(engine):
    assert kept(engine, None) == [None]


def test_the_hour_that_comes_twice_stays_two_moments(engine):
    first = datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM)
    second = first.replace(fold=1)
    assert kept(engine, second, first) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.datetimes(
            datetime(1990, 1, 1),  # noqa: DTZ001
            datetime(2100, 1, 1),  # noqa: DTZ001
            timezones=st.sampled_from([UTC, AMSTERDAM, ZoneInfo("America/New_York")]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_moment_comes_back_as_it_went_in_to_the_microsecond_and_sorts_by_time(engine, moments):
    back = kept(engine, *moments)
    assert back == sorted(moment.astimezone(UTC) for moment in moments)
    assert all(moment.tzinfo is UTC for moment in back)


def test_a_row_keeps_its_moments_too(engine, case):
    fine = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=AMSTERDAM)
    change(engine, "cases", "TRUE", opened_at=fine)
    assert case_view(engine, case, NOW).opened_at == fine


# --- what the verbs rely on ----------------------------------------------------------------------


def test_a_look_does_not_wait_for_a_writer(engine, case):
    with engine.begin() as writer:
        writer.execute(sa.update(T["cases"]).values(address="elders"))
        assert case_view(engine, case, NOW).address == "Voorbeeldstraat 1"
    assert case_view(engine, case, NOW).address == "elders"


def test_on_sqlite_a_writer_has_its_turn_from_the_first_word_on(sqlite_engine):
    impatient = sqlite3.connect(sqlite_engine.url.database, timeout=0)
    with sqlite_engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        impatient.execute("BEGIN IMMEDIATE")
    impatient.close()


def test_a_verb_that_falls_over_leaves_nothing(engine, case, monkeypatch):
    before = everything(engine)
    monkeypatch.setattr("casework.intake.enter_stage", _fall_over)
    with pytest.raises(ZeroDivisionError):
        receive_signal(engine, a_signal(address="Nieuw 1"), NOW)
    assert everything(engine) == before


def _fall_over(*_args, **_more):
    raise ZeroDivisionError
