"""Lock facilities and look up control ids in one call: within it each statement sees what was committed."""

from django.db import migrations

STATEMENT = """
CREATE FUNCTION inbox_hold(held_protocol text, facilities text[], control_ids text[])
RETURNS TABLE (message_id uuid, facility varchar, control_id varchar, digest bytea, institution_code varchar,
    state varchar, reason_code varchar, reason_text text, answer bytea)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('inbox ' || sorted.name, 0))
    FROM (SELECT DISTINCT given.name FROM unnest(facilities) AS given (name) ORDER BY given.name) AS sorted;
    RETURN QUERY
    SELECT known.* FROM unnest(facilities, control_ids) AS given (facility, control_id)
    CROSS JOIN LATERAL (
        SELECT m.message_id, m.facility, m.control_id, m.digest, m.institution_code, m.state, m.reason_code,
            m.reason_text, m.answer
        FROM inbox_inboxmessage AS m
        WHERE m.protocol = held_protocol AND m.facility = given.facility AND m.control_id = given.control_id
        OFFSET 0
    ) AS known;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_inbox_indexes")]

    operations = [migrations.RunSQL(STATEMENT)]
