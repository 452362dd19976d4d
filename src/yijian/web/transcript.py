"""A message as people can read it: decoded, a segment a line, nothing invisible left invisible."""

import re
from typing import NamedTuple

import msgspec

from yijian.foundation.inbox.api import MessageSummary, sender_encoding
from yijian.gateways.hl7v2.codec.charset import decode_leniently
from yijian.gateways.hl7v2.hot import PROTOCOL as HL7

__all__ = ["Line", "Piece", "Transcript", "transcribe"]

MOST_CHARACTERS = 100_000
# fmt: off
CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)
# fmt: on
CONTROL = re.compile(r"([\x00-\x1f\x7f])")
PICTURES = 0x2400
"""Where Unicode's pictures of control characters begin: ␋ for VT, ␜ for FS, ␍ for CR."""
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])")


class Piece(NamedTuple):
    """Text, or the picture of a control character and its name."""

    text: str
    control: str = ""


class Line(NamedTuple):
    """A segment: its name apart, so that it can stand out."""

    name: str
    pieces: list[Piece]


class Transcript(NamedTuple):
    """`charset` names how the bytes were read; `guessed` that nobody had said so."""

    lines: list[Line]
    charset: str
    guessed: bool
    size: int
    cut: bool


def transcribe(message: MessageSummary, raw: bytes) -> Transcript:
    """Return a message for reading; JSON is indented, and a very long message cut."""
    if message.protocol == HL7:
        decoded = decode_leniently(raw, sender_encoding(message.facility))
        shown, rest = _parted(decoded.text)
        lines = [_segment(line) for line in LINE.findall(shown) if line]
        return Transcript(lines, decoded.charset.label, decoded.guessed, len(raw), bool(rest))
    shown, rest = _parted(_indented(raw))
    lines = [Line("", _pieces(line)) for line in shown.split("\n")]
    return Transcript(lines, "UTF-8", False, len(raw), bool(rest))


def _parted(text: str) -> tuple[str, str]:
    return text[:MOST_CHARACTERS], text[MOST_CHARACTERS:]


def _indented(raw: bytes) -> str:
    try:
        return msgspec.json.format(raw, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")


def _segment(line: str) -> Line:
    found = SEGMENT.match(line)
    name = found[0] if found else ""
    return Line(name, _pieces(line.removeprefix(name)))


def _pieces(text: str) -> list[Piece]:
    return [_piece(part) for part in CONTROL.split(text) if part]


def _piece(part: str) -> Piece:
    if not CONTROL.fullmatch(part):
        return Piece(part)
    if part == "\x7f":
        return Piece("\u2421", "DEL")
    return Piece(chr(PICTURES + ord(part)), CONTROLS[ord(part)])
