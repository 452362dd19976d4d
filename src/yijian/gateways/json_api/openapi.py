"""OpenAPI 3.1, generated from the very structs that decode the requests."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from yijian.domains.recognition.values import (
    CitableRequest,
    CitationRecorded,
    CitationSubmission,
    DecisionRevoked,
    DecisionsRecorded,
    DecisionSubmission,
    MatchRequest,
    RevocationSubmission,
)
from yijian.domains.results.values import Recorded, UploadedReport
from yijian.gateways.json_api.consents import (
    BreakGlassRequest,
    ConsentRecorded,
    ConsentRequest,
    GlassBroken,
    WithdrawalRequest,
    Withdrawn,
)
from yijian.gateways.json_api.endpoints import OrdersRequest, VoidRequest

__all__ = ["describe_webhooks", "document"]

OPERATIONS: tuple[tuple[str, str, str, type | None, type | None], ...] = (
    ("/api/v1/recognition/match", "recognition.match", "能用什么代替将要开的医嘱", MatchRequest, None),
    (
        "/api/v1/recognition/decisions",
        "recognition.decide",
        "采纳或不采纳",
        DecisionSubmission,
        DecisionsRecorded,
    ),
    (
        "/api/v1/recognition/revocations",
        "recognition.decide",
        "撤销决定",
        RevocationSubmission,
        DecisionRevoked,
    ),
    ("/api/v1/recognition/citable", "recognition.decide", "可引用的已采纳结果", CitableRequest, None),
    ("/api/v1/recognition/citations", "recognition.decide", "引用回写", CitationSubmission, CitationRecorded),
    ("/api/v1/reports", "report.write", "上传检验或检查报告", UploadedReport, Recorded),
    ("/api/v1/reports/void", "report.write", "作废报告", VoidRequest, None),
    ("/api/v1/orders", "order.write", "上报医嘱事实", OrdersRequest, None),
    ("/api/v1/consents", "consent.write", "登记患者告知或授权", ConsentRequest, ConsentRecorded),
    ("/api/v1/consents/withdrawals", "consent.write", "撤回患者授权", WithdrawalRequest, Withdrawn),
    ("/api/v1/break-glass", "consent.write", "紧急调阅", BreakGlassRequest, GlassBroken),
)
PROBLEM = {
    "description": "RFC 9457",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "errors", "trace_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "code", "detail", "trace_id")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


WEBHOOKS: dict[str, tuple[str, type]] = {}
"""What goes out, by event: in words, and the shape of its body."""


def describe_webhooks(webhooks: Mapping[str, tuple[str, type]]) -> None:
    """Add what another gateway sends to the document; at start-up, before it is built."""
    WEBHOOKS.update(webhooks)


@cache
def build() -> dict[str, Any]:
    """Return the whole document."""
    shapes = [shape for *_, asked, answered in OPERATIONS for shape in (asked, answered) if shape]
    shapes += {shape: None for _, shape in WEBHOOKS.values()}
    schemas, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    by_shape: dict[type | None, Any] = dict(zip(shapes, schemas, strict=True))
    paths: dict[str, Any] = {"/api/v1/marks": {"get": _marks()}}
    for path, scope, summary, asked, answered in OPERATIONS:
        paths[path] = {"post": _operation(scope, summary, by_shape[asked], by_shape.get(answered))}
    return {
        "openapi": "3.1.0",
        "info": {"title": "一检 Yijian", "version": "1"},
        "paths": paths,
        "webhooks": {
            event: _webhook(summary, by_shape[shape]) for event, (summary, shape) in WEBHOOKS.items()
        },
        "components": {
            "schemas": components | {"Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": "/oauth/token",
                            "scopes": {operation[1]: operation[1] for operation in OPERATIONS}
                            | {"marks.read": "marks.read", "recognition.replay": "recognition.replay"},
                        }
                    },
                }
            },
        },
    }


def _operation(
    scope: str, summary: str, asked: dict[str, Any], answered: dict[str, Any] | None
) -> dict[str, Any]:
    answer = answered or {"type": "object"}
    return {
        "summary": summary,
        "security": [{"oauth": [scope]}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": answer}}},
            "default": PROBLEM,
        },
    }


def _webhook(summary: str, body: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "post": {
            "summary": summary,
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": text} for name in headers
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "2XX": {"description": "已收妥"},
                "410": {"description": "不再接收，端点随即停用"},
                "default": {"description": "稍后以同一 webhook-id 重试"},
            },
        }
    }


def _marks() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "summary": "本机构此刻可在该项目上印制的互认标识",
        "security": [{"oauth": ["marks.read"]}],
        "parameters": [
            {"name": "item", "in": "query", "required": True, "schema": text},
            {"name": "at", "in": "query", "schema": text | {"format": "date-time"}},
        ],
        "responses": {"200": {"description": "OK"}, "default": PROBLEM},
    }


def document(request: HttpRequest) -> HttpResponse:
    """Serve the document; no sign-in, it holds no data."""
    return HttpResponse(msgspec.json.encode(build()), content_type="application/json")
