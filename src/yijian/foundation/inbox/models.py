"""Everything received, as it was received. A row in state `received` is its own job (decision 0003).

Around it: what persons have to mend, how senders fare, and where old messages went.
"""

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


UNSETTLED = models.Q(state__in=["waiting", "refused", "failed"])
"""What did not go through; few beside what did."""


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
    """A raw message, sealed, and its fate; `digest` is SHA-256 of what came, `answer` is what we replied.

    A reason is a code and `reason_data`; `reason_text` is how the sender was told. `made`: what came of it.
    An archived message has an empty `raw` and its place in an archive; an erased one has neither.
    """

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
    reason_data = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    made = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    reported_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    replay_id = models.UUIDField(null=True)
    archive_key = models.CharField(max_length=128, blank=True, default="", db_default="")
    archive_offset = models.BigIntegerField(null=True)
    archive_size = models.BigIntegerField(null=True)

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
            models.Index(fields=["institution_code", "-message_id"], name="inbox_of_institution"),
            models.Index(
                fields=["institution_code", "state", "-message_id"],
                condition=UNSETTLED,
                name="inbox_unsettled",
            ),
            models.Index(fields=["reason_code", "message_id"], condition=UNSETTLED, name="inbox_by_reason"),
            models.Index(
                fields=["replay_id"], condition=models.Q(replay_id__isnull=False), name="inbox_by_replay"
            ),
            models.Index(fields=["message_id"], condition=models.Q(archive_key=""), name="inbox_to_archive"),
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


@distributed(DistributionClass.LOCAL)
class MatterOwner(models.Model):
    """Who looks after the open work items of one subject; a subject opened anew has nobody again."""

    pk = models.CompositePrimaryKey("institution_code", "kind", "subject")
    institution_code = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=255)
    owner = models.CharField(max_length=150)
    assigned_by = models.CharField(max_length=150)
    assigned_at = models.DateTimeField()


@distributed(DistributionClass.LOCAL)
class Awaited(models.Model):
    """Something that should follow: if it has not by `due_at`, somebody is asked (`asked_at`)."""

    pk = models.CompositePrimaryKey("institution_code", "order_no")
    institution_code = models.CharField(max_length=32)
    order_no = models.CharField(max_length=128)
    kind = models.CharField(max_length=32)
    person_id = models.UUIDField()
    detail = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(asked_at__isnull=True), name="awaited_by_due"),
            models.Index(
                fields=["institution_code", "order_no"],
                condition=models.Q(asked_at__isnull=False),
                name="awaited_asked",
            ),
        ]


@distributed(DistributionClass.LOCAL)
class ReplayRun(models.Model):
    """Messages of one cause being replayed by the worker; an empty institution means every one."""

    replay_id = models.UUIDField(primary_key=True)
    institution_code = models.CharField(max_length=32, blank=True)
    reason_code = models.CharField(max_length=64)
    place = models.CharField(max_length=64, blank=True)
    begun_by = models.CharField(max_length=150)
    begun_at = models.DateTimeField()
    last_id = models.UUIDField()
    total = models.IntegerField()
    replayed = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["replay_id"], condition=models.Q(ended_at__isnull=True), name="replay_under_way"
            ),
        ]


@distributed(DistributionClass.LOCAL)
class SenderHour(models.Model):
    """What one sender sent in one hour and what became of it, counted by the worker. Times in seconds."""

    pk = models.CompositePrimaryKey("institution_code", "protocol", "facility", "hour")
    institution_code = models.CharField(max_length=32)
    protocol = models.CharField(max_length=8)
    facility = models.CharField(max_length=128, blank=True)
    hour = models.DateTimeField()
    received = models.IntegerField()
    faults = models.IntegerField()
    encoding_faults = models.IntegerField()
    last_at = models.DateTimeField()
    reports = models.IntegerField()
    report_seconds = models.FloatField()
    processed = models.IntegerField()
    processing_seconds = models.FloatField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hour"], name="sender_hour_by_hour")]


@distributed(DistributionClass.LOCAL)
class SenderHealth(models.Model):
    """How a sender fares, measured by the worker every minute, and from where on that is alarming.

    Thresholds left empty mean: longer silent than is usual for it, and the region's own.
    """

    pk = models.CompositePrimaryKey("institution_code", "protocol", "facility")
    institution_code = models.CharField(max_length=32)
    protocol = models.CharField(max_length=8)
    facility = models.CharField(max_length=128, blank=True)
    measured_at = models.DateTimeField()
    last_at = models.DateTimeField()
    day_messages = models.IntegerField(default=0)
    week_messages = models.IntegerField(default=0)
    day_faults = models.IntegerField(default=0)
    day_encoding_faults = models.IntegerField(default=0)
    report_seconds = models.FloatField(null=True)
    processing_seconds = models.FloatField(null=True)
    usual_gap_seconds = models.FloatField(null=True)
    oldest_unprocessed_at = models.DateTimeField(null=True)
    watched = models.BooleanField(default=True)
    silent_minutes = models.IntegerField(null=True)
    fault_percent = models.IntegerField(null=True)
    queue_minutes = models.IntegerField(null=True)


@distributed(DistributionClass.LOCAL)
class Alarm(models.Model):
    """A sender that does not fare well: opened and closed by the worker, acknowledged by a person."""

    alarm_id = models.UUIDField(primary_key=True)
    institution_code = models.CharField(max_length=32)
    protocol = models.CharField(max_length=8)
    facility = models.CharField(max_length=128, blank=True)
    kind = models.CharField(max_length=16)
    measured = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution_code", "protocol", "facility", "kind"],
                condition=models.Q(closed_at__isnull=True),
                name="alarm_open_once",
            )
        ]


@distributed(DistributionClass.LOCAL)
class Archive(models.Model):
    """An object that holds sealed messages, and the object that lists them; erased after the legal period."""

    archive_key = models.CharField(max_length=128, primary_key=True)
    manifest_key = models.CharField(max_length=128)
    messages = models.IntegerField()
    size = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    archived_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["last_at"], condition=models.Q(erased_at__isnull=True), name="archive_by_age"
            )
        ]
