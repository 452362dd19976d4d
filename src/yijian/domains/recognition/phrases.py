"""Reasons as JSON, for the answer and for the record; what many answers share is written once. Pure."""

from collections.abc import Iterable

import msgspec

from yijian.domains.recognition.rules.sharing_reasons import find_shared
from yijian.domains.recognition.texts import reason_text
from yijian.domains.recognition.values import Reason
from yijian.domains.sharing.values import Rulebook

__all__ = ["Phrases", "Told"]

RECORD = "record"
"""The form that is kept; the others are the languages `zh` and `en` of an answer."""

_encode = msgspec.json.encode


def _told(reason: Reason, form: str) -> dict[str, object]:
    """Return a reason as an answer tells it (contract §5), or as the record keeps it: as short as can be."""
    if form == RECORD:
        failed = {} if reason.holds else {"holds": False}
        evidence = {"evidence": reason.evidence} if reason.evidence else {}
        return {"code": reason.code, **failed, **evidence}
    return {
        "code": reason.code,
        "text": reason_text(reason, form),
        "holds": reason.holds,
        "evidence": reason.evidence,
    }


class Phrases:
    """Writes the reasons of one answer in one form, each of them once.

    Those that the rulebook's memory shares stay written as long as it does.
    """

    def __init__(self, rulebook: Rulebook, form: str) -> None:
        self._rulebook = rulebook
        self._form = form
        self._written: dict[int, bytes] = {}

    def write(self, reasons: Iterable[Reason]) -> msgspec.Raw:
        """Return a list of reasons as JSON. The caller holds on to them while it writes."""
        written = self._written
        parts = [written.get(id(reason)) or self._write(reason) for reason in reasons]
        return msgspec.Raw(b"[%b]" % b",".join(parts))

    def _write(self, reason: Reason) -> bytes:
        text = self._written[id(reason)] = _written(self._rulebook, reason, self._form)
        return text


class Told:
    """The reasons of one match as its record keeps them: each once, and items name them by their places."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._places: dict[int, str] = {}
        self._parts: list[bytes] = []

    def places(self, reasons: Iterable[Reason]) -> str:
        """Return the places of reasons as JSON. The caller holds on to them until `text` is read."""
        places = self._places
        return f"[{','.join([places.get(id(reason)) or self._add(reason) for reason in reasons])}]"

    def text(self) -> str:
        """Return all reasons added so far as JSON."""
        return f"[{b','.join(self._parts).decode()}]"

    def _add(self, reason: Reason) -> str:
        place = self._places[id(reason)] = str(len(self._parts))
        self._parts.append(_written(self._rulebook, reason, RECORD))
        return place


def _written(rulebook: Rulebook, reason: Reason, form: str) -> bytes:
    shared = find_shared(rulebook, reason)
    text = shared.written.get(form) if shared else None
    if text is None:
        text = _encode(_told(reason, form))
        if shared:
            shared.written[form] = text
    return text
