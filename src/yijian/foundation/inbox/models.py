"""Everything received, as it was received. A row in state `received` is its own job (decision 0003)."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed
from yijian.foundation.inbox.certificate_names import NAME_FORM


class MessageState(models.TextChoices):
    RECEIVED = "received", "已接收"
    RECORDED = "recorded", "已入库"
    WAITING = "waiting", "待人工"
    REFUSED = "refused", "已拒收"
    FAILED = "failed", "处理失败"


def check_certificate_names(value: object) -> None:
    """Refuse a list of certificate names that no certificate could ever match."""
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and NAME_FORM.fullmatch(name) for name in names):
        raise ValidationError(
            "证书名称须写作 sha256:<64 位小写十六进制指纹>、dns:<小写域名>、uri:<URI> "
            "或 subject:<RFC 4514 主体名>，如 subject:CN=lis.h001.cn,O=H001"
        )


@distributed(DistributionClass.REFERENCE)
class Sender(models.Model):
    """A sending facility (MSH-4), the addresses it may send from and its certificates for MLLP over TLS."""

    facility = models.CharField("发送机构 MSH-4", max_length=128, primary_key=True)
    institution_code = models.CharField("机构代码", max_length=32)
    encoding = models.CharField("未声明时的字符集", max_length=16, blank=True)
    addresses = models.JSONField("允许的地址(CIDR)", default=list)
    certificates = models.JSONField(
        "客户端证书名称", default=list, blank=True, validators=[check_certificate_names]
    )
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "HL7 发送方"
        verbose_name_plural = "HL7 发送方"


@distributed(DistributionClass.LOCAL)
class InboxMessage(models.Model):
    """A raw message, sealed, and its fate; `digest` is SHA-256 of what came, `answer` is what we replied."""

    message_id = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField()
    protocol = models.CharField(max_length=8)
    institution_code = models.CharField(max_length=32)
    facility = models.CharField(max_length=128, blank=True)
    control_id = models.CharField(max_length=199, blank=True)
    message_type = models.CharField(max_length=32, blank=True)
    lane = models.SmallIntegerField()
    raw = models.BinaryField()
    digest = models.BinaryField()
    answer = models.BinaryField(null=True)
    state = models.CharField(max_length=16, choices=MessageState)
    reason_code = models.CharField(max_length=64, blank=True)
    reason_text = models.TextField(blank=True)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "收到的消息"
        verbose_name_plural = "收到的消息"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["protocol", "facility", "control_id", "digest"],
                condition=~models.Q(control_id=""),
                name="inbox_same_message_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["lane", "message_id"], condition=models.Q(state="received"), name="inbox_to_do"
            ),
            models.Index(fields=["institution_code", "state", "-message_id"], name="inbox_by_institution"),
            models.Index(fields=["facility", "control_id"], name="inbox_by_control"),
        ]


@distributed(DistributionClass.LOCAL)
class WorkItem(models.Model):
    """Something a person has to mend. Items of one `subject` are mended together."""

    work_item_id = models.UUIDField(primary_key=True)
    institution_code = models.CharField("机构代码", max_length=32)
    kind = models.CharField("类别", max_length=32)
    subject = models.CharField("对象", max_length=255)
    detail = models.JSONField("说明", default=dict)
    message_id = models.UUIDField("消息", null=True)
    person_id = models.UUIDField(null=True)
    report_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField("产生时间")
    resolved_at = models.DateTimeField("解决时间", null=True)
    resolved_by = models.CharField("解决人", max_length=128, blank=True)
    resolution = models.CharField("处理", max_length=64, blank=True)

    class Meta:
        verbose_name = "待办"
        verbose_name_plural = "待办"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution_code", "kind", "subject", "report_id"],
                condition=models.Q(resolved_at__isnull=True),
                name="work_item_open_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["message_id"], name="work_item_by_message"),
            models.Index(
                fields=["institution_code", "kind", "opened_at"],
                condition=models.Q(resolved_at__isnull=True),
                name="work_item_open",
            ),
        ]
