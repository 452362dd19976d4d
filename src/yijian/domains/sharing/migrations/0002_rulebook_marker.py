"""Count every change to the rules and tell it on channel `rulebook`: whoever edits, by whatever tool."""

from django.db import migrations, models

TABLES = (
    "terminology_catalogueitem",
    "terminology_panelmember",
    "terminology_codemap",
    "institutions_region",
    "institutions_alliancemember",
    "institutions_institution",
    "institutions_campus",
    "institutions_consortiummember",
    "institutions_price",
    "sharing_agreement",
    "sharing_agreementmember",
    "sharing_agreementitem",
    "sharing_agreementwindow",
    "sharing_right",
    "sharing_suspension",
    "sharing_assaymethod",
)

FUNCTION = """
CREATE SEQUENCE sharing_rulebook_change;
INSERT INTO sharing_rulebookmarker (id, changes) VALUES (1, nextval('sharing_rulebook_change'));
CREATE FUNCTION sharing_mark_rulebook() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A number that never comes twice, not even after a rollback; seen only when its change is.
    INSERT INTO sharing_rulebookmarker (id, changes) VALUES (1, nextval('sharing_rulebook_change'))
    ON CONFLICT (id) DO UPDATE SET changes = excluded.changes;
    PERFORM pg_notify('rulebook', '');
    RETURN NULL;
END $$;
"""

TRIGGERS = "\n".join(
    f"CREATE TRIGGER mark_rulebook AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION sharing_mark_rulebook();"
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("sharing", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="RulebookMarker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changes", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FUNCTION + TRIGGERS, migrations.RunSQL.noop),
    ]
