"""Who recognises what from whom, since when: agreements, HR rights, and the facts that take rights away."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


class ScopeKind(models.TextChoices):
    NATION = "nation", "全国"
    ALLIANCE = "alliance", "跨区域联盟"
    PROVINCE = "province", "省"
    CITY = "city", "市"
    COUNTY = "county", "县(区)"
    CONSORTIUM = "consortium", "医共体"


class Direction(models.TextChoices):
    SAME = "same", "同级互认"
    DOWN = "down", "下级认上级"
    UP = "up", "上级认下级"


class ClockStart(models.TextChoices):
    COLLECTION = "collection", "采样(检查)时间"
    REPORT = "report", "报告时间"


class CareSetting(models.TextChoices):
    ANY = "", "全部"
    OUTPATIENT = "outpatient", "门诊"
    EMERGENCY = "emergency", "急诊"
    INPATIENT = "inpatient", "住院"
    CHECKUP = "checkup", "体检"
    OTHER = "other", "其他"


class VersionState(models.TextChoices):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待签署"
    SIGNED = "signed", "已签署"
    WITHDRAWN = "withdrawn", "已撤回"


class SignedVersion(models.Model):
    """A version of a region's rules: drafted by one person, signed by another, then never changed.

    Only signed versions enter the rulebook; a newer one ends the older one's validity on its first day.
    `preview` is what the change would have meant for recorded matches, kept with the submission.
    """

    version = models.IntegerField("版本")
    effective_from = models.DateField("生效日期")
    effective_until = models.DateField("失效日期", null=True, blank=True)
    source = models.TextField("来源")
    source_url = models.CharField("来源网址", max_length=512, blank=True, default="", db_default="")
    state = models.CharField(
        "状态",
        max_length=16,
        choices=VersionState,
        default=VersionState.SIGNED,
        db_default=VersionState.SIGNED,
    )
    drafted_by = models.CharField("起草人", max_length=128, blank=True, default="", db_default="")
    drafted_at = models.DateTimeField("起草时间", null=True, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    signed_by = models.CharField("签署人", max_length=128, blank=True, default="", db_default="")
    signed_at = models.DateTimeField("签署时间", null=True, blank=True)
    withdrawn_by = models.CharField("撤回人", max_length=128, blank=True, default="", db_default="")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    returned_by = models.CharField("退回人", max_length=128, blank=True, default="", db_default="")
    returned_at = models.DateTimeField("退回时间", null=True, blank=True)
    return_reason = models.CharField("退回原因", max_length=255, blank=True, default="", db_default="")
    preview = models.JSONField("预演结果", null=True, blank=True)

    class Meta:
        abstract = True


@distributed(DistributionClass.REFERENCE)
class Agreement(SignedVersion):
    """One version of an agreement. It only ever grants."""

    code = models.CharField("协议代码", max_length=32)
    name_zh = models.CharField("名称", max_length=128)
    name_en = models.CharField("英文名称", max_length=128)
    scope_kind = models.CharField("范围级别", max_length=16, choices=ScopeKind)
    scope_code = models.CharField("范围代码", max_length=32)
    accepted_marks = models.JSONField("认可的标识级别", default=list, blank=True)
    mark_required = models.BooleanField("须有互认标识", default=True)
    all_items = models.BooleanField("全部项目", default=True)
    directions = models.JSONField("方向", default=list)
    upward_within = models.CharField("上级认下级仅限", max_length=16, choices=ScopeKind, blank=True)
    grade_rules = models.JSONField("等级规则", default=list, blank=True, db_default=[])
    shared_within = models.CharField(
        "须同属", max_length=16, choices=ScopeKind, blank=True, default="", db_default=""
    )
    public_only = models.BooleanField("仅限公立机构", default=False, db_default=False)
    clock = models.CharField("时限起点", max_length=16, choices=ClockStart)

    class Meta:
        verbose_name = "互认协议"
        verbose_name_plural = "互认协议"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="agreement_version_once"),
        ]


@distributed(DistributionClass.REFERENCE)
class RegionOptions(SignedVersion):
    """One version of what a region settles for itself; `settings` hold the fields of the value."""

    scope_kind = models.CharField("范围级别", max_length=16, choices=ScopeKind)
    scope_code = models.CharField("范围代码", max_length=32)
    settings = models.JSONField("选项", default=dict)

    class Meta:
        verbose_name = "地区选项"
        verbose_name_plural = "地区选项"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope_kind", "scope_code", "version"], name="region_options_version_once"
            ),
        ]


@distributed(DistributionClass.REFERENCE)
class AgreementMember(models.Model):
    """A party. An agreement without listed parties binds every institution inside its scope."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="members", verbose_name="协议")
    institution = models.ForeignKey(
        "institutions.Institution", models.PROTECT, null=True, blank=True, verbose_name="机构"
    )
    region = models.ForeignKey(
        "institutions.Region", models.PROTECT, null=True, blank=True, verbose_name="地区"
    )
    consortium = models.ForeignKey(
        "institutions.Consortium", models.PROTECT, null=True, blank=True, verbose_name="医共体"
    )

    class Meta:
        verbose_name = "协议成员"
        verbose_name_plural = "协议成员"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(institution__isnull=False)
                ^ models.Q(region__isnull=False)
                ^ models.Q(consortium__isnull=False),
                name="agreement_member_is_one_thing",
            )
        ]


