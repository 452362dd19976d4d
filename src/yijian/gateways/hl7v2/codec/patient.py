"""PID: who the message is about (HL7 v2.5.1 §3.4.2)."""

from datetime import date, datetime

from yijian.domains.identity.values import Identifier, IdentifierType, PatientDescription, Sex
from yijian.kit import resident_id

from .message import Message
from .names import HAN, read_person_name
from .notes import Notes
from .refusal import ErrorCode, missing, refuse
from .segment import Composite, Segment
from .tables import IDENTIFIER_TYPES, SEXES
from .times import read_date

__all__ = ["find_order_key", "read_patient"]


def read_patient(message: Message, now: datetime, notes: Notes) -> PatientDescription:
    """Read PID; refuse a message without one, or without any identifier."""
    pid = message.first("PID")
    if pid is None:
        raise refuse(
            ErrorCode.SEGMENT_SEQUENCE,
            "PID",
            "缺少 PID 段：请补齐患者信息后重发。",
            "PID is missing: add the patient and send again.",
        )
    identifiers = read_identifiers(pid, notes)
    if not identifiers:
        raise missing(
            "PID-3",
            "患者标识（居民身份证 NNCHN/NI、护照 PPN 或本院号 MR/PI）",
            "a patient identifier (NNCHN, NI, PPN, MR or PI)",
        )
    return PatientDescription(
        identifiers=identifiers,
        name=read_name(pid),
        sex=read_sex(pid, notes),
        birth_date=read_birth_date(pid, now, notes),
        phone=read_phone(pid),
    )


def read_identifiers(pid: Segment, notes: Notes) -> tuple[Identifier, ...]:
    """Read PID-3, else PID-2 as a local number; PID-19 only where a valid resident number stands."""
    sent = [repetition for repetition in pid.repetitions(3) if repetition.text(1)]
    found = dict.fromkeys(filter(None, map(read_identifier, sent)))
    if any(read_identifier(repetition) is None for repetition in sent):
        notes.add("identifier.ignored", "PID-3", "标识类型不在采用之列（NNCHN、NI、PPN、MR、PI），未采用")
    if not sent and pid.text(2):
        found[local_number(pid.first(2))] = None
    old_style = resident_id.parse(pid.text(19)) if pid.text(19) else None
    if old_style and not any(i.type is IdentifierType.RESIDENT_ID for i in found):
        found[Identifier(type=IdentifierType.RESIDENT_ID, value=old_style.value)] = None
    return tuple(found)


def read_identifier(repetition: Composite) -> Identifier | None:
    """Read one CX, or None where its type (component 5) does not identify a person here."""
    kind = IDENTIFIER_TYPES.get(repetition.text(5).upper())
    if kind is None:
        return None
    return (
        local_number(repetition)
        if kind is IdentifierType.LOCAL
        else Identifier(type=kind, value=repetition.text(1))
    )


def local_number(repetition: Composite) -> Identifier:
    """Read a number of the sender's, with the authority of component 4 where one is named."""
    return Identifier(
        type=IdentifierType.LOCAL, value=repetition.text(1), authority=repetition.text(4) or None
    )


def read_name(pid: Segment) -> str | None:
    """Read PID-5: the repetition in Chinese characters where there is one, else the first that has a name."""
    names = [name for name in map(read_person_name, pid.repetitions(5)) if name]
    return next((name for name in names if HAN.search(name)), names[0] if names else None)


def read_sex(pid: Segment, notes: Notes) -> Sex | None:
    code = pid.text(8).upper()
    if code and code not in SEXES:
        notes.add("patient.sex_unknown", "PID-8", "性别代码不在 HL7 表 0001 与 GB/T 2261.1 中，未采用")
    return SEXES.get(code)


def read_birth_date(pid: Segment, now: datetime, notes: Notes) -> date | None:
    text = pid.text(7)
    born_on = read_date(text, "PID-7", now)
    if text and born_on is None:
        notes.add("patient.birth_date_partial", "PID-7", "出生日期不足一日，未采用")
    return born_on


def read_phone(pid: Segment) -> str | None:
    """Read PID-13 (XTN): component 1, else 12, else area code and number."""
    for phone in pid.repetitions(13):
        number = phone.first_of(1, 12) or phone.text(6) + phone.text(7)
        if number:
            return number
    return None


def find_order_key(message: Message) -> str:
    """Return what keeps one patient's messages in order, or an empty string.

    The local number is preferred: a resident number is only taken where nothing else identifies the person,
    and whoever stores the key must not store it in the clear.
    """
    pid = message.first("PID")
    if pid is None:
        return ""
    candidates = read_identifiers(pid, Notes())
    local = (identifier for identifier in candidates if identifier.type is IdentifierType.LOCAL)
    chosen = next(local, next(iter(candidates), None))
    return f"{chosen.type}:{chosen.authority or ''}:{chosen.value}" if chosen else ""
