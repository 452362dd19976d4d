"""Who looked at a patient's data, as the patient reads it: the audit trail in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.foundation.accounts.models import User
from yijian.foundation.audit.api import Access, list_accesses
from yijian.web import words
from yijian.web.institutions import ShownInstitution, find_institution

__all__ = ["Look", "LookPage", "read_looks"]

OWN_DOINGS = ("my.",)
SYSTEM = _("医院信息系统")
PURPOSES: Mapping[str, Promise] = {
    "recognition.match": _("开单前查找可用的结果"),
    "recognition.code_refused": _("核对您的授权码"),
    "recognition.citable": _("引用到病历"),
    "web.patient_found": _("查找到您"),
    "web.timeline": _("查看报告列表"),
    "web.report": _("查看报告"),
    "web.document": _("下载报告"),
    "web.reuse_form": _("准备开单"),
    "web.why": _("查看互认判断的依据"),
    "web.why_form": _("查看互认判断的依据"),
    "web.why_imagined": _("查看互认判断的依据"),
    "web.cited": _("引用到病历"),
    "web.authorisation": _("登记您的授权"),
    "web.authorisation_refused": _("核对您的授权码"),
    "web.authorisation_page": _("查看您的授权"),
    "web.authorisation_withdrawn": _("按您的要求撤回授权"),
    "web.signed_form": _("查看签字文件"),
    "web.break_glass": _("紧急调阅"),
    "web.opening": _("复核紧急调阅"),
    "web.opening_reviewed": _("复核紧急调阅"),
    "web.follow_ups": _("处理更正的报告"),
    "web.follow_up_closed": _("处理更正的报告"),
    "web.identity_review": _("核对身份"),
    "web.identity_settled": _("核对身份"),
    "api.consent": _("登记您的授权"),
    "api.consent_refused": _("核对您的授权码"),
    "api.withdrawal": _("按您的要求撤回授权"),
    "api.break_glass": _("紧急调阅"),
}
OTHER_PURPOSE = _("平台运行维护")


@dataclass(frozen=True, slots=True)
class Look:
    """One access; `opening_id` is set where the glass was broken for it."""

    at: datetime
    institution: ShownInstitution
    who: str | Promise
    purpose: Promise
    basis: str | Promise
    broken: bool
    opening_id: str


@dataclass(frozen=True, slots=True)
class LookPage:
    """A stretch of accesses, and where the next one begins."""

    looks: list[Look]
    before: datetime | None


def read_looks(person_id: UUID, size: int, before: datetime | None = None) -> LookPage:
    """Return who looked, the newest first; one's own doings are left out."""
    found = list_accesses(person_id, before=before, limit=size + 1, without=OWN_DOINGS)
    shown = found[:size]
    roles = dict(User.objects.filter(username__in={a.actor for a in shown}).values_list("username", "role"))
    following = shown[-1].at if len(found) > size else None
    return LookPage([_look(access, roles) for access in shown], following)


def _look(access: Access, roles: Mapping[str, str]) -> Look:
    role = roles.get(access.actor)
    broken = access.legal_basis == "break_glass"
    return Look(
        at=access.at,
        institution=find_institution(access.institution_code),
        who=words.ROLES[role] if role else SYSTEM,
        purpose=PURPOSES.get(access.action, OTHER_PURPOSE),
        basis=words.BASES.get(access.legal_basis, access.legal_basis),
        broken=broken,
        opening_id=str(access.detail.get("consent_id", "")) if broken else "",
    )
