"""Foreign keys inside the person class, on (person_id, …); deferred, so that rows of a person can move."""

from django.db import migrations

KEYS = (
    ("recognition_matchitem", "person_id, match_id", "recognition_match"),
    ("recognition_matchview", "person_id, match_id, sequence", "recognition_matchitem"),
    ("recognition_decision", "person_id, match_id, sequence", "recognition_matchitem"),
    ("recognition_citation", "person_id, match_id, sequence", "recognition_decision"),
    ("recognition_followup", "person_id, match_id, sequence", "recognition_decision"),
)


class Migration(migrations.Migration):
    dependencies = [("recognition", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_parent FOREIGN KEY ({columns})"
            f" REFERENCES {parent} ({columns}) DEFERRABLE INITIALLY DEFERRED",
            migrations.RunSQL.noop,
        )
        for table, columns, parent in KEYS
    ]
