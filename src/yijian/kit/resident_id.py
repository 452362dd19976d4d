"""Resident identity numbers (GB 11643-1999): normalisation, check digit, and what the number itself says."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = ["ResidentId", "is_valid", "parse"]

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
PROVINCES = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
    for code in (*codes, 71, 81, 82, 83)
)


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A number that passed every check. `value` has 18 characters with an upper-case X."""

    value: str
    birth_date: date
    sex: Literal["male", "female"]


def check_character(first17: str) -> str:
    """Return the check character of the first 17 digits (ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def parse(text: str) -> ResidentId | None:
    """Return the number behind `text` (15 digits become 18), or None where any check fails."""
    number = unicodedata.normalize("NFKC", text).replace(" ", "").strip().upper()
    if len(number) == 15 and number.isascii() and number.isdigit():
        number = number[:6] + "19" + number[6:]
        number += check_character(number)
    body, check = number[:17], number[17:]
    if len(number) != 18 or not (body.isascii() and body.isdigit()) or body[:2] not in PROVINCES:
        return None
    if check_character(body) != check:
        return None
    try:
        born = date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return None
    return ResidentId(number, born, "male" if int(body[16]) % 2 else "female")


def is_valid(text: str) -> bool:
    """Tell whether `text` is a resident identity number whose check digit and birth date hold."""
    return parse(text) is not None
