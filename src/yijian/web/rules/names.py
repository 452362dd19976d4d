"""What the rules' own codes are called: scopes, directions, permissions, states, spans of time."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.domains.institutions.api import Area, list_areas
from yijian.domains.institutions.values import GRADES
from yijian.domains.sharing.values import (
    AuthorisationPolicy,
    ClockStart,
    ConsentWay,
    Direction,
    Permission,
    Scope,
    ScopeKind,
)
from yijian.domains.terminology.values import Category
from yijian.web import words

__all__ = [
    "ACTS",
    "CATEGORIES",
    "CLOCKS",
    "CONSENT_WAYS",
    "DIRECTIONS",
    "PERMISSIONS",
    "POLICIES",
    "SCOPE_KINDS",
    "STANDINGS",
    "STATES",
    "area_names",
    "read_scope",
    "scope_name",
    "span",
    "write_scope",
]

Words = Mapping[str, Promise]

SCOPE_KINDS: Words = {
    ScopeKind.NATION: _("全国"),
    ScopeKind.ALLIANCE: _("跨区域联盟"),
    ScopeKind.PROVINCE: _("省"),
    ScopeKind.CITY: _("市"),
    ScopeKind.COUNTY: _("县（区）"),
    ScopeKind.CONSORTIUM: _("医共体"),
}
DIRECTIONS: Words = {
    Direction.SAME: _("同级互认"),
    Direction.DOWN: _("下级认上级"),
    Direction.UP: _("上级认下级"),
}
PERMISSIONS: Words = {
    Permission.ACCEPT: _("互认"),
    Permission.MAY: _("可认"),
    Permission.EXCLUDED: _("不在方向内"),
}
CLOCKS: Words = {
    ClockStart.COLLECTION: _("采样（检查）时间"),
    ClockStart.REPORT: _("报告时间"),
}
POLICIES: Words = {
    AuthorisationPolicy.NONE_NEEDED: _("诊疗关系即可"),
    AuthorisationPolicy.NOTICE: _("告知患者，患者可反对"),
    AuthorisationPolicy.CONSENT: _("须有患者授权"),
}
CONSENT_WAYS: Words = {
    ConsentWay.CODE: _("患者出示授权码"),
    ConsentWay.SIGNED_FORM: _("书面同意"),
    ConsentWay.GUARDIAN: _("监护人同意"),
}
CATEGORIES: Words = {
    Category.LAB: _("检验"),
    Category.IMAGING: _("影像"),
    Category.ULTRASOUND: _("超声"),
    Category.NUCLEAR: _("核医学"),
    Category.ECG: _("心电"),
    Category.PATHOLOGY: _("病理"),
    Category.ELECTROPHYSIOLOGY: _("电生理"),
    Category.ENDOSCOPY: _("内镜"),
    Category.FUNCTION: _("功能检查"),
}
"""A section of the catalogue has no other name than its own."""
STATES: Mapping[str, tuple[Promise, str]] = {
    "draft": (_("草稿"), "received"),
    "submitted": (_("待签署"), "preliminary"),
    "planned": (_("未生效"), "corrected"),
    "in_force": (_("执行中"), "final"),
    "ended": (_("已失效"), "none"),
    "withdrawn": (_("已撤回"), "void"),
}
"""Of a version on a day: name and pill."""
ACTS: Words = {
    "drafted": _("起草"),
    "submitted": _("提交"),
    "returned": _("退回"),
    "signed": _("签署"),
    "withdrawn": _("撤回"),
}
STANDINGS = tuple(f"{level}级{grade}等".replace("未等", "未定等") for level in "一二三" for grade in GRADES)


def area_names() -> dict[tuple[str, str], str]:
    """Return what every area is called, by kind and code, wide before narrow."""
    return {(area.kind, area.code): _name(area) for area in list_areas()}


def scope_name(scope: Scope, names: Mapping[tuple[str, str], str]) -> str:
    """Return what a scope is called; one the directory lacks keeps its code."""
    kind = str(SCOPE_KINDS[scope.kind])
    return names.get((scope.kind.value, scope.code)) or f"{kind} {scope.code}"


def write_scope(scope: Scope) -> str:
    """Write a scope as forms and addresses name it: `province:42`."""
    return f"{scope.kind.value}:{scope.code}"


def read_scope(text: str) -> Scope:
    """Return the scope that was written so; raise ValueError for a kind there is not."""
    kind, _colon, code = text.partition(":")
    return Scope(ScopeKind(kind), code)


def span(hours: int) -> str:
    """Write a validity as the notices do: in days where it is whole days."""
    if hours % 24 == 0:
        return gettext("%(number)d 天") % {"number": hours // 24}
    return gettext("%(number)d 小时") % {"number": hours}


def _name(area: Area) -> str:
    return area.name_en if words.language() == "en" and area.name_en else area.name_zh
