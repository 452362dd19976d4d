"""What a desk enters of a patient's will, and a patient of their own."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from yijian.domains.consent.api import MAX_DOCUMENT, Given, Paper
from yijian.domains.consent.values import Category, Guardian, ObjectionKind, Relation, ReviewVerdict, Way
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.values import Sensitivity
from yijian.kit.clock import CHINA, now
from yijian.web import words
from yijian.web.periods import DayInput

__all__ = [
    "BreakGlassForm",
    "CodeForm",
    "ConsentForm",
    "MakeCodeForm",
    "ObjectionForm",
    "PaperObjectionForm",
    "ReviewForm",
]

Scope = Literal["all", "non_sensitive"]

INPUT = {"class": "form-control", "autocomplete": "off"}
SELECT = forms.Select(attrs={"class": "form-select"})


class CodeForm(forms.Form):
    """The code a patient shows; people type it with blanks."""

    code = forms.RegexField(
        r"^[0-9 -]{8,12}$",
        label=_("患者出示的授权码"),
        error_messages={"invalid": _("授权码是 8 位数字")},
        widget=forms.TextInput(attrs={**INPUT, "inputmode": "numeric", "placeholder": "0000 0000"}),
    )


class ConsentForm(forms.Form):
    """A notice or a consent as the desk records it."""

    way = forms.ChoiceField(
        choices=[(way.value, words.WAYS[way]) for way in Way if way is not Way.CODE],
        label=_("方式"),
        widget=forms.RadioSelect,
    )
    scope = forms.ChoiceField(
        choices=list(words.SCOPES.items()),
        label=_("范围"),
        initial="non_sensitive",
        required=False,
        widget=forms.RadioSelect,
    )
    receiver = forms.ChoiceField(
        choices=[("own", _("仅本机构")), ("all", _("区域内各机构"))],
        label=_("给谁看"),
        initial="own",
        required=False,
        widget=forms.RadioSelect,
    )
    last_day = forms.DateField(
        label=_("有效至（含当日）"),
        help_text=_("留空为本地区的默认期限，也不超过它"),
        required=False,
        widget=DayInput,
    )
    guardian_name = forms.CharField(
        label=_("监护人姓名"), max_length=64, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    relation = forms.ChoiceField(
        choices=[("", "–"), *words.RELATIONS.items()], label=_("与患者关系"), required=False, widget=SELECT
    )
    document_no = forms.CharField(
        label=_("监护人证件号码"), max_length=32, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    document = forms.FileField(
        label=_("签字文件（PDF、JPEG 或 PNG，10 MB 以内）"),
        required=False,
        widget=forms.ClearableFileInput(
            attrs={"class": "form-control", "accept": ".pdf,.jpg,.jpeg,.png,application/pdf,image/*"}
        ),
    )

    def clean_last_day(self) -> date | None:
        entered: date | None = self.cleaned_data["last_day"]
        if entered is not None and entered < now().astimezone(CHINA).date():
            raise ValidationError(_("不能早于今天。"))
        return entered

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        guardian = cleaned.get("way") == Way.GUARDIAN
        if guardian and not all(cleaned.get(name) for name in ("guardian_name", "relation", "document_no")):
            raise ValidationError(_("监护人同意时，请填写监护人姓名、与患者关系和证件号码。"))
        document = cleaned.get("document")
        if document is not None and document.size > MAX_DOCUMENT:
            raise ValidationError(_("签字文件须在 10 MB 以内。"))
        if cleaned.get("way") == Way.SIGNED_FORM and document is None:
            raise ValidationError(_("请附上签字文件。"))
        return cleaned

    def given(self, institution_code: str) -> Given:
        """Return what was entered, once valid."""
        entered = self.cleaned_data
        way = Way(entered["way"])
        return Given(
            way=way,
            scope=cast("Scope", entered["scope"] or "non_sensitive"),
            expires_at=_end_of(entered["last_day"]) if entered["last_day"] else None,
            institution_code="" if entered["receiver"] == "all" else institution_code,
            guardian=Guardian(
                name=entered["guardian_name"],
                relation=Relation(entered["relation"]),
                document_no=entered["document_no"],
            )
            if way is Way.GUARDIAN
            else None,
            document=entered["document"].read() if entered["document"] else None,
        )


def _end_of(day: date) -> datetime:
    """Return the first instant after a day in China."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


