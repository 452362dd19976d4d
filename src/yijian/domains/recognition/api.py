"""The control plane's door to recognition."""

from datetime import datetime
from uuid import UUID

from yijian.domains.recognition.presentation import View
from yijian.domains.recognition.queries import OpenFollowUp, list_citable, list_follow_ups
from yijian.domains.recognition.rules import shows_sensitive
from yijian.domains.recognition.services.cite import record_citation, record_view
from yijian.domains.recognition.services.decide import record_decisions
from yijian.domains.recognition.services.follow_up import close_follow_up, open_follow_ups
from yijian.domains.recognition.services.match import Matched, match_order
from yijian.domains.recognition.texts import LEGAL_SITUATIONS, OUTCOMES, TECHNICAL_CODES

__all__ = [
    "LEGAL_SITUATIONS",
    "OUTCOMES",
    "TECHNICAL_CODES",
    "Matched",
    "OpenFollowUp",
    "View",
    "close_follow_up",
    "list_citable",
    "list_follow_ups",
    "match_order",
    "on_report_corrected",
    "on_report_voided",
    "record_citation",
    "record_decisions",
    "record_view",
    "shows_sensitive",
]


def on_report_corrected(body: dict[str, str | int], at: datetime) -> None:
    """Handle the event `ReportCorrected` of results: tell institutions that relied on an older version."""
    open_follow_ups(
        UUID(str(body["person_id"])),
        UUID(str(body["report_id"])),
        new_version=int(body["new_version"]),
        void_reason="",
        at=at,
    )


def on_report_voided(body: dict[str, str | int], at: datetime) -> None:
    """Handle the event `ReportVoided` of results."""
    open_follow_ups(
        UUID(str(body["person_id"])),
        UUID(str(body["report_id"])),
        new_version=None,
        void_reason=str(body["reason"]),
        at=at,
    )
