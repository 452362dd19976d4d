"""Facts that take away: negative list, suspended items and institutions, quality in question."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import Suspension, SuspensionKind
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import CHINA, now
from yijian.kit.errors import Problem
from yijian.web import words
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import find_institution, show_institution
from yijian.web.operations import audit_operation
from yijian.web.rules.names import area_names
from yijian.web.rules.refusals import explain
from yijian.web.rules.rows import find_code, text
from yijian.web.rules.shown import READERS, WRITERS, people

__all__ = ["fact_list", "raise_fact", "withdraw"]

ABOUT_ITEMS = ("item", "negative_list")
DIVISIONS = ("province", "city", "county")
INSTANT = "%Y-%m-%dT%H:%M"


class FactForm(forms.Form):
    """What is taken away, from when, why."""

    use_required_attribute = False
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=list(words.SUSPENSIONS.items()),
        initial="item",
        widget=forms.RadioSelect,
    )
    institution = text(_("机构"), required=False, suggests="institutions", most=128)
    item = text(_("项目"), required=False, suggests="catalogue", most=128)
    region = forms.ChoiceField(
        label=_("地区（暂停项目时）"),
        help_text=_("来源或接收机构在该地区的，都不互认；选了机构，则只对该机构"),
        required=False,
        widget=forms.Select({"class": "form-select"}),
    )
    starts_at = forms.DateTimeField(
        label=_("开始时间（北京时间）"),
        input_formats=[INSTANT],
        widget=forms.DateTimeInput({"class": "form-control", "type": "datetime-local"}, format=INSTANT),
    )
    ends_at = forms.DateTimeField(
        label=_("结束时间（北京时间）"),
        help_text=_("留空：直至撤回"),
        input_formats=[INSTANT],
        required=False,
        widget=forms.DateTimeInput({"class": "form-control", "type": "datetime-local"}, format=INSTANT),
    )
    reason = text(_("原因"), most=255)
    source = text(_("来源（文号或通知）"), most=255)

    def __init__(self, *arguments: Any, user: User, **more: Any) -> None:
        super().__init__(*arguments, **more)
        regions = _regions(user)
        cast("forms.ChoiceField", self.fields["region"]).choices = regions
        self.initial.setdefault("region", next((code for code, _name in regions), ""))

    def clean_institution(self) -> str:
        entered = self.cleaned_data["institution"].strip()
        institutions = sharing.get_rulebook().institutions
        by_name = {each.name_zh: code for code, each in institutions.items()}
        code = entered if entered in institutions else by_name.get(entered, "")
        if entered and not code:
            raise forms.ValidationError(_("没有登记这家机构，请从提示中选择。"))
        return code

    def clean_item(self) -> str:
        entered = self.cleaned_data["item"].strip()
        code = find_code(entered)
        if entered and not code:
            raise forms.ValidationError(_("目录中没有这个项目，请从提示中选择。"))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        about_items = cleaned.get("kind") in ABOUT_ITEMS
        if not about_items:
            cleaned["region"] = ""
        needed = "item" if about_items else "institution"
        if not cleaned.get(needed) and needed not in self.errors:
            self.add_error(needed, _("请选择项目。") if about_items else _("请选择机构。"))
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("须晚于开始时间。"))
        return cleaned

    def fact(self) -> Suspension:
        """Return what was entered, once valid; raised now."""
        entered = self.cleaned_data
        ends = entered["ends_at"]
        return Suspension(
            SuspensionKind(entered["kind"]),
            entered["starts_at"].replace(tzinfo=CHINA),
            now(),
            ends and ends.replace(tzinfo=CHINA),
            institution_code=entered["institution"],
            item_code=entered["item"],
            reason=entered["reason"],
            region_code="" if entered["institution"] else entered["region"],
        )


@requires_role(*READERS)
@require_GET
def fact_list(request: HttpRequest) -> HttpResponseBase:
    """List what is taken away now or will be, or what once was."""
    user, past = signed_in(request), request.GET.get("show") == "past"
    moment = now()
    standing = {each.suspension_id for each in sharing.list_suspensions(standing_at=moment)}
    every = [each for each in sharing.list_suspensions() if _concerns(user, each)]
    listed = [each for each in every if (each.suspension_id in standing) != past]
    areas = {code: name for (kind, code), name in area_names().items() if kind in DIVISIONS}
    called = people(name for each in listed for name in (each.raised_by, each.withdrawn_by))
    shown = {
        "past": past,
        "facts": [
            {
                "fact": each,
                "begins_later": each.starts_at > moment,
                "institution": find_institution(each.institution_code) if each.institution_code else None,
                "raised_by": called.get(each.raised_by, each.raised_by),
                "region": areas.get(each.region_code, each.region_code),
                "withdrawn_by": called.get(each.withdrawn_by, each.withdrawn_by),
                "may_withdraw": not past and _may(user, each),
            }
            for each in listed
        ],
        "writes": user.role in WRITERS,
    }
    return render(request, "rules/facts.html", shown)


@requires_role(*WRITERS)
@require_http_methods(["GET", "POST"])
def raise_fact(request: HttpRequest) -> HttpResponseBase:
    """Take away from a moment on, with reason and source."""
    user = signed_in(request)
    initial = {"starts_at": now().astimezone(CHINA).strftime(INSTANT)}
    form = FactForm(request.POST or None, initial=initial, user=user)
    if request.method == "POST" and form.is_valid():
        fact = form.fact()
        if sharing.may_suspend(user, sharing.get_rulebook(), fact):
            number = sharing.raise_suspension(fact, source=form.cleaned_data["source"], by=user.username)
            audit_operation(request, "web.rules_suspended", suspension=number, kind=fact.kind.value)
            messages.success(request, gettext("已登记。"))
            return redirect("rules-facts")
        form.add_error(
            "institution" if form.cleaned_data["institution"] else "region",
            _("不在您的监管范围：请选择本地区的机构。"),
        )
    rulebook = sharing.get_rulebook()
    shown = {
        "form": form,
        "catalogue": [item for item in rulebook.items.values() if item.kind != "intervention"],
        "institutions": [
            (code, show_institution(rulebook, code).name) for code in sorted(rulebook.institutions)
        ],
    }
    return render(request, "rules/raise.html", shown, status=422 if form.is_bound else 200)


@requires_role(*WRITERS)
@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponseBase:
    """End a suspension with a reason."""
    user = signed_in(request)
    known = {str(each.suspension_id): each for each in sharing.list_suspensions()}
    if number not in known:
        raise Http404
    if not _may(user, known[number]):
        raise PermissionDenied
    try:
        sharing.withdraw_suspension(
            int(number), reason=request.POST.get("reason", ""), by=user.username, at=now()
        )
    except Problem as problem:
        messages.error(request, explain(problem))
    else:
        audit_operation(request, "web.rules_suspension_withdrawn", suspension=int(number))
        messages.success(request, gettext("已撤回。"))
    return redirect("rules-facts")


def _regions(user: User) -> list[tuple[str, str]]:
    """Return where a user may suspend an item, wide before narrow; '' is everywhere."""
    rulebook, moment = sharing.get_rulebook(), now()
    known = {code: name for (kind, code), name in area_names().items() if kind in DIVISIONS}
    return [
        (code, str(name))
        for code, name in ({"": _("全国")} | known).items()
        if sharing.may_suspend(
            user, rulebook, Suspension(SuspensionKind.ITEM, moment, moment, region_code=code)
        )
    ]


def _concerns(user: User, each: sharing.ListedSuspension) -> bool:
    """Tell whether a user reads of it: an institution's people of what is theirs or everybody's."""
    if user.role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        return True
    own = sharing.get_rulebook().institutions.get(user.institution_code)
    return each.institution_code in ("", user.institution_code) and (
        not each.region_code or (own is not None and each.region_code in own.regions)
    )


def _may(user: User, each: sharing.ListedSuspension) -> bool:
    fact = Suspension(
        each.kind,
        each.starts_at,
        each.raised_at,
        institution_code=each.institution_code,
        region_code=each.region_code,
    )
    return user.role in WRITERS and sharing.may_suspend(user, sharing.get_rulebook(), fact)
