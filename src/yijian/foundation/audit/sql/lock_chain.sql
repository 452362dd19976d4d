-- One writer at a time, until its transaction ends. A statement of its own: the end is read after it is held.
SELECT pg_advisory_xact_lock(7214001)
