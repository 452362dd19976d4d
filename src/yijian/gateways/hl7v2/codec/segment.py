"""Segments, fields and components, split only where they are asked for (HL7 v2.5.1 §2.5)."""

from functools import cached_property

from .syntax import NULL, Syntax

__all__ = ["Composite", "Segment"]


class Composite:
    """One repetition of a field: components and subcomponents, counted from one."""

    __slots__ = ("_parts", "_syntax", "raw")

    def __init__(self, raw: str, syntax: Syntax) -> None:
        self.raw = "" if raw == NULL else raw
        self._syntax = syntax
        self._parts = self.raw.split(syntax.component)

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value, unescaped and trimmed; empty where absent or sent as null."""
        piece = self._parts[component - 1] if component <= len(self._parts) else ""
        if self._syntax.subcomponent in piece:
            pieces = piece.split(self._syntax.subcomponent)
            piece = pieces[subcomponent - 1] if subcomponent <= len(pieces) else ""
        elif subcomponent > 1:
            return ""
        piece = piece.strip()
        return "" if piece == NULL else self._syntax.unescape(piece)

    def first_of(self, *components: int) -> str:
        """Return the first of these components that has a value."""
        return next((value for value in map(self.text, components) if value), "")

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
        return not self.raw.strip(self._syntax.component + self._syntax.subcomponent + " ")


class Segment:
    """One line of a message. `number` counts the segments of the same name, from one."""

    def __init__(self, line: str, number: int, syntax: Syntax) -> None:
        self.line = line
        self.name = line[:3]
        self.number = number
        self.syntax = syntax
        self._firsts: dict[int, Composite] = {}

    @cached_property
    def fields(self) -> list[str]:
        """The raw fields; MSH-1, the separator itself, takes its own place."""
        parts = self.line.split(self.syntax.field)
        return [parts[0], self.syntax.field, *parts[1:]] if self.name == "MSH" else parts

    def raw(self, field: int) -> str:
        """Return a field as it stands on the wire."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[Composite]:
        """Return the repetitions that say something."""
        raw = self.raw(field)
        if not raw:
            return []
        found = (Composite(part, self.syntax) for part in raw.split(self.syntax.repetition))
        return [repetition for repetition in found if not repetition.is_empty]

    def first(self, field: int) -> Composite:
        """Return the first repetition that says something, or an empty one."""
        found = self._firsts.get(field)
        if found is None:
            found = next(iter(self.repetitions(field)), Composite("", self.syntax))
            self._firsts[field] = found
        return found

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value of the first repetition, unescaped and trimmed."""
        return self.first(field).text(component, subcomponent)

    def location(self, field: int | None = None) -> str:
        """Name this segment, or a field of it, as refusals do: `OBX[2]-5`."""
        at = self.name if self.name in {"MSH", "PID", "PV1", "EVN"} else f"{self.name}[{self.number}]"
        return at if field is None else f"{at}-{field}"
