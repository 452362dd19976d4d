"""A unit that an institution spells as nobody does: what it means, tried on the results that wait for it."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from yijian.domains.results import api as results
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.api import normalise_unit
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import find_institution
from yijian.web.matters import MENDERS, unit_fits_of
from yijian.web.operations import audit_operation

__all__ = ["unit"]

SHOWN = 8


class UnitForm(forms.Form):
    """A unit of UCUM, or any known spelling of one."""

    ucum = forms.CharField(
        label=_("规范单位"),
        help_text=_("UCUM 写法或通用写法，如 mmol/L"),
        max_length=64,
        widget=forms.TextInput({"class": "form-control", "list": "units", "autocomplete": "off"}),
    )
    everywhere = forms.BooleanField(label=_("所有机构的这种写法都是此单位"), required=False)

    def clean_ucum(self) -> str:
        code = normalise_unit(self.cleaned_data["ucum"])
        if code is None:
            raise forms.ValidationError(_("没有这个单位，请从提示中选择。"))
        return code


@requires_role(*MENDERS)
@require_http_methods(["GET", "POST"])
def unit(request: HttpRequest) -> HttpResponseBase:
    """Show what waits for a unit and how it would read in another; give it that meaning."""
    asked = request.POST if request.method == "POST" else request.GET
    institution, spelling = asked.get("institution", ""), asked.get("unit", "")
    user = signed_in(request)
    if not spelling or normalise_unit(spelling) is not None:
        raise Http404
    if not results.may(user, "mend_mapping", institution):
        raise PermissionDenied
    form = UnitForm(asked if "ucum" in asked else None)
    ucum = form.cleaned_data["ucum"] if form.is_valid() else ""
    if request.method == "POST" and ucum:
        everywhere = form.cleaned_data["everywhere"] and user.role == Role.ADMINISTRATOR
        number = results.name_unit(
            institution, spelling, ucum, everywhere=everywhere, by=user.username, at=now()
        )
        audit_operation(request, "web.unit_named", institution=institution, unit=spelling, ucum=ucum)
        messages.success(request, _named(spelling, ucum, number))
        return redirect(f"{resolve_url('work-items')}?kind={results.UNMAPPED_UNIT}")
    fits = unit_fits_of(results.list_unit_rows(institution, spelling, limit=SHOWN), ucum)
    shown = {
        "institution": find_institution(institution),
        "unit": spelling,
        "form": form,
        "ucum": ucum,
        "fits": fits,
        "likely": sorted({fit.item.unit for fit in fits if fit.item.unit}),
        "units": sorted({item.unit for item in get_rulebook().items.values() if item.unit}),
        "everywhere": user.role == Role.ADMINISTRATOR,
    }
    return render(request, "mapping/unit.html", shown, status=422 if request.method == "POST" else 200)


def _named(spelling: str, ucum: str, number: int) -> str:
    said = ngettext(
        "%(unit)s 已对照为 %(ucum)s，%(number)d 条结果已重新读取。",
        "%(unit)s 已对照为 %(ucum)s，%(number)d 条结果已重新读取。",
        number,
    )
    return said % {"unit": spelling, "ucum": ucum, "number": number}
