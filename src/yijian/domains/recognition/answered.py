"""What was decided before in the same encounter, asked only where the region keeps such reminders silent."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from yijian.domains.recognition.values import MatchRequest
from yijian.domains.sharing.values import RegionOptions
from yijian.kit.sql import read_sql

__all__ = ["ANSWERED", "answered_arguments", "answered_codes"]

ANSWERED = read_sql("yijian.domains.recognition", "answered")


def answered_arguments(
    options: RegionOptions, institution_code: str, request: MatchRequest, person_id: UUID | None, at: datetime
) -> tuple[Any, ...] | None:
    """Return the arguments of `ANSWERED`, or None where nobody needs to ask."""
    encounter = request.encounter
    if not (options.suppress_answered_in_encounter and person_id and encounter.number):
        return None
    return person_id, institution_code, encounter.type.value, encounter.number[:64], at


def answered_codes(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(row["item_code"] for row in rows)
