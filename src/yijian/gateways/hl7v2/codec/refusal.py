"""Why a message is refused: HL7 Table 0357 code, the field at fault and the remedy, in both languages."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

__all__ = ["ErrorCode", "MessageRefused", "absurd", "missing", "refuse"]


class ErrorCode(IntEnum):
    """HL7 Table 0357, message error condition codes."""

    SEGMENT_SEQUENCE = 100
    REQUIRED_FIELD_MISSING = 101
    DATA_TYPE = 102
    TABLE_VALUE_NOT_FOUND = 103
    UNSUPPORTED_MESSAGE_TYPE = 200
    UNSUPPORTED_EVENT_CODE = 201
    UNSUPPORTED_PROCESSING_ID = 202
    UNSUPPORTED_VERSION = 203
    UNKNOWN_KEY = 204
    DUPLICATE_KEY = 205
    RECORD_LOCKED = 206
    INTERNAL = 207


REJECTED = frozenset(
    {
        ErrorCode.UNSUPPORTED_MESSAGE_TYPE,
        ErrorCode.UNSUPPORTED_EVENT_CODE,
        ErrorCode.UNSUPPORTED_PROCESSING_ID,
        ErrorCode.UNSUPPORTED_VERSION,
        ErrorCode.RECORD_LOCKED,
    }
)
"""Answered AR: the same message cannot succeed here. Everything else is AE: mend it and send it again."""


@dataclass(eq=False)
class MessageRefused(Exception):
    """A message we keep but do not take.

    `location` reads `OBR-3`, `OBX[2]-14.1`, `PID` or `line 8`; the messages never quote patient data.
    """

    ack_code: Literal["AE", "AR"]
    error_code: int
    location: str
    message: str
    message_en: str

    def __str__(self) -> str:
        return f"{self.ack_code} {self.error_code} {self.location}: {self.message}"


def refuse(code: ErrorCode, location: str, message: str, message_en: str) -> MessageRefused:
    """Return the refusal for `code`, with the acknowledgement code that belongs to it."""
    return MessageRefused("AR" if code in REJECTED else "AE", int(code), location, message, message_en)


def missing(location: str, what: str, what_en: str) -> MessageRefused:
    """Return the refusal for an absent required field."""
    return refuse(
        ErrorCode.REQUIRED_FIELD_MISSING,
        location,
        f"缺少必填内容 {location}：请填写{what}后重发。",
        f"{location} is required: fill in {what_en} and send again.",
    )


def absurd(location: str, why: str, why_en: str) -> MessageRefused:
    """Return the refusal for a field whose content cannot be what its data type promises."""
    return refuse(
        ErrorCode.DATA_TYPE,
        location,
        f"{location} {why}，请更正后重发。",
        f"{location} {why_en}: correct it and send again.",
    )
