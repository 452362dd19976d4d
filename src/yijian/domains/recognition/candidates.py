"""From rows of `results/sql/candidates*.sql` to candidates. Pure; both planes use it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from yijian.domains.recognition.values import Candidate

__all__ = ["candidates_of"]


def candidates_of(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Candidate, ...], tuple[datetime, ...]]:
    """Return the candidates, and the patient's recent interventions, which ride on every row's end."""
    candidates, interventions = [], None
    for row in rows:
        *columns, interventions, _riding = row.values()
        candidates.append(Candidate(*columns))
    return tuple(candidates), tuple(interventions or ())
