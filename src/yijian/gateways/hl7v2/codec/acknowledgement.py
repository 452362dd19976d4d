"""Answers: ACK in the sender's version, delimiters and character set (HL7 v2.5.1 §2.9, §2.14.5, §2.14.8)."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Literal

from yijian.kit.clock import CHINA

from .charset import Charset, find_charset
from .peeking import Peek
from .refusal import MessageRefused
from .syntax import Syntax

__all__ = ["AckCode", "acknowledge"]

AckCode = Literal["AA", "AE", "AR", "CA", "CE", "CR"]

CONDITIONS = {
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    206: "Application record locked",
    207: "Application internal error",
}
"""Table 0357."""

LOCATION = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\.(\d+))?)?")
VERSION = re.compile(r"2\.(\d)(?:\.\d+)?")
DEFAULT_VERSION = "2.5.1"
MSA_TEXT_LENGTH = 80
"""MSA-3 is an ST of 80 characters in the versions that still have it."""


def acknowledge(
    peek: Peek, code: AckCode, *, refused: MessageRefused | None, now: datetime, control_id: str
) -> bytes:
    """Build the acknowledgement of one message, without its frame.

    `refused` is told in ERR from version 2.5 on, in MSA-3, MSA-6 and ERR-1 before. The text is Chinese
    where the sender's character set has Chinese, else English.
    """
    charset = peek.charset
    if not peek.syntax.is_distinct():
        peek = in_usual_syntax(peek)
    text = choose_text(refused, charset)
    segments = [header_of(peek, charset, now, control_id), *body_of(peek, code, refused, text)]
    return "".join(f"{segment}\r" for segment in segments).encode(charset.codec, "replace")


def in_usual_syntax(peek: Peek) -> Peek:
    """Let a message whose delimiters tell nothing apart be answered in the standard's."""
    usual = Syntax()
    first, second, third, fourth = (usual.write(part) for part in peek.addressing)
    return replace(
        peek,
        syntax=usual,
        control_id=usual.write(peek.control_id),
        addressing=(first, second, third, fourth),
        charset_declared="",
    )


def choose_text(refused: MessageRefused | None, charset: Charset) -> str:
    if refused is None:
        return ""
    try:
        refused.message.encode(charset.codec)
    except UnicodeEncodeError:
        return refused.message_en
    return refused.message


def header_of(peek: Peek, charset: Charset, now: datetime, control_id: str) -> str:
    """Build MSH, sender and receiver exchanged as they were written."""
    separator = peek.syntax.field
    application, facility, receiver_application, receiver_facility = peek.addressing
    known = find_charset(peek.charset_declared.split(peek.syntax.repetition)[0]) is charset
    fields = [
        f"MSH{separator}{peek.syntax.encoding_characters}",
        receiver_application,
        receiver_facility,
        application,
        facility,
        now.astimezone(CHINA).strftime("%Y%m%d%H%M%S%z"),
        "",
        message_type(peek),
        peek.syntax.write(control_id),
        peek.syntax.write(peek.processing_id or "P"),
        version_of(peek),
        *[""] * 5,
        peek.charset_declared if known else charset.spelling,
    ]
    return separator.join(fields)


def message_type(peek: Peek) -> str:
    """Return MSH-9: `ACK^R01^ACK`, without the structure in version 2.3, `ACK` where no event was named."""
    write, joint = peek.syntax.write, peek.syntax.component
    if not peek.trigger:
        return "ACK"
    parts = ["ACK", write(peek.trigger)]
    return joint.join(parts if version_of(peek) == "2.3" else [*parts, "ACK"])


def version_of(peek: Peek) -> str:
    return peek.version if VERSION.fullmatch(peek.version) else DEFAULT_VERSION


def body_of(peek: Peek, code: AckCode, refused: MessageRefused | None, text: str) -> list[str]:
    """Build MSA and, for a refusal, ERR."""
    separator, write = peek.syntax.field, peek.syntax.write
    msa = ["MSA", code, peek.control_id]
    if refused is None:
        return [separator.join(msa)]
    digits = VERSION.fullmatch(version_of(peek))
    if digits is None or int(digits[1]) >= 5:
        return [separator.join(msa), separator.join(error_fields(peek, refused, text))]
    condition = coded_condition(refused.error_code, peek.syntax.component)
    msa += [write(text[:MSA_TEXT_LENGTH]), "", "", condition]
    old_form = [
        *error_location(refused.location)[:3],
        coded_condition(refused.error_code, peek.syntax.subcomponent),
    ]
    return [separator.join(msa), separator.join(["ERR", peek.syntax.component.join(old_form)])]


def error_fields(peek: Peek, refused: MessageRefused, text: str) -> list[str]:
    """Return ERR as of version 2.5: location, condition, severity E, diagnostic text, text for the user."""
    joint, write = peek.syntax.component, peek.syntax.write
    segment, sequence, number, component = error_location(refused.location)
    place = [segment, sequence, number, "1" if component else "", component]
    return [
        "ERR",
        "",
        joint.join(place).rstrip(joint),
        coded_condition(refused.error_code, joint),
        "E",
        "",
        "",
        write(refused.message_en),
        write(text),
    ]


def coded_condition(code: int, joint: str) -> str:
    return joint.join([str(code), CONDITIONS.get(code, CONDITIONS[207]), "HL70357"])


def error_location(location: str) -> tuple[str, str, str, str]:
    """Split `OBX[2]-14.1` into segment, sequence, field and component; anything else has no place."""
    found = LOCATION.fullmatch(location)
    if found is None:
        return "", "", "", ""
    return found[1], found[2] or "1", found[3] or "", found[4] or ""
