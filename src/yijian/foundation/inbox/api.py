"""The synchronous door to the inbox: keep an upload, settle it, look, replay after mending."""

from datetime import datetime
from uuid import UUID

from yijian.foundation.inbox.matters import (
    assign_matter,
    count_open_matters,
    list_open_matters,
    release_matter,
)
from yijian.foundation.inbox.queries import (
    count_by_state,
    find_message,
    get_content,
    has_open_work_items,
    list_causes,
    list_messages,
    list_work_items,
    raw_of,
    sender_encoding,
    with_open_work_items,
)
from yijian.foundation.inbox.reasons import RefusedMessage, refusal
from yijian.foundation.inbox.replays import begin_replay, find_replay, list_replays
from yijian.foundation.inbox.senders import (
    acknowledge_alarm,
    list_alarms,
    list_sender_health,
    set_thresholds,
)
from yijian.foundation.inbox.services import keep, replay, replay_cause, settle
from yijian.foundation.inbox.values import (
    Cause,
    Content,
    Fate,
    Health,
    KeptMessage,
    Made,
    MessageSummary,
    OpenAlarm,
    OpenMatter,
    Replay,
    SenderKey,
    Thresholds,
    WorkItemSummary,
)
from yijian.foundation.inbox.work_items import open_work_item, resolve_for_sender, resolve_work_items
from yijian.kit.errors import Problem

__all__ = [
    "JSON",
    "Cause",
    "Content",
    "Fate",
    "Health",
    "KeptMessage",
    "Made",
    "MessageSummary",
    "OpenAlarm",
    "OpenMatter",
    "RefusedMessage",
    "Replay",
    "SenderKey",
    "Thresholds",
    "WorkItemSummary",
    "acknowledge_alarm",
    "assign_matter",
    "begin_replay",
    "count_by_state",
    "count_open_matters",
    "fate_of_upload",
    "find_message",
    "find_replay",
    "get_content",
    "has_open_work_items",
    "keep",
    "keep_json",
    "list_alarms",
    "list_causes",
    "list_messages",
    "list_open_matters",
    "list_replays",
    "list_sender_health",
    "list_work_items",
    "open_work_item",
    "raw_of",
    "release_matter",
    "replay",
    "replay_cause",
    "resolve_for_sender",
    "resolve_work_items",
    "sender_encoding",
    "set_thresholds",
    "settle",
    "settle_recorded",
    "settle_refused",
    "with_open_work_items",
]

JSON = "json"
"""The protocol of uploads."""


def keep_json(institution_code: str, raw: bytes, message_type: str, *, at: datetime) -> UUID:
    """Keep a JSON upload as it came, before anything is done with it."""
    return keep(JSON, institution_code, raw, message_type, at=at)


def fate_of_upload(*, waiting: bool, made: Made | None = None, reported_at: datetime | None = None) -> Fate:
    """Return the fate of an upload that was taken: recorded, or waiting for a person to mend something."""
    return Fate(
        "waiting" if waiting else "recorded",
        "work_item.open" if waiting else "",
        made=(made,) if made else (),
        reported_at=reported_at,
    )


def settle_recorded(
    message_id: UUID,
    *,
    waiting: bool,
    at: datetime,
    made: Made | None = None,
    reported_at: datetime | None = None,
) -> None:
    """Note that an upload is recorded, or that a person has to mend something first."""
    settle(message_id, fate_of_upload(waiting=waiting, made=made, reported_at=reported_at), at=at)


def settle_refused(message_id: UUID, problem: Problem, *, at: datetime) -> None:
    """Note why an upload was refused."""
    settle(message_id, refusal(problem), at=at)
