"""The frame around every page: where one may go, who one is, and what waits at one's institution."""

from typing import Any, NamedTuple

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.consent.api import count_reviews
from yijian.domains.recognition.api import count_follow_ups
from yijian.domains.supervision.api import list_supervised
from yijian.foundation.accounts.models import Role, User
from yijian.web.access import signed_in
from yijian.web.institutions import find_institution

register = template.Library()


class Destination(NamedTuple):
    path: str
    label: Promise
    icon: str
    counts: str = ""


def _destinations(role: str) -> list[Destination]:
    figures = Destination(reverse("supervision"), _("互认监管"), "chart-bar")
    inbox = Destination(reverse("inbox"), _("收件箱"), "inbox")
    senders = Destination(reverse("senders"), _("发送方"), "activity")
    matters = Destination(reverse("work-items"), _("待办"), "list-check")
    openings = Destination(reverse("openings"), _("紧急调阅"), "lock", counts="openings")
    outbound = Destination(reverse("outbound"), _("对外推送"), "arrows-exchange")
    rules = Destination(reverse("rules"), _("互认规则"), "scale")
    reviews = Destination(reverse("identity-reviews"), _("身份核对"), "user-question")
    return {
        Role.CLINICIAN.value: [
            Destination(reverse("patient-search"), _("查询患者"), "search"),
            Destination(reverse("follow-ups"), _("更正待办"), "list-check", counts="follow_ups"),
            rules,
        ],
        Role.TECHNICIAN.value: [inbox, matters, senders, rules],
        Role.INTEGRATOR.value: [inbox, matters, reviews, senders, outbound, rules],
        Role.SUPERVISOR.value: [figures, rules, openings],
        Role.ADMINISTRATOR.value: [
            figures,
            rules,
            inbox,
            matters,
            reviews,
            senders,
            outbound,
            openings,
            Destination(reverse("admin:index"), _("主数据"), "settings"),
        ],
        Role.PATIENT.value: [
            Destination(reverse("my"), _("首页"), "home"),
            Destination(reverse("my-looks"), _("谁看过"), "eye"),
            Destination(reverse("my-reused"), _("互认"), "rosette-discount-check"),
            Destination(reverse("my-will"), _("我的授权"), "shield-lock"),
        ],
    }.get(role, [])


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Show where this person may go; open tasks of the institution carry their number."""
    request: HttpRequest = context["request"]
    user = signed_in(request)
    places = [(place, _waiting(place, user)) for place in _destinations(user.role)]
    return {"path": request.path, "places": places}


def _waiting(place: Destination, user: User) -> int:
    """Return how many tasks wait behind a destination."""
    if place.counts == "follow_ups":
        return count_follow_ups(user.institution_code)
    if place.counts == "openings":
        everywhere = user.role == Role.ADMINISTRATOR
        return count_reviews(None if everywhere else list_supervised(user.institution_code))
    return 0


@register.inclusion_tag("components/signed_in_as.html", takes_context=True)
def signed_in_as(context: dict[str, Any]) -> dict[str, Any]:
    """Show the person's name, role and institution."""
    user = signed_in(context["request"])
    return {"person": user, "institution": find_institution(user.institution_code)}
