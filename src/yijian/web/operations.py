"""What the pages of integrators, technicians and administrators share: whose matters one sees, and words."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.api import record_access
from yijian.kit.errors import Problem
from yijian.web.access import signed_in
from yijian.web.middleware import trace_id

__all__ = [
    "MATTERS",
    "STATES",
    "address_query",
    "audit_operation",
    "explain",
    "reaches",
    "scope_of",
    "span_of",
]

BASIS = "operation"
"""On which patients' data are seen here: running the exchange, not treating anybody."""

STATES: Mapping[str, tuple[Promise, str]] = {
    "received": (_("待处理"), "received"),
    "recorded": (_("已入库"), "final"),
    "waiting": (_("待人工"), "preliminary"),
    "refused": (_("已拒收"), "void"),
    "failed": (_("处理失败"), "void"),
}
"""Of a message: name and pill."""

MATTERS: Mapping[str, tuple[Promise, Promise]] = {
    "unmapped_code": (_("未对照代码"), _("为院内代码选定目录项目，等待的结果随即可用。")),
    "unmapped_unit": (_("未知单位"), _("对照为规范单位，结果随即可比；没有对应单位的，确认为不可比。")),
    "order_without_report": (_("申请无报告"), _("已执行却没有报告：请报告方补发报告，或取消申请。")),
    "image_without_report": (_("影像无报告"), _("检查已做却没有报告：请报告方补发报告，或取消申请。")),
    "identity_uncertain": (_("身份待核对"), _("核对两边是否同一人。")),
    "identity_bad_number": (_("身份证号有误"), _("出生日期或校验码不符，请更正后重发。")),
    "report_number_conflict": (_("报告号重复"), _("同一报告号曾属于另一患者，请核对发送方编号。")),
    "encoding.guessed": (_("字符集未声明"), _("请核对文字，并为发送方设置字符集。")),
    "encoding.unknown": (_("字符集名称未知"), _("请发送方在 MSH-18 使用 HL7 表 0211 的名称。")),
    "encoding.not_ascii": (_("字符集与正文不符"), _("声明为 ASCII，正文却不是；请为发送方设置字符集。")),
    "encoding.not_western": (
        _("字符集与正文不符"),
        _("声明为西欧字符集，正文却是中文；请发送方更正 MSH-18，或为其设置字符集。"),
    ),
    "report.empty": (_("报告没有结果"), _("请发送方核对后重发。")),
    "report.early_change": (
        _("更正早于原报告"),
        _("其中删除的行还无从删除：原报告到达后，请重新处理这条报文。"),
    ),
    "status.absent": (_("未说明报告状态"), _("已按初步报告处理，请发送方补上 OBR-25。")),
    "time.order": (_("时间先后矛盾"), _("采集或检查时间晚于报告时间，请核对。")),
    "order.unknown": (_("只有申请单号的申请"), _("请发送方补发申请，或带上 OBR 重发。")),
    "attachment.left_out": (_("附件未保存"), _("请核对消息中的附件。")),
}
"""Kinds of work items: name and remedy."""

REFUSALS: Mapping[str, Promise] = {
    "message.unknown": _("没有这条报文，请核对编号。"),
    "message.not_replayable": _("报文正在处理或已入库，不需要重新处理。"),
    "message.incomplete": _("只收到报文的一部分，无法重新处理：请发送方重发。"),
    "message.erased": _("原文已按保存期限销毁，无法重新处理：请发送方重发。"),
    "sender.unknown": _("MSH-4 的发送机构仍未登记：请先登记发送方，再重新处理。"),
    "replay.nothing": _("没有这样的报文，可能已经重新处理。"),
}
"""What the inbox refuses, said to whoever runs the exchange."""


def explain(problem: Problem) -> str:
    """Return the sentence of a refusal in the reader's language."""
    return str(REFUSALS.get(problem.code, problem.detail))


def span_of(minutes: int) -> str:
    """Write a span of minutes as people say it."""
    if minutes < 120:
        return gettext("%(number)d 分钟") % {"number": minutes}
    if minutes < 72 * 60:
        return gettext("%(number)d 小时") % {"number": minutes // 60}
    return gettext("%(number)d 天") % {"number": minutes // 1440}


def address_query(asked: Mapping[str, Any]) -> str:
    """Write what is asked for as the query of an address; what is empty is left out."""
    return "?" + urlencode({name: value for name, value in asked.items() if value})


def scope_of(user: User) -> list[str] | None:
    """Return the institutions whose matters a user sees; None means every one, and what is nobody's.

    Raises `PermissionDenied` for a user of no institution: to them nothing belongs.
    """
    if user.role == Role.ADMINISTRATOR:
        return None
    if not user.institution_code:
        raise PermissionDenied
    return [user.institution_code]


def reaches(user: User, institution_code: str) -> bool:
    """Tell whether a matter of an institution is a user's to see."""
    scope = scope_of(user)
    return scope is None or institution_code in scope


def audit_operation(request: HttpRequest, action: str, person_id: UUID | None = None, **detail: Any) -> None:
    """Record that somebody who runs the exchange saw or changed what concerns patients."""
    user = signed_in(request)
    record_access(
        user.username,
        user.institution_code,
        action,
        person_id,
        legal_basis=BASIS,
        detail=detail,
        trace_id=trace_id(request),
    )
