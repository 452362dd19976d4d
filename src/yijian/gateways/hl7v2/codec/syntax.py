"""Delimiters and escape sequences of one message (HL7 v2.5.1 §2.5.4, §2.7)."""

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Syntax", "read_syntax"]

MARKS_END = 16
"""No header's marks reach as far, doubled ones included."""
NULL = '""'
"""A field sent as two quotation marks: the sender says there is no value."""

LAYOUT = {".br": "\n", ".sp": "\n", ".ce": "\n", ".sk": " "}
"""Formatting commands that leave a trace in plain text; the others (.fi .nf .in .ti) leave none."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """MSH-1 and MSH-2, and the codec in which `\\X…\\` bytes are read."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    codec: str = "utf-8"

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as we write it."""
        return self.component + self.repetition + self.escape + self.subcomponent

    def is_distinct(self) -> bool:
        """Tell whether the five delimiters are five different printable non-alphanumeric characters."""
        marks = self.field + self.encoding_characters
        return len(set(marks)) == 5 and all(m.isprintable() and not m.isalnum() and m != " " for m in marks)

    def unescape(self, text: str) -> str:
        """Resolve escape sequences; what is none (`C:\\dir\\file`) stays as it is."""
        if self.escape not in text:
            return text
        return sequence_pattern(self.escape).sub(self._resolve, text)

    def write(self, text: str) -> str:
        """Escape delimiters and line breaks for a field of ours."""
        marks = {
            self.escape: "E",
            self.field: "F",
            self.component: "S",
            self.repetition: "R",
            self.subcomponent: "T",
        }
        table = {ord(mark): f"{self.escape}{name}{self.escape}" for mark, name in marks.items()}
        return text.translate(table).replace("\n", f"{self.escape}.br{self.escape}")

    def _resolve(self, match: re.Match[str]) -> str:
        if match["hex"]:
            return self._bytes_to_text(match[0])
        if match["layout"]:
            return LAYOUT.get(match["layout"], "") * max(int(match["count"] or 1), 1)
        return {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
        }.get(match["mark"], "")

    def _bytes_to_text(self, sequences: str) -> str:
        digits = "".join(re.findall(r"[0-9A-Fa-f]{2}", sequences))
        try:
            text = bytes.fromhex(digits).decode(self.codec)
        except UnicodeDecodeError:
            return sequences
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


@lru_cache(maxsize=16)
def sequence_pattern(escape: str) -> re.Pattern[str]:
    """Compile the known sequences: delimiters, highlighting, layout with a count, hex bytes."""
    e = re.escape(escape)
    return re.compile(
        rf"{e}(?P<mark>[FSTREHN]){e}"
        rf"|{e}(?P<layout>\.[a-z]{{2}})\+?(?P<count>\d{{0,2}}){e}"
        rf"|(?P<hex>(?:{e}X(?:[0-9A-Fa-f]{{2}})+{e})+)"
    )


def read_syntax(header_line: str, codec: str) -> Syntax:
    """Read MSH-1 and MSH-2; what MSH-2 leaves out is taken as the standard's usual character.

    A doubled escape character, left by exporters that escaped their own output, counts once.
    """
    usual = Syntax()
    field = header_line[3:4] or usual.field
    marks = header_line[4:MARKS_END].split(field, 1)[0].replace("\\\\", "\\")
    return syntax_of(field, marks[:4] + usual.encoding_characters[len(marks[:4]) :], codec)


@lru_cache(maxsize=64)
def syntax_of(field: str, marks: str, codec: str) -> Syntax:
    """Return one and the same value for the same delimiters."""
    component, repetition, escape, subcomponent = tuple(marks)
    return Syntax(field, component, repetition, escape, subcomponent, codec)
