"""A kept upload processed again: its process died before it was settled, or what it waited for was mended."""

from yijian.domains.results import api as results
from yijian.domains.results.values import UploadedReport
from yijian.foundation.inbox import api as inbox
from yijian.gateways.json_api.endpoints import VoidRequest
from yijian.kit import clock
from yijian.kit.json_body import decode

__all__ = ["PROTOCOL", "process"]

PROTOCOL = inbox.JSON


def process(message: inbox.KeptMessage) -> inbox.Fate:
    """Record the upload in the caller's transaction; raises Problem as its sender would have been told."""
    at = clock.now()
    if message.message_type == "report.void":
        asked = decode(message.raw, VoidRequest)
        results.void_report(message.institution_code, asked.report_no, asked.voided_at, asked.reason, at=at)
    else:
        results.record_report(
            decode(message.raw, UploadedReport),
            institution_code=message.institution_code,
            source="json",
            message_id=message.message_id,
            at=at,
        )
    waiting = inbox.has_open_work_items(message.message_id)
    return inbox.Fate("waiting" if waiting else "recorded")
