"""The first walk through a file: what it is, before anything of it is recorded."""

import codecs
import csv
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from typing import IO

from yijian.kit.errors import Problem

from .assembling import MOST_ROWS, Assembler
from .columns import Column, read_header
from .entry import Kind
from .rows import read_lines, read_rows

__all__ = ["CannotRead", "Form", "Survey", "survey"]

PIECE = 1024 * 1024
DELIMITERS = ",\t;"
UTF8 = "utf-8"
BOM = codecs.BOM_UTF8
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MOST_SCATTERED = 10_000


class CannotRead(Exception):
    """The file as a whole cannot be imported; the text says what to do."""


class Form(StrEnum):
    NDJSON = "ndjson"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file is. `start` and `start_line` are where its entries begin; `length` is unpacked bytes."""

    encoding: str
    length: int
    start: int = 0
    start_line: int = 0
    delimiter: str = ""
    header: bytes = b""
    columns: tuple[Column, ...] = ()
    scattered: frozenset[str] = frozenset()


def survey(stream: IO[bytes], form: Form, kind: Kind) -> Survey:
    """Walk through an unpacked file; raise `CannotRead` where its encoding or its columns make no sense."""
    encoding, length = _encoding(stream)
    bom = _bom_length(stream)
    if form is Form.NDJSON:
        return Survey(encoding, length, start=bom)
    delimiter, header, cells, lines = _header(stream, encoding, bom)
    try:
        columns = read_header(cells, kind)
    except Problem as problem:
        hints = "".join(f" {error.path}: {error.message}。" for error in problem.errors)
        raise CannotRead(f"{problem.detail}{hints}") from problem
    found = Survey(encoding, length, bom + len(header), lines, delimiter, header, columns)
    if kind is Kind.ORDERS:
        return found
    scattered = _scattered(stream, found, kind)
    return Survey(encoding, length, found.start, lines, delimiter, header, columns, scattered)


def _encoding(stream: IO[bytes]) -> tuple[str, int]:
    """Return UTF-8 or GB18030, whichever the whole file is, and its length."""
    stream.seek(0)
    if stream.read(2) in WIDE:
        raise CannotRead("文件是 UTF-16：请另存为“CSV UTF-8”后再导入。")
    for encoding in (UTF8, "gb18030"):
        stream.seek(0)
        decoder, length = codecs.getincrementaldecoder(encoding)(), 0
        try:
            while piece := stream.read(PIECE):
                decoder.decode(piece)
                length += len(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding, length
    raise CannotRead("文件既不是 UTF-8 也不是 GB18030：请另存为其中之一后再导入。")


def _bom_length(stream: IO[bytes]) -> int:
    stream.seek(0)
    return len(BOM) if stream.read(len(BOM)) == BOM else 0


def _header(stream: IO[bytes], encoding: str, bom: int) -> tuple[str, bytes, list[str], int]:
    """Return the delimiter, the header's bytes with any empty lines before, its cells, its lines."""
    stream.seek(bom)
    raw = b""
    for line in islice(read_lines(stream, bom, 0), 100):
        raw += line.raw
        text = line.raw.decode(encoding)
        if text.strip():
            delimiter = max(DELIMITERS, key=text.count)
            return delimiter, raw, _cells(text, delimiter), line.number
    raise CannotRead("文件没有标题行：第一行应是列名。")


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        raise CannotRead("标题行不能识别：行尾应为 LF 或 CRLF，引号须成对，另存后再导入。") from None


def _scattered(stream: IO[bytes], found: Survey, kind: Kind) -> frozenset[str]:
    """Return the numbers whose rows do not follow each other; what was seen is noted on disk."""
    stream.seek(found.start)
    rows = read_rows(stream, found.encoding, found.delimiter, found.start, found.start_line)
    assembler = Assembler(kind, found.columns, found.delimiter, frozenset())
    scattered: set[str] = set()
    notes = sqlite3.connect("")
    try:
        notes.execute("PRAGMA cache_size = -16000")
        notes.execute("CREATE TABLE seen (number BLOB PRIMARY KEY) WITHOUT ROWID")
        for number in _beginnings(assembler.number_of(row) for row in rows):
            digest = blake2b(number.encode(), digest_size=16).digest()
            if notes.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 0:
                scattered.add(number)
            if len(scattered) > MOST_SCATTERED:
                raise CannotRead("各份报告的行互相穿插：请先按报告号排序，再导入。")
    finally:
        notes.close()
    return frozenset(scattered)


def _beginnings(numbers: Iterator[str]) -> Iterator[str]:
    """Return a number where its rows begin, and again where there are too many of them for one report."""
    before, run = "", 0
    for number in numbers:
        run = run + 1 if number == before else 1
        if number and run % MOST_ROWS == 1:
            yield number
        before = number
