"""The catalogue of recognition items, its panels, and what institutions' own codes mean."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.REFERENCE)
class CatalogueItem(models.Model):
    """One item that may be recognised, or a panel of such items; shipped in `data/item.csv`."""

    code = models.CharField("项目代码", max_length=32, primary_key=True)
    wst886 = models.CharField("WS/T 886 代码", max_length=16, blank=True, db_index=True)
    loinc = models.CharField("LOINC", max_length=16, blank=True, db_index=True)
    name_zh = models.CharField("中文名称", max_length=128)
    name_en = models.CharField("英文名称", max_length=128)
    category = models.CharField("类别", max_length=32)
    section = models.CharField("专业", max_length=64, blank=True)
    kind = models.CharField("种类", max_length=16)
    result_type = models.CharField("结果类型", max_length=16)
    specimen = models.CharField("标本", max_length=32, blank=True)
    unit = models.CharField("UCUM 单位", max_length=32, blank=True)
    molar_mass = models.DecimalField("摩尔质量 g/mol", max_digits=10, decimal_places=4, null=True, blank=True)
    valence = models.SmallIntegerField("价数", null=True, blank=True)
    body_part = models.CharField("部位", max_length=32, blank=True)
    modality = models.CharField("设备类型", max_length=8, blank=True)
    laterality = models.CharField("侧别", max_length=8, blank=True)
    contrast = models.CharField("对比剂", max_length=8, blank=True)
    family = models.CharField("同族", max_length=32, blank=True)
    comparability = models.CharField("可比性", max_length=16, blank=True)
    sensitive = models.CharField("敏感类别", max_length=16, blank=True)
    fast_changing = models.BooleanField("变化快", default=False)
    conclusion_only = models.BooleanField("仅为结论", default=False)
    images_are_result = models.BooleanField("结果为影像", default=False)
    negative_list = models.BooleanField("默认负面清单", default=False)
    plausible_low = models.DecimalField("合理下限", max_digits=18, decimal_places=6, null=True, blank=True)
    plausible_high = models.DecimalField("合理上限", max_digits=18, decimal_places=6, null=True, blank=True)
    critical_low = models.DecimalField("危急下限", max_digits=18, decimal_places=6, null=True, blank=True)
    critical_high = models.DecimalField("危急上限", max_digits=18, decimal_places=6, null=True, blank=True)
    window_hours = models.IntegerField("默认时限(小时)")
    source = models.TextField("来源", blank=True)

    class Meta:
        verbose_name = "互认项目"
        verbose_name_plural = "互认项目"


@distributed(DistributionClass.REFERENCE)
class PanelMember(models.Model):
    panel = models.ForeignKey(CatalogueItem, models.CASCADE, related_name="members", verbose_name="组合")
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="panels", verbose_name="项目")
    sort = models.SmallIntegerField("顺序")

    class Meta:
        verbose_name = "组合成员"
        verbose_name_plural = "组合成员"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["panel", "item"], name="panel_member_once"),
        ]


class MapState(models.TextChoices):
    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REJECTED = "rejected", "已否决"


@distributed(DistributionClass.REFERENCE)
class CodeMap(models.Model):
    """What an institution's own code means; `specimen`, where given, narrows the code."""

    institution_code = models.CharField("机构代码", max_length=32)
    local_code = models.CharField("院内代码", max_length=64)
    specimen = models.CharField("标本", max_length=32, blank=True)
    local_name = models.CharField("院内名称", max_length=128, blank=True)
    item = models.ForeignKey(CatalogueItem, models.PROTECT, verbose_name="互认项目")
    laterality = models.CharField("侧别", max_length=8, blank=True)
    body_site = models.CharField("部位", max_length=64, blank=True)
    contrast = models.CharField("对比剂", max_length=8, blank=True)
    state = models.CharField("状态", max_length=16, choices=MapState, default=MapState.CONFIRMED)
    author = models.CharField("作者", max_length=128)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "代码对照"
        verbose_name_plural = "代码对照"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution_code", "local_code", "specimen"], name="code_map_once"
            ),
        ]


@distributed(DistributionClass.REFERENCE)
class UnitAlias(models.Model):
    """What a unit means that an institution spells as nobody does; '' speaks for every institution."""

    institution_code = models.CharField("机构代码", max_length=32, blank=True)
    spelling = models.CharField("写法", max_length=64)
    """Folded, so that widths, blanks and both micro signs do not matter."""
    ucum = models.CharField("UCUM 单位", max_length=64)
    author = models.CharField("作者", max_length=128)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "单位对照"
        verbose_name_plural = "单位对照"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution_code", "spelling"], name="unit_alias_once"),
        ]
