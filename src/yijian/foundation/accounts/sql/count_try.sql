-- $1 digest of what is tried, $2 now, $3 when a window that begins now ends; a window begins anew where the
-- one before is over, or ends later than any can: the clock was put back
INSERT INTO accounts_signintries AS kept (digest, tries, ends_at)
VALUES ($1, 1, $3)
ON CONFLICT (digest) DO UPDATE SET
    tries = CASE WHEN kept.ends_at > $2 AND kept.ends_at <= $3 THEN kept.tries + 1 ELSE 1 END,
    ends_at = CASE WHEN kept.ends_at > $2 AND kept.ends_at <= $3 THEN kept.ends_at ELSE $3 END
RETURNING tries
