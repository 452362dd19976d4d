"""Addresses of the JSON services on the control plane; `match` is on the data plane."""

from django.urls import path

from yijian.gateways.json_api import consents, endpoints, openapi

urlpatterns = [
    path("openapi.json", openapi.document),
    path("reports", endpoints.reports),
    path("reports/void", endpoints.void),
    path("orders", endpoints.orders),
    path("recognition/decisions", endpoints.decisions),
    path("recognition/revocations", endpoints.revocations),
    path("recognition/citable", endpoints.citable),
    path("recognition/citations", endpoints.citations),
    path("marks", endpoints.marks),
    path("consents", consents.consents),
    path("consents/withdrawals", consents.withdrawals),
    path("break-glass", consents.break_glass),
    path("", endpoints.nothing_here),
    path("<path:address>", endpoints.nothing_here),
]
