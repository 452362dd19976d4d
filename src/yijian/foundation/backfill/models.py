"""How far the import of each file has come, and what was not plainly recorded (decision 0012)."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.LOCAL)
class BackfillFile(models.Model):
    """One file of an institution's past, by its content: `digest` is SHA-256 of the file as it lies.

    `position` is the byte of its unpacked content up to which everything has been dealt with.
    """

    file_id = models.UUIDField(primary_key=True)
    institution_code = models.CharField(max_length=32)
    kind = models.CharField(max_length=8)
    digest = models.BinaryField()
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    manifest_key = models.CharField(max_length=128)
    position = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=0)
    recorded = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "补录文件"
        verbose_name_plural = "补录文件"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution_code", "kind", "digest"], name="backfill_file_once")
        ]


@distributed(DistributionClass.LOCAL)
class BackfillBatch(models.Model):
    """Entries of a file dealt with in one transaction. The id of entry n is member n of `batch_id`.

    `notes` are those of its entries that were refused or wait, each a `Note`.
    """

    batch_id = models.UUIDField(primary_key=True)
    file_id = models.UUIDField()
    position = models.BigIntegerField()
    line = models.BigIntegerField()
    notes = models.JSONField(default=list)

    class Meta:
        verbose_name = "补录批次"
        verbose_name_plural = "补录批次"
        indexes: ClassVar = [models.Index(fields=["file_id", "position"], name="backfill_by_file")]
