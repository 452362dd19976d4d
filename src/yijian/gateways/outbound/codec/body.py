"""The JSON body of a web hook: `type`, `timestamp` and `data` as Standard Webhooks recommends."""

from datetime import datetime
from uuid import UUID

import msgspec

from .telling import Coded, EventName, Reported, Telling

__all__ = ["WebhookBody", "webhook_body"]


class TellingData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """About one item of one report; no patient stands in it."""

    match_item_id: UUID
    report: Reported
    item: Coded
    institution: Coded
    decision: str | None = None
    reason: Coded | None = None
    technical: str | None = None


class WebhookBody(msgspec.Struct, frozen=True, kw_only=True):
    """`timestamp` is when it happened; the header `webhook-timestamp` when it was sent."""

    type: EventName
    timestamp: datetime
    data: TellingData


def webhook_body(telling: Telling) -> str:
    """Return a telling as the body of a web hook."""
    data = TellingData(
        match_item_id=telling.match_item_id,
        report=telling.report,
        item=telling.item,
        institution=telling.institution,
        decision=telling.decision.code if telling.decision else None,
        reason=telling.reason,
        technical=telling.technical or None,
    )
    body = WebhookBody(type=telling.event, timestamp=telling.occurred_at, data=data)
    return msgspec.json.encode(body).decode()
