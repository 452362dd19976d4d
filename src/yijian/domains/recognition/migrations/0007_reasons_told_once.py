"""A match tells each reason once, as text, and its items name them: a third of what items held, and no JSONB made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recognition", "0006_items_without_parent_check")]

    operations = [
        migrations.AlterField("matchitem", "reasons", models.JSONField(null=True)),
        migrations.AddField("matchitem", "told", models.TextField(null=True)),
        migrations.AddField("match", "told", models.TextField(null=True)),
    ]
