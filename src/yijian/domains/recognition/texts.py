"""What each reason says to a physician, in Chinese and English. Evidence fills the blanks."""

from collections.abc import Mapping
from string import Formatter

from yijian.domains.recognition.values import Reason

__all__ = ["LEGAL_SITUATIONS", "OUTCOMES", "TECHNICAL_CODES", "reason_text"]

REASONS: Mapping[str, tuple[str, str]] = {
    "identity.certain": ("患者身份一致", "Patient identity agrees"),
    "identity.uncertain": (
        "患者身份存疑，未能查询，请人工核对",
        "Patient identity is uncertain; please verify",
    ),
    "item.same": ("同一互认项目", "Same recognition item"),
    "item.unmapped": ("院内代码尚未对照到互认项目", "The local code is not mapped to a recognition item yet"),
    "item.unknown": ("目录中没有该项目代码", "The catalogue has no such item code"),
    "item.suspended": ("该项目已暂停互认", "Recognition of this item is suspended"),
    "item.negative_list": ("该项目在互认负面清单内", "The item is on the negative list"),
    "status.final": ("正式报告", "Final report"),
    "status.preliminary": ("报告尚为初步报告", "The report is still preliminary"),
    "specimen.differs": ("标本类型不同（{observed}）", "Different specimen ({observed})"),
    "site.differs": ("检查部位不同（{observed}）", "Different body site ({observed})"),
    "laterality.differs": ("侧别不同（{observed}）", "Different side ({observed})"),
    "laterality.unspecified": (
        "医嘱未注明侧别，已有结果为{observed}",
        "Order names no side; result is {observed}",
    ),
    "contrast.differs": ("平扫/增强方式不同（{observed}）", "Different contrast ({observed})"),
    "method.comparable": ("检测方法同类（{method}）", "Same method class ({method})"),
    "method.not_comparable": (
        "检测方法不同或未知，数值不可比",
        "Methods differ or are unknown; not comparable",
    ),
    "unit.converted": ("单位已换算（{printed} → {unit}）", "Unit converted ({printed} → {unit})"),
    "unit.not_comparable": ("单位无法换算（{printed}）", "Unit cannot be converted ({printed})"),
    "window.within": ("在{hours}小时互认时限内", "Within the window of {hours} hours"),
    "window.expired": ("已超过{hours}小时互认时限", "The window of {hours} hours is over"),
    "right.covers": ("互认资格覆盖本机构", "The source's right covers this institution"),
    "right.absent": ("来源机构该项目无互认标识", "The source holds no mark for this item"),
    "right.lapsed": (
        "检查当日来源机构互认资格已失效",
        "The source's right had lapsed on the day of examination",
    ),
    "scope.excluded": ("互认标识范围不含本机构", "The mark's area does not include this institution"),
    "direction.accepted": ("符合协议的互认方向", "Direction by level accepted"),
    "direction.excluded": ("协议未规定该级别方向互认", "The agreement excludes this direction by level"),
    "encounter.emergency": ("急诊就诊，可按病情复查", "Emergency; a repeat is at the physician's discretion"),
    "purpose.repeat_allowed": ("本次检查目的允许复查", "The purpose of this order warrants a repeat"),
    "fast_changing.intervention": (
        "采样后有治疗干预，该项目变化快",
        "Fast-changing item; intervention since sampling",
    ),
    "critical.recheck": ("结果为危急值或需复核，建议复查", "Critical or doubtful value; consider a recheck"),
    "quality.in_question": ("该时段检测质量存疑", "The quality of that period has been put in question"),
    "image.available": ("影像可调阅", "Images are available"),
    "image.unavailable": ("影像无法调阅", "Images cannot be opened"),
    "image.conclusion_only": (
        "该项目为诊断结论，不直接互认，可申请会诊",
        "A conclusion; a consultation is offered instead",
    ),
    "image.no_access": ("本地区要求影像可联网调阅", "The region asks for images that open over the internet"),
    "direction.conditional": (
        "协议允许在质量满足时认可，不作要求",
        "The agreement allows it where quality suffices, and obliges nobody",
    ),
    "reminder.suppressed": (
        "按本地区选项不作提醒（{cause}）",
        "No reminder by the region's options ({cause})",
    ),
    "panel.incomplete": ("组合中缺少：{missing}", "Missing from the panel: {missing}"),
    "service.unavailable": ("暂时无法查询", "Temporarily unavailable"),
}

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "recognise": ("可互认", "Recognise"),
    "may_recognise": ("可参考", "May recognise"),
    "not_recognisable": ("不可互认", "Not recognisable"),
    "none": ("无既往结果", "None"),
    "unavailable": ("无法判断", "Unavailable"),
}

LEGAL_SITUATIONS: Mapping[str, tuple[str, str]] = {
    "1": (
        "病情变化，或结果与临床表现、诊断不符",
        "Condition changed, or result inconsistent with presentation",
    ),
    "2": ("检查检验结果变化较快", "The result changes fast"),
    "3": (
        "项目对诊疗意义重大（如手术、输血前）",
        "Of great significance, such as before surgery or transfusion",
    ),
    "4": ("患者处于急诊、急救状态", "Emergency or rescue"),
    "5": ("司法、伤残及病退等鉴定", "Judicial, disability or sick-retirement appraisal"),
    "6": ("其他情形（须说明）", "Other, to be explained"),
}
"""Measures 2022: situations in which a repeat is allowed."""

TECHNICAL_CODES: Mapping[str, tuple[str, str]] = {
    "site": ("部位不符", "Site differs"),
    "window": ("超过时限", "Too old"),
    "image_quality": ("影像质量不足", "Image quality insufficient"),
    "image_unavailable": ("影像打不开", "Images do not open"),
    "method": ("方法不可比", "Method not comparable"),
    "other": ("其他技术原因", "Other technical reason"),
}
"""Sub-reasons; each belongs to legal situation 6 unless the physician names another."""

VALUES: Mapping[str, tuple[str, str]] = {
    "left": ("左侧", "left"),
    "right": ("右侧", "right"),
    "both": ("双侧", "both sides"),
    "plain": ("平扫", "plain"),
    "emergency": ("急诊", "emergency"),
    "preoperative": ("术前、输血前", "pre-operative"),
    "answered": ("本次就诊已处理", "answered in this encounter"),
    "own_result": ("本机构结果", "own result"),
    "enhanced": ("增强", "enhanced"),
}


def reason_text(reason: Reason, language: str = "zh") -> str:
    """Return the sentence for a reason; `language` is `zh` or `en`."""
    template, blanks = TEMPLATES[language][reason.code]
    if not blanks:
        return template
    return template.format(**{name: _shown(reason.evidence.get(name), language) for name in blanks})


def _shown(value: str | int | None, language: str) -> str:
    if isinstance(value, str) and value in VALUES:
        return VALUES[value][language == "en"]
    return "–" if value is None or value == "" else str(value)


def _with_blanks(template: str) -> tuple[str, tuple[str, ...]]:
    return template, tuple(name for _, name, _, _ in Formatter().parse(template) if name)


TEMPLATES: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "zh": {code: _with_blanks(chinese) for code, (chinese, _) in REASONS.items()},
    "en": {code: _with_blanks(english) for code, (_, english) in REASONS.items()},
}
"""By language: each sentence, and the names of its blanks."""
