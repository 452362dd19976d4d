"""An item may be suspended, or put on the negative list, in one region alone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("institutions", "0001_initial"),
        ("sharing", "0005_parts_of_signed"),
    ]

    operations = [
        migrations.AddField(
            model_name="suspension",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="institutions.region",
                verbose_name="地区",
            ),
        ),
    ]
