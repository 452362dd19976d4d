"""How states of messages, spans of time and owners are shown."""

from typing import Any

from django import template
from django.utils.translation import gettext

from yijian.web.operations import STATES, span_of

register = template.Library()


@register.inclusion_tag("inbox/state_pill.html")
def message_state(state: str) -> dict[str, Any]:
    """Show the state of a message."""
    name, style = STATES[state]
    return {"name": name, "style": style}


@register.filter
def span(minutes: int) -> str:
    """Write a span of minutes as people say it."""
    return span_of(minutes)


@register.filter
def seconds(number: float | None) -> str:
    """Write a delay; below two minutes in seconds."""
    if number is None:
        return "–"
    if number < 120:
        return gettext("%(number).1f 秒") % {"number": number}
    return span_of(int(number // 60))
