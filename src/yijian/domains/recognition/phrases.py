"""Reasons as JSON, for the answer and for the record; what many answers share is written once. Pure."""

from collections.abc import Iterable

import msgspec

from yijian.domains.recognition.rules.sharing_reasons import find_shared
from yijian.domains.recognition.texts import reason_text
from yijian.domains.recognition.values import Reason
from yijian.domains.sharing.values import Rulebook

__all__ = ["RECORD", "Phrases"]

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
        shared = find_shared(self._rulebook, reason)
        text = shared.written.get(self._form) if shared else None
        if text is None:
            text = _encode(_told(reason, self._form))
            if shared:
                shared.written[self._form] = text
        self._written[id(reason)] = text
        return text
