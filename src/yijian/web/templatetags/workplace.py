"""The frame around every page: where one may go, who one is, and what waits at one's institution."""

from typing import Any, NamedTuple

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.recognition.api import count_follow_ups
from yijian.foundation.accounts.models import Role
from yijian.web.access import signed_in
from yijian.web.institutions import find_institution

register = template.Library()


class Destination(NamedTuple):
    path: str
    label: Promise
    icon: str
    counts_follow_ups: bool = False


def _destinations(role: str) -> list[Destination]:
    figures = Destination(reverse("supervision"), _("互认监管"), "chart-bar")
    inbox = Destination(reverse("inbox"), _("收件箱"), "inbox")
    matters = Destination(reverse("work-items"), _("待办"), "list-check")
    reviews = Destination(reverse("identity-reviews"), _("身份核对"), "user-question")
    return {
        Role.CLINICIAN.value: [
            Destination(reverse("patient-search"), _("查询患者"), "search"),
            Destination(reverse("follow-ups"), _("更正待办"), "list-check", counts_follow_ups=True),
        ],
        Role.TECHNICIAN.value: [inbox, matters],
        Role.INTEGRATOR.value: [inbox, matters, reviews],
        Role.SUPERVISOR.value: [figures],
        Role.ADMINISTRATOR.value: [
            figures,
            inbox,
            matters,
            reviews,
            Destination(reverse("admin:index"), _("主数据"), "settings"),
        ],
    }.get(role, [])


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Show where this person may go; open tasks of the institution carry their number."""
    request: HttpRequest = context["request"]
    user = signed_in(request)
    places = _destinations(user.role)
    waiting = any(place.counts_follow_ups for place in places)
    return {
        "path": request.path,
        "places": places,
        "open_follow_ups": count_follow_ups(user.institution_code) if waiting else 0,
    }


@register.inclusion_tag("components/signed_in_as.html", takes_context=True)
def signed_in_as(context: dict[str, Any]) -> dict[str, Any]:
    """Show the person's name, role and institution."""
    user = signed_in(context["request"])
    return {"person": user, "institution": find_institution(user.institution_code)}
