"""Reports of a file that waited for a person, processed again from the inbox."""

from collections.abc import Sequence

from yijian.domains.results import api as results
from yijian.domains.results.values import UploadedReport
from yijian.foundation.backfill.api import PROTOCOL
from yijian.foundation.inbox import api as inbox
from yijian.gateways.backfill.recording import SOURCE
from yijian.kit import clock
from yijian.kit.json_body import decode

__all__ = ["PROTOCOL", "process"]


def process(messages: Sequence[inbox.KeptMessage]) -> list[inbox.Fate]:
    """Record reports in the caller's transaction; raises Problem to refuse one."""
    return [_process(message) for message in messages]


def _process(message: inbox.KeptMessage) -> inbox.Fate:
    upload = decode(message.raw, UploadedReport)
    recorded = results.record_report(
        upload,
        institution_code=message.institution_code,
        source=SOURCE,
        message_id=message.message_id,
        at=clock.now(),
    )
    return inbox.fate_of_upload(
        waiting=inbox.has_open_work_items(message.message_id),
        made=inbox.Made("report", str(recorded.report_id), recorded.version),
        reported_at=upload.reported_at,
    )
