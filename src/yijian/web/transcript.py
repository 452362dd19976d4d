"""A message as people can read it: decoded, a segment a line, fields named, nothing invisible."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from yijian.foundation.inbox.api import MessageSummary, sender_encoding
from yijian.gateways.hl7v2.codec.charset import decode_leniently
from yijian.gateways.hl7v2.hot import PROTOCOL as HL7
from yijian.web import words
from yijian.web.hl7_names import SEGMENTS

__all__ = ["Field", "Line", "Piece", "Transcript", "transcribe", "transcribe_answer"]

MOST_CHARACTERS = 100_000
LONGEST_FIELD = 2_000
"""Of a field that carries a document, only its beginning is shown."""
# fmt: off
CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)
# fmt: on
PICTURES = 0x2400
"""Where Unicode's pictures of control characters begin: ␋ for VT, ␜ for FS, ␍ for CR."""
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])")
LINE_END = re.compile(r"[\r\n\x1c]*\Z")
PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+))?.*")
LINE_PLACE = re.compile(r"line (\d+)")
HEADERS = frozenset({"MSH", "FHS", "BHS"})
USUAL = "|^~\\&"


class Piece(NamedTuple):
    """Text; or a separator, an escape sequence, or the picture of a control character and its name."""

    text: str
    kind: str = ""
    name: str = ""


class Field(NamedTuple):
    """A field of a segment; `at_fault` where the reason points to it."""

    place: str
    label: str
    pieces: list[Piece]
    at_fault: bool
    left_out: int = 0


class Line(NamedTuple):
    """A segment; `separator` stands before each field but those of a line that is none."""

    name: str
    label: str
    fields: list[Field]
    separator: str
    end: list[Piece]
    at_fault: bool
    begin: Sequence[Piece] = ()

    @property
    def named(self) -> list[Field]:
        """Return the fields that say something, for the list of names."""
        return [field for field in self.fields if field.pieces and field.place]


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
        return _transcribe_hl7(raw, sender_encoding(message.facility), message.reason_data.get("place", ""))
    shown, rest = _parted(_indented(raw))
    lines = [_plain(line) for line in shown.split("\n")]
    return Transcript(lines, "UTF-8", False, len(raw), bool(rest))


def transcribe_answer(message: MessageSummary, answer: bytes) -> Transcript:
    """Return what was answered, in the same form."""
    return _transcribe_hl7(answer, sender_encoding(message.facility), "")


def _transcribe_hl7(raw: bytes, encoding: str | None, place: str) -> Transcript:
    decoded = decode_leniently(raw, encoding)
    shown, rest = _parted(decoded.text)
    separators = _separators(shown)
    lines, seen = [], Counter[str]()
    for number, text in enumerate((line for line in LINE.findall(shown) if line), start=1):
        found = SEGMENT.match(text.lstrip("\x0b"))
        name = found[0] if found else ""
        seen[name] += 1
        lines.append(_segment(text, name, separators, _fault(place, name, seen[name], number)))
    return Transcript(lines, decoded.charset.label, decoded.guessed, len(raw), bool(rest))


def _separators(text: str) -> str:
    """Return field, component, repetition, escape and subcomponent separator of a message."""
    begin = text.find("MSH")
    declared = text[begin + 3 : begin + 8] if begin >= 0 else ""
    return declared if len(set(declared)) == len(USUAL) else USUAL


def _fault(place: str, name: str, occurrence: int, number: int) -> int | None:
    """Return which field of a line is at fault: 0 for the line as a whole, None for none."""
    on_line = LINE_PLACE.fullmatch(place)
    if on_line:
        return 0 if int(on_line[1]) == number else None
    found = PLACE.fullmatch(place)
    if not found or found[1] != name or int(found[2] or 1) != occurrence:
        return None
    return int(found[3] or 0)


def _segment(text: str, name: str, separators: str, fault: int | None) -> Line:
    if not name:
        return Line("", "", _whole(text), "", [], fault == 0)
    end = LINE_END.search(text)
    tail = end[0] if end else ""
    begin, _, body = text[: len(text) - len(tail)].partition(name)
    known = SEGMENTS.get(name) or (SEGMENTS["ZXX"] if name.startswith("Z") else None)
    english = words.language() == "en"
    label = "" if known is None else known.en if english else known.zh
    names = known.fields if known else {}
    fields = []
    for number, value in _numbered(name, body, separators[0]):
        both = names.get(number)
        fields.append(
            Field(
                f"{name}-{number}",
                "" if both is None else both[english],
                _pieces(value[:LONGEST_FIELD], "" if name in HEADERS and number == 2 else separators),
                fault == number,
                max(0, len(value) - LONGEST_FIELD),
            )
        )
    return Line(name, label, fields, separators[0], _pieces(tail, ""), fault == 0, _pieces(begin, ""))


def _numbered(name: str, body: str, separator: str) -> Iterator[tuple[int, str]]:
    """Number the fields; of a header the separator itself is the first."""
    first = 2 if name in HEADERS else 1
    yield from enumerate(body.split(separator)[1:], start=first)


def _plain(line: str) -> Line:
    return Line("", "", _whole(line), "", [], False)


def _whole(text: str) -> list[Field]:
    return [Field("", "", _pieces(text, ""), False)]


def _pieces(text: str, separators: str) -> list[Piece]:
    """Part text at separators, escape sequences and control characters."""
    apart = r"[\x00-\x1f\x7f]"
    if separators:
        escape = re.escape(separators[3])
        joints = "".join(map(re.escape, separators[1:3] + separators[4]))
        apart = rf"{escape}[^{escape}\r\n]{{1,12}}{escape}|[{joints}]|{apart}"
    return [_piece(part, separators) for part in re.split(f"({apart})", text) if part]


def _piece(part: str, separators: str) -> Piece:
    if part == "\x7f":
        return Piece("\u2421", "control", "DEL")
    if len(part) == 1 and part < " ":
        return Piece(chr(PICTURES + ord(part)), "control", CONTROLS[ord(part)])
    if separators and len(part) == 1 and part in separators[1:3] + separators[4]:
        return Piece(part, "separator")
    if separators and len(part) > 2 and part[0] == part[-1] == separators[3]:
        return Piece(part, "escape")
    return Piece(part)


def _parted(text: str) -> tuple[str, str]:
    return text[:MOST_CHARACTERS], text[MOST_CHARACTERS:]


def _indented(raw: bytes) -> str:
    try:
        return msgspec.json.format(raw, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")
