"""Why a message did not go through, said in the reader's language from its code and data."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.web import words

__all__ = ["ShownReason", "cause_name", "show_reason"]

CAUSES: Mapping[str, Promise] = {
    "100": _("段的次序或结构有误"),
    "101": _("缺少必填内容"),
    "102": _("内容不合数据类型"),
    "103": _("代码不在值表中"),
    "200": _("暂不接收的消息类型"),
    "201": _("暂不接收的触发事件"),
    "202": _("处理标识不被接受"),
    "203": _("HL7 版本不被支持"),
    "204": _("未知的标识"),
    "205": _("控制号已被占用"),
    "206": _("记录被锁定"),
    "207": _("平台内部错误"),
    "sender.unknown": _("发送方未登记"),
    "sender.address": _("网络地址未登记"),
    "sender.certificate": _("客户端证书未登记"),
    "frame.truncated": _("传输中断"),
    "frame.oversized": _("超过大小上限"),
    "frame.junk": _("没有 MLLP 封装"),
    "work_item.open": _("有待办需要人工处理"),
    "processing.error": _("平台处理时出错"),
    "processing.interrupted": _("处理多次中断"),
    "processing.unavailable": _("数据库或存储不可用"),
    "report.unknown": _("没有这份报告"),
    "report.voided": _("报告此前已作废"),
    "report.invalid": _("报告内容不符合要求"),
    "report.busy": _("同一报告正在处理"),
    "results.empty": _("检验报告没有结果"),
    "request.invalid": _("内容不符合要求"),
    "request.not_json": _("内容不是 JSON"),
    "request.nul": _("文字含 NUL 字符"),
    "message.incomplete": _("报文不完整"),
}
"""What a reason is called."""

SENDERS_CHARSET = _("请核对该发送方的字符集设置，设置后重新处理。")
REMEDIES: Mapping[str, Promise] = {
    "encoding.guessed": SENDERS_CHARSET,
    "encoding.unknown": SENDERS_CHARSET,
    "encoding.not_ascii": SENDERS_CHARSET,
    "encoding.not_western": SENDERS_CHARSET,
    "work_item.open": _("在待办中处理后，本报文自动完成。"),
    "processing.error": _("原文已保存。请联系平台管理员（跟踪号 %(trace_id)s），修复后重新处理。"),
    "processing.interrupted": _("已尝试 %(attempts)s 次，原文已保存。排除故障后重新处理。"),
    "processing.unavailable": _("已尝试 %(attempts)s 次，原文已保存。排除故障后重新处理。"),
    "report.voided": _("请以新的报告单号重新发出。"),
    "report.unknown": _("请核对报告单号。"),
    "report.invalid": _("请发送方按所列字段更正后重发。"),
    "results.empty": _("请发送方补上结果后重发。"),
    "request.invalid": _("请发送方按所列字段更正后重发。"),
    "request.not_json": _("请发送方以 JSON 重发。"),
    "request.nul": _("请发送方去除后重发。"),
}
"""What to do, where neither the data nor the code's own sentence says it."""

NOTES: Mapping[str, Promise] = {
    "encoding.guessed": _("字符集未声明，已按 GB18030 读取"),
    "encoding.unknown": _("字符集名称未知，按未声明读取"),
    "encoding.not_ascii": _("声明为 ASCII，正文却不是"),
    "encoding.not_western": _("声明为西欧字符集，正文却是中文"),
    "identifier.ignored": _("有的患者标识类型未采用"),
    "patient.sex_unknown": _("性别代码未采用"),
    "patient.birth_date_partial": _("出生日期不足一日，未采用"),
    "flag.unknown": _("异常标志未采用"),
    "row.withdrawn": _("已删除或作废的结果行未采用"),
    "row.empty": _("没有结果值的行未采用"),
    "report.empty": _("没有任何结果，未生成报告"),
    "report.early_change": _("更正先于原报告到达，其中删除的行待处理"),
    "status.absent": _("报告状态缺失，按初步报告处理"),
    "time.order": _("采集或检查时间晚于报告时间"),
    "time.after_report": _("晚于报告的时间已按报告时间计"),
    "attachment.left_out": _("附件未采用"),
    "attachment.empty": _("附件没有内容，未采用"),
    "attachment.other": _("附件不是 PDF，只随原始消息保存"),
    "pointer.left_out": _("外部链接未作为结果"),
    "order.known": _("申请此前已以其他内容登记"),
    "order.unknown": _("此前没有收到的申请"),
    "order.no_state": _("不改变申请状态"),
    "order.other": _("不是检查检验申请"),
    "order.prior": _("随申请附送的既往结果"),
    "order.price": _("不是人民币金额，未采用"),
}
"""Remarks on a message that was read nevertheless."""


class ShownReason(NamedTuple):
    """Name of the cause, the sentence that says what is wrong and what to do, faults and remarks."""

    code: str
    name: str
    sentence: str
    place: str
    faults: list[tuple[str, str]]
    notes: list[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        return not (self.code or self.sentence or self.notes)


def cause_name(code: str) -> str:
    """Return what a reason is called; an unknown code stands for itself."""
    return str(CAUSES.get(code) or NOTES.get(code) or code)


def show_reason(code: str, data: Mapping[str, Any], text: str) -> ShownReason:
    """Say a reason in the reader's language; a row kept before reasons had data says it as it was told."""
    notes = [_shown_note(kind, detail) for kind, detail in data.get("notes", [])]
    faults = [(path, message) for path, message in data.get("faults", [])]
    return ShownReason(
        code, cause_name(code), _sentence(code, data, text, bool(notes)), data.get("place", ""), faults, notes
    )


def _sentence(code: str, data: Mapping[str, Any], text: str, has_notes: bool) -> str:
    said = data.get(words.language())
    if said:
        return str(said)
    if code in REMEDIES and (data or not text or code == "work_item.open"):
        return str(REMEDIES[code]) % defaultdict(lambda: "–", data)
    return "" if has_notes and not code else text


def _shown_note(kind: str, detail: str) -> tuple[str, str]:
    """Return a remark and the fields it is about; its own Chinese words where the kind is new."""
    name = NOTES.get(kind)
    places, _, words_of_it = detail.partition("：")
    return (str(name), places) if name else (words_of_it or detail, places if words_of_it else "")
