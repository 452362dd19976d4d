"""Errors that cross a boundary: a stable code, the field at fault and a remedy, in both languages."""

from dataclasses import dataclass, field

__all__ = ["FieldError", "Problem"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault: `path` in the caller's document (`patient.identifiers[0].value`), and what to do."""

    path: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """A refusal the caller can act on: an RFC 9457 problem document, an ACK, or a message on a page."""

    code: str
    detail: str
    status: int = 422
    errors: tuple[FieldError, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
