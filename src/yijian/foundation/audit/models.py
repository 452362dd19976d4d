"""Who read or changed what, on which legal basis; append-only, each row chained to the one before."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.LOCAL)
class AuditEntry(models.Model):
    """One access. A trigger refuses UPDATE and DELETE; `digest` covers the row and the previous digest."""

    entry_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=128)
    institution_code = models.CharField(max_length=32)
    action = models.CharField(max_length=64)
    person_id = models.UUIDField(null=True)
    legal_basis = models.CharField(max_length=32)
    detail = models.JSONField(default=dict)
    trace_id = models.CharField(max_length=64, blank=True)
    previous_digest = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id", "at"], name="audit_by_person")]
