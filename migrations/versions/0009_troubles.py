"""Troubles: notices for operations about runs, the audit, promises and the outbox, with a count.

The release before runs on this schema: the column may be empty, and it writes none of the new
words. Going back loses what was told of troubles.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NOTICES = ("decrees_run_out", "contact_check", "unreached", "code")
TROUBLES = (
    "runs_late", "runs_crashed", "runs_failed", "audit_findings", "audit_silent", "promises_late",
    "outbox_stuck",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("alerts", sa.Column("how_many", sa.Integer(), nullable=True))
    _may_be((*NOTICES, *TROUBLES))


def downgrade() -> None:
    gone = f"notice IN ({_spelled(TROUBLES)})"
    of_those = f"alert_id IN (SELECT id FROM alerts WHERE {gone})"
    op.execute(f"DELETE FROM acknowledgements WHERE {of_those}")
    op.execute(f"DELETE FROM deliveries WHERE {of_those}")
    op.execute(f"UPDATE alerts SET instead_of = NULL WHERE {gone}")
    op.execute(f"DELETE FROM alerts WHERE {gone}")
    _may_be(NOTICES)
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_column("how_many")


def _may_be(words: tuple[str, ...]) -> None:
    """A notice is one of these words from now on."""
    check = op.f("ck_alerts_notice")
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_constraint(check, type_="check")
        alerts.create_check_constraint(check, f"notice IN ({_spelled(words)})")


def _spelled(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
