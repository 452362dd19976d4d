"""From text to segments, and the header (HL7 v2.5.1 §2.5, §2.14.9)."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .charset import ASCII, UTF_8, Charset
from .segment import Segment
from .syntax import Syntax, read_syntax

__all__ = ["EMPTY_HEADER", "PDF_IN_BASE64", "Header", "Message", "parse", "read_header"]

PDF_IN_BASE64 = "JVBERi"
"""How every PDF begins in base64; no result of medicine does."""
PDF_RUN = re.compile(PDF_IN_BASE64 + r"[A-Za-z0-9+/=\r\n]*+")
AFTER_RUN = re.compile(r"[\r\n]+(?P<segment>[A-Z][A-Z0-9]{2})?\Z")
AFTER_RUN_CHARACTERS = 8
SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """MSH, as far as we read it. Every value may be empty: reading never refuses."""

    sending_application: str = ""
    sending_facility: str = ""
    sending_facility_id: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    sent_at: str = ""
    type: str = ""
    trigger: str = ""
    structure: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    accept_acknowledgment: str = ""
    application_acknowledgment: str = ""
    charset_declared: str = ""
    addressing: tuple[str, str, str, str] = ("", "", "", "")
    """MSH-3 to MSH-6 as they stand on the wire, for the answer."""
    syntax: Syntax = field(default_factory=Syntax)

    @property
    def sender_code(self) -> str:
        """The sending institution: MSH-4.1, else MSH-4.2."""
        return self.sending_facility or self.sending_facility_id

    @property
    def sender_codes(self) -> tuple[str, str]:
        """Both names that MSH-4 (HD) may give the sending institution: of its own, and universal."""
        return self.sending_facility, self.sending_facility_id

    @property
    def is_enhanced(self) -> bool:
        """Tell whether MSH-15 or MSH-16 asks for enhanced acknowledgement."""
        return bool(self.accept_acknowledgment or self.application_acknowledgment)


EMPTY_HEADER = Header()


@dataclass(frozen=True, slots=True)
class Message:
    """All segments of a message in order; `broken_line` is the first line that is none."""

    header: Header
    segments: tuple[Segment, ...]
    charset: Charset
    is_terminated: bool
    broken_line: int | None = None

    def all(self, name: str) -> list[Segment]:
        """Return the segments of this name."""
        return [segment for segment in self.segments if segment.name == name]

    def first(self, name: str) -> Segment | None:
        """Return the first segment of this name."""
        return next((segment for segment in self.segments if segment.name == name), None)


def parse(text: str, charset: Charset = UTF_8) -> Message:
    """Split decoded text into segments; never refuses."""
    codec = UTF_8.codec if charset is ASCII else charset.codec
    syntax = read_syntax(text, codec) if text.startswith("MSH") else Syntax(codec=codec)
    counts: Counter[str] = Counter()
    segments: list[Segment] = []
    broken: int | None = None
    for number, line in enumerate(split_lines(text, syntax), start=1):
        name = line[:3]
        if not line.strip():
            continue
        if SEGMENT_NAME.fullmatch(name) and line[3:4] in {"", syntax.field}:
            counts[name] += 1
            segments.append(Segment(line, counts[name], syntax))
        elif broken is None:
            broken = number
    header = read_header(segments[0]) if segments and segments[0].name == "MSH" else EMPTY_HEADER
    return Message(header, tuple(segments), charset, text.endswith(("\r", "\n")), broken)


def split_lines(text: str, syntax: Syntax) -> Iterator[str]:
    """Split at CR, CRLF or LF; the lines of a PDF in base64 that was broken as in mail are none of their own.

    Where CR is used, a lone LF ends a line only if a segment follows it; otherwise it is part of a text.
    A literal backslash-r that some exporters leave at the end of a line is taken off.
    """
    text = with_whole_pdfs(text, syntax)
    if "\r" not in text:
        lines = text.split("\n")
    elif "\n" not in text:
        lines = text.split("\r")
    else:
        lines = re.split(rf"\r\n?|\n(?=[A-Z][A-Z0-9]{{2}}{re.escape(syntax.field)})", text)
    for line in lines:
        stray = line.endswith("\\r") and line.count("\\") % 2 == 1
        yield (line[:-2] if stray else line).strip("\n")


def with_whole_pdfs(text: str, syntax: Syntax) -> str:
    """Join the lines of each PDF in base64; the name of the segment after it is no line of it."""
    if PDF_IN_BASE64 not in text:
        return text

    def joined(found: re.Match[str]) -> str:
        run = found[0]
        after = AFTER_RUN.search(run, max(len(run) - AFTER_RUN_CHARACTERS, 0))
        ends_field = text.startswith(syntax.field, found.end())
        kept = after[0] if after and (after["segment"] or not ends_field) else ""
        return run[: len(run) - len(kept)].replace("\r", "").replace("\n", "") + kept

    return PDF_RUN.sub(joined, text)


def read_header(msh: Segment) -> Header:
    """Read MSH."""
    structure = msh.first(9)
    return Header(
        sending_application=msh.text(3),
        sending_facility=msh.text(4),
        sending_facility_id=msh.text(4, 2),
        receiving_application=msh.text(5),
        receiving_facility=msh.text(6),
        sent_at=msh.text(7),
        type=structure.text(1).upper(),
        trigger=structure.text(2).upper(),
        structure=structure.text(3).upper(),
        control_id=msh.raw(10).strip(),
        processing_id=msh.text(11).upper(),
        version=msh.text(12),
        accept_acknowledgment=msh.text(15).upper(),
        application_acknowledgment=msh.text(16).upper(),
        charset_declared=msh.raw(18).strip(),
        addressing=(msh.raw(3), msh.raw(4), msh.raw(5), msh.raw(6)),
        syntax=msh.syntax,
    )
