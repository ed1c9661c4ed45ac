"""What the database keeps by itself: the triggers that refuse, write down and call, by their names.

Somebody who changes history by hand takes one away first, and may forget to put it back.
"""

from casework.audit_checks import REMOVED

# migrations/versions/: 0002, 0003, 0004, 0008 and 0010.
EVERYWHERE = {
    "kept_1_journal_update", "kept_2_journal_delete", "kept_3_assignments_delete",
    "kept_4_assignments_insert", "kept_5_assignments_update", "kept_6_assignments_update",
    "kept_7_cases_insert", "kept_8_cases_update",
    "dated_1_checkpoints_update", "dated_2_term_changes_update", "dated_3_term_changes_delete",
    "administered_1_administration_update", "administered_2_administration_delete",
    "administered_3_decrees_delete", "administered_4_decrees_update",
    "traced_1_removals_delete", "traced_2_removals_update",
    "visits_called", *(f"tells_removal_{table}" for table in REMOVED),
}  # fmt: skip
# Against INSERT OR REPLACE, which asks no trigger on DELETE, and against TRUNCATE.
GUARDS = {
    "sqlite": EVERYWHERE | {
        "kept_9_journal_insert", "kept_10_assignments_insert", "dated_4_checkpoints_insert",
        "dated_5_term_changes_insert", "administered_5_administration_insert",
        "administered_6_decrees_insert",
    },
    "postgresql": EVERYWHERE | {
        f"never_emptied_{table}" for table in (
            "journal", "assignments", "term_changes", "administration", "decrees", "visits",
            "handovers", "checkpoints", "alerts", "deliveries", "removals",
        )
    },
}  # fmt: skip
# Those at work; some have one name on several tables.
AT_WORK = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname || CASE WHEN tgname IN ('tells_removal', 'never_emptied')
                         THEN '_' || relname ELSE '' END
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)""",
}
