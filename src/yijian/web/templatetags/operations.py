"""How states of messages are shown."""

from typing import Any

from django import template

from yijian.web.operations import STATES

register = template.Library()


@register.inclusion_tag("inbox/state_pill.html")
def message_state(state: str) -> dict[str, Any]:
    """Show the state of a message."""
    name, style = STATES[state]
    return {"name": name, "style": style}
