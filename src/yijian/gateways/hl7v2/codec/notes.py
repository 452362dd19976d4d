"""What was passed over or read with doubt, gathered into one note per cause."""

from yijian.domains.results.values import WorkItemNote

__all__ = ["Notes"]

SHOWN_LOCATIONS = 10


class Notes:
    """Collects remarks while a message is read; a remark on a thousand rows stays one note."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], list[str]] = {}

    def add(self, kind: str, location: str, what: str) -> None:
        """Remember a remark on one place; `what` never quotes patient data."""
        self._places.setdefault((kind, what), []).append(location)

    def collect(self) -> tuple[WorkItemNote, ...]:
        """Return the notes in the order in which their causes were met."""
        return tuple(
            WorkItemNote(kind=kind, detail=f"{name_places(places)}：{what}")
            for (kind, what), places in self._places.items()
        )


def name_places(places: list[str]) -> str:
    shown = "、".join(places[:SHOWN_LOCATIONS])
    return shown if len(places) <= SHOWN_LOCATIONS else f"{shown} 等 {len(places)} 处"
