"""Segments, fields and components, split only where they are asked for (HL7 v2.5.1 §2.5)."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from .syntax import NULL, Syntax

__all__ = ["Composite", "Segment", "remembering"]

Meaning = TypeVar("Meaning")
REMEMBERED_CHARACTERS = 256
REMEMBERED_FIELDS = 4096


class Composite:
    """One repetition of a field: components and subcomponents, counted from one. Alike means equal."""

    __slots__ = ("_parts", "_syntax", "raw")

    def __init__(self, raw: str, syntax: Syntax) -> None:
        self.raw = "" if raw == NULL else raw
        self._syntax = syntax
        self._parts = self.raw.split(syntax.component)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Composite) and self.raw == other.raw and self._syntax == other._syntax

    def __hash__(self) -> int:
        return hash(self.raw)

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value, unescaped and trimmed; empty where absent or sent as null."""
        piece = self._parts[component - 1] if component <= len(self._parts) else ""
        if not piece:
            return ""
        syntax = self._syntax
        if syntax.subcomponent in piece:
            pieces = piece.split(syntax.subcomponent)
            piece = pieces[subcomponent - 1] if subcomponent <= len(pieces) else ""
        elif subcomponent > 1:
            return ""
        piece = piece.strip()
        if syntax.escape in piece:
            return syntax.unescape(piece)
        return "" if piece == NULL else piece

    def first_of(self, *components: int) -> str:
        """Return the first of these components that has a value."""
        if not self.raw:
            return ""
        for component in components:
            if value := self.text(component):
                return value
        return ""

    def whole(self) -> str:
        """Return the repetition as one text, its separators kept: free text is often sent unescaped."""
        return self._syntax.unescape(self.raw)

    def subcomposite(self, component: int = 1) -> "Composite":
        """Return one component as a composite of its own, its subcomponents becoming components."""
        part = self._parts[component - 1] if component <= len(self._parts) else ""
        return Composite(part.replace(self._syntax.subcomponent, self._syntax.component), self._syntax)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing but separators was sent."""
        raw = self.raw
        return not (raw[:1].isalnum() or raw.strip(self._syntax.component + self._syntax.subcomponent + " "))


NOTHING = Composite("", Syntax())


class Segment:
    """One line of a message. `number` counts the segments of the same name, from one.

    `fields` are raw; MSH-1, the separator itself, takes its own place among them.
    """

    __slots__ = ("_firsts", "_is_plain", "fields", "line", "name", "number", "syntax")

    def __init__(self, line: str, number: int, syntax: Syntax) -> None:
        self.line = line
        self.name = line[:3]
        self.number = number
        self.syntax = syntax
        self.fields = line.split(syntax.field)
        if self.name == "MSH":
            self.fields.insert(1, syntax.field)
        self._firsts: dict[int, Composite] = {}
        self._is_plain = not (
            syntax.repetition in line or syntax.subcomponent in line or syntax.escape in line
        )

    def raw(self, field: int) -> str:
        """Return a field as it stands on the wire."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[Composite]:
        """Return the repetitions that say something."""
        raw = self.raw(field)
        if not raw:
            return []
        if self.syntax.repetition not in raw:
            only = Composite(raw, self.syntax)
            return [] if only.is_empty else [only]
        found = [Composite(part, self.syntax) for part in raw.split(self.syntax.repetition)]
        return [repetition for repetition in found if not repetition.is_empty]

    def first(self, field: int) -> Composite:
        """Return the first repetition that says something, or an empty one."""
        if not self.raw(field):
            return NOTHING
        found = self._firsts.get(field)
        if found is None:
            repetitions = self.repetitions(field)
            found = self._firsts[field] = repetitions[0] if repetitions else NOTHING
        return found

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value of the first repetition, unescaped and trimmed."""
        raw = self.fields[field] if field < len(self.fields) else ""
        if not raw:
            return ""
        if not self._is_plain or subcomponent > 1:
            return self.first(field).text(component, subcomponent)
        parts = raw.split(self.syntax.component)
        text = parts[component - 1].strip() if component <= len(parts) else ""
        return "" if text == NULL else text

    def location(self, field: int | None = None) -> str:
        """Name this segment, or a field of it, as refusals do: `OBX[2]-5`."""
        at = self.name if self.name in {"MSH", "PID", "PV1", "EVN"} else f"{self.name}[{self.number}]"
        return at if field is None else f"{at}-{field}"


def remembering(read: Callable[[Composite], Meaning]) -> Callable[[Composite], Meaning]:
    """Have what a short field means kept in mind: the same items come again and again."""
    remembered = lru_cache(REMEMBERED_FIELDS)(read)

    def look(field: Composite) -> Meaning:
        return remembered(field) if len(field.raw) <= REMEMBERED_CHARACTERS else read(field)

    return look
