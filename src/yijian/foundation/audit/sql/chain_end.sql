SELECT entry_id, digest FROM audit_auditentry ORDER BY entry_id DESC LIMIT 1
