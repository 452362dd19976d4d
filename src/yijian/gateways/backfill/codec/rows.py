"""Rows of a delimited file with the very bytes each came from."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

__all__ = ["MAX_LINE", "Line", "Row", "read_lines", "read_rows"]

MAX_LINE = 112 * 1024 * 1024
"""Bytes of a line: a report with a PDF of 80 MiB in base64."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line (from one), where it begins, its bytes with their end; `cut` where it is beyond `MAX_LINE`."""

    number: int
    position: int
    raw: bytes
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    last_line: int
    position: int
    raw: bytes
    cells: tuple[str, ...]
    broken: bool = False
    """Its quotes lead nowhere."""


def read_lines(stream: IO[bytes], position: int, line: int) -> Iterator[Line]:
    """Return the lines from where the stream stands; `line` have been read before."""
    while raw := stream.readline(MAX_LINE):
        line += 1
        cut = len(raw) == MAX_LINE and not raw.endswith(b"\n")
        yield Line(line, position, raw, cut)
        position += len(raw)


def read_rows(stream: IO[bytes], encoding: str, delimiter: str, position: int, line: int) -> Iterator[Row]:
    """Return the rows that say anything, each with the lines it took; empty lines go with the row after."""
    lines = read_lines(stream, position, line)
    taken: list[Line] = []

    def texts() -> Iterator[str]:
        for each in lines:
            taken.append(each)
            yield each.raw.decode(encoding)

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _row(taken, [], broken=True)
            taken.clear()
            reader = csv.reader(texts(), delimiter=delimiter, strict=True)
            continue
        if any(cell.strip() for cell in cells):
            yield _row(taken, cells)
            taken.clear()


def _row(taken: list[Line], cells: list[str], *, broken: bool = False) -> Row:
    raw = b"".join(line.raw for line in taken)
    return Row(taken[0].number, taken[-1].number, taken[0].position, raw, tuple(cells), broken)
