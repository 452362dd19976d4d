"""What some hospitals bring along when they join: their past as files, for `yijian import`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from yijian.demo.events import Message, Sent
from yijian.demo.tables import Institution

__all__ = ["Import", "brings_past", "split_past", "write_past"]

Import = Callable[[str, Path], Awaitable[None]]
"""Imports a file of reports as an institution, with the command that every hospital has."""


def brings_past(institution: Institution) -> bool:
    """Tell whether an institution joined lately: hospitals that send through the JSON services."""
    return institution.route == "json" and institution.level >= 2


def split_past(events: Sequence[Message], joined_at: datetime) -> tuple[list[Sent], list[Message]]:
    """Return the reports from before an institution joined, and what it sent itself; order is kept.

    A report that was withdrawn stands in the file all the same: its withdrawal is sent afterwards.
    """
    past = [event for event in events if isinstance(event, Sent) and event.at < joined_at]
    own = [event for event in events if not (isinstance(event, Sent) and event.at < joined_at)]
    return past, own


def write_past(path: Path, past: Sequence[Sent]) -> None:
    """Write reports as NDJSON, one document of the JSON service a line."""
    encode = msgspec.json.encode
    path.write_bytes(b"".join(encode(event.report) + b"\n" for event in past))
