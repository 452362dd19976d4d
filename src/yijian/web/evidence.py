"""What a reason relies on, in words: the names of its particulars, and what their codes mean."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.sharing.values import ClockStart, Direction, ScopeKind
from yijian.kit.clock import CHINA
from yijian.web import words

__all__ = ["evidence_of"]

NAMES: Mapping[str, Promise] = {
    "agreement": _("协议"),
    "basis": _("认定依据"),
    "clock": _("时限起点"),
    "direction": _("方向"),
    "evidence": _("资格依据"),
    "flag": _("提示"),
    "hours": _("时限（小时）"),
    "intervention_at": _("干预时间"),
    "item": _("项目"),
    "kind": _("情况"),
    "mark": _("标识"),
    "method": _("方法"),
    "missing": _("缺少"),
    "observed": _("实际"),
    "printed": _("报告单位"),
    "purpose": _("检查目的"),
    "reason": _("原因"),
    "receiver": _("本机构方法"),
    "receiver_level": _("本机构级别"),
    "required": _("要求"),
    "source": _("来源机构方法"),
    "source_level": _("来源机构级别"),
    "start": _("起算时间"),
    "status": _("状态"),
    "unit": _("目录单位"),
    "until": _("有效至"),
}
INSTANTS = frozenset({"start", "until", "intervention_at"})
SCOPES: Mapping[str, Promise] = {
    "mark": _("互认标识"),
    ScopeKind.NATION: _("全国协议"),
    ScopeKind.ALLIANCE: _("联盟协议"),
    ScopeKind.PROVINCE: _("省内协议"),
    ScopeKind.CITY: _("市内协议"),
    ScopeKind.COUNTY: _("县域协议"),
    ScopeKind.CONSORTIUM: _("医共体协议"),
}
MEANINGS: Mapping[str, Mapping[str, Promise]] = {
    "basis": SCOPES,
    "clock": {ClockStart.COLLECTION: _("采样/检查时间"), ClockStart.REPORT: _("报告时间")},
    "direction": {
        Direction.SAME: _("同级"),
        Direction.DOWN: _("下级采用上级结果"),
        Direction.UP: _("上级采用下级结果"),
    },
    "kind": {"critical": _("危急值"), "implausible": _("超出合理范围"), "reactive": _("反应性")},
    "purpose": words.PURPOSES,
    "status": words.STATUSES | {"available": _("可调阅"), "none": _("无"), "unknown": _("未知")},
    "observed": words.SIDES,
    "required": words.SIDES,
}


def evidence_of(evidence: Mapping[str, str | int | None]) -> list[tuple[Promise | str, str]]:
    """Return the particulars of a reason as pairs of name and text, what is unknown left out."""
    return [
        (NAMES.get(key, key), _shown(key, value))
        for key, value in evidence.items()
        if value not in {None, ""}
    ]


def _shown(key: str, value: str | int | None) -> str:
    if key in INSTANTS:
        return datetime.fromisoformat(str(value)).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    if key.endswith("_level"):
        return str(words.LEVELS.get(int(value or 0), value))
    return str(MEANINGS.get(key, {}).get(str(value), value))
