"""Who takes whose results, as a small table: standings that an agreement treats alike are one row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from yijian.domains.institutions.values import GRADES, InstitutionProfile
from yijian.domains.sharing.rules import permission_of
from yijian.domains.sharing.values import Agreement, Permission

__all__ = ["Matrix", "matrix_of"]

LEVELS = (1, 2, 3)
STANDINGS = [(level, grade) for level in LEVELS for grade in range(len(GRADES))]


@dataclass(frozen=True, slots=True)
class Matrix:
    """`cells[row][column]`: may the receiver of the column take the source of the row.

    A band is its lowest and highest standing, each (level, place of the grade in `GRADES`).
    """

    sources: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    receivers: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    cells: tuple[tuple[Permission, ...], ...]


def matrix_of(agreement: Agreement) -> Matrix:
    """Return the directions of an agreement between two institutions of one place, by level and grade."""
    profiles = [_profile(level, grade) for level, grade in STANDINGS]
    full = [[permission_of(agreement, s, r, date.max) for r in profiles] for s in profiles]
    rows, columns = _alike(full), _alike([list(column) for column in zip(*full, strict=True)])
    return Matrix(
        tuple((STANDINGS[first], STANDINGS[last]) for first, last in rows),
        tuple((STANDINGS[first], STANDINGS[last]) for first, last in columns),
        tuple(tuple(full[row][column] for column, _ in columns) for row, _ in rows),
    )


def _profile(level: int, grade: int) -> InstitutionProfile:
    return InstitutionProfile("", "", "", level, GRADES[grade], "hospital", ("CN", "42", "4201", "420102"))


def _alike(lines: Sequence[Sequence[Permission]]) -> list[tuple[int, int]]:
    """Return first and last place of each run of neighbours that are the same."""
    runs = [list(run) for _, run in groupby(range(len(lines)), key=lambda place: tuple(lines[place]))]
    return [(run[0], run[-1]) for run in runs]
