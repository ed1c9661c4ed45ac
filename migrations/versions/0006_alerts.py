"""Alerts: further ways to reach somebody, messages of several alerts, one-time codes.

An alert becomes one per recipient and channel, and a delivery says in which message it went. Going
back loses further ways, codes, who else acknowledged, and what went by another way.

Revision: 0006, after 0005
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = ("waiting", "leased", "failed", "delivered", "perhaps")
NOTICES = ("decrees_run_out", "contact_check")
INDEXES = (("ix_alerts_on_their_way", "token"), ("ix_alerts_to_fall_back", "falls_back_at"))
UNIQUE = (
    ("checkpoint_id", "rung", "recipient_id"),
    ("handover_id", "event", "recipient_id"),
    ("request_id", "event", "recipient_id"),
    ("notice", "period", "rung", "recipient_id"),
)


def upgrade() -> None:
    _who_offered()
    _ways()
    _codes()
    _acknowledgements()
    with _changed("alerts") as alerts:
        alerts.add_column(sa.Column("channel", sa.String(length=64), nullable=True))
        alerts.add_column(sa.Column("by_hand", sa.Boolean(), nullable=True))
        alerts.add_column(sa.Column("instead_of", sa.Integer(), nullable=True))
        alerts.add_column(sa.Column("falls_back_at", UTC_TIME, nullable=True))
        alerts.drop_column("acknowledged_by")
        _words(alerts, drop=True)
        for columns in UNIQUE:
            alerts.drop_constraint(op.f(_unique(columns)), type_="unique")
    op.execute(sa.text("UPDATE alerts SET channel = '', by_hand = :no").bindparams(no=False))
    with _changed("alerts") as alerts:
        alerts.alter_column("channel", nullable=False, existing_type=sa.String(length=64))
        alerts.alter_column("by_hand", nullable=False, existing_type=sa.Boolean())
        alerts.create_foreign_key(
            op.f("fk_alerts_instead_of_alerts"), "alerts", ["instead_of"], ["id"]
        )
        _words(alerts, (*STATES, "void"), (*NOTICES, "unreached", "code"))
        alerts.create_check_constraint(
            op.f("ck_alerts_void_does_not_fall_back"), "state <> 'void' OR falls_back_at IS NULL"
        )
        alerts.create_check_constraint(
            op.f("ck_alerts_instead_of_another"), "instead_of IS NULL OR instead_of <> id"
        )
        for columns in UNIQUE:
            with_channel = (*columns, "channel")
            alerts.create_unique_constraint(op.f(_unique(with_channel)), list(with_channel))
    for name, column in INDEXES:
        when = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "alerts", [column], sqlite_where=when, postgresql_where=when)
    _deliveries_in_messages()


def downgrade() -> None:
    gone = "channel <> '' OR notice IN ('unreached', 'code')"
    op.execute("UPDATE alerts SET instead_of = NULL, falls_back_at = NULL")
    op.execute(
        f"DELETE FROM acknowledgements WHERE alert_id IN (SELECT id FROM alerts WHERE {gone})"
    )
    op.execute(f"DELETE FROM deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE {gone})")
    op.execute(f"DELETE FROM alerts WHERE {gone}")
    # What was void needed no sending: the version before knows no other word for that.
    op.execute("UPDATE alerts SET state = 'delivered' WHERE state = 'void'")
    for name in ("ix_deliveries_of_recipient", "ix_deliveries_by_channel"):
        op.drop_index(name, "deliveries")
    with _changed("deliveries") as deliveries:
        deliveries.drop_constraint(op.f("fk_deliveries_recipient_id_contacts"), type_="foreignkey")
        for column in ("message", "recipient_id", "counted"):
            deliveries.drop_column(column)
    for name, _ in INDEXES:
        op.drop_index(name, "alerts")
    with _changed("alerts") as alerts:
        for columns in UNIQUE:
            alerts.drop_constraint(op.f(_unique((*columns, "channel"))), type_="unique")
        for name in ("void_does_not_fall_back", "instead_of_another"):
            alerts.drop_constraint(op.f(f"ck_alerts_{name}"), type_="check")
        _words(alerts, drop=True)
        alerts.drop_constraint(op.f("fk_alerts_instead_of_alerts"), type_="foreignkey")
        for column in ("channel", "instead_of", "falls_back_at", "by_hand"):
            alerts.drop_column(column)
        alerts.add_column(sa.Column("acknowledged_by", sa.String(length=64), nullable=True))
    with _changed("alerts") as alerts:
        _words(alerts, STATES, NOTICES)
        for columns in UNIQUE:
            alerts.create_unique_constraint(op.f(_unique(columns)), list(columns))
    op.execute(
        'UPDATE alerts SET acknowledged_by = (SELECT k."by" FROM acknowledgements k WHERE '
        "k.alert_id = alerts.id ORDER BY k.at, k.id LIMIT 1) WHERE acknowledged_at IS NOT NULL"
    )
    for table in ("acknowledgements", "codes", "ways"):
        op.drop_table(table)
    _who_offered(drop=True)


@contextmanager
def _changed(table: str) -> Iterator[sa.Table]:
    with op.batch_alter_table(table) as changing:
        yield changing


def _unique(columns: tuple[str, ...]) -> str:
    return f"uq_alerts_{'_'.join(columns)}"


def _words(
    alerts: sa.Table,
    states: tuple[str, ...] = (),
    notices: tuple[str, ...] = (),
    *,
    drop: bool = False,
) -> None:
    """The words an alert's state and notice may be, or nothing about them for a while."""
    if drop:
        for name in ("alert_state", "notice"):
            alerts.drop_constraint(op.f(f"ck_alerts_{name}"), type_="check")
        return
    for name, column, words in (("alert_state", "state", states), ("notice", "notice", notices)):
        said = ", ".join(f"'{word}'" for word in words)
        alerts.create_check_constraint(op.f(f"ck_alerts_{name}"), f"{column} IN ({said})")


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _who_offered(*, drop: bool = False) -> None:
    """Who offered a handover in its sender's name does not answer it. Unknown of older ones."""
    partial = {
        "uq_handovers_one_open_per_role": (
            ["case_id", "role"], "state IN ('offered', 'assigned')",
        ),
        "uq_handovers_one_draft_per_sender": (
            ["case_id", "role", "from_contact_id"], "state = 'draft'",
        ),
    }  # fmt: skip
    for name in partial:  # the copy SQLite makes of a table would lose their conditions
        op.drop_index(name, "handovers")
    check = op.f("ck_handovers_answered_by_another")
    with _changed("handovers") as handovers:
        if drop:
            handovers.drop_constraint(check, type_="check")
            handovers.drop_column("offered_by")
        else:
            handovers.add_column(sa.Column("offered_by", sa.String(length=64), nullable=True))
            handovers.create_check_constraint(check, "answered_by <> offered_by")
    for name, (columns, condition) in partial.items():
        when = sa.text(condition)
        op.create_index(
            name, "handovers", columns, unique=True, sqlite_where=when, postgresql_where=when
        )


