"""What the domains refuse, said to a clinician."""

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.kit.errors import Problem

__all__ = ["explain"]

SENTENCES: dict[str, Promise] = {
    "report.corrected": _("来源报告已更正，请重新查询后再决定。"),
    "report.voided": _("来源报告已作废，不能采纳。"),
    "decision.conflict": _("该项目已作过决定，不能更改。"),
    "decision.reason_missing": _("不采纳须选择情形；其他情形须写明原因。"),
    "citation.not_accepted": _("先采纳，再引用。"),
    "match.not_visible": _("患者不再允许查看这项结果，不能采纳。请重新查询。"),
    "citation.not_citable": _("报告已更正或作废，或患者不再允许查看，不能引用。请重新查询。"),
    "citation.conflict": _("该项目已引用过。"),
    "items.count": _("请至少选择一个项目。"),
}


def explain(problem: Problem) -> Promise | str:
    """Return the sentence of a refusal; a thing that is not this institution's does not exist for it."""
    if problem.status == 404:
        raise Http404 from problem
    return SENTENCES.get(problem.code, problem.detail)
