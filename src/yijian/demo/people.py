"""The residents: families of two cities with numbers that check but were never issued. Pure, seeded."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from yijian.demo.tables import list_given_names, list_surnames
from yijian.domains.identity.values import Identifier, IdentifierType, PatientDescription, Sex
from yijian.kit.resident_id import check_character

__all__ = ["Condition", "Names", "Resident", "make_residents"]

SexName = Literal["male", "female"]
Condition = Literal[
    "diabetes",
    "kidney",
    "lipids",
    "hepatitis_b",
    "anaemia",
    "thyroid",
    "gout",
    "hypertension",
    "heart",
    "tumour_history",
]

SERIALS: dict[str, tuple[int, int]] = {"male": (997, 999), "female": (996, 998)}
"""Sequence numbers once set aside for centenarians: with these birth dates nobody was given them."""
COUNTY_WEIGHTS = {
    "420115": 6,
    "420116": 6,
    "420581": 5,
    "420583": 5,
    "420106": 4,
    "420102": 4,
    "420111": 4,
    "420502": 4,
    "420503": 3,
    "420506": 3,
    "420117": 3,
    "420528": 3,
}
DAYS_OF_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Resident:
    """One invented person; `conditions` shape the results, `home` the hospitals."""

    resident_id: str
    name: str
    sex: SexName
    birth_date: date
    home: str
    phone: str
    conditions: frozenset[Condition] = frozenset()

    def age(self, on: date) -> int:
        born = self.birth_date
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

    def local_number(self, institution_code: str) -> str:
        """Return the number one hospital knows the person by."""
        return str(Random(f"{institution_code} {self.resident_id}").randrange(10**7, 10**8))

    def described_to(self, institution_code: str) -> PatientDescription:
        """Return the person as this institution's reports describe them."""
        local = Identifier(type=IdentifierType.LOCAL, value=self.local_number(institution_code))
        number = Identifier(type=IdentifierType.RESIDENT_ID, value=self.resident_id)
        return PatientDescription(
            identifiers=(number, local),
            name=self.name,
            sex=Sex(self.sex),
            birth_date=self.birth_date,
            phone=self.phone,
        )


class Names:
    """Draws names and numbers, each number once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: Counter[tuple[str, date, str]] = Counter()

    def surname(self) -> str:
        rows = list_surnames()
        return self._random.choices(rows, [row.weight for row in rows])[0].surname

    def given(self, sex: SexName, born: date) -> str:
        return self._random.choice(names_in_fashion(sex, born.year))

    def resident_id(self, county: str, born: date, sex: SexName) -> str | None:
        """Return a number with a right check character, None where both of that day are gone."""
        used = self._taken[county, born, sex]
        if used == len(SERIALS[sex]):
            return None
        self._taken[county, born, sex] += 1
        body = f"{county}{born:%Y%m%d}{SERIALS[sex][used]}"
        return body + check_character(body)

    def phone(self) -> str:
        """Return a number nobody answers: the prefix 100 is no mobile network's."""
        return f"100{self._random.randrange(10**8):08d}"


@lru_cache(maxsize=512)
def names_in_fashion(sex: str, year: int) -> tuple[str, ...]:
    rows = (row for row in list_given_names() if row.sex == sex and row.born_from <= year <= row.born_until)
    return tuple(name for row in rows for name in row.names.split())


def make_residents(today: date, count: int, random: Random) -> list[Resident]:
    """Return `count` residents in households of one to five, from newborn to very old."""
    names = Names(random)
    residents: list[Resident] = []
    while len(residents) < count:
        residents += _household(today, names, random)
    return residents[:count]


def _household(today: date, names: Names, random: Random) -> Iterator[Resident]:
    county = random.choices(list(COUNTY_WEIGHTS), list(COUNTY_WEIGHTS.values()))[0]
    age = min(max(random.gauss(50, 17), 22), 92)
    father = names.surname()
    partner_age = age + random.gauss(-2, 3)
    members: list[tuple[str, SexName, float]] = [(father, "male", age)]
    if random.random() < 0.85:
        members.append((names.surname(), "female", partner_age))
        members += _children(father, partner_age, random)
    if age < 55 and random.random() < 0.35:
        members.append((father, random.choice(["male", "female"]), age + random.gauss(27, 3)))
    for surname, sex, years in members:
        resident = _resident(surname, sex, years, county, today, names, random)
        if resident is not None:
            yield resident


def _children(surname: str, mother_age: float, random: Random) -> Iterator[tuple[str, SexName, float]]:
    for _ in range(random.choices([0, 1, 2], [2, 5, 3])[0]):
        age = mother_age - random.gauss(27, 4)
        if 0.1 < age < 24:
            yield surname, random.choice(["male", "female"]), age


def _resident(
    surname: str, sex: SexName, years: float, county: str, today: date, names: Names, random: Random
) -> Resident | None:
    born = today - timedelta(days=int(years * DAYS_OF_YEAR) + random.randrange(365))
    number = names.resident_id(county, born, sex)
    if number is None:
        return None
    name = surname + names.given(sex, born)
    return Resident(number, name, sex, born, county, names.phone(), _conditions(years, sex, random))


PREVALENCE: dict[Condition, tuple[int, float]] = {
    "diabetes": (40, 0.18),
    "kidney": (50, 0.07),
    "lipids": (30, 0.24),
    "hepatitis_b": (20, 0.06),
    "anaemia": (15, 0.06),
    "thyroid": (20, 0.06),
    "gout": (30, 0.06),
    "hypertension": (45, 0.38),
    "heart": (55, 0.13),
    "tumour_history": (50, 0.04),
}
"""From what age, and how often then."""


def _conditions(years: float, sex: SexName, random: Random) -> frozenset[Condition]:
    factor = {"anaemia": 1.8, "thyroid": 1.8} if sex == "female" else {"gout": 1.8}
    return frozenset(
        condition
        for condition, (since, share) in PREVALENCE.items()
        if years >= since and random.random() < share * factor.get(condition, 1)
    )
