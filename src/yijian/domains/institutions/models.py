"""Regions, alliances, consortia, institutions, campuses and their prices."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


class RegionKind(models.TextChoices):
    NATION = "nation", "全国"
    PROVINCE = "province", "省"
    CITY = "city", "市"
    COUNTY = "county", "县(区)"


@distributed(DistributionClass.REFERENCE)
class Region(models.Model):
    """An administrative division; the code is GB/T 2260 without trailing zeros, `CN` for the nation."""

    code = models.CharField("区划代码", max_length=6, primary_key=True)
    name_zh = models.CharField("名称", max_length=64)
    name_en = models.CharField("英文名称", max_length=64)
    kind = models.CharField("级别", max_length=8, choices=RegionKind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级")
    mark_label = models.CharField("互认标识", max_length=32, blank=True)

    class Meta:
        verbose_name = "行政区划"
        verbose_name_plural = "行政区划"


@distributed(DistributionClass.REFERENCE)
class Alliance(models.Model):
    """Regions that recognise each other across provincial borders, such as 京津冀鲁."""

    code = models.CharField("联盟代码", max_length=16, primary_key=True)
    name_zh = models.CharField("名称", max_length=64)
    name_en = models.CharField("英文名称", max_length=64)
    mark_label = models.CharField("互认标识", max_length=32)

    class Meta:
        verbose_name = "跨区域联盟"
        verbose_name_plural = "跨区域联盟"


@distributed(DistributionClass.REFERENCE)
class AllianceMember(models.Model):
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="members", verbose_name="联盟")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区")
    joined_on = models.DateField("加入日期")
    left_on = models.DateField("退出日期", null=True, blank=True)

    class Meta:
        verbose_name = "联盟成员"
        verbose_name_plural = "联盟成员"


class Level(models.IntegerChoices):
    UNGRADED = 0, "未定级"
    PRIMARY = 1, "一级"
    SECONDARY = 2, "二级"
    TERTIARY = 3, "三级"


@distributed(DistributionClass.REFERENCE)
class Institution(models.Model):
    code = models.CharField("机构代码", max_length=32, primary_key=True)
    name_zh = models.CharField("名称", max_length=128)
    name_en = models.CharField("英文名称", max_length=128, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="所在区划")
    level = models.SmallIntegerField("级别", choices=Level)
    grade = models.CharField("等次", max_length=8, blank=True)
    kind = models.CharField("类别", max_length=32)
    ownership = models.CharField("所有制", max_length=16)
    active_from = models.DateField("启用日期")
    active_until = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "医疗机构"
        verbose_name_plural = "医疗机构"


@distributed(DistributionClass.REFERENCE)
class Campus(models.Model):
    institution = models.ForeignKey(Institution, models.CASCADE, related_name="campuses", verbose_name="机构")
    code = models.CharField("院区代码", max_length=32)
    name_zh = models.CharField("名称", max_length=128)
    main = models.BooleanField("主院区", default=False)

    class Meta:
        verbose_name = "院区"
        verbose_name_plural = "院区"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "code"], name="campus_code_once"),
            models.UniqueConstraint(
                fields=["institution"], condition=models.Q(main=True), name="campus_one_main"
            ),
        ]


@distributed(DistributionClass.REFERENCE)
class Consortium(models.Model):
    """A tight consortium (紧密型县域医共体, 城市医疗集团) led by one hospital."""

    code = models.CharField("医共体代码", max_length=32, primary_key=True)
    name_zh = models.CharField("名称", max_length=128)
    name_en = models.CharField("英文名称", max_length=128, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划")
    lead = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="牵头机构")

    class Meta:
        verbose_name = "医共体"
        verbose_name_plural = "医共体"


@distributed(DistributionClass.REFERENCE)
class ConsortiumMember(models.Model):
    consortium = models.ForeignKey(Consortium, models.CASCADE, related_name="members", verbose_name="医共体")
    institution = models.ForeignKey(Institution, models.PROTECT, verbose_name="机构")
    joined_on = models.DateField("加入日期")
    left_on = models.DateField("退出日期", null=True, blank=True)

    class Meta:
        verbose_name = "医共体成员"
        verbose_name_plural = "医共体成员"


@distributed(DistributionClass.REFERENCE)
class Price(models.Model):
    """What a campus charges for an item; CNY. Estimates of savings use it, bills never do."""

    campus = models.ForeignKey(Campus, models.CASCADE, related_name="prices", verbose_name="院区")
    item = models.ForeignKey("terminology.CatalogueItem", models.PROTECT, verbose_name="项目")
    amount = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    valid_from = models.DateField("生效日期")
    valid_until = models.DateField("失效日期", null=True, blank=True)

    class Meta:
        verbose_name = "收费价格"
        verbose_name_plural = "收费价格"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campus", "item", "valid_from"], name="price_once"),
        ]