class BreakGlassForm(forms.Form):
    """Why it cannot wait for a consent."""

    category = forms.ChoiceField(
        choices=[(each.value, words.EMERGENCIES[each]) for each in Category],
        label=_("情形"),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("具体原因"),
        min_length=5,
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )


class ReviewForm(forms.Form):
    """What a reviewer finds of broken glass."""

    verdict = forms.ChoiceField(choices=[(each.value, each.value) for each in ReviewVerdict])
    measures = forms.CharField(
        label=_("处理措施"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == ReviewVerdict.NOT_JUSTIFIED and not cleaned.get("measures"):
            raise ValidationError(_("认定为不合理时，请写明处理措施。"))
        return cleaned


class MakeCodeForm(forms.Form):
    """What the patient lets be seen by whoever gets the code."""

    scope = forms.ChoiceField(
        choices=list(words.SCOPES.items()),
        label=_("允许查看"),
        initial="non_sensitive",
        widget=forms.RadioSelect,
    )

    def scope_chosen(self) -> Scope:
        return cast("Scope", self.cleaned_data["scope"])


class ObjectionForm(forms.Form):
    """What the patient does not want."""

    kind = forms.ChoiceField(
        choices=[
            (ObjectionKind.EVERYTHING.value, _("不向其他机构提供我的任何报告")),
            (ObjectionKind.SENSITIVE.value, _("不提供这些敏感项目")),
            (ObjectionKind.INSTITUTION.value, _("不让某一家机构查看")),
        ],
        widget=forms.RadioSelect,
    )
    sensitivities = forms.MultipleChoiceField(
        choices=[(each.value, words.SENSITIVITIES[each]) for each in Sensitivity],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    institution = forms.CharField(max_length=32, required=False)

    def clean_institution(self) -> str:
        code: str = self.cleaned_data["institution"]
        if code and code not in get_rulebook().institutions:
            raise ValidationError(_("请选择机构。"))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == ObjectionKind.SENSITIVE and not cleaned.get("sensitivities"):
            raise ValidationError(_("请至少选一类敏感项目。"))
        unnamed = not cleaned.get("institution") and "institution" not in self.errors
        if cleaned.get("kind") == ObjectionKind.INSTITUTION and unnamed:
            raise ValidationError(_("请选择机构。"))
        return cleaned

    def said(self) -> dict[str, Any]:
        """Return what is refused, as `record_objection` takes it, once valid."""
        entered = self.cleaned_data
        return {
            "kind": ObjectionKind(entered["kind"]),
            "sensitivities": [Sensitivity(each) for each in entered["sensitivities"]],
            "institution_code": entered["institution"],
        }


class PaperObjectionForm(ObjectionForm):
    """The same on signed paper, as the desk records it."""

    purpose = forms.ChoiceField(
        choices=[("", _("任何目的")), *words.PURPOSES.items()],
        label=_("拒绝的目的"),
        required=False,
        widget=SELECT,
    )
    reference = forms.CharField(
        label=_("签字文件编号"),
        help_text=_("以后据此找到患者签字的原件"),
        max_length=64,
        widget=forms.TextInput(attrs=INPUT),
    )
    guardian_relation = forms.ChoiceField(
        choices=[("", _("患者本人")), *words.RELATIONS.items()],
        label=_("签字人"),
        required=False,
        widget=SELECT,
    )
    guardian_name = forms.CharField(
        label=_("监护人姓名"), max_length=64, required=False, widget=forms.TextInput(attrs=INPUT)
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="objection_%s")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if bool(cleaned.get("guardian_relation")) is not bool(cleaned.get("guardian_name")):
            self.add_error("guardian_name", _("监护人签字时，请填写姓名和与患者关系；本人签字时不填。"))
        return cleaned

    def paper(self, institution_code: str) -> Paper:
        """Return who signed where, once valid."""
        entered = self.cleaned_data
        relation = entered["guardian_relation"]
        return Paper(
            institution_code,
            entered["reference"],
            entered["guardian_name"],
            Relation(relation) if relation else None,
        )
