"""The baton: drafts, force, warm contact and report-back; requests, absences, partners, waits.

Somebody's one absence becomes a row of its own, so that there can be several. Going back keeps of
each person the absence that ends last, and loses what the version before has no place for.

Revision: 0005, after 0004
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TURNS, TURN = 48, timedelta(minutes=15)
SAYS = "({0} IS NOT NULL AND length(trim({0})) > 0)".format
STATES = ("draft", "offered", "accepted", "refused", "expired", "revoked")
NEW_STATES = (*STATES[:3], "assigned", "contacted", "reported", "closed", *STATES[3:])
READ_BACK = "('accepted', 'contacted', 'reported', 'closed')"
ONE_THING = """
    CASE WHEN checkpoint_id IS NULL THEN 0 ELSE 1 END + CASE WHEN handover_id IS NULL THEN 0 ELSE 1
    END{0} + CASE WHEN notice IS NULL THEN 0 ELSE 1 END = 1""".format
OR_A_REQUEST = " + CASE WHEN request_id IS NULL THEN 0 ELSE 1 END"
RANG = """
    (rung IS NOT NULL) = (checkpoint_id IS NOT NULL OR notice IS NOT NULL)
    AND {0} AND (notice IS NULL) = (period IS NULL)""".format
EVENT_OF_A_HANDOVER = "(handover_id IS NULL) = (event IS NULL)"
EVENT_OF_EITHER = "(handover_id IS NOT NULL OR request_id IS NOT NULL) = (event IS NOT NULL)"
# Added column by column: made anew, these tables would lose their triggers.
ADDED = (
    ("cases", "stirred_at", "moment"),
    ("cases", "silent_at", "moment"),
    ("assignments", "principal_id", "organisations"),
    ("checkpoints", "request_id", "requests"),
    ("checkpoints", "asked_id", "contacts"),
    ("checkpoints", "owed_id", "contacts"),
)
EMPTY = (("functions", "[]"), ("hours", "{}"), ("card", "{}"))
INDEXES = (
    ("ix_cases_silent", "cases", "silent_at", "silent_at IS NOT NULL"),
    (
        "ix_checkpoints_of_handovers", "checkpoints", "due_at",
        "state = 'open' AND handover_id IS NOT NULL",
    ),
)  # fmt: skip


def upgrade() -> None:
    _successions()
    _requests()
    _at_the_table()
    for table, column, kind in ADDED:
        _add(table, column, kind)
    for name, table, column, condition in INDEXES:
        _partial_index(name, table, [column], condition)
    op.create_index("ix_cases_address", "cases", ["municipality", "address_key"])
    op.execute(
        "UPDATE checkpoints SET asked_id = (SELECT h.to_contact_id FROM handovers h "
        "WHERE h.id = checkpoints.handover_id) WHERE handover_id IS NOT NULL"
    )
    # Silence is counted from the last line of the journal. The watch looks at every case once, to
    # see when it would be silent: from a day later on and over twelve hours, not all together.
    op.execute(
        "UPDATE cases SET stirred_at = (SELECT max(j.at) FROM journal j "
        "WHERE j.case_id = cases.id) WHERE closed_at IS NULL"
    )
    _look_at_each_in_turn()
    _people()
    _handovers()
    _alerts()


def downgrade() -> None:
    _alerts_as_before()
    _handovers_as_before()
    _people_as_before()
    op.drop_index("ix_cases_address", "cases")
    for name, table, _column, _condition in INDEXES:
        op.drop_index(name, table)
    for table, column, _kind in reversed(ADDED):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("waits", "partners", "requests", "successions"):
        op.drop_table(table)


def _add(table: str, column: str, kind: str) -> None:
    if kind == "moment":
        op.add_column(table, sa.Column(column, UTC_TIME, nullable=True))
        return
    key = f"CONSTRAINT fk_{table}_{column}_{kind} REFERENCES {kind} (id)"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}")


def _partial_index(
    name: str, table: str, columns: list[str], condition: str, *, unique: bool = False
) -> None:
    where = sa.text(condition)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where
    )  # fmt: skip


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, name: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    said = ", ".join(f"'{word}'" for word in words)
    column = {"request_state": "state", "request_answer": "answer"}[name]
    return _check(table, name, f"{column} IN ({said})")


def _successions() -> None:
    op.create_table(
        "successions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_contact_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=1000), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("begun_at", UTC_TIME, nullable=False),
        _check("successions", "has_reason", SAYS("because")),
        _key("successions", "from_contact_id", "contacts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_successions")),
    )
    op.create_index("ix_successions_from_contact_id", "successions", ["from_contact_id"])


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("from_contact_id", sa.Integer(), nullable=False),
        sa.Column("to_contact_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("ask", sa.String(length=2000), nullable=False),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", UTC_TIME, nullable=True),
        _one_of("requests", "request_state", ("open", "answered", "withdrawn")),
        _one_of("requests", "request_answer", ("done", "not_done", "cannot_share")),
        _check("requests", "to_another", "from_contact_id <> to_contact_id"),
        _check("requests", "asks_something", SAYS("ask")),
        _check("requests", "answered_has_answer", "(state = 'answered') = (answer IS NOT NULL)"),
        _check("requests", "closed_with_reason", f"state = 'open' OR {SAYS('reason')}"),
        _check("requests", "closed_at_a_moment", "(state = 'open') = (closed_at IS NULL)"),
        _key("requests", "case_id", "cases"),
        _key("requests", "from_contact_id", "contacts"),
        _key("requests", "to_contact_id", "contacts"),
        _key("requests", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    for column in ("case_id", "to_contact_id", "organisation_id"):
        op.create_index(f"ix_requests_{column}", "requests", [column])


def _at_the_table() -> None:
    op.create_table(
        "partners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("heard_at", UTC_TIME, nullable=False),
        sa.Column("silent_at", UTC_TIME, nullable=True),
        _key("partners", "case_id", "cases"),
        _key("partners", "organisation_id", "organisations"),
        sa.UniqueConstraint(
            "case_id", "organisation_id", name=op.f("uq_partners_case_id_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    op.create_index("ix_partners_organisation_id", "partners", ["organisation_id"])
    _partial_index("ix_partners_silent", "partners", ["silent_at"], "silent_at IS NOT NULL")
    op.create_table(
        "waits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("since", UTC_TIME, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        _check("waits", "has_reason", SAYS("reason")),
        _key("waits", "case_id", "cases"),
        _key("waits", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waits")),
    )
    op.create_index("ix_waits_case_id", "waits", ["case_id"])


def _look_at_each_in_turn() -> None:
    """Twelve hours of turns, from a day after the moment of migrating: all at once would be a flood
    of alerts."""
    cases = sa.table("cases", sa.column("id"), sa.column("closed_at"), sa.column("silent_at"))
    moment = _moment_of_migrating()
    for turn in range(TURNS if moment else 0):
        at = f"{moment + timedelta(days=1) + turn * TURN:%Y-%m-%dT%H:%M:%S.%fZ}"
        op.execute(
            sa.update(cases)
            .where(cases.c.closed_at.is_(None), cases.c.id % TURNS == turn)
            .values(silent_at=sa.literal_column(f"'{at}'"))
        )


def _moment_of_migrating() -> datetime | None:
    """What whoever migrates says it is, or the newest moment on record; None without any case."""
    config = op.get_context().config
    given = config.attributes.get("now") if config else None
    moment = given or op.get_bind().scalar(sa.text("SELECT max(at) FROM journal"))
    if isinstance(moment, str):  # SQLite keeps moments as text
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC) if moment else None


def _people() -> None:
    with op.batch_alter_table("organisations") as organisations:
        for column, _empty in EMPTY:
            organisations.add_column(sa.Column(column, JSON, nullable=True))
    for column, empty in EMPTY:
        op.execute(f"UPDATE organisations SET {column} = '{empty}'")
    with op.batch_alter_table("organisations") as organisations:
        for column, _empty in EMPTY:
            organisations.alter_column(column, existing_type=JSON, nullable=False)
    op.create_table(
        "absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("since", UTC_TIME, nullable=False),
        sa.Column("until", UTC_TIME, nullable=True),
        sa.Column("recorded_at", UTC_TIME, nullable=False),
        sa.Column("routed_at", UTC_TIME, nullable=True),
        sa.Column("routed_to", sa.Integer(), nullable=True),
        _check("absences", "has_length", "until IS NULL OR since < until"),
        _key("absences", "contact_id", "contacts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_contact_id", "absences", ["contact_id"])
    _partial_index("ix_absences_to_route", "absences", ["since"], "routed_at IS NULL")
    op.execute(
        "INSERT INTO absences (contact_id, since, until, recorded_at) SELECT id, absent_from, "
        "absent_until, absent_from FROM contacts WHERE absent_from IS NOT NULL"
    )
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_constraint(op.f("ck_contacts_absence_has_length"), type_="check")
        contacts.drop_column("absent_from")
        contacts.drop_column("absent_until")
        for column in ("fixed", "account"):
            contacts.add_column(sa.Column(column, sa.Boolean(), nullable=True))
        for column in ("confirmed_at", "check_at", "left_at"):
            contacts.add_column(sa.Column(column, UTC_TIME, nullable=True))
    op.execute("UPDATE contacts SET fixed = FALSE, account = TRUE")
    with op.batch_alter_table("contacts") as contacts:
        for column in ("fixed", "account"):
            contacts.alter_column(column, existing_type=sa.Boolean(), nullable=False)
        contacts.create_check_constraint(
            op.f("ck_contacts_who_left_is_not_checked"), "left_at IS NULL OR check_at IS NULL"
        )
    _partial_index("ix_contacts_to_check", "contacts", ["check_at"], "left_at IS NULL")


def _people_as_before() -> None:
    op.drop_index("ix_contacts_to_check", "contacts")
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_constraint(op.f("ck_contacts_who_left_is_not_checked"), type_="check")
        for column in ("fixed", "account", "confirmed_at", "check_at", "left_at"):
            contacts.drop_column(column)
        for column in ("absent_from", "absent_until"):
            contacts.add_column(sa.Column(column, UTC_TIME, nullable=True))
    with op.batch_alter_table("contacts") as contacts:
        contacts.create_check_constraint(
            op.f("ck_contacts_absence_has_length"),
            "absent_until IS NULL OR absent_from < absent_until",
        )
    for column, taken in (("absent_from", "since"), ("absent_until", "until")):
        op.execute(
            f"UPDATE contacts SET {column} = (SELECT a.{taken} FROM absences a "
            "WHERE a.contact_id = contacts.id "
            "ORDER BY (a.until IS NULL) DESC, a.until DESC, a.id DESC LIMIT 1)"
        )
    op.drop_table("absences")
    with op.batch_alter_table("organisations") as organisations:
        for column in ("functions", "hours", "card"):
            organisations.drop_column(column)


def _handovers() -> None:
    op.drop_index("uq_handovers_one_open_per_role", "handovers")
    with op.batch_alter_table("handovers") as handovers:
        handovers.drop_constraint(op.f("ck_handovers_handover_state"), type_="check")
        handovers.drop_constraint(op.f("ck_handovers_accepted_with_read_back"), type_="check")
        handovers.alter_column("offered_at", existing_type=UTC_TIME, nullable=True)
        for column in ("acknowledged_at", "contacted_at", "reported_at", "closed_at"):
            handovers.add_column(sa.Column(column, UTC_TIME, nullable=True))
        for column, length in (
            ("answered_by", 64), ("forced_by", 64), ("forced_because", 1000), ("call", 1000),
            ("report", 4000), ("link", 32),
        ):  # fmt: skip
            handovers.add_column(sa.Column(column, sa.String(length=length), nullable=True))
        for column, to in (("principal_id", "organisations"), ("succession_id", "successions")):
            handovers.add_column(sa.Column(column, sa.Integer(), nullable=True))
            handovers.create_foreign_key(
                op.f(f"fk_handovers_{column}_{to}"), to, [column], ["id"]
            )  # fmt: skip
    with op.batch_alter_table("handovers") as handovers:
        for name, condition in _checks_of_handovers().items():
            handovers.create_check_constraint(op.f(f"ck_handovers_{name}"), condition)
    op.create_index("ix_handovers_succession_id", "handovers", ["succession_id"])
    _partial_index(
        "uq_handovers_one_open_per_role", "handovers", ["case_id", "role"],
        "state IN ('offered', 'assigned')", unique=True,
    )  # fmt: skip
    _partial_index(
        "uq_handovers_one_draft_per_sender", "handovers",
        ["case_id", "role", "from_contact_id"], "state = 'draft'", unique=True,
    )  # fmt: skip


def _checks_of_handovers() -> dict[str, str]:
    return {
        "handover_state": f"state IN {NEW_STATES}",
        "accepted_with_read_back": f"state NOT IN {READ_BACK} OR {SAYS('read_back')}",
        "assigned_with_reason": (
            f"state <> 'assigned' OR ({SAYS('forced_by')} AND {SAYS('forced_because')})"
        ),
        "offered_at_a_moment": "offered_at IS NOT NULL OR state IN ('draft', 'revoked')",
    }


def _handovers_as_before() -> None:
    # A role that was assigned by force is held; the version before knows that as accepted.
    op.execute("UPDATE handovers SET offered_at = answered_at WHERE offered_at IS NULL")
    op.execute(
        "UPDATE handovers SET state = 'accepted', read_back = coalesce(read_back, forced_because) "
        "WHERE state IN ('assigned', 'contacted', 'reported', 'closed')"
    )
    gone = "SELECT id FROM handovers WHERE offered_at IS NULL"
    op.execute(f"DELETE FROM handovers WHERE id IN ({gone})")
    op.drop_index("uq_handovers_one_open_per_role", "handovers")
    op.drop_index("uq_handovers_one_draft_per_sender", "handovers")
    op.drop_index("ix_handovers_succession_id", "handovers")
    with op.batch_alter_table("handovers") as handovers:
        for name in _checks_of_handovers():
            handovers.drop_constraint(op.f(f"ck_handovers_{name}"), type_="check")
        for column, to in (("principal_id", "organisations"), ("succession_id", "successions")):
            handovers.drop_constraint(op.f(f"fk_handovers_{column}_{to}"), type_="foreignkey")
            handovers.drop_column(column)
        for column in (
            "acknowledged_at", "contacted_at", "reported_at", "closed_at", "answered_by",
            "forced_by", "forced_because", "call", "report", "link",
        ):  # fmt: skip
            handovers.drop_column(column)
        handovers.alter_column("offered_at", existing_type=UTC_TIME, nullable=False)
    with op.batch_alter_table("handovers") as handovers:
        handovers.create_check_constraint(op.f("ck_handovers_handover_state"), f"state IN {STATES}")
        handovers.create_check_constraint(
            op.f("ck_handovers_accepted_with_read_back"),
            f"state <> 'accepted' OR {SAYS('read_back')}",
        )
    _partial_index(
        "uq_handovers_one_open_per_role", "handovers", ["case_id", "role"],
        "state IN ('draft', 'offered')", unique=True,
    )  # fmt: skip


def _alerts() -> None:
    with op.batch_alter_table("alerts") as alerts:
        for name in ("notice", "about_one_thing", "says_what_rang"):
            alerts.drop_constraint(op.f(f"ck_alerts_{name}"), type_="check")
        alerts.add_column(sa.Column("request_id", sa.Integer(), nullable=True))
        alerts.create_foreign_key(
            op.f("fk_alerts_request_id_requests"), "requests", ["request_id"], ["id"]
        )
    with op.batch_alter_table("alerts") as alerts:
        alerts.create_check_constraint(
            op.f("ck_alerts_notice"), "notice IN ('decrees_run_out', 'contact_check')"
        )
        alerts.create_check_constraint(op.f("ck_alerts_about_one_thing"), ONE_THING(OR_A_REQUEST))
        alerts.create_check_constraint(op.f("ck_alerts_says_what_rang"), RANG(EVENT_OF_EITHER))
        alerts.create_unique_constraint(
            op.f("uq_alerts_request_id_event_recipient_id"),
            ["request_id", "event", "recipient_id"],
        )


def _alerts_as_before() -> None:
    gone = "SELECT id FROM alerts WHERE request_id IS NOT NULL OR notice = 'contact_check'"
    op.execute(f"DELETE FROM deliveries WHERE alert_id IN ({gone})")
    op.execute("DELETE FROM alerts WHERE request_id IS NOT NULL OR notice = 'contact_check'")
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_constraint(op.f("uq_alerts_request_id_event_recipient_id"), type_="unique")
        alerts.drop_constraint(op.f("fk_alerts_request_id_requests"), type_="foreignkey")
        for name in ("notice", "about_one_thing", "says_what_rang"):
            alerts.drop_constraint(op.f(f"ck_alerts_{name}"), type_="check")
        alerts.drop_column("request_id")
    with op.batch_alter_table("alerts") as alerts:
        alerts.create_check_constraint(op.f("ck_alerts_notice"), "notice IN ('decrees_run_out')")
        alerts.create_check_constraint(op.f("ck_alerts_about_one_thing"), ONE_THING(""))
        alerts.create_check_constraint(op.f("ck_alerts_says_what_rang"), RANG(EVENT_OF_A_HANDOVER))
