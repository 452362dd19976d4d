"""How senders fare, what is alarming about them, and from where on it is. No patient's data is here."""

from dataclasses import asdict
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.sharing.api import get_rulebook
from yijian.foundation.accounts.models import Role
from yijian.foundation.inbox import api as inbox
from yijian.foundation.inbox.health import silent_after
from yijian.kit.clock import now
from yijian.web.access import requires_role, signed_in
from yijian.web.institutions import ShownInstitution, find_institution, show_institution
from yijian.web.operations import address_query, audit_operation, reaches, scope_of, span_of

__all__ = ["acknowledge", "sender_list", "thresholds"]

PAGE = 50
ALARMS: dict[str, tuple[Promise, Promise]] = {
    "silent": (_("长时间没有报文"), _("已 %(minutes)s没有报文，超过 %(limit)s。")),
    "faults": (
        _("拒收与失败过多"),
        _("近一日 %(messages)d 条报文中有 %(number)d 条未通过，超过 %(limit)d%%。"),
    ),
    "encoding": (
        _("字符集问题过多"),
        _("近一日 %(messages)d 条报文中有 %(number)d 条字符集有疑问，超过 %(limit)d%%。"),
    ),
    "queue": (_("处理积压"), _("最早的报文已等待 %(minutes)s，超过 %(limit)s。")),
}
"""Of an alarm: its name, and its figures in words."""


class ShownSender(NamedTuple):
    health: inbox.Health
    institution: ShownInstitution
    day_rate: str
    week_rate: str
    fault_share: str
    encoding_share: str
    silent_after: int | None
    """Minutes."""
    query: str


class ThresholdForm(forms.Form):
    """From where on a sender is alarming; empty means the usual."""

    watched = forms.BooleanField(label=_("监测这个发送方"), required=False)
    silent_minutes = forms.IntegerField(
        label=_("多少分钟没有报文即告警"),
        help_text=_("留空：按它自己的习惯"),
        min_value=1,
        max_value=60 * 24 * 60,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    fault_percent = forms.IntegerField(
        label=_("未通过或字符集有疑问的比例超过多少（%）"),
        help_text=_("留空：10"),
        min_value=0,
        max_value=100,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    queue_minutes = forms.IntegerField(
        label=_("等待处理超过多少分钟"),
        help_text=_("留空：15"),
        min_value=1,
        max_value=60 * 24,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


@requires_role(Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR)
@require_GET
def sender_list(request: HttpRequest) -> HttpResponseBase:
    """Show alarms, then every sender of one's scope."""
    scope = scope_of(signed_in(request))
    listed = inbox.list_sender_health(scope, after=_after(request), most=PAGE + 1)
    rulebook = get_rulebook()
    shown = {
        "alarms": [
            (alarm, show_institution(rulebook, alarm.sender.institution_code), *_alarm_words(alarm))
            for alarm in inbox.list_alarms(scope, now=now())
        ],
        "senders": [
            _shown(each, show_institution(rulebook, each.sender.institution_code)) for each in listed[:PAGE]
        ],
        "several": scope is None,
        "may_set": signed_in(request).role in {Role.INTEGRATOR, Role.ADMINISTRATOR},
        "older": address_query(asdict(listed[PAGE - 1].sender)) if len(listed) > PAGE else None,
        "newest": "?" if _after(request) else None,
    }
    return render(request, "inbox/senders.html", shown)


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def acknowledge(request: HttpRequest, alarm_id: UUID) -> HttpResponseBase:
    """Note that somebody has seen an alarm; it closes by itself once the sender is well again."""
    user = signed_in(request)
    if inbox.acknowledge_alarm(alarm_id, institution_codes=scope_of(user), by=user.username, at=now()):
        audit_operation(request, "web.alarm_acknowledged", alarm_id=str(alarm_id))
        messages.success(request, gettext("已确认。发送方恢复正常后，告警自行关闭。"))
    else:
        messages.info(request, gettext("这个告警已经确认或已经关闭。"))
    return redirect("senders")


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
def thresholds(request: HttpRequest) -> HttpResponseBase:
    """Show and set the thresholds of one sender."""
    health = _asked(request)
    form = ThresholdForm(request.POST or None, initial=asdict(health.thresholds))
    if request.method == "POST" and form.is_valid():
        inbox.set_thresholds(health.sender, inbox.Thresholds(**form.cleaned_data))
        audit_operation(request, "web.sender_thresholds", sender=asdict(health.sender), **form.cleaned_data)
        messages.success(request, gettext("已保存，下一分钟起生效。"))
        return redirect("senders")
    shown = {
        "form": form,
        "sender": _shown(health, find_institution(health.sender.institution_code)),
    }
    return render(request, "inbox/thresholds.html", shown)


def _asked(request: HttpRequest) -> inbox.Health:
    sender = _after(request)
    if sender is None or not reaches(signed_in(request), sender.institution_code):
        raise Http404
    found = [each for each in inbox.list_sender_health([sender.institution_code]) if each.sender == sender]
    if not found:
        raise Http404
    return found[0]


def _after(request: HttpRequest) -> inbox.SenderKey | None:
    asked = request.GET
    if not asked.get("institution_code"):
        return None
    return inbox.SenderKey(asked["institution_code"], asked.get("protocol", ""), asked.get("facility", ""))


def _shown(health: inbox.Health, institution: ShownInstitution) -> ShownSender:
    limit = silent_after(health)
    return ShownSender(
        health,
        institution,
        f"{health.day_messages / 24:,.1f}",
        f"{health.week_messages / 168:,.1f}",
        _share(health.day_faults, health.day_messages),
        _share(health.day_encoding_faults, health.day_messages),
        int(limit.total_seconds() // 60) if limit else None,
        address_query(asdict(health.sender)),
    )


def _share(number: int, whole: int) -> str:
    return f"{100 * number / whole:.1f}%" if whole else "–"


def _alarm_words(alarm: inbox.OpenAlarm) -> tuple[Promise | str, str]:
    name, sentence = ALARMS[alarm.kind]
    figures: dict[str, Any] = dict(alarm.measured)
    if "minutes" in figures:
        figures["minutes"], figures["limit"] = span_of(figures["minutes"]), span_of(figures["limit"])
    return name, str(sentence) % figures
