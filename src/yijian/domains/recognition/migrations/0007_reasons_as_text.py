"""Reasons are written with every match and asked after by no statement: as text they cost PostgreSQL half."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recognition", "0006_items_without_parent_check")]

    operations = [
        migrations.AlterField("matchitem", "reasons", models.JSONField(null=True)),
        migrations.AddField("matchitem", "told", models.TextField(null=True)),
    ]
