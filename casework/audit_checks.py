"""What the audit asks of the rows: each question as a code and as SQL over cases `k`.

None of it is shared with the watch, the senders or the verbs it checks, and both databases read it
alike. Each is answered by an index, however many closed cases there are.
"""

# Whoever is expected at the table of case `k`, besides the organisation that directs it.
OF = "coalesce(a.principal_id, p.organisation_id)"
HELD = "FROM assignments a JOIN contacts p ON p.id = a.contact_id WHERE a.case_id = k.id"
PARTNERS = f"""
    SELECT {OF} AS organisation {HELD} AND a.until IS NULL AND a.role <> 'case_director'
    UNION SELECT r.organisation_id FROM requests r WHERE r.case_id = k.id AND r.state = 'open'
    EXCEPT SELECT {OF} {HELD} AND a.until IS NULL AND a.role = 'case_director'"""

# What the journal says of a rung: to how many it was told. Other lines have other words there.
TOLD = (
    "CASE WHEN {line}.kind IN ('raised', 'raised_again') "
    "THEN CAST({line}.data ->> '{what}' AS INTEGER) END"
)
TO, RUNG = TOLD.format(line="j", what="to"), TOLD.format(line="j", what="rung")
AGAIN = TOLD.format(line="r", what="rung")

# An open promise `c` that is told of after its own date, although nobody saw a reminder of it; or
# that is past its date and silent for longer than any policy is.
RINGS_TOO_LATE = """
    c.state = 'open' AND c.next_at > c.due_at AND (c.next_at > :far OR (
        c.next_rung <= 0 AND c.next_at > :soon AND (c.statutory OR NOT EXISTS (
            SELECT 1 FROM alerts t WHERE t.checkpoint_id = c.id
            AND t.acknowledged_at IS NOT NULL))))"""

