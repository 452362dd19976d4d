-- The newest entry, and nobody else appends until this transaction ends (migration 0003).
SELECT entry_id, digest FROM audit_hold_end()
