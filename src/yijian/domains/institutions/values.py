"""Institutions as rules see them."""

from dataclasses import dataclass
from datetime import date

__all__ = ["COMMISSION", "GRADES", "CampusProfile", "InstitutionProfile", "Membership", "in_force"]

COMMISSION = "commission"
"""The kind of a supervising body: it treats nobody and has no figures of its own."""
GRADES = "未丙乙甲特"
"""The grades of a level from the lowest to the highest, by their first character."""


def in_force(since: date, until: date | None, on: date) -> bool:
    """Tell whether a period that ends before `until` (exclusive; None = open) contains `on`."""
    return since <= on and (until is None or on < until)


@dataclass(frozen=True, slots=True)
class Membership:
    """Belonging to a consortium or an alliance for a time."""

    code: str
    since: date
    until: date | None = None

    def holds(self, on: date) -> bool:
        return in_force(self.since, self.until, on)


@dataclass(frozen=True, slots=True)
class CampusProfile:
    code: str
    name_zh: str
    main: bool


@dataclass(frozen=True, slots=True)
class InstitutionProfile:
    """An institution, its level (1 primary, 2 secondary, 3 tertiary) and everything it lies in.

    `regions` holds its GB/T 2260 divisions from the nation down to its own.
    """

    code: str
    name_zh: str
    name_en: str
    level: int
    grade: str
    kind: str
    regions: tuple[str, ...]
    consortia: tuple[Membership, ...] = ()
    alliances: tuple[Membership, ...] = ()
    campuses: tuple[CampusProfile, ...] = ()
    ownership: str = ""
    """`public`, `private`, or '' where it is not told."""

    @property
    def treats_patients(self) -> bool:
        return self.kind != COMMISSION

    @property
    def rank(self) -> int:
        """Level for comparison; an ungraded institution counts as primary."""
        return max(self.level, 1)

    @property
    def standing(self) -> int:
        """Level and grade (等次) as one number; without grade it stands below 丙等 of its level."""
        return 10 * self.rank + max(GRADES.find(self.grade[:1] or "未"), 0)

    def find_campus(self, code: str | None) -> CampusProfile | None:
        """Return the campus of that code, or the main one where no code is given."""
        return next((c for c in self.campuses if (c.code == code if code else c.main)), None)
