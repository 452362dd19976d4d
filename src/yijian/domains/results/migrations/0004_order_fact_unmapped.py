"""Find the orders that wait for a code's meaning; built without locking the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("results", "0003_report_by_id")]

    operations = [
        AddIndexConcurrently(
            "orderfact",
            models.Index(
                fields=["institution_code", "code"],
                condition=models.Q(item_code=""),
                name="order_fact_unmapped",
            ),
        ),
    ]