@distributed(DistributionClass.REFERENCE)
class AgreementItem(models.Model):
    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="items", verbose_name="协议")
    item = models.ForeignKey("terminology.CatalogueItem", models.PROTECT, verbose_name="项目")

    class Meta:
        verbose_name = "协议项目"
        verbose_name_plural = "协议项目"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "item"], name="agreement_item_once"),
        ]


@distributed(DistributionClass.REFERENCE)
class AgreementWindow(models.Model):
    """How long a result stands in. The most specific row counts: item, then section, then all."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="windows", verbose_name="协议")
    item = models.ForeignKey(
        "terminology.CatalogueItem", models.PROTECT, null=True, blank=True, verbose_name="项目"
    )
    category = models.CharField("类别", max_length=32, blank=True)
    care_setting = models.CharField("诊疗场景", max_length=16, choices=CareSetting, blank=True)
    hours = models.IntegerField("时限(小时)")

    class Meta:
        verbose_name = "时限"
        verbose_name_plural = "时限"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "item", "category", "care_setting"],
                name="agreement_window_once",
                nulls_distinct=False,
            ),
        ]


@distributed(DistributionClass.REFERENCE)
class Right(models.Model):
    """HR right: this institution may print the mark of `scope` on this item (Measures 2022)."""

    institution = models.ForeignKey(
        "institutions.Institution", models.CASCADE, related_name="rights", verbose_name="机构"
    )
    item = models.ForeignKey("terminology.CatalogueItem", models.PROTECT, verbose_name="项目")
    scope_kind = models.CharField("范围级别", max_length=16, choices=ScopeKind)
    scope_code = models.CharField("范围代码", max_length=32)
    label = models.CharField("标识", max_length=32)
    valid_from = models.DateField("有效期起")
    valid_until = models.DateField("有效期止")
    ended_on = models.DateField("提前终止日期", null=True, blank=True)
    end_reason = models.CharField("终止原因", max_length=255, blank=True)
    evidence = models.CharField("依据", max_length=255)

    class Meta:
        verbose_name = "HR 资格"
        verbose_name_plural = "HR 资格"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution", "item", "scope_kind", "scope_code", "valid_from"],
                name="right_once",
            ),
        ]


class SuspensionKind(models.TextChoices):
    ITEM = "item", "项目暂停互认"
    NEGATIVE_LIST = "negative_list", "负面清单"
    INSTITUTION = "institution", "机构(项目)暂停资格"
    QUALITY = "quality", "质量存疑"


@distributed(DistributionClass.REFERENCE)
class Suspension(models.Model):
    """A fact that takes away, whatever agreements grant.

    `item` and `negative_list` count at the moment of the question; `institution` on the date of the
    examination; `quality` puts examinations between `starts_at` and `ends_at` in question once raised.
    With a region an item is taken away where source or receiver lies in it.
    """

    kind = models.CharField("类别", max_length=16, choices=SuspensionKind)
    institution = models.ForeignKey(
        "institutions.Institution", models.CASCADE, null=True, blank=True, verbose_name="机构"
    )
    item = models.ForeignKey(
        "terminology.CatalogueItem", models.PROTECT, null=True, blank=True, verbose_name="项目"
    )
    region = models.ForeignKey(
        "institutions.Region", models.PROTECT, null=True, blank=True, verbose_name="地区"
    )
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", null=True, blank=True)
    raised_at = models.DateTimeField("提出时间")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    reason = models.CharField("原因", max_length=255)
    source = models.CharField("来源", max_length=255, blank=True)
    raised_by = models.CharField("提出人", max_length=128, blank=True, default="", db_default="")
    withdrawn_by = models.CharField("撤回人", max_length=128, blank=True, default="", db_default="")
    withdraw_reason = models.CharField("撤回原因", max_length=255, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "暂停与负面清单"
        verbose_name_plural = "暂停与负面清单"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(institution__isnull=False) | models.Q(item__isnull=False),
                name="suspension_of_something",
            )
        ]


@distributed(DistributionClass.REFERENCE)
class AssayMethod(models.Model):
    """The method class an institution measures a method-dependent item with; equal classes compare."""

    institution = models.ForeignKey("institutions.Institution", models.CASCADE, verbose_name="机构")
    item = models.ForeignKey("terminology.CatalogueItem", models.PROTECT, verbose_name="项目")
    method_class = models.CharField("方法学类别", max_length=64)
    valid_from = models.DateField("生效日期")
    valid_until = models.DateField("失效日期", null=True, blank=True)

    class Meta:
        verbose_name = "检测方法"
        verbose_name_plural = "检测方法"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "item", "valid_from"], name="assay_method_once"),
        ]


@distributed(DistributionClass.REFERENCE)
class RulebookVersion(models.Model):
    """A name for one state of the rules: the digest of everything a decision may depend on.

    Written when a process first reads that state, before it answers anybody by it.
    """

    version = models.CharField("规则版本", max_length=32, primary_key=True)
    first_seen_at = models.DateTimeField("首次使用")

    class Meta:
        verbose_name = "规则版本"
        verbose_name_plural = "规则版本"


@distributed(DistributionClass.REFERENCE)
class RulebookMarker(models.Model):
    """One row, counted up by triggers on every table the rulebook is made of."""

    changes = models.BigIntegerField()
