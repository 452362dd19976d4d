"""The second walk: entry by entry, from any checkpoint."""

from collections.abc import Iterator
from typing import IO

import msgspec

from yijian.kit.errors import FieldError

from .assembling import MOST_ROWS, Assembler
from .entry import Entry, Kind, refused
from .rows import Line, Row, read_lines, read_rows
from .surveying import UTF8, Form, Survey

__all__ = ["read_entries"]


def read_entries(
    stream: IO[bytes], form: Form, kind: Kind, survey: Survey, position: int, line: int
) -> Iterator[Entry]:
    """Return the entries from `position` on, which is 0 or the end of an entry; `line` lines lie before."""
    if position < survey.start:
        position, line = survey.start, survey.start_line
    stream.seek(position)
    if form is Form.NDJSON:
        return _of_lines(stream, kind, survey.encoding, position, line)
    rows = read_rows(stream, survey.encoding, survey.delimiter, position, line)
    assembler = Assembler(kind, survey.columns, survey.delimiter, survey.scattered)
    return map(assembler.entry, _groups(rows, assembler))


def _of_lines(stream: IO[bytes], kind: Kind, encoding: str, position: int, line: int) -> Iterator[Entry]:
    whole = True
    for each in read_lines(stream, position, line):
        if each.raw.strip():
            yield _of_line(each, kind, encoding, whole=whole and not each.cut)
        whole = not each.cut


def _of_line(line: Line, kind: Kind, encoding: str, *, whole: bool) -> Entry:
    if not whole:
        remedy = FieldError("", "一行不超过 112 MiB，每行一个 JSON 文档")
        fault = refused("line.too_long", "这一行过长。", remedy)
        return Entry(line.number, line.number, line.position, line.raw, fault=fault)
    document = line.raw.strip()
    if encoding != UTF8:
        document = document.decode(encoding).encode()
    return Entry(line.number, line.number, line.position, line.raw, document, number=_number(document, kind))


class Numbered(msgspec.Struct):
    """As much of a document as names it, in an account of what was refused."""

    report_no: str = ""
    order_no: str = ""


def _number(document: bytes, kind: Kind) -> str:
    try:
        found = msgspec.json.decode(document, type=Numbered)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return found.report_no if kind is Kind.REPORTS else found.order_no


def _groups(rows: Iterator[Row], assembler: Assembler) -> Iterator[list[Row]]:
    """Return the rows of each report together; an order is a row, and so is what has no number."""
    group: list[Row] = []
    number = ""
    for row in rows:
        own = assembler.number_of(row)
        joins = own and own == number and assembler.kind is Kind.REPORTS and len(group) < MOST_ROWS
        if group and not joins:
            yield group
            group = []
        group.append(row)
        number = own
    if group:
        yield group
