"""One entry of a file: a report, or an order."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from yijian.kit.errors import FieldError, Problem

__all__ = ["Entry", "Kind", "as_it_is", "refused"]

Place = Callable[[str], str]


class Kind(StrEnum):
    """What a file is of."""

    REPORTS = "reports"
    ORDERS = "orders"


def as_it_is(path: str) -> str:
    """Name a field by its path in the document."""
    return path


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an entry lies (lines from one, bytes of the unpacked file), and its document or its fault."""

    line: int
    last_line: int
    position: int
    raw: bytes
    document: bytes = b""
    fault: Problem | None = None
    number: str = ""
    place: Place = as_it_is
    """How the sender would name a path of the document: `results[1].value` → `第 7 行 结果`."""

    @property
    def end(self) -> int:
        return self.position + len(self.raw)


def refused(code: str, detail: str, *errors: FieldError) -> Problem:
    return Problem(code, detail, 422, errors)
