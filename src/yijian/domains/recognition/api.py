"""The control plane's door to recognition."""

from datetime import datetime
from typing import Any

import msgspec

from yijian.domains.identity.events import PersonMoved
from yijian.domains.recognition.explanations import (
    Explanation,
    RecordedAnswer,
    RecordedMatch,
    explain_match,
    explain_order,
    get_match,
)
from yijian.domains.recognition.presentation import View
from yijian.domains.recognition.preview import Example, Preview, preview_version
from yijian.domains.recognition.queries import (
    Citable,
    OpenFollowUp,
    Reused,
    count_follow_ups,
    list_citable,
    list_follow_ups,
    list_reused,
    require_citable,
    require_visible,
)
from yijian.domains.recognition.rules.explain import Explained, Weighed
from yijian.domains.recognition.rules.grants import Way
from yijian.domains.recognition.services.cite import record_citation, record_view
from yijian.domains.recognition.services.decide import record_decisions
from yijian.domains.recognition.services.follow_up import close_follow_up, open_follow_ups
from yijian.domains.recognition.services.match import Matched, match_order
from yijian.domains.recognition.services.move import move_matches
from yijian.domains.recognition.services.previews import (
    MadePreview,
    begin_preview,
    find_latest_preview,
    find_preview,
)
from yijian.domains.recognition.services.revoke import revoke_decision
from yijian.domains.recognition.texts import LEGAL_SITUATIONS, OUTCOMES, TECHNICAL_CODES, reason_text
from yijian.domains.results.events import ReportCorrected, ReportVoided

__all__ = [
    "LEGAL_SITUATIONS",
    "OUTCOMES",
    "TECHNICAL_CODES",
    "Citable",
    "Example",
    "Explained",
    "Explanation",
    "MadePreview",
    "Matched",
    "OpenFollowUp",
    "Preview",
    "RecordedAnswer",
    "RecordedMatch",
    "Reused",
    "View",
    "Way",
    "Weighed",
    "begin_preview",
    "close_follow_up",
    "count_follow_ups",
    "explain_match",
    "explain_order",
    "find_latest_preview",
    "find_preview",
    "get_match",
    "list_citable",
    "list_follow_ups",
    "list_reused",
    "match_order",
    "on_person_moved",
    "on_report_corrected",
    "on_report_voided",
    "preview_version",
    "reason_text",
    "record_citation",
    "record_decisions",
    "record_view",
    "require_citable",
    "require_visible",
    "revoke_decision",
]


def on_person_moved(body: dict[str, Any], _occurred_at: datetime) -> None:
    """Handle the event `PersonMoved` of identity: what was recognised follows."""
    event = msgspec.convert(body, PersonMoved)
    move_matches(event.from_id, event.to_id)


def on_report_corrected(body: dict[str, Any], occurred_at: datetime) -> None:
    """Handle the event `ReportCorrected` of results: tell institutions that relied on an older version."""
    event = msgspec.convert(body, ReportCorrected)
    open_follow_ups(
        event.person_id, event.report_id, new_version=event.new_version, void_reason="", at=occurred_at
    )


def on_report_voided(body: dict[str, Any], occurred_at: datetime) -> None:
    """Handle the event `ReportVoided` of results: tell institutions that relied on the report."""
    event = msgspec.convert(body, ReportVoided)
    open_follow_ups(
        event.person_id, event.report_id, new_version=None, void_reason=event.reason, at=occurred_at
    )
