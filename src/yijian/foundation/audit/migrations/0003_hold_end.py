"""Hold the trail's end and read it in one round trip: within a function each statement sees what was committed."""

from django.db import migrations

STATEMENT = """
CREATE FUNCTION audit_hold_end() RETURNS TABLE (entry_id bigint, digest bytea) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7214001);
    RETURN QUERY SELECT e.entry_id, e.digest FROM audit_auditentry AS e ORDER BY e.entry_id DESC LIMIT 1;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [migrations.RunSQL(STATEMENT)]