def _ways() -> None:
    op.create_table(
        "ways",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        _check("ways", "after_the_first", "rank >= 1"),
        _key("ways", "contact_id", "contacts"),
        sa.UniqueConstraint("contact_id", "rank", name=op.f("uq_ways_contact_id_rank")),
        sa.UniqueConstraint("contact_id", "channel", name=op.f("uq_ways_contact_id_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ways")),
    )


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("made_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", UTC_TIME, nullable=True),
        _check("codes", "holds_for_a_while", "made_at < expires_at"),
        _check("codes", "tries_are_counted", "tries >= 0"),
        _key("codes", "contact_id", "contacts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
    )
    op.create_index("ix_codes_of_contact", "codes", ["contact_id", "made_at"])


def _acknowledgements() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        _key("acknowledgements", "alert_id", "alerts"),
        sa.UniqueConstraint("alert_id", "by", name=op.f("uq_acknowledgements_alert_id_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgements")),
    )
    op.execute(
        'INSERT INTO acknowledgements (alert_id, "by", at) SELECT id, acknowledged_by, '
        "acknowledged_at FROM alerts WHERE acknowledged_at IS NOT NULL "
        "AND acknowledged_by IS NOT NULL"
    )


def _deliveries_in_messages() -> None:
    """Until now every alert was a message of its own, to whoever it is for."""
    with _changed("deliveries") as deliveries:
        for column, kind in (
            ("message", sa.Integer()), ("recipient_id", sa.Integer()), ("counted", sa.Boolean()),
        ):  # fmt: skip
            deliveries.add_column(sa.Column(column, kind, nullable=True))
    op.execute(
        "UPDATE deliveries SET message = alert_id, "
        "recipient_id = (SELECT a.recipient_id FROM alerts a WHERE a.id = alert_id), "
        "counted = (SELECT NOT a.statutory FROM alerts a WHERE a.id = alert_id)"
    )
    with _changed("deliveries") as deliveries:
        for column, kind in (
            ("message", sa.Integer()), ("recipient_id", sa.Integer()), ("counted", sa.Boolean()),
        ):  # fmt: skip
            deliveries.alter_column(column, existing_type=kind, nullable=False)
        deliveries.create_foreign_key(
            op.f("fk_deliveries_recipient_id_contacts"), "contacts", ["recipient_id"], ["id"]
        )
    op.create_index("ix_deliveries_of_recipient", "deliveries", ["recipient_id", "at"])
    op.create_index("ix_deliveries_by_channel", "deliveries", ["channel", "at"])
