"""From rows of `results/sql/candidates*.sql` to candidates. Pure; both planes use it."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from yijian.domains.recognition.values import Candidate

__all__ = ["candidates_of"]

FIELDS = itemgetter(*(field.name for field in fields(Candidate)))


def candidates_of(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Candidate, ...], tuple[datetime, ...]]:
    """Return the candidates, and the patient's recent interventions, which ride on every row."""
    candidates, interventions = [], ()
    for row in rows:
        candidates.append(Candidate(*FIELDS(row)))
        interventions = tuple(row["interventions"] or ())
    return tuple(candidates), interventions
