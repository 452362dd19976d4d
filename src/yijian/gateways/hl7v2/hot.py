"""What the listener needs: verdicts on messages and the answers to them. No I/O, no Django.

Original mode: one answer, AA or AE/AR, once the message is kept. Enhanced mode (HL7 v2.5.1 §2.9.3, MSH-15 or
MSH-16 given): CA or CE/CR as MSH-15 asks once it is kept, AA or AE/AR as MSH-16 asks once it is processed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from yijian.gateways.hl7v2.codec import (
    MAX_FRAME_BYTES,
    AckCode,
    ErrorCode,
    MessageRefused,
    Peek,
    acknowledge,
    refuse,
)
from yijian.gateways.hl7v2.reading import read_message
from yijian.kit.ids import new_id

__all__ = [
    "PROTOCOL",
    "Fault",
    "control_id_taken",
    "door_answer",
    "find_fault",
    "frame_fault",
    "internal_fault",
    "later_answer",
    "sender_refused",
    "sender_unknown",
    "wants_later_answer",
]

PROTOCOL: Final = "hl7"
ALWAYS, NEVER, ON_ERROR, ON_SUCCESS = "AL", "NE", "ER", "SU"
"""HL7 Table 0155."""
CODES = frozenset(str(int(code)) for code in ErrorCode)
FRAME_FAULTS = {
    "truncated": (
        "消息在传输中中断，只保存了开头：未答复，请发送方重发。",
        "The message broke off in transit and only its beginning is kept: send it again.",
    ),
    "oversized": (
        f"消息超过 {MAX_FRAME_BYTES // 1024**2} MiB 的上限，只保存了开头：请拆分或缩小附件后重发。",
        f"The message is larger than {MAX_FRAME_BYTES // 1024**2} MiB and only its beginning is kept: "
        "split it or shrink its attachments.",
    ),
    "junk": (
        "收到的内容没有 MLLP 起始符 0x0B，只保存了开头：未答复，请按 MLLP 封装后重发。",
        "What came had no MLLP start block 0x0B and only its beginning is kept: frame it and send it again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is refused, and the stable code it is filed under."""

    code: str
    refused: MessageRefused

    @property
    def text(self) -> str:
        """What is wrong and what to do, with the place."""
        place, message = self.refused.location, self.refused.message
        is_line = place.startswith("line ")
        return message if is_line or place in message else f"{place}：{message}"

    @property
    def data(self) -> dict[str, str]:
        """Place and sentence in both languages, for whoever reads the message afterwards."""
        refused = self.refused
        return {"place": refused.location, "zh": refused.message, "en": refused.message_en}


def find_fault(raw: bytes, sender_encoding: str | None, now: datetime) -> Fault | None:
    """Read a message as its processing will; return why it cannot be taken, or None."""
    try:
        read_message(raw, sender_encoding, now)
    except MessageRefused as refused:
        return Fault(str(int(refused.error_code)), refused)
    return None


def sender_unknown(facility: str) -> Fault:
    """Return the fault of a sending facility that nobody registered, or that is not named at all."""
    if not facility:
        return _at_the_sender(
            "sender.unknown",
            "MSH-4（发送机构）为空：请填写平台登记的机构代码后重发。",
            "MSH-4 is empty: put the institution code registered here and send again.",
        )
    return _at_the_sender(
        "sender.unknown",
        "MSH-4 的发送机构未在平台登记或已停用：请核对 MSH-4，或联系平台管理员登记后重发。",
        "The facility in MSH-4 is not registered here: check MSH-4, or have it registered and send again.",
    )


def sender_refused() -> Fault:
    """Return the fault of a facility that sends from an address not registered for it."""
    return _at_the_sender(
        "sender.address",
        "MSH-4 的发送机构未登记本连接的网络地址：请联系平台管理员登记该地址后重发。",
        "The facility in MSH-4 may not send from this address: have it registered and send again.",
    )


def _at_the_sender(code: str, message: str, message_en: str) -> Fault:
    return Fault(code, MessageRefused("AR", int(ErrorCode.UNKNOWN_KEY), "MSH-4", message, message_en))


def control_id_taken() -> Fault:
    """Return the fault of a message whose control id belongs to another one already."""
    refused = refuse(
        ErrorCode.DUPLICATE_KEY,
        "MSH-10",
        "MSH-10 消息控制号已用于内容不同的另一条消息，本消息已保存但未处理：请换用新的控制号重发。",
        "The control id in MSH-10 belongs to another message with other content; this one is kept but not "
        "processed: send it again under a new control id.",
    )
    return Fault(str(int(ErrorCode.DUPLICATE_KEY)), refused)


def internal_fault() -> Fault:
    """Return the fault of a message that we failed to read for reasons of our own."""
    refused = refuse(
        ErrorCode.INTERNAL,
        "MSH",
        "平台读取此消息时出错，原文已保存：请联系平台管理员，修复后可由平台重新处理。",
        "The platform failed to read this message and keeps it: tell its operators, who can replay it.",
    )
    return Fault(str(int(ErrorCode.INTERNAL)), refused)


def frame_fault(kind: str) -> Fault:
    """Return the fault of bytes that were no whole frame: truncated, oversized or junk."""
    message, message_en = FRAME_FAULTS[kind]
    return Fault(f"frame.{kind}", MessageRefused("AR", int(ErrorCode.INTERNAL), "MSH", message, message_en))


def door_answer(peek: Peek, fault: Fault | None, now: datetime) -> bytes:
    """Return what is answered once a message is kept; empty where the sender wants nothing."""
    if not peek.is_enhanced:
        return _acknowledge(peek, "AA" if fault is None else fault.refused.ack_code, fault, now)
    if fault is None:
        wanted = _wants(peek.accept_acknowledgment, success=True)
        return _acknowledge(peek, "CA", None, now) if wanted else b""
    if _wants(peek.accept_acknowledgment, success=False):
        return _acknowledge(peek, "CE" if fault.refused.ack_code == "AE" else "CR", fault, now)
    if _wants(peek.application_acknowledgment, success=False):
        return _acknowledge(peek, fault.refused.ack_code, fault, now)
    return b""


def wants_later_answer(peek: Peek) -> bool:
    """Tell whether the sender may want an answer once the message is processed."""
    return peek.is_enhanced and peek.application_acknowledgment not in {"", NEVER}


def later_answer(peek: Peek, state: str, reason_code: str, reason_text: str, now: datetime) -> bytes:
    """Return what is answered once a message is processed; empty where the sender does not want it.

    A message that waits for a person is taken: AA.
    """
    success = state in {"recorded", "waiting"}
    if not _wants(peek.application_acknowledgment, success=success):
        return b""
    if success:
        return _acknowledge(peek, "AA", None, now)
    other = ErrorCode.INTERNAL if state == "failed" else ErrorCode.DATA_TYPE
    code = ErrorCode(int(reason_code)) if reason_code in CODES else other
    english = "The message is kept but was not processed: its reason stands in the platform's inbox."
    fault = Fault(reason_code, refuse(code, "MSH", reason_text, english))
    return _acknowledge(peek, fault.refused.ack_code, fault, now)


def _wants(condition: str, *, success: bool) -> bool:
    """Read a condition of Table 0155; one that the table does not know is taken for always."""
    if condition in {"", NEVER}:
        return False
    return condition != (ON_ERROR if success else ON_SUCCESS)


def _acknowledge(peek: Peek, code: AckCode, fault: Fault | None, now: datetime) -> bytes:
    refused = fault.refused if fault else None
    return acknowledge(peek, code, refused=refused, now=now, control_id=new_id().hex)
