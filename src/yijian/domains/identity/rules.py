"""Who is meant? Pure: what the sender says against what is known of the numbers it gives.

Probabilistic matching will stand beside `resolve` and answer where the numbers are silent.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yijian.domains.identity.values import (
    Certainty,
    Identifier,
    IdentifierType,
    PatientDescription,
    Resolution,
    Sex,
)
from yijian.kit import resident_id
from yijian.kit.crypto import FieldCipher

__all__ = ["KnownKey", "UsableNumber", "disagreement", "normal_name", "resolve", "usable_numbers"]

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
    """Return the numbers that can be trusted as keys; a resident number with a wrong check digit is not one."""
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


def _against_own_number(description: PatientDescription, numbers: Sequence[UsableNumber]) -> list[str]:
    """A resident number says birth date and sex by itself; the description must not contradict it."""
    for number in numbers:
        if number.type is IdentifierType.RESIDENT_ID and (parsed := resident_id.parse(number.value)):
            return disagreement(description, "", parsed.sex, parsed.birth_date)
    return []


def resolve(
    description: PatientDescription, numbers: Sequence[UsableNumber], known: Iterable[KnownKey]
) -> Resolution:
    """Decide who is meant by exact numbers that agree with name, sex and birth date.

    UNKNOWN: no number leads anywhere. UNCERTAIN: numbers lead to different persons, or the demographics
    disagree, or the number is in dispute and the demographics do not positively agree.
    """
    by_digest = {key.digest: key for key in known}
    keys = [by_digest[n.digest] for n in numbers if n.digest in by_digest]
    contradictions = _against_own_number(description, numbers)
    if not keys:
        if contradictions:
            return Resolution(certainty=Certainty.UNCERTAIN, disagreement=tuple(contradictions))  # type: ignore[arg-type]
        return Resolution(certainty=Certainty.UNKNOWN)
    strongest = min(keys, key=lambda key: key.kind == IdentifierType.LOCAL)
    found = list(contradictions)
    if any(key.person_id != strongest.person_id for key in keys):
        found.append("local")
    for key in keys:
        found += disagreement(description, key.name, key.sex, key.birth_date)
    settled = all(_settled(key, description) for key in keys)
    certainty = Certainty.CERTAIN if settled and not found else Certainty.UNCERTAIN
    return Resolution(
        certainty=certainty,
        person_id=strongest.person_id,
        disagreement=tuple(dict.fromkeys(found)),  # type: ignore[arg-type]
    )


def _settled(key: KnownKey, description: PatientDescription) -> bool:
    if key.provisional:
        return False
    if not key.disputed:
        return True
    return bool(description.name and key.name and description.birth_date and key.birth_date)
