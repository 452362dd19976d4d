"""From events of recognition to messages for those who want them, in the transaction of the event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yijian.domains.recognition.api import LEGAL_SITUATIONS
from yijian.domains.recognition.events import (
    RecognitionCited,
    RecognitionDecided,
    RecognitionRevoked,
    ReliedOn,
)
from yijian.domains.results import api as results
from yijian.domains.sharing.api import get_rulebook
from yijian.domains.terminology.api import find_item, sensitive_codes
from yijian.foundation.outbound import api as outbound
from yijian.foundation.outbound.api import Target
from yijian.gateways.outbound.codec import Coded, Reported, Telling, oru, webhook_body
from yijian.gateways.outbound.codec.telling import EventName
from yijian.kit.clock import now
from yijian.kit.ids import new_id

__all__ = ["on_cited", "on_decided", "on_revoked"]

DECISIONS = {"accept": "采纳", "decline": "不采纳"}
WEBHOOK = "webhook"


def on_decided(body: dict[str, Any], _occurred_at: datetime) -> None:
    """Handle `RecognitionDecided`."""
    event = msgspec.convert(body, RecognitionDecided)
    code = event.reason_code
    _tell(
        "recognition.decided",
        event.match_item_id,
        event.institution_code,
        event.reports,
        event.decided_at,
        decision=Coded(event.decision, DECISIONS[event.decision]),
        reason=Coded(code, LEGAL_SITUATIONS[code][0]) if code else None,
        technical=event.technical_code,
    )


def on_cited(body: dict[str, Any], _occurred_at: datetime) -> None:
    """Handle `RecognitionCited`."""
    event = msgspec.convert(body, RecognitionCited)
    _tell("recognition.cited", event.match_item_id, event.institution_code, event.reports, event.cited_at)


def on_revoked(body: dict[str, Any], _occurred_at: datetime) -> None:
    """Handle `RecognitionRevoked`."""
    event = msgspec.convert(body, RecognitionRevoked)
    _tell(
        "recognition.revoked",
        event.match_item_id,
        event.institution_code,
        event.reports,
        event.revoked_at,
        decision=Coded(event.decision, DECISIONS[event.decision]),
    )


def _tell(
    event: EventName,
    match_item_id: UUID,
    institution_code: str,
    reports: Iterable[ReliedOn],
    at: datetime,
    **more: Any,
) -> None:
    sources = {each.source_institution_code for each in reports}
    targets = outbound.list_targets(event, sources)
    if not targets:
        return
    rulebook = get_rulebook()
    receiver = rulebook.institutions.get(institution_code)
    institution = Coded(institution_code, receiver.name_zh if receiver else "")
    hidden = sensitive_codes()
    for each in reports:
        report = _report_of(each)
        if report is None:
            continue
        item = find_item(each.item_code)
        named = Coded(each.item_code, item.name_zh if item else "")
        telling = Telling(event, at, match_item_id, report, named, institution, **more)
        for target in targets:
            if _may_hear(target, each, sensitive=each.item_code in hidden):
                _enqueue(target, telling)


def _may_hear(target: Target, report: ReliedOn, *, sensitive: bool) -> bool:
    """Let a source hear of its own reports; the platform of all but sensitive items."""
    if target.institution_code:
        return target.institution_code == report.source_institution_code
    return not sensitive


def _report_of(relied_on: ReliedOn) -> Reported | None:
    person_id = results.find_person_of_report(relied_on.report_id)
    if person_id is None:
        return None
    report = results.get_report(
        person_id, relied_on.report_id, version=relied_on.report_version, shows_sensitive=True
    )
    return Reported(
        relied_on.source_institution_code,
        report["report_no"],
        relied_on.report_version,
        report.get("order_no") or "",
    )


def _enqueue(target: Target, telling: Telling) -> None:
    delivery_id = new_id()
    if target.kind == WEBHOOK:
        payload = webhook_body(telling)
    else:
        payload = oru(
            telling,
            delivery_id,
            application=target.application,
            facility=target.facility,
            encoding=target.encoding,
        )
    outbound.enqueue(
        target,
        delivery_id,
        event=telling.event,
        subject=f"{telling.report.institution_code}|{telling.report.report_no}",
        payload=payload,
        at=now(),
    )
