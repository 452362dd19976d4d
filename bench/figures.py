"""A figure as it is printed: one JSON line (contract §1)."""

from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec

__all__ = ["Figure", "of_runs", "rounded"]

SIGNIFICANT = 4
Better = Literal["higher", "lower"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is the median of `runs`; `goal` is null while none is set; `against` says what with."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    better: Better = "higher"
    runs: tuple[float, ...]
    against: str

    def line(self) -> str:
        return msgspec.json.encode(self).decode()


def rounded(value: float) -> float:
    """Return a value with as many digits as a measurement on a shared machine can carry."""
    return float(f"{value:.{SIGNIFICANT}g}")


def of_runs(
    name: str,
    unit: str,
    runs: Sequence[float],
    *,
    against: str,
    better: Better = "higher",
    goal: float | None = None,
) -> Figure:
    """Return the figure of some runs."""
    return Figure(
        name=name,
        value=rounded(median(runs)),
        unit=unit,
        goal=goal,
        better=better,
        runs=tuple(rounded(run) for run in runs),
        against=against,
    )
