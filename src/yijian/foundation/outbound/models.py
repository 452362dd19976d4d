"""Who wants to be told what, and what is on its way to them."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed
from yijian.kit.clock import now
from yijian.kit.ids import new_id


class EndpointKind(models.TextChoices):
    WEBHOOK = "webhook", "JSON Webhook"
    MLLP = "mllp", "HL7 MLLP"


class EndpointEncoding(models.TextChoices):
    UTF8 = "UTF-8", "UTF-8"
    GB18030 = "GB18030", "GB18030"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "待送"
    DELIVERED = "delivered", "已送达"
    PARKED = "parked", "已搁置"


@distributed(DistributionClass.REFERENCE)
class Endpoint(models.Model):
    """Where an institution, or the regional platform, wants to be told. Secrets lie sealed."""

    endpoint_id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("名称", max_length=64)
    institution_code = models.CharField(
        "机构代码", max_length=32, blank=True, help_text="留空：区域平台，接收所有机构的事件"
    )
    kind = models.CharField("方式", max_length=8, choices=EndpointKind)
    address = models.CharField(
        "地址", max_length=500, help_text="https://… ；MLLP 写作 mllp://主机:端口，TLS 写作 mllps://主机:端口"
    )
    events = models.JSONField(
        "事件", default=list, blank=True, help_text='留空为全部，如 ["recognition.decided"]'
    )
    application = models.CharField("接收应用 MSH-5", max_length=64, blank=True)
    facility = models.CharField("接收机构 MSH-6", max_length=64, blank=True)
    encoding = models.CharField(
        "字符集", max_length=8, choices=EndpointEncoding, default=EndpointEncoding.UTF8
    )
    active = models.BooleanField("启用", default=True)
    stopped_reason = models.CharField(max_length=255, blank=True, editable=False)
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = "推送端点"
        verbose_name_plural = "推送端点"


@distributed(DistributionClass.LOCAL)
class EndpointState(models.Model):
    """How an endpoint does. Until `next_attempt_at` nothing is sent to it."""

    endpoint_id = models.UUIDField(primary_key=True)
    failures = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=255, blank=True)


@distributed(DistributionClass.LOCAL)
class Delivery(models.Model):
    """A message for one endpoint; those of one `subject` go in the order of their ids.

    `queued_at` is when it was put in the queue, anew where somebody redelivers it.
    """

    delivery_id = models.UUIDField(primary_key=True)
    endpoint_id = models.UUIDField()
    event = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    payload = models.TextField()
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=255, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "推送"
        verbose_name_plural = "推送"
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint_id", "delivery_id"],
                condition=models.Q(state="waiting"),
                name="outbound_to_send",
            ),
            models.Index(
                fields=["endpoint_id", "subject", "delivery_id"],
                condition=models.Q(state="waiting"),
                name="outbound_by_subject",
            ),
            models.Index(
                fields=["endpoint_id", "delivery_id"],
                condition=models.Q(state="parked"),
                name="outbound_parked",
            ),
            models.Index(
                fields=["settled_at"], condition=models.Q(state="delivered"), name="outbound_delivered"
            ),
        ]
