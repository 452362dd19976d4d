"""What is signed gains no part either: no item, window or party is put in or moved there."""

from django.db import migrations

PARTS = ("sharing_agreementmember", "sharing_agreementitem", "sharing_agreementwindow")

KEEP_PARTS = """
CREATE OR REPLACE FUNCTION sharing_keep_signed_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM sharing_agreement WHERE id IN (OLD.agreement_id, NEW.agreement_id) AND state = 'signed'
    ) THEN
        RAISE EXCEPTION 'a signed version of the rules is never changed; draft a new one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
""" + "".join(
    f"CREATE TRIGGER keep_signed_whole BEFORE INSERT ON {table} FOR EACH ROW"
    " EXECUTE FUNCTION sharing_keep_signed_part();\n"
    for table in PARTS
)


class Migration(migrations.Migration):
    dependencies = [("sharing", "0004_returned_version")]

    operations = [migrations.RunSQL(KEEP_PARTS, migrations.RunSQL.noop)]