# What each query finds, as code and as SQL over open cases `k`.
CHECKS: dict[str, str] = {
    "no-holder": """
        NOT EXISTS (SELECT 1 FROM assignments a JOIN contacts p ON p.id = a.contact_id
                    WHERE a.id = k.director_id AND a.case_id = k.id
                    AND a.role = 'case_director' AND a.until IS NULL)""",
    "no-promise": """
        NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                    AND c.state = 'open' AND c.next_at IS NOT NULL)""",
    "not-raised": """
        EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                AND c.state = 'open' AND c.next_at < :late)""",
    "rings-too-late": f"""
        EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND {RINGS_TOO_LATE})""",
    # Whatever ends a promise is a line of the journal at that very moment.
    "over-untold": """
        EXISTS (SELECT c.closed_at FROM checkpoints c WHERE c.case_id = k.id AND c.state <> 'open'
                EXCEPT SELECT j.at FROM journal j WHERE j.case_id = k.id)""",
    "put-off": """
        EXISTS (SELECT 1 FROM checkpoints c JOIN journal j ON j.checkpoint_id = c.id
                WHERE c.case_id = k.id AND c.state = 'open' AND j.kind = 'put_off'
                AND NOT EXISTS (SELECT 1 FROM journal r WHERE r.checkpoint_id = c.id
                                AND r.kind = 'raised' AND r.seq > j.seq))""",
    "no-visit": """
        NOT EXISTS (SELECT 1 FROM visits v WHERE v.case_id = k.id
                    AND v.left_at IS NULL AND v.stage = k.stage)""",
    "no-run": """
        EXISTS (SELECT 1 FROM visits v WHERE v.case_id = k.id AND v.left_at IS NULL
                AND v.run_id IS NULL AND v.entered_at < :unarmed
                AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.case_id = k.id AND j.at > :unarmed)
                AND EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                            AND c.state = 'open' AND c.next_at < :horizon))""",
    "run-of-another": """
        EXISTS (SELECT 1 FROM visits v JOIN visits o ON o.run_id = v.run_id AND o.id <> v.id
                WHERE v.case_id = k.id AND v.left_at IS NULL
                AND v.run_id IS NOT NULL AND o.run_id IS NOT NULL)""",
    "half-closed": """
        k.closed_at IS NOT NULL AND EXISTS (
            SELECT 1 FROM visits v WHERE v.case_id = k.id AND v.left_at IS NULL)""",
    "offer-past-term": """
        EXISTS (SELECT 1 FROM handovers h JOIN checkpoints c ON c.handover_id = h.id
                WHERE h.case_id = k.id AND h.state = 'offered' AND c.state = 'open'
                AND c.key IN ('handover_answered', 'handover_urgent') AND c.due_at < :late)""",
    "unsent-alert": """
        EXISTS (SELECT 1 FROM alerts t WHERE t.case_id = k.id
                AND (t.next_at < :unsent OR t.next_at > :far OR t.state = 'failed' AND EXISTS (
                    SELECT 1 FROM deliveries d WHERE d.alert_id = t.id AND d.at < :unsent)))""",
    # It is said to have arrived, and no attempt says so; or to be void, while what it asks is open
    # and its recipient has it by no other channel.
    "unsent-untold": """
        EXISTS (SELECT 1 FROM alerts t WHERE t.case_id = k.id
                AND t.state IN ('delivered', 'perhaps') AND NOT EXISTS (
                    SELECT 1 FROM deliveries d WHERE d.alert_id = t.id AND d.outcome = t.state))
        OR EXISTS (SELECT 1 FROM alerts t JOIN checkpoints c ON c.id = t.checkpoint_id
                   WHERE t.case_id = k.id AND t.state = 'void' AND c.state = 'open'
                   AND NOT EXISTS (
                       SELECT 1 FROM alerts o WHERE o.checkpoint_id = t.checkpoint_id
                       AND o.rung = t.rung AND o.recipient_id = t.recipient_id AND o.id <> t.id
                       AND (o.state = 'delivered' OR o.acknowledged_at IS NOT NULL)))""",
    "silence-unwatched": f"""
        (k.silent_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND c.state = 'open'
            AND c.key IN ('case_silent', 'wait_over')))
        OR EXISTS (SELECT 1 FROM ({PARTNERS}) e WHERE NOT EXISTS (
            SELECT 1 FROM partners p WHERE p.case_id = k.id AND p.organisation_id = e.organisation
            AND (p.silent_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND c.state = 'open'
                AND c.origin LIKE 'partner:' || p.id || ':%'))))""",
    "silence-not-asked": """
        k.silent_at < :late OR EXISTS (SELECT 1 FROM partners p WHERE p.case_id = k.id
                                       AND p.silent_at < :late)
        OR EXISTS (SELECT 1 FROM journal j WHERE j.case_id = k.id
                   AND j.kind = 'silence_put_off' AND j.at >= k.stirred_at
                   AND k.silent_at IS NOT NULL)""",
    # Fewer alerts than the journal says were made, on any rung; alerts that went instead of
    # another are not counted, nor what was told before a rung was raised again.
    "rung-without-alert": f"""
        EXISTS (SELECT 1 FROM journal j WHERE j.case_id = k.id
            AND {TO} > (SELECT count(*) FROM alerts t WHERE t.checkpoint_id = j.checkpoint_id
                        AND t.rung = coalesce(j.rung, {RUNG}) AND t.instead_of IS NULL)
            AND NOT EXISTS (SELECT 1 FROM journal r WHERE r.case_id = k.id AND r.seq > j.seq
                            AND r.kind = 'raised_again' AND r.checkpoint_id = j.checkpoint_id
                            AND {AGAIN} = coalesce(j.rung, {RUNG})))""",
    # The journal, an alert or the ledger speaks of a promise that is not there.
    "promise-gone": """
        EXISTS (SELECT 1 FROM journal j WHERE j.case_id = k.id AND j.checkpoint_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.id = j.checkpoint_id))
        OR EXISTS (SELECT 1 FROM alerts t WHERE t.case_id = k.id AND t.checkpoint_id IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.id = t.checkpoint_id))
        OR EXISTS (SELECT 1 FROM term_changes d WHERE d.case_id = k.id AND (
            NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.id = d.checkpoint_id)
            OR NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.id = d.successor_id)))""",
    # Directors follow each other without a gap, but for the time the case was closed; and whoever
    # took over a role holds it or held it.
    "assignment-gone": """
        (SELECT count(*) FROM assignments a WHERE a.case_id = k.id AND a.role = 'case_director'
            AND a.since > k.opened_at AND NOT EXISTS (
                SELECT 1 FROM assignments b WHERE b.case_id = k.id AND b.role = 'case_director'
                AND b.until = a.since AND b.id <> a.id))
        > (SELECT count(*) FROM journal j WHERE j.case_id = k.id AND j.kind = 'reopened')
        OR EXISTS (SELECT 1 FROM handovers h WHERE h.case_id = k.id
            AND h.state IN ('accepted', 'assigned', 'contacted', 'reported', 'closed')
            AND NOT EXISTS (SELECT 1 FROM assignments a WHERE a.case_id = k.id AND a.role = h.role
                AND (a.contact_id = h.to_contact_id OR a.since >= h.offered_at)))""",
}  # fmt: skip

# Looked at in a closed case too, while a promise outlives it: who reported is told of the end.
AFTER_CLOSING = {
    "not-raised", "put-off", "rings-too-late", "unsent-alert", "unsent-untold",
    "rung-without-alert", "half-closed",
}  # fmt: skip
OUTLIVED = "k.id IN (SELECT o.case_id FROM checkpoints o WHERE o.state = 'open')"

# Rows that somebody deleted, of any case: what was in which table.
REMOVED = {
    "checkpoints": "removed-promise",
    "assignments": "removed-assignment",
    "alerts": "removed-alert",
    "visits": "removed-row",
    "handovers": "removed-row",
    "deliveries": "removed-row",
}
REMOVALS = """
    SELECT DISTINCT coalesce(k.key, '-') AS key, r."of" FROM removals r
    LEFT JOIN cases k ON k.id = r.case_id WHERE r.settled_at IS NULL ORDER BY 1, 2 LIMIT :most"""

# The moment up to which so many visits come, with a run or without.
NTH_VISIT = """
    SELECT v.wake_at FROM visits v WHERE v.completed_at IS NULL AND v.wake_at IS NOT NULL
    ORDER BY v.wake_at LIMIT 1 OFFSET :nth"""

# Visits that are armed since a while, and so have a run that Prefect must know.
ARMED = """
    SELECT v.id, k.key, v.run_id FROM visits v JOIN cases k ON k.id = v.case_id
    WHERE v.left_at IS NULL AND v.completed_at IS NULL AND v.run_id IS NOT NULL
    AND v.armed_at < :before ORDER BY v.id"""
STILL_ARMED = """
    SELECT 1 FROM visits v WHERE v.id = :id AND v.run_id = :run AND v.left_at IS NULL
    AND v.armed_at < :before"""
