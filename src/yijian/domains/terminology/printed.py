"""Figures and units as laboratories print them, brought to one spelling before anything is understood."""

import re
import unicodedata
from decimal import Decimal
from typing import Literal, NamedTuple

__all__ = ["PrintedNumber", "fold_unit", "parse_number"]

Comparator = Literal["", "<", ">", "<=", ">="]
COMPARATORS: dict[str, Comparator] = {
    "": "",
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "=<": "<=",
    "=>": ">=",
}
INEQUALITY_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "≦": "<=", "≧": ">="})
SUPERSCRIPT = re.compile(r"[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
SUPERSCRIPT_DIGITS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
NUMBER = re.compile(
    r"(?P<comparator>[<>]=?|=[<>]|)"
    r"(?P<figure>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})(?:\.[0-9]{1,12})?)"
    r"(?:(?:[eE]|[x×*]10[\^*])(?P<exponent>[+-]?[01]?[0-9]))?"
    r"(?:[↑↓*]|HH?|LL?){0,2}"
)
PARTED_DIGITS = re.compile(r"\d\s+\d")
POWER_OF_TEN = re.compile(r"^[xX×*]?10(?:\^|\*\*?|[eE])\+?0*([1-9][0-9]?)(?=[/{.]|$)")


class PrintedNumber(NamedTuple):
    value: Decimal
    comparator: Comparator


def fold(text: str) -> str:
    """Return half-width text without blanks; superscripts become `^n` first, lest 10⁹ read as 109."""
    powers = SUPERSCRIPT.sub(lambda run: "^" + run[0].translate(SUPERSCRIPT_DIGITS), text)
    return "".join(unicodedata.normalize("NFKC", powers).split())


def parse_number(text: str) -> PrintedNumber | None:
    """Return the figure a result prints, with its comparator; None where it is words, a titre or a range.

    Trailing flags (↑ ↓ H L *) are dropped and commas accepted between groups of three.
    """
    found = NUMBER.fullmatch(fold(text).translate(INEQUALITY_SIGNS))
    if found is None or PARTED_DIGITS.search(text):
        return None
    figure = Decimal(found["figure"].replace(",", ""))
    value = Decimal(f"{figure.scaleb(int(found['exponent'] or 0)):f}")
    return PrintedNumber(value, COMPARATORS[found["comparator"]])


def fold_unit(text: str) -> str:
    """Return a unit's comparison form: both micro signs are `u`, every power of ten `10*n`, no blanks."""
    folded = fold(text).replace("μ", "u").replace("·", ".")
    if folded.startswith("(") and folded.endswith(")"):
        folded = folded[1:-1]
    return POWER_OF_TEN.sub(r"10*\1", folded)
