"""What one looks for in the inbox, as it stands in the address: it can be kept, sent and paged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from yijian.kit.clock import CHINA, now
from yijian.web.operations import STATES

__all__ = ["InboxSearch", "read_search"]

USUAL_DAYS = 30
"""Looked through where no period is given and nothing narrows the search."""
TEXTS = ("state", "reason", "control_id", "message_type", "facility", "report_no")
LONGEST = 128


@dataclass(frozen=True, slots=True)
class InboxSearch:
    """The words of the form; dates are days in China, both included."""

    state: str
    reason: str
    control_id: str
    message_type: str
    facility: str
    report_no: str
    first: date | None
    last: date | None

    @property
    def since(self) -> datetime | None:
        """Return from when on: the day asked for, else the usual days."""
        if self.first:
            return datetime.combine(self.first, time(), CHINA)
        return datetime.combine(now().astimezone(CHINA).date() - timedelta(days=USUAL_DAYS), time(), CHINA)

    @property
    def until(self) -> datetime | None:
        return datetime.combine(self.last + timedelta(days=1), time(), CHINA) if self.last else None

    @property
    def is_narrow(self) -> bool:
        """Tell whether an index finds few messages whatever their age."""
        return bool(self.control_id or self.report_no or self.reason or self.state not in {"", "recorded"})

    @property
    def asks(self) -> bool:
        """Tell whether anything but a state is asked for."""
        return any(getattr(self, name) for name in (*TEXTS[1:], "first", "last"))

    @property
    def wanted(self) -> dict[str, Any]:
        """Return the conditions for `inbox.list_messages`."""
        texts = {
            "state": self.state,
            "reason_code": self.reason,
            "control_id": self.control_id,
            "message_type": self.message_type,
            "facility": self.facility,
        }
        since = self.since if self.first or not self.is_narrow else None
        return {name: text for name, text in texts.items() if text} | {"since": since, "until": self.until}

    @property
    def query(self) -> dict[str, Any]:
        """Return what stands in the address for it."""
        return {name: getattr(self, name) for name in (*TEXTS, "first", "last") if getattr(self, name)}


def read_search(asked: Mapping[str, str]) -> InboxSearch:
    """Read an address; what cannot be meant is passed over."""
    texts = {name: asked.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in TEXTS}
    texts["state"] = texts["state"] if texts["state"] in STATES else ""
    texts["message_type"] = texts["message_type"].upper()
    return InboxSearch(**texts, first=_day(asked.get("first")), last=_day(asked.get("last")))


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day < date(2100, 1, 1) else None
