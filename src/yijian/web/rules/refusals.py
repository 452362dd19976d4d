"""What the domain refuses about rules, said to whoever writes them."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.kit.errors import Problem

__all__ = ["explain"]

REFUSALS: Mapping[str, Promise] = {
    "version.open": _("这项规则已有草稿或待签署的版本，请先签署或撤回它。"),
    "version.name_taken": _("已有这个代码的协议，或这个范围的选项：请从它起草新版，或另取代码。"),
    "version.state": _("这个版本的状态已改变，请刷新后再试。"),
    "version.not_author": _("只有起草人可以修改和提交草稿。"),
    "version.same_person": _("起草人不能签署自己的版本，须由另一人签署。"),
    "version.effective_date": _("生效日期已过或早于前一版，请退回起草人改期。"),
    "version.reason_missing": _("请写明退回原因。"),
    "version.reference_unknown": _("有项目或成员没有登记，请更正。"),
    "suspension.incomplete": _("请写明撤回原因。"),
}


def explain(problem: Problem) -> str:
    """Return the sentence of a refusal in the reader's language."""
    return str(REFUSALS.get(problem.code, problem.detail))
