"""Facts told upwards: written in the transaction that made them true, delivered at least once, in order."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.LOCAL)
class OutboxEvent(models.Model):
    """One event. `name` is the event class's name, `body` its fields."""

    event_id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=64)
    body = models.JSONField()
    occurred_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["event_id"], condition=models.Q(delivered_at__isnull=True), name="outbox_to_deliver"
            )
        ]
