"""The rulebook for the control plane: read when it changed, shared by the process."""

from threading import Lock

from django.db import transaction

from yijian.domains.sharing.rulebook import FIRST_USE, MARKER, STATEMENTS, assemble
from yijian.domains.sharing.values import Rulebook
from yijian.foundation.database.sync import fetch

__all__ = ["get_rulebook"]

_lock = Lock()
_cached: tuple[int, Rulebook] | None = None


def get_rulebook() -> Rulebook:
    """Return the rules as they stand; one small query where nothing changed."""
    global _cached  # noqa: PLW0603 - one snapshot per process is the point
    with _lock:
        marker = int(fetch(MARKER)[0]["changes"])
        if _cached is None or _cached[0] != marker:
            with transaction.atomic():
                _cached = (marker, assemble({name: fetch(text) for name, text in STATEMENTS.items()}))
                fetch(FIRST_USE, _cached[1].version)
        return _cached[1]
