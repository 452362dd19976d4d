"""The synchronous door to the inbox: keep an upload, settle it, look, replay after mending."""

from datetime import datetime
from uuid import UUID

from yijian.foundation.inbox.queries import (
    count_by_state,
    find_message,
    has_open_work_items,
    list_messages,
    list_open_matters,
    list_work_items,
    raw_of,
    sender_encoding,
)
from yijian.foundation.inbox.services import keep, replay, replay_cause, settle
from yijian.foundation.inbox.values import Fate, KeptMessage, MessageSummary, OpenMatter, WorkItemSummary
from yijian.foundation.inbox.work_items import open_work_item, resolve_work_items

__all__ = [
    "JSON",
    "Fate",
    "KeptMessage",
    "MessageSummary",
    "OpenMatter",
    "WorkItemSummary",
    "count_by_state",
    "find_message",
    "has_open_work_items",
    "keep",
    "keep_json",
    "list_messages",
    "list_open_matters",
    "list_work_items",
    "open_work_item",
    "raw_of",
    "replay",
    "replay_cause",
    "resolve_work_items",
    "sender_encoding",
    "settle",
    "settle_recorded",
    "settle_refused",
]

JSON = "json"
"""The protocol of uploads."""


def keep_json(institution_code: str, raw: bytes, message_type: str, *, at: datetime) -> UUID:
    """Keep a JSON upload as it came, before anything is done with it."""
    return keep(JSON, institution_code, raw, message_type, at=at)


def settle_recorded(message_id: UUID, *, waiting: bool, at: datetime) -> None:
    """Note that an upload is recorded, or that a person has to mend something first."""
    settle(message_id, Fate("waiting" if waiting else "recorded"), at=at)


def settle_refused(message_id: UUID, code: str, text: str, *, at: datetime) -> None:
    """Note why an upload was refused."""
    settle(message_id, Fate("refused", code, text), at=at)
