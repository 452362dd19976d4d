"""How versions of the rules, their sources and the outcomes of a preview are shown."""

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from yijian.domains.sharing.api import RuleVersion
from yijian.domains.sharing.values import Agreement, RegionOptions
from yijian.kit.clock import CHINA
from yijian.web.rules.names import area_names, scope_name
from yijian.web.rules.shown import name_of
from yijian.web.words import outcome_name

register = template.Library()


@register.simple_tag
def version_name(version: RuleVersion) -> str:
    """Name the agreement, or the scope of the options."""
    return name_of(version) or scope_name(version.value.scope, area_names())


@register.simple_tag
def source(value: Agreement | RegionOptions, length: int) -> SafeString:
    """Show where a version comes from, as a link where there is an address."""
    text = Truncator(value.source).chars(length)
    if not value.source_url:
        return format_html("{}", text)
    return format_html(
        '<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>', value.source_url, text
    )


@register.simple_tag
def said(outcome: tuple[str, bool]) -> SafeString:
    """Show an outcome of a preview, and whether nobody is reminded of it."""
    code, silent = outcome
    pill = format_html('<span class="pill pill-{}">{}</span>', code, outcome_name(code))
    return format_html("{} {}", pill, gettext("不提醒")) if silent else pill


@register.simple_tag
def said_code(outcome: str) -> SafeString:
    """Show the same as it is written in a preview."""
    return said((outcome.removesuffix("_silent"), outcome.endswith("_silent")))


@register.filter
def last_day(until: str) -> str:
    """Return the last day before an instant, in China."""
    moment = datetime.fromisoformat(until) - timedelta(microseconds=1)
    return str(moment.astimezone(CHINA).date())
