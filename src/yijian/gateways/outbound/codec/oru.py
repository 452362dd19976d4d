"""A telling as ORU^R01 (HL7 v2.5.1 §7.3.1), and its acknowledgement.

It has no PID: the patient group is optional, and OBR-3 is the receiver's own number.
"""

from datetime import datetime
from uuid import UUID

from yijian.kit.clock import CHINA

from .telling import Coded, Telling

__all__ = ["acknowledged", "oru"]

OURS = "99YIJIAN"
CHARSETS = {"UTF-8": "UNICODE UTF-8", "GB18030": "GB 18030-2000"}
TAKEN = frozenset({"AA", "CA"})
ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\r": " ", "\n": " "}
)
FACTS = {
    "recognition.decided": Coded("DECISION", "互认决定"),
    "recognition.cited": Coded("CITATION", "互认引用"),
    "recognition.revoked": Coded("REVOCATION", "撤销互认决定"),
}
CITED = Coded("cited", "已引用")


def oru(telling: Telling, control_id: UUID, *, application: str, facility: str, encoding: str) -> str:
    """Return the message as text; `encoding` is that of the receiver, in which it will be sent."""
    at = _time(telling.occurred_at)
    report = telling.report
    header = ["MSH", "^~\\&", "YIJIAN", "YIJIAN", _text(application), _text(facility), at, ""]
    header += ["ORU^R01^ORU_R01", control_id.hex[:20], "P", "2.5.1", *[""] * 5, CHARSETS[encoding]]
    request = ["OBR", "1", _text(report.order_no), _text(report.report_no), _coded(telling.item, "YJITEM")]
    request += [*[""] * 2, at, *[""] * 14, at, "", "", "F"]
    rows = [(FACTS[telling.event], "CE", _coded(telling.decision or CITED, OURS))]
    if telling.reason is not None:
        rows.append((Coded("REASON", "不采纳情形"), "CE", _coded(telling.reason, OURS)))
    if telling.technical:
        rows.append((Coded("TECHNICAL", "技术原因"), "ST", _text(telling.technical)))
    rows.append((Coded("INSTITUTION", "接诊机构"), "CE", _coded(telling.institution, OURS)))
    rows.append((Coded("VERSION", "报告版本"), "NM", str(report.version)))
    segments = ["|".join(header), "|".join(request)]
    for number, (what, kind, value) in enumerate(rows, 1):
        fields = ["OBX", str(number), kind, _coded(what, OURS), "", value, *[""] * 5, "F", "", "", at]
        segments.append("|".join(fields))
    return "".join(f"{segment}\r" for segment in segments)


def acknowledged(answer: bytes, control_id: UUID) -> tuple[bool, str]:
    """Tell whether an answer takes the message (MSA-1 AA or CA), and what it says if not."""
    for line in answer.split(b"\r"):
        segment = line.strip(b"\n\x00 ")
        if segment.startswith(b"MSA") and len(segment) > 4:
            fields = segment.decode("ascii", "replace").split(segment[3:4].decode("ascii", "replace"))
            code, about = fields[1], fields[2] if len(fields) > 2 else ""
            if about != control_id.hex[:20]:
                return False, "the acknowledgement is of another message (MSA-2)"
            return code in TAKEN, f"MSA-1 {code[:2]}"
    return False, "the answer is no acknowledgement: it has no MSA"


def _time(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y%m%d%H%M%S%z")


def _text(value: str) -> str:
    return value.translate(ESCAPES)


def _coded(value: Coded, system: str) -> str:
    return f"{_text(value.code)}^{_text(value.name)}^{system}"
