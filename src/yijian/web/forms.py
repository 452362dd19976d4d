"""What people may enter."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.values import DeclineReason, Purpose
from yijian.domains.sharing.values import RegionalReason
from yijian.foundation.accounts.backend import attempt_of
from yijian.web import words
from yijian.web.institutions import list_care_providers

__all__ = ["BASES", "DeclineForm", "HypothesisForm", "OrderForm", "PatientSearchForm", "SignInForm"]

BASES = {basis: words.BASES[basis] for basis in ("treatment", "emergency", "consultation")}
"""Why a patient's record may be opened; audited with every access."""

SHOWN_ENCOUNTERS = (
    EncounterType.OUTPATIENT,
    EncounterType.EMERGENCY,
    EncounterType.INPATIENT,
    EncounterType.CHECKUP,
)
SELECT = forms.Select(attrs={"class": "form-select"})


class SignInForm(AuthenticationForm):
    """Name and password; after some wrong ones of a name from an address it asks for patience."""

    error_messages = {  # noqa: RUF012 - Django's own shape
        "invalid_login": _("用户名或密码不正确"),
        "inactive": _("该账号已停用"),
        "patience": _("连续多次输错，请 15 分钟后再试"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("用户名")
        self.fields["password"].label = _("密码")
        for bound in self.fields.values():
            bound.widget.attrs["class"] = "form-control form-control-lg"

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except ValidationError:
            if attempt_of(self.request, self.cleaned_data.get("username", "")).is_over():
                raise ValidationError(self.error_messages["patience"], code="patience") from None
            raise


class PatientSearchForm(forms.Form):
    """One box for every way to name a patient, and why one asks."""

    query = forms.CharField(label=_("身份证号、院内号或姓名"), min_length=2, max_length=64)
    basis = forms.ChoiceField(
        label=_("查阅依据"), choices=list(BASES.items()), initial="treatment", widget=forms.RadioSelect
    )


class OrderForm(forms.Form):
    """What is about to be ordered, where and why."""

    encounter = forms.ChoiceField(
        label=_("就诊类型"),
        choices=[(kind.value, words.ENCOUNTERS[kind]) for kind in SHOWN_ENCOUNTERS],
        initial=EncounterType.OUTPATIENT.value,
        widget=forms.RadioSelect,
    )
    purpose = forms.ChoiceField(
        label=_("检查目的"),
        choices=[(purpose.value, words.PURPOSES[purpose]) for purpose in Purpose],
        initial=Purpose.DIAGNOSIS.value,
        widget=SELECT,
    )


class HypothesisForm(OrderForm):
    """An order that somebody imagines: by whom, and when; empty: by oneself, now."""

    orderer = forms.ChoiceField(
        label=_("开单机构"), choices=list_care_providers, required=False, widget=SELECT
    )
    at = forms.DateTimeField(
        label=_("时刻"),
        required=False,
        help_text=_("留空为现在"),
        widget=forms.DateTimeInput(attrs={"class": "form-control", "type": "datetime-local"}),
    )


class DeclineForm(forms.Form):
    """Why an existing result is not used: one of the six legal situations, or a reason of the region."""

    code = forms.ChoiceField(label=_("不采纳的情形"))
    technical = forms.ChoiceField(
        label=_("技术原因"), choices=lambda: [("", "–"), *words.technical_codes()], required=False
    )
    text = forms.CharField(label=_("说明"), max_length=500, required=False)

    def __init__(self, *args: Any, regional: Iterable[RegionalReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["code"]).choices = words.decline_reasons(regional)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("code") == "6" and not (cleaned.get("technical") or cleaned.get("text")):
            raise ValidationError(_("选择其他情形时，请写明原因或选择技术原因。"))
        return cleaned

    def reason(self) -> DeclineReason:
        """Return the reason entered, once valid."""
        entered = self.cleaned_data
        situation, _slash, regional = entered["code"].partition("/")
        return DeclineReason(
            code=situation,
            technical=entered["technical"] or None,
            regional=regional or None,
            text=entered["text"] or None,
        )
