"""All addresses of the control plane."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from yijian.gateways.cds_hooks.endpoints import feedback
from yijian.gateways.json_api.openapi import describe_webhooks
from yijian.gateways.outbound.codec import WebhookBody
from yijian.web.access import open_to_everyone
from yijian.web.views import errors

describe_webhooks(
    {
        "recognition.decided": ("接诊机构采纳或不采纳", WebhookBody),
        "recognition.cited": ("已采纳结果写入病历", WebhookBody),
        "recognition.revoked": ("撤销互认决定", WebhookBody),
    }
)

admin.site.site_header = admin.site.site_title = "一检 平台管理"
admin.site.site_url = "/inbox/"  # "/" leads administrators back to the admin

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("yijian.web.urls")),
    path("api/v1/", include("yijian.gateways.json_api.urls")),
    path("cds-services/<str:service>/feedback", open_to_everyone(feedback)),
    path("admin/", admin.site.urls),
    path("i18n/language", open_to_everyone(set_language), name="set_language"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.missing
handler500 = errors.broken
