"""What administrators change: decreed days come and go, and a chained record says who and why.

Decrees get their period as a row of its own and can be withdrawn; an alert can be about the
installation instead of a case. Going back loses the record, withdrawn days and such alerts: the
version before has no place for them.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.refusing import Refusing, on_sqlite

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("withdrawn_at IS NULL")
ABOUT_ONE_THING = """
    CASE WHEN checkpoint_id IS NULL THEN 0 ELSE 1 END + CASE WHEN handover_id IS NULL THEN 0 ELSE 1
    END + CASE WHEN notice IS NULL THEN 0 ELSE 1 END = 1"""
SAYS_WHAT_RANG = """
    (rung IS NOT NULL) = (checkpoint_id IS NOT NULL OR notice IS NOT NULL)
    AND (handover_id IS NULL) = (event IS NULL) AND (notice IS NULL) = (period IS NULL)"""
ABOUT_A_CASE = "(checkpoint_id IS NULL) <> (handover_id IS NULL)"
SAYS_RUNG_OR_EVENT = (
    "(checkpoint_id IS NULL) = (rung IS NULL) AND (handover_id IS NULL) = (event IS NULL)"
)

RULES = (
    ("administration", "UPDATE", "TRUE", "the record of administration is append-only"),
    ("administration", "DELETE", "TRUE", "the record of administration is append-only"),
    ("decrees", "DELETE", "TRUE", "decrees are withdrawn, not deleted"),
    (
        "decrees",
        "UPDATE",
        """OLD.withdrawn_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.day <> OLD.day
           OR (NEW.day IS NULL) <> (OLD.day IS NULL) OR NEW.first_year <> OLD.first_year
           OR NEW.last_year <> OLD.last_year OR NEW.source <> OLD.source
           OR NEW.loaded_at <> OLD.loaded_at""",
        "a decree can only be withdrawn; what it said stays",
    ),
)
ON_SQLITE = (
    (
        "administration",
        "INSERT",
        """EXISTS (SELECT 1 FROM administration a WHERE a.id = NEW.id
                   OR a.previous = NEW.previous)""",
        "the record of administration is append-only and has one end",
    ),
    (
        "decrees",
        "INSERT",
        """EXISTS (SELECT 1 FROM decrees d WHERE d.id = NEW.id
                   OR (d.day = NEW.day AND d.withdrawn_at IS NULL AND NEW.withdrawn_at IS NULL))""",
        "decrees are withdrawn, not replaced",
    ),
)
ON_RECORD = Refusing("administered", RULES, ON_SQLITE, never_emptied=("administration", "decrees"))


def upgrade() -> None:
    _administration()
    _decrees_that_can_be_withdrawn()
    with _deliveries_aside():
        _alerts_without_a_case()
    ON_RECORD.begin()


def downgrade() -> None:
    ON_RECORD.end()
    _notices_gone()
    with _deliveries_aside():
        _alerts_with_a_case()
    _decrees_by_day()
    op.drop_table("administration")


def _administration() -> None:
    op.create_table(
        "administration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administration")),
        sa.UniqueConstraint("previous", name=op.f("uq_administration_previous")),
    )


def _decrees_that_can_be_withdrawn() -> None:
    # A new primary key: the rows are read, and written into a table made anew.
    days = _rows("SELECT day, first_year, last_year, source, loaded_at FROM decrees ORDER BY day")
    periods = _rows(
        "SELECT NULL AS day, first_year, last_year, source, min(loaded_at) AS loaded_at "
        "FROM decrees GROUP BY first_year, last_year, source ORDER BY first_year, source"
    )
    op.drop_table("decrees")
    made = op.create_table(
        "decrees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("loaded_at", UTC_TIME, nullable=False),
        sa.Column("withdrawn_at", UTC_TIME, nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint("first_year <= last_year", name=op.f("ck_decrees_period_has_years")),
        sa.CheckConstraint(
            "(source IS NOT NULL AND length(trim(source)) > 0)",
            name=op.f("ck_decrees_has_source"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name=op.f("ck_decrees_withdrawn_by_somebody"),
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_at >= loaded_at",
            name=op.f("ck_decrees_withdrawn_after_it_was_loaded"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decrees")),
    )
    op.create_index(
        "uq_decrees_day_in_force", "decrees", ["day"], unique=True,
        sqlite_where=IN_FORCE, postgresql_where=IN_FORCE,
    )  # fmt: skip
    _fill(made, periods + days)


def _decrees_by_day() -> None:
    # What was withdrawn, and periods without a day, have no place in the table as it was.
    days = _rows(
        "SELECT day, first_year, last_year, source, loaded_at FROM decrees "
        "WHERE day IS NOT NULL AND withdrawn_at IS NULL ORDER BY day"
    )
    op.drop_table("decrees")
    made = op.create_table(
        "decrees",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("loaded_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_decrees")),
    )
    _fill(made, days)


def _rows(query: str) -> list[dict[str, object]]:
    columns = {"day": sa.Date(), "loaded_at": UTC_TIME}
    read = sa.text(query).columns(**columns)
    return [dict(row) for row in op.get_bind().execute(read).mappings()]


def _fill(table: sa.Table, rows: list[dict[str, object]]) -> None:
    if rows:
        op.bulk_insert(table, rows)


class _deliveries_aside:  # noqa: N801
    """On SQLite a table is changed by dropping it, which rows that refer to it would forbid."""

    def __enter__(self) -> None:
        if on_sqlite():
            op.execute("CREATE TEMPORARY TABLE deliveries_aside AS SELECT * FROM deliveries")
            op.execute("DELETE FROM deliveries")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if on_sqlite() and kind is None:
            op.execute("INSERT INTO deliveries SELECT * FROM deliveries_aside")
            op.execute("DROP TABLE deliveries_aside")


def _alerts_without_a_case() -> None:
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("notice", sa.String(length=32), nullable=True))
        alerts.add_column(sa.Column("period", sa.String(length=16), nullable=True))
        alerts.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        alerts.drop_constraint(op.f("ck_alerts_about_one_thing"), type_="check")
        alerts.drop_constraint(op.f("ck_alerts_says_what_rang"), type_="check")
    with op.batch_alter_table("alerts") as alerts:
        alerts.create_check_constraint(op.f("ck_alerts_notice"), "notice IN ('decrees_run_out')")
        alerts.create_check_constraint(op.f("ck_alerts_about_one_thing"), ABOUT_ONE_THING)
        alerts.create_check_constraint(op.f("ck_alerts_says_what_rang"), SAYS_WHAT_RANG)
        alerts.create_check_constraint(
            op.f("ck_alerts_notice_has_no_case"), "(case_id IS NULL) = (notice IS NOT NULL)"
        )
        alerts.create_unique_constraint(
            op.f("uq_alerts_notice_period_rung_recipient_id"),
            ["notice", "period", "rung", "recipient_id"],
        )


def _notices_gone() -> None:
    op.execute(
        "DELETE FROM deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE notice IS NOT NULL)"
    )
    op.execute("DELETE FROM alerts WHERE notice IS NOT NULL")


def _alerts_with_a_case() -> None:
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_constraint(op.f("uq_alerts_notice_period_rung_recipient_id"), type_="unique")
        for name in ("notice", "about_one_thing", "says_what_rang", "notice_has_no_case"):
            alerts.drop_constraint(op.f(f"ck_alerts_{name}"), type_="check")
        alerts.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_column("period")
        alerts.drop_column("notice")
        alerts.create_check_constraint(op.f("ck_alerts_about_one_thing"), ABOUT_A_CASE)
        alerts.create_check_constraint(op.f("ck_alerts_says_what_rang"), SAYS_RUNG_OR_EVENT)
