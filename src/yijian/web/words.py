"""What codes are called on a page, in the reader's language."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from yijian.domains.recognition.api import LEGAL_SITUATIONS, OUTCOMES, TECHNICAL_CODES
from yijian.domains.sharing.values import RegionalReason
from yijian.foundation.accounts.models import Role

__all__ = [
    "BASES",
    "EMERGENCIES",
    "ENCOUNTERS",
    "FLAGS",
    "LEVELS",
    "PURPOSES",
    "RELATIONS",
    "ROLES",
    "SCOPES",
    "SENSITIVITIES",
    "SEXES",
    "SIDES",
    "STATUSES",
    "SUSPENSIONS",
    "WAYS",
    "decline_reasons",
    "language",
    "legal_situations",
    "outcome_name",
    "technical_codes",
]

Words = dict[str, Promise]

ROLES: Words = {
    Role.CLINICIAN: _("临床医师"),
    Role.TECHNICIAN: _("检验检查技师"),
    Role.INTEGRATOR: _("接口工程师"),
    Role.SUPERVISOR: _("卫健监管"),
    Role.ADMINISTRATOR: _("平台管理员"),
    Role.PATIENT: _("患者"),
}
SEXES: Words = {"male": _("男"), "female": _("女"), "other": _("其他"), "unknown": _("性别未知")}
LEVELS: Mapping[int, Promise] = {0: _("未定级"), 1: _("一级"), 2: _("二级"), 3: _("三级")}
ENCOUNTERS: Words = {
    "outpatient": _("门诊"),
    "emergency": _("急诊"),
    "inpatient": _("住院"),
    "checkup": _("体检"),
    "other": _("其他"),
}
SUSPENSIONS: Words = {
    "item": _("项目暂停互认"),
    "negative_list": _("负面清单"),
    "institution": _("机构暂停资格"),
    "quality": _("质量存疑"),
}
PURPOSES: Words = {
    "diagnosis": _("诊断"),
    "monitoring": _("病情监测"),
    "preoperative": _("术前"),
    "transfusion": _("输血前"),
    "forensic": _("司法鉴定"),
    "disability": _("伤残鉴定"),
    "checkup": _("健康体检"),
}
STATUSES: Words = {
    "preliminary": _("初步报告"),
    "final": _("正式报告"),
    "corrected": _("已更正"),
    "void": _("已作废"),
}
SIDES: Words = {
    "left": _("左侧"),
    "right": _("右侧"),
    "both": _("双侧"),
    "plain": _("平扫"),
    "enhanced": _("增强"),
}
WAYS: Words = {
    "notice": _("已告知"),
    "spoken": _("当面同意"),
    "code": _("授权码"),
    "signed_form": _("书面同意"),
    "guardian": _("监护人同意"),
}
RELATIONS: Words = {"parent": _("父母"), "grandparent": _("祖父母"), "guardian": _("其他监护人")}
SCOPES: Words = {"non_sensitive": _("不含敏感项目"), "all": _("含敏感项目")}
SENSITIVITIES: Words = {
    "hiv": _("艾滋病相关"),
    "sti": _("性传播疾病"),
    "psychiatric": _("精神心理"),
    "genetic": _("遗传基因"),
    "reproductive": _("生殖健康"),
}
EMERGENCIES: Words = {
    "unconscious": _("昏迷，无法表达"),
    "rescue": _("正在抢救"),
    "unable": _("其他原因无法表达"),
    "other": _("其他紧急情形"),
}
BASES: Words = {
    "treatment": _("诊疗需要"),
    "emergency": _("急诊抢救"),
    "consultation": _("会诊转诊"),
    "notice": _("已告知"),
    "patient_consent": _("本人同意"),
    "guardian_consent": _("监护人同意"),
    "break_glass": _("紧急调阅"),
    "operation": _("平台运行维护"),
    "self": _("本人"),
    "none": _("未获授权，未显示"),
}
"""Legal bases, as the audit trail names them."""
FLAGS: Mapping[str, tuple[str, str, Promise]] = {
    "H": ("high", "↑", _("偏高")),
    "HH": ("high critical", "↑↑", _("危急偏高")),
    "HU": ("high", "↑↑", _("显著偏高")),
    "L": ("low", "↓", _("偏低")),
    "LL": ("low critical", "↓↓", _("危急偏低")),
    "LU": ("low", "↓↓", _("显著偏低")),
    "A": ("abnormal", "!", _("异常")),
    "AA": ("abnormal critical", "!!", _("危急异常")),
    "POS": ("abnormal", "+", _("阳性")),
    "NEG": ("", "", _("阴性")),
    "IND": ("abnormal", "±", _("不确定")),
    "S": ("", "S", _("敏感")),
    "I": ("abnormal", "I", _("中介")),
    "R": ("abnormal", "R", _("耐药")),
    "N": ("", "", _("正常")),
}
"""HL7 Table 0078: style, sign, meaning."""


def language() -> str:
    """Return `en` or `zh`, as the domains name the two languages."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def _column() -> int:
    return 1 if language() == "en" else 0


def outcome_name(outcome: str) -> str:
    """Return what the reader calls an outcome."""
    return OUTCOMES[outcome][_column()]


def legal_situations() -> list[tuple[str, str]]:
    """Return the six situations in which a repeat is allowed (Measures 2022), for a form."""
    return [(code, text[_column()]) for code, text in LEGAL_SITUATIONS.items()]


def decline_reasons(regional: Iterable[RegionalReason]) -> list[tuple[str, str]]:
    """Return the six situations, after each the region's own reasons (`6/NM07`), for a form."""
    found = list(regional)
    choices = []
    for situation, text in legal_situations():
        choices.append((situation, text))
        choices += [(f"{situation}/{e.code}", e.name(language())) for e in found if e.situation == situation]
    return choices


def technical_codes() -> list[tuple[str, str]]:
    """Return the technical sub-reasons, for a form."""
    return [(code, text[_column()]) for code, text in TECHNICAL_CODES.items()]
