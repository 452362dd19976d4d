"""Match items come with their match in one COPY: asking after the parent row by row cost a quarter of it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("recognition", "0005_preview_run")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE recognition_matchitem DROP CONSTRAINT recognition_matchitem_parent",
            migrations.RunSQL.noop,
        )
    ]
