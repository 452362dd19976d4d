"""Reports as immutable versions, their rows made comparable, and the order facts around them."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.PERSON, "person_id")
class Report(models.Model):
    """A report of one institution: its identity, its newest version and whether it was voided."""

    pk = models.CompositePrimaryKey("person_id", "report_id")
    person_id = models.UUIDField()
    report_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    report_no = models.CharField(max_length=128)
    kind = models.CharField(max_length=8)
    current_version = models.IntegerField()
    effective_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=255, blank=True)
    first_recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person_id", "-effective_at"], name="report_timeline"),
            models.Index(fields=["report_id"], name="report_by_id"),
        ]


@distributed(DistributionClass.IDENTIFIER, "report_no")
class ReportKey(models.Model):
    """An institution's report number → where its report is."""

    pk = models.CompositePrimaryKey("report_no", "institution_code")
    report_no = models.CharField(max_length=128)
    institution_code = models.CharField(max_length=32)
    person_id = models.UUIDField()
    report_id = models.UUIDField()


@distributed(DistributionClass.PERSON, "person_id")
class ReportVersion(models.Model):
    """One version, never rewritten. `body` is the upload (contract §5), without patient and PDF."""

    pk = models.CompositePrimaryKey("person_id", "report_id", "version")
    person_id = models.UUIDField()
    report_id = models.UUIDField()
    version = models.IntegerField()
    status = models.CharField(max_length=16)
    effective_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    body = models.JSONField()
    content_digest = models.BinaryField()
    document_key = models.CharField(max_length=128, blank=True)
    source = models.CharField(max_length=8)
    message_id = models.UUIDField(null=True)


@distributed(DistributionClass.PERSON, "person_id")
class Result(models.Model):
    """One row of a version: a laboratory value, or one examined item. `item_code` is empty while unmapped."""

    pk = models.CompositePrimaryKey("person_id", "report_id", "version", "row_no")
    person_id = models.UUIDField()
    report_id = models.UUIDField()
    version = models.IntegerField()
    row_no = models.SmallIntegerField()
    institution_code = models.CharField(max_length=32)
    item_code = models.CharField(max_length=32, blank=True)
    code_system = models.CharField(max_length=8)
    code = models.CharField(max_length=128)
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=16)
    effective_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    value = models.TextField(blank=True)
    unit = models.CharField(max_length=64, blank=True)
    reference_range = models.CharField(max_length=255, blank=True)
    flag = models.CharField(max_length=8, blank=True)
    critical = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    comparable_value = models.DecimalField(max_digits=30, decimal_places=12, null=True)
    comparable_unit = models.CharField(max_length=32, blank=True)
    unit_state = models.CharField(max_length=16)
    specimen = models.CharField(max_length=32, blank=True)
    specimen_name = models.CharField(max_length=64, blank=True)
    method_class = models.CharField(max_length=64, blank=True)
    body_site = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=8, blank=True)
    contrast = models.CharField(max_length=8, blank=True)
    image_status = models.CharField(max_length=16, blank=True)
    image_url = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person_id", "item_code", "-effective_at"], name="result_candidates"),
            models.Index(
                fields=["institution_code", "code"],
                condition=models.Q(item_code=""),
                name="result_unmapped",
            ),
        ]


@distributed(DistributionClass.PERSON, "person_id")
class OrderFact(models.Model):
    """An order's state as its hospital told us; the denominator of repeat rates and savings."""

    pk = models.CompositePrimaryKey("person_id", "institution_code", "order_no", "state")
    person_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    order_no = models.CharField(max_length=128)
    state = models.CharField(max_length=16)
    occurred_at = models.DateTimeField()
    item_code = models.CharField(max_length=32, blank=True)
    code_system = models.CharField(max_length=8)
    code = models.CharField(max_length=128)
    intervention = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    body = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["person_id", "-occurred_at"],
                condition=models.Q(intervention=True, state="executed"),
                name="order_fact_interventions",
            ),
            models.Index(
                fields=["institution_code", "code"],
                condition=models.Q(item_code=""),
                name="order_fact_unmapped",
            ),
        ]


@distributed(DistributionClass.IDENTIFIER, "order_no")
class OrderKey(models.Model):
    """An institution's order number and state, once, whoever the patient is."""

    pk = models.CompositePrimaryKey("order_no", "institution_code", "state")
    order_no = models.CharField(max_length=128)
    institution_code = models.CharField(max_length=32)
    state = models.CharField(max_length=16)
    person_id = models.UUIDField()
    content_digest = models.BinaryField()
