"""Find a report's person by the report's own id, as links on cards do; built without locking the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("results", "0002_foreign_keys")]

    operations = [
        AddIndexConcurrently("report", models.Index(fields=["report_id"], name="report_by_id")),
    ]
