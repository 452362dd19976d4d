"""The period a page counts over: chosen in the address, so that it can be kept, sent and exported."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.kit.clock import CHINA

__all__ = ["PERIODS", "Period", "PeriodForm", "read_before", "read_period"]

CUSTOM = "custom"
DEFAULT = "30-days"
PERIODS: Mapping[str, Promise] = {
    "this-month": _("本月"),
    "last-month": _("上月"),
    "30-days": _("近 30 天"),
    "90-days": _("近 90 天"),
    "365-days": _("近 365 天"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in China, both included."""

    code: str
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), CHINA)

    @property
    def until(self) -> datetime:
        """The instant after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), CHINA)

    @property
    def query(self) -> str:
        """What stands in an address for this period."""
        if self.code == CUSTOM:
            return f"period={CUSTOM}&first={self.first}&last={self.last}"
        return f"period={self.code}"


class DayInput(forms.DateInput):
    """A day as browsers let it be picked."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__({"class": "form-control"}, format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """Two days of one's own choice."""

    first = forms.DateField(label=_("起"), widget=DayInput)
    last = forms.DateField(label=_("止"), widget=DayInput)

    def clean(self) -> dict[str, date]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            raise forms.ValidationError(_("起始日期不能晚于截止日期。"))
        if last == date.max:
            raise forms.ValidationError(_("截止日期过大。"))
        return cleaned


def read_period(asked: Mapping[str, str], today: date) -> tuple[Period, PeriodForm]:
    """Return the period an address asks for, the default where it asks for none or nonsense, and the form."""
    code = asked.get("period", DEFAULT)
    if code == CUSTOM:
        form = PeriodForm(asked)
        if form.is_valid():
            return Period(CUSTOM, form.cleaned_data["first"], form.cleaned_data["last"]), form
        return _named(DEFAULT, today), form
    period = _named(code if code in PERIODS else DEFAULT, today)
    return period, PeriodForm(initial={"first": period.first, "last": period.last})


def read_before(asked: Mapping[str, str]) -> datetime | None:
    """Return the instant before which an address wants to read; None where it names none with a zone."""
    try:
        before = datetime.fromisoformat(asked.get("before", ""))
    except ValueError:
        return None
    return before if before.tzinfo else None


def _named(code: str, today: date) -> Period:
    if code == "this-month":
        return Period(code, today.replace(day=1), today.replace(day=monthrange(today.year, today.month)[1]))
    if code == "last-month":
        last = today.replace(day=1) - timedelta(days=1)
        return Period(code, last.replace(day=1), last)
    days = int(code.removesuffix("-days"))
    return Period(code, today - timedelta(days=days - 1), today)
