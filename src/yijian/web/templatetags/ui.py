"""Small words of the templates: icons, instants, ages, what codes are called."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from yijian.domains.terminology.values import Item
from yijian.kit.clock import CHINA, age_hours, age_years, now
from yijian.web import catalogue, words
from yijian.web.evidence import evidence_of
from yijian.web.institutions import ShownInstitution, find_institution

register = template.Library()

HOURS_SHOWN = 72
"""Up to here an age is told in hours, then in days."""


@register.simple_tag
def icon(name: str) -> SafeString:
    """Show an icon of the sprite; it says nothing to a screen reader, the words beside it do."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"),
        name,
    )


def _instant(value: datetime | str | None) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(CHINA)


@register.filter
def instant(value: datetime | str | None) -> SafeString | str:
    """Show an instant in China's zone, to the minute."""
    moment = _instant(value)
    if moment is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M"))


@register.filter
def day(value: datetime | str | None) -> str:
    """Show the day of an instant in China's zone."""
    moment = _instant(value)
    return moment.strftime("%Y-%m-%d") if moment else "–"


@register.filter
def clock(value: datetime | str | None) -> str:
    """Show the time of day of an instant in China's zone."""
    moment = _instant(value)
    return moment.strftime("%H:%M") if moment else ""


@register.filter
def ago(value: datetime | str | int | None) -> str:
    """Tell how long ago an instant was, or how many hours; in hours, then in days."""
    if value is None:
        return ""
    moment = None if isinstance(value, int) else _instant(value)
    hours = value if isinstance(value, int) else age_hours(moment, now()) if moment else 0
    if hours < 1:
        return gettext("1 小时内")
    if hours < HOURS_SHOWN:
        return ngettext("%(count)d 小时前", "%(count)d 小时前", hours) % {"count": hours}
    return ngettext("%(count)d 天前", "%(count)d 天前", hours // 24) % {"count": hours // 24}


@register.filter
def age(born_on: date | None) -> str:
    """Tell a person's age in years."""
    if born_on is None:
        return gettext("年龄未知")
    years = age_years(born_on, now())
    return ngettext("%(count)d 岁", "%(count)d 岁", years) % {"count": years}


@register.filter
def called(code: str | int | None, table: str) -> str:
    """Return what a code of one of the tables of `words` is called."""
    names: Mapping[Any, Any] = getattr(words, table)
    return str(names.get(code, code or ""))


@register.filter
def item_name(item: Item) -> str:
    """Return an item's name in the reader's language."""
    return catalogue.item_name(item)


@register.filter
def item_called(code: str) -> str:
    """Return what the reader calls an item of the catalogue; an unknown code stands for itself."""
    listed = catalogue.list_items([code])
    return catalogue.item_name(listed[0]) if listed else code


@register.filter
def institution(code: str) -> ShownInstitution:
    """Return an institution as a page shows it."""
    return find_institution(code)


@register.filter
def evidence(reason: Mapping[str, Any]) -> list[tuple[Promise | str, str]]:
    """Return the particulars a reason relies on, as pairs of name and text."""
    return evidence_of(reason["evidence"])


@register.filter
def outcome_name(outcome: str) -> str:
    """Return what the reader calls an outcome."""
    return words.outcome_name(outcome)


@register.inclusion_tag("components/value.html")
def value(row: Mapping[str, Any], *, critical: bool = False) -> dict[str, Any]:
    """Show a printed value with flag and unit."""
    flag = row.get("flag") or ""
    style, sign, meaning = words.FLAGS.get(flag, ("abnormal" if flag else "", flag, flag))
    return {
        "row": row,
        "styles": [*style.split(), *(["critical"] if critical or row.get("critical") else [])],
        "sign": sign,
        "meaning": meaning,
        "long": len(str(row.get("value") or "")) > 24,
    }


@register.inclusion_tag("components/field.html")
def field(bound: Any) -> dict[str, Any]:
    """Show a form field with its label and what is wrong with it."""
    return {"field": bound}
