"""Rows of a table into the document of a report or an order, and faults back to rows and columns."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from yijian.kit.errors import FieldError

from .columns import Column, Value, cleaned
from .entry import Entry, Kind, Place, as_it_is, refused
from .rows import Row

__all__ = ["Assembler"]

INDEX = re.compile(r"\[(\d+)\]")
IDENTIFIERS = ("resident_id", "local", "passport")
NUMERIC = re.compile(r"[+-]?\d+(?:\.\d+)?")
DEFAULT_SYSTEM = "local"
MOST_ROWS = 5000
"""Rows of one report that are held together; a report takes far fewer."""


@dataclass(frozen=True, slots=True)
class Assembler:
    """Makes entries of rows under these columns."""

    kind: Kind
    columns: tuple[Column, ...]
    delimiter: str
    scattered: frozenset[str]
    """Numbers whose rows do not follow each other in this file."""

    def number_of(self, row: Row) -> str:
        """Return the report's or order's number; '' where it cannot be read."""
        path = self.columns_number
        if len(row.cells) != len(self.columns):
            return ""
        return next(
            (
                cleaned(cell)
                for column, cell in zip(self.columns, row.cells, strict=True)
                if column.path == path
            ),
            "",
        )

    @property
    def columns_number(self) -> str:
        return "report_no" if self.kind is Kind.REPORTS else "order_no"

    def entry(self, rows: Sequence[Row]) -> Entry:
        """Make an entry of the rows of one number."""
        number = self.number_of(rows[0])
        place = self._places(rows)
        try:
            document = msgspec.json.encode(self._document(rows, number))
            fault = None
        except Faulty as faulty:
            document, fault = b"", faulty.problem()
        raw = b"".join(row.raw for row in rows)
        return Entry(rows[0].line, rows[-1].last_line, rows[0].position, raw, document, fault, number, place)

    def _document(self, rows: Sequence[Row], number: str) -> dict[str, Any]:
        self._check_shape(rows, number)
        faults: list[FieldError] = []
        read = [self._read(row, faults) for row in rows]
        shared: dict[str, Value] = {}
        for row, values in zip(rows, read, strict=True):
            for column, value in values.items():
                if not column.per_row and shared.setdefault(column.path, value) != value:
                    faults.append(FieldError(f"第 {row.line} 行 {column.names[0]}", "同一报告的各行应相同"))
        if faults:
            raise Faulty("table.unreadable", "表中的值不能识别。", faults)
        own = [{column.path: value for column, value in values.items() if column.per_row} for values in read]
        return _report(shared, own) if self.kind is Kind.REPORTS else _nested(shared)

    def _check_shape(self, rows: Sequence[Row], number: str) -> None:
        for row in rows:
            broken = row.broken or self._swallows(row)
            if broken or len(row.cells) != len(self.columns):
                what = f"有 {len(row.cells)} 列，标题有 {len(self.columns)} 列"
                what = "引号没有配对" if broken else what
                remedy = FieldError(f"第 {row.line}–{row.last_line} 行", "检查引号和分隔符")
                raise Faulty("table.row_shape", f"{what}。", [remedy])
        if number in self.scattered:
            remedy = FieldError("报告号", "按报告号排序后，把这份报告的各行一并重新导入")
            raise Faulty("table.scattered", f"报告 {number} 的各行不相邻，或多于 {MOST_ROWS} 行。", [remedy])

    def _swallows(self, row: Row) -> bool:
        """Tell whether a stray quote has drawn the beginning of a later row into a cell of this one."""
        for place, (column, cell) in enumerate(zip(self.columns, row.cells, strict=False)):
            if "\n" not in cell.strip():
                continue
            head = cell.rpartition("\n")[2].split(self.delimiter)[:-1]
            if not column.prose or (head and len(head) == place and self._reads(head)):
                return True
        return False

    def _reads(self, head: Sequence[str]) -> bool:
        """Tell whether cells could be the first ones of a row."""
        try:
            for column, cell in zip(self.columns, map(cleaned, head), strict=False):
                if cell:
                    column.read(cell)
        except ValueError:
            return False
        return True

    def _read(self, row: Row, faults: list[FieldError]) -> dict[Column, Value]:
        values: dict[Column, Value] = {}
        for column, cell in zip(self.columns, row.cells, strict=True):
            text = cleaned(cell)
            if not text:
                continue
            try:
                values[column] = column.read(text)
            except ValueError as fault:
                faults.append(FieldError(f"第 {row.line} 行 {column.names[0]}", str(fault)))
        return values

    def _places(self, rows: Sequence[Row]) -> Place:
        if len(rows) == 0:
            return as_it_is
        names = {_document_path(column): column.names[0] for column in self.columns}

        def place(path: str) -> str:
            index = INDEX.search(path)
            row = rows[min(int(index[1]), len(rows) - 1)] if index and "identifiers" not in path else rows[0]
            name = names.get(INDEX.sub("[]", path), names.get(path))
            return f"第 {row.line} 行 {name}" if name else path

        return place


class Faulty(Exception):
    """A group of rows that makes no document."""

    def __init__(self, code: str, detail: str, errors: Iterable[FieldError]) -> None:
        super().__init__(detail)
        self._code, self._detail, self._errors = code, detail, tuple(errors)

    def problem(self) -> Any:
        return refused(self._code, self._detail, *self._errors)


def _document_path(column: Column) -> str:
    """Return where a column's value stands in a document, indices left out."""
    if column.path.removeprefix("patient.") in IDENTIFIERS:
        return "patient.identifiers[].value"
    return f"results[].{column.path}" if column.per_row else column.path


def _report(shared: dict[str, Value], own: list[dict[str, Value]]) -> dict[str, Any]:
    """Return a report of contract §5. Its kind is told, or seen from its times; its status is final."""
    document = _nested({"status": "final"} | shared)
    kind = document.setdefault("kind", "exam" if "examined_at" in shared else "lab")
    rows = [_nested(values) for values in own if values]
    for row in rows:
        if "item" in row:
            row["item"].setdefault("system", DEFAULT_SYSTEM)
    if kind == "exam":
        exam = document.setdefault("exam", {})
        exam["items"] = [_exam_item(row) for row in rows]
    else:
        document["results"] = [_result(row) for row in rows]
    return document


def _result(row: dict[str, Any]) -> dict[str, Any]:
    numeric = NUMERIC.fullmatch(row.get("value", "")) is not None
    return {"kind": "number" if numeric else "text"} | row


def _exam_item(row: dict[str, Any]) -> dict[str, Any]:
    return {**row.pop("item", {}), **row}


def _nested(values: dict[str, Value]) -> dict[str, Any]:
    """Return values by path as a document; the patient's numbers become a list."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        if path.removeprefix("patient.") in IDENTIFIERS and path.startswith("patient."):
            identifier = {"type": path.removeprefix("patient."), "value": value}
            document.setdefault("patient", {}).setdefault("identifiers", []).append(identifier)
            continue
        *parents, name = path.split(".")
        level = document
        for parent in parents:
            level = level.setdefault(parent, {})
        level[name] = value
    return document
