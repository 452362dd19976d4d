"""Who is told what. A new endpoint's secret is shown once, when it is saved."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext

from yijian.foundation.outbound.models import Endpoint, EndpointKind
from yijian.foundation.outbound.secrets import give_secret

SCHEMES = {
    EndpointKind.WEBHOOK.value: ("https://", "http://"),
    EndpointKind.MLLP.value: ("mllp://", "mllps://"),
}
EVENTS = ("recognition.decided", "recognition.cited", "recognition.revoked")


class EndpointForm(forms.ModelForm[Endpoint]):
    """Refuses an address that does not fit its kind, and events that there are not."""

    class Meta:
        model = Endpoint
        fields = (
            "name",
            "institution_code",
            "kind",
            "address",
            "events",
            "application",
            "facility",
            "encoding",
            "active",
        )

    def clean_events(self) -> list[str]:
        events = self.cleaned_data["events"] or []
        if not isinstance(events, list) or not set(events) <= set(EVENTS):
            raise ValidationError(gettext("写作列表，只能含：%(events)s") % {"events": ", ".join(EVENTS)})
        return events

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        schemes = SCHEMES.get(str(cleaned.get("kind")), ())
        if schemes and not str(cleaned.get("address", "")).startswith(schemes):
            self.add_error("address", gettext("地址以 %(schemes)s 开头") % {"schemes": " / ".join(schemes)})
        return cleaned


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin[Endpoint]):
    form = EndpointForm
    list_display = ("name", "institution_code", "kind", "address", "active", "stopped_reason")
    list_filter = ("kind", "active")
    search_fields = ("name", "institution_code")

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            secret = give_secret(obj)
            if obj.kind == EndpointKind.WEBHOOK:
                text = gettext("签名密钥（只显示这一次，请立即交给接收方）：%(secret)s")
                messages.warning(request, text % {"secret": secret})
        super().save_model(request, obj, form, change)
