"""Indexes of the inbox, built while messages keep coming."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

UNSETTLED = models.Q(state__in=["waiting", "refused", "failed"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inbox", "0003_message_fate"),
    ]

    operations = [
        AddIndexConcurrently(
            "inboxmessage",
            models.Index(fields=["institution_code", "-message_id"], name="inbox_of_institution"),
        ),
        AddIndexConcurrently(
            "inboxmessage",
            models.Index(
                fields=["institution_code", "state", "-message_id"],
                condition=UNSETTLED,
                name="inbox_unsettled",
            ),
        ),
        AddIndexConcurrently(
            "inboxmessage",
            models.Index(fields=["reason_code", "message_id"], condition=UNSETTLED, name="inbox_by_reason"),
        ),
        AddIndexConcurrently(
            "inboxmessage",
            models.Index(
                fields=["replay_id"], condition=models.Q(replay_id__isnull=False), name="inbox_by_replay"
            ),
        ),
        AddIndexConcurrently(
            "inboxmessage",
            models.Index(fields=["message_id"], condition=models.Q(archive_key=""), name="inbox_to_archive"),
        ),
        RemoveIndexConcurrently("inboxmessage", "inbox_by_institution"),
    ]
