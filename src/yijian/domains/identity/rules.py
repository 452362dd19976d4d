"""Who is meant? Pure: what the sender says against what is known of the numbers it gives.

Probabilistic matching will stand beside `resolve` and answer where the numbers are silent.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from yijian.domains.identity.values import (
    Certainty,
    Disagreement,
    Identifier,
    IdentifierType,
    PatientDescription,
    Resolution,
    Sex,
)
from yijian.kit import resident_id
from yijian.kit.crypto import FieldCipher

__all__ = [
    "KnownKey",
    "UsableNumber",
    "contradictions",
    "demographic_disagreement",
    "disagreement",
    "normal_name",
    "resolve",
    "strongest_of",
    "usable_numbers",
]

DOTS = str.maketrans(dict.fromkeys("·•・‧∙⋅．.", "·"))


@dataclass(frozen=True, slots=True)
class UsableNumber:
    """A number that may serve as a key, in its normal form, with its look-up digest."""

    type: IdentifierType
    issuer: str
    value: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What the index knows of one number."""

    digest: bytes
    kind: str
    person_id: UUID
    name: str
    sex: str
    birth_date: date | None
    disputed: bool = False
    provisional: bool = False


def normal_name(name: str | None) -> str:
    """Return a name for comparison: width, spaces, case and the middle dot of minority names made equal."""
    text = unicodedata.normalize("NFKC", name or "").translate(DOTS).casefold()
    return "".join(text.split())


def usable_numbers(
    identifiers: Iterable[Identifier], institution_code: str, cipher: FieldCipher
) -> tuple[UsableNumber, ...]:
    """Return the numbers that can be trusted as keys: no resident number with a wrong check digit."""
    numbers = []
    for identifier in identifiers:
        value, issuer = identifier.value.strip(), ""
        if identifier.type is IdentifierType.RESIDENT_ID:
            parsed = resident_id.parse(value)
            value = parsed.value if parsed else ""
        elif identifier.type is IdentifierType.LOCAL:
            issuer = identifier.authority or institution_code
        else:
            value = value.upper()
        if value:
            digest = cipher.digest(identifier.type.value, issuer, value)
            numbers.append(UsableNumber(identifier.type, issuer, value, digest))
    return tuple({number.digest: number for number in numbers}.values())


def disagreement(description: PatientDescription, name: str, sex: str, birth_date: date | None) -> list[str]:
    """Name the demographics in which both sides speak and differ."""
    found = []
    if description.name and name and normal_name(description.name) != normal_name(name):
        found.append("name")
    known = {Sex.MALE.value, Sex.FEMALE.value}
    if description.sex and description.sex.value in known and sex in known and description.sex.value != sex:
        found.append("sex")
    if description.birth_date and birth_date and description.birth_date != birth_date:
        found.append("birth_date")
    return found


def contradictions(description: PatientDescription, number: UsableNumber) -> list[str]:
    """Name what the description says otherwise than the number itself: it states sex and birth date."""
    if number.type is not IdentifierType.RESIDENT_ID:
        return []
    parsed = resident_id.parse(number.value)
    return disagreement(description, "", parsed.sex, parsed.birth_date) if parsed else []


def resolve(
    description: PatientDescription, numbers: Sequence[UsableNumber], known: Iterable[KnownKey]
) -> Resolution:
    """Decide who is meant by exact numbers that agree with name, sex and birth date.

    UNKNOWN: no number leads anywhere. UNCERTAIN: numbers lead to different persons, or the demographics
    disagree, or the number is in dispute and the demographics do not positively agree.
    """
    by_digest = {key.digest: key for key in known}
    found = [
        field
        for number in numbers
        if number.digest not in by_digest
        for field in contradictions(description, number)
    ]
    keys = [by_digest[n.digest] for n in numbers if n.digest in by_digest]
    if not keys:
        certainty = Certainty.UNCERTAIN if found else Certainty.UNKNOWN
        return Resolution(certainty=certainty, disagreement=_once(found))
    strongest = strongest_of(keys)
    if any(key.person_id != strongest.person_id for key in keys):
        found.append("local")
    found += demographic_disagreement(description, keys)
    settled = all(_settled(key, description) for key in keys)
    certainty = Certainty.CERTAIN if settled and not found else Certainty.UNCERTAIN
    return Resolution(certainty=certainty, person_id=strongest.person_id, disagreement=_once(found))


def strongest_of(keys: Sequence[KnownKey]) -> KnownKey:
    """Return the key to believe first: numbers the state gives go before an institution's own."""
    return min(keys, key=lambda key: key.kind == IdentifierType.LOCAL)


def demographic_disagreement(description: PatientDescription, keys: Sequence[KnownKey]) -> list[str]:
    """Name what disagrees with the keys, save what an undoubted local key of the same person says alike.

    A local key can differ from its person's other keys only because somebody settled that it may: a name
    the hospital misspells is asked about once.
    """
    alike = [
        key for key in keys if key.kind == IdentifierType.LOCAL and not (key.disputed or key.provisional)
    ]
    return [
        field
        for key in keys
        for field in disagreement(description, key.name, key.sex, key.birth_date)
        if not any(other.person_id == key.person_id and _agrees(description, other, field) for other in alike)
    ]


def _agrees(description: PatientDescription, key: KnownKey, field: str) -> bool:
    stated = key.sex in {Sex.MALE, Sex.FEMALE} if field == "sex" else bool(getattr(key, field))
    return stated and field not in disagreement(description, key.name, key.sex, key.birth_date)


def _settled(key: KnownKey, description: PatientDescription) -> bool:
    if key.provisional:
        return False
    if not key.disputed:
        return True
    return bool(description.name and key.name and description.birth_date and key.birth_date)


def _once(fields: Iterable[str]) -> tuple[Disagreement, ...]:
    return tuple(dict.fromkeys(cast("Iterable[Disagreement]", fields)))
