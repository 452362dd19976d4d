"""Foreign keys inside the person class, on (person_id, …); deferred, so that rows of a person can move."""

from django.db import migrations

KEYS = (
    ("results_reportversion", "person_id, report_id", "results_report"),
    ("results_result", "person_id, report_id, version", "results_reportversion"),
)


class Migration(migrations.Migration):
    dependencies = [("results", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_parent FOREIGN KEY ({columns})"
            f" REFERENCES {parent} ({columns}) DEFERRABLE INITIALLY DEFERRED",
            migrations.RunSQL.noop,
        )
        for table, columns, parent in KEYS
    ]
