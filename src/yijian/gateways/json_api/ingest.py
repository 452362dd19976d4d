"""A kept upload processed again: its process died before it was settled, or what it waited for was mended."""

from collections.abc import Sequence

from yijian.domains.results import api as results
from yijian.domains.results.values import UploadedReport
from yijian.foundation.inbox import api as inbox
from yijian.gateways.json_api.endpoints import VoidRequest
from yijian.kit import clock
from yijian.kit.json_body import decode

__all__ = ["PROTOCOL", "process"]

PROTOCOL = inbox.JSON


def process(messages: Sequence[inbox.KeptMessage]) -> list[inbox.Fate]:
    """Record uploads in the caller's transaction; raises Problem as a sender would have been told."""
    return [_process(message) for message in messages]


def _process(message: inbox.KeptMessage) -> inbox.Fate:
    at = clock.now()
    if message.message_type == "report.void":
        asked = decode(message.raw, VoidRequest)
        voided = results.void_report(
            message.institution_code, asked.report_no, asked.voided_at, asked.reason, at=at
        )
        made, reported_at = inbox.Made("void", str(voided.report_id), voided.version), None
    else:
        upload = decode(message.raw, UploadedReport)
        recorded = results.record_report(
            upload,
            institution_code=message.institution_code,
            source="json",
            message_id=message.message_id,
            at=at,
        )
        made = inbox.Made("report", str(recorded.report_id), recorded.version)
        reported_at = upload.reported_at
    return inbox.fate_of_upload(
        waiting=inbox.has_open_work_items(message.message_id), made=made, reported_at=reported_at
    )
