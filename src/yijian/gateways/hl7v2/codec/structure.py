"""What is checked before anything is read: kind, header, and the order of segments.

Grammar: HL7 v2.5.1 §3.3 (ADT), §4.4 (orders), §7.3 (ORU, OUL), §9.6 (MDM). Unknown and Z segments are passed
over.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from .form import Form, read_form
from .message import EMPTY_HEADER, Header, Message
from .refusal import ErrorCode, missing, refuse
from .segment import Segment

__all__ = ["TAKEN", "Kind", "Observation", "OrderGroup", "check_header", "check_lines", "group_orders"]

Kind = Literal["adt", "result", "document", "order"]

TAKEN: dict[str, frozenset[str]] = {
    "ADT": frozenset({"A01", "A04", "A08", "A28", "A31"}),
    "ORU": frozenset({"R01"}),
    "OUL": frozenset({"R21", "R22", "R23", "R24"}),
    "MDM": frozenset({"T02", "T04", "T06", "T08", "T10", "T11"}),
    "ORM": frozenset({"O01"}),
    "OML": frozenset({"O21", "O33", "O35"}),
    "OMG": frozenset({"O19"}),
    "OMI": frozenset({"O23"}),
}
KINDS: dict[str, Kind] = {"ADT": "adt", "ORU": "result", "OUL": "result", "MDM": "document"}
"""Any other type that is taken holds orders."""
AUTOMATION = frozenset({"R22", "R23", "R24"})
"""OUL in which OBX of the specimen may stand before OBR, and ORC after it (§7.3.7 to §7.3.9)."""
SPECIMEN_FIRST = frozenset({"R22", "R23"})
ONLY_EVENT = {"ORU": "R01", "ORM": "O01"}
"""What old dialects mean that name no event at all."""
VERSION = re.compile(r"2\.[3-8](\.\d+)?")
MAX_CONTROL_ID = 199
STATUS_FIELD = 11


@dataclass(slots=True)
class Observation:
    """One OBX with its form and its notes."""

    obx: Segment
    form: Form
    notes: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class OrderGroup:
    """One OBR with what belongs to it."""

    obr: Segment
    orc: Segment | None
    notes: list[Segment] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)
    imaging: Segment | None = None

    @property
    def is_child(self) -> bool:
        """Tell whether this order tests further what another one found: OBR-26, with a sub-id or OBR-29."""
        text = self.obr.text
        return bool(text(26) and (text(26, 2) or text(29) or text(29, 2)))


def check_header(message: Message) -> Kind:
    """Return what kind of message this is, or refuse it by its header."""
    header = message.header
    if header is EMPTY_HEADER:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            "MSH",
            "消息须以 MSH 段开头，请检查后重发。",
            "A message begins with MSH: check and send again.",
        )
    if not header.syntax.is_distinct():
        raise refuse(
            ErrorCode.DATA_TYPE,
            "MSH-2",
            "MSH-1、MSH-2 的分隔符须互不相同，请使用 |^~\\& 后重发。",
            "The delimiters of MSH-1 and MSH-2 must differ: use |^~\\& and send again.",
        )
    kind = check_type(message)
    check_control(header)
    check_version(header)
    return kind


def check_type(message: Message) -> Kind:
    """Refuse types and events we do not take. Old dialects leave the event to EVN-1, or out (ORU, ORM)."""
    header = message.header
    if not header.type:
        raise missing("MSH-9", "消息类型与触发事件", "the message type and trigger event")
    events = TAKEN.get(header.type)
    if events is None:
        raise refuse(
            ErrorCode.UNSUPPORTED_MESSAGE_TYPE,
            "MSH-9.1",
            f"不接收此类消息，原文已保存；接收的类型为 {'、'.join(TAKEN)}。",
            f"This message type is not taken; the message is kept. Taken: {', '.join(TAKEN)}.",
        )
    event = header.trigger or ONLY_EVENT.get(header.type) or event_of(message)
    if event not in events:
        listed = "、".join(sorted(events))
        raise refuse(
            ErrorCode.UNSUPPORTED_EVENT_CODE,
            "MSH-9.2",
            f"暂不接收 {header.type} 的此触发事件，原文已保存；目前接收 {listed}。",
            f"This event of {header.type} is not taken yet; the message is kept. "
            f"Taken: {', '.join(sorted(events))}.",
        )
    return KINDS.get(header.type, "order")


def event_of(message: Message) -> str:
    evn = message.first("EVN")
    return evn.text(1).upper() if evn else ""


def check_control(header: Header) -> None:
    """Refuse a message that cannot be acknowledged by its number."""
    if not header.control_id:
        raise missing("MSH-10", "消息控制号", "the message control id")
    if len(header.control_id) > MAX_CONTROL_ID:
        raise refuse(
            ErrorCode.DATA_TYPE,
            "MSH-10",
            f"MSH-10 不得超过 {MAX_CONTROL_ID} 个字符，请更正后重发。",
            f"MSH-10 holds at most {MAX_CONTROL_ID} characters: correct it and send again.",
        )


def check_version(header: Header) -> None:
    """Refuse processing ids outside Table 0103 and versions outside 2.3 to 2.8."""
    if not header.version:
        raise missing("MSH-12", "HL7 版本号", "the HL7 version")
    if not VERSION.fullmatch(header.version):
        raise refuse(
            ErrorCode.UNSUPPORTED_VERSION,
            "MSH-12",
            "只支持 HL7 2.3 至 2.8 版，请更正 MSH-12 后重发。",
            "HL7 versions 2.3 to 2.8 are supported: correct MSH-12 and send again.",
        )
    if header.processing_id not in {"", "P", "T", "D"}:
        raise refuse(
            ErrorCode.UNSUPPORTED_PROCESSING_ID,
            "MSH-11",
            "MSH-11 只接受 P、T、D，请更正后重发。",
            "MSH-11 is P, T or D: correct it and send again.",
        )


def check_lines(message: Message) -> None:
    """Refuse lines that are no segment, NUL characters, a second message and a message cut off in an OBX."""
    if message.broken_line is not None:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            f"line {message.broken_line}",
            f"第 {message.broken_line} 行不是 HL7 段：字段内的换行须写作 \\.br\\，请更正后重发。",
            f"Line {message.broken_line} is no segment: write line breaks in a field as \\.br\\ and resend.",
        )
    for segment in message.segments:
        if "\0" in segment.line:
            raise refuse(
                ErrorCode.DATA_TYPE,
                segment.location(),
                f"{segment.location()} 含 NUL 字符，请去除后重发。",
                f"{segment.location()} holds a NUL character: remove it and send again.",
            )
    for name in ("MSH", "PID"):
        if len(message.all(name)) > 1:
            raise refuse(
                ErrorCode.SEGMENT_SEQUENCE,
                f"{name}[2]",
                f"一条消息只能有一个 {name} 段，请分开发送。",
                f"A message holds one {name}: send the others apart.",
            )
    last = message.segments[-1]
    if last.name == "OBX" and not message.is_terminated and len(last.fields) <= STATUS_FIELD:
        raise refuse(
            ErrorCode.REQUIRED_FIELD_MISSING,
            last.location(STATUS_FIELD),
            f"消息在 {last.location()} 处被截断，请完整重发。",
            f"The message is cut off in {last.location()}: send it again as a whole.",
        )


def group_orders(message: Message) -> list[OrderGroup]:
    """Arrange the segments after PID under their OBR; refuse observations that stand before any."""
    grouping = Grouping(message.header.trigger)
    for segment in message.segments:
        grouping.take(segment)
    if not grouping.groups:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            "OBR",
            "结果消息至少要有一个 OBR 段，请补齐后重发。",
            "A result message holds at least one OBR: add it and send again.",
        )
    return grouping.groups


@dataclass(slots=True)
class Grouping:
    """Order groups on their way, in the order that the event prescribes."""

    event: str
    groups: list[OrderGroup] = field(default_factory=list)
    orc: Segment | None = None
    specimens: list[Segment] = field(default_factory=list)
    remarks: list[Segment] = field(default_factory=list)

    def take(self, segment: Segment) -> None:
        """Put the next segment where it belongs."""
        last = self.groups[-1] if self.groups else None
        match segment.name:
            case "PID" if last:
                raise out_of_order(segment, "OBR 须在 PID 之后", "OBR follows PID")
            case "ORC" if last and self.event in AUTOMATION and not (last.orc or last.observations):
                last.orc = segment
            case "ORC":
                self.orc = segment
            case "OBR":
                self._begin(segment)
            case "OBX" if last:
                last.observations.append(Observation(segment, read_form(segment)))
                self.remarks = last.observations[-1].notes
            case "OBX" if self.event not in AUTOMATION:
                raise out_of_order(segment, "OBX 须在 OBR 之后", "OBX follows OBR")
            case "NTE":
                self.remarks.append(segment)
            case "SPM":
                self._add_specimen(segment, last)
            case "IPC" if last:
                last.imaging = segment

    def _begin(self, obr: Segment) -> None:
        self.groups.append(OrderGroup(obr, self.orc, specimens=list(self.specimens)))
        self.orc, self.remarks = None, self.groups[-1].notes

    def _add_specimen(self, spm: Segment, last: OrderGroup | None) -> None:
        if self.event in SPECIMEN_FIRST:
            self.specimens = [spm]
        elif last:
            last.specimens.append(spm)


def out_of_order(segment: Segment, why: str, why_en: str) -> Exception:
    where = segment.location()
    return refuse(
        ErrorCode.SEGMENT_SEQUENCE,
        where,
        f"{where} 顺序有误：{why}，请更正后重发。",
        f"{where} is out of order: {why_en}. Correct it and send again.",
    )
