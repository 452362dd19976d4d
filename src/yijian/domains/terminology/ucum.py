"""UCUM codes measured by the library: is a code valid, and how large is it in which dimensions.

Three things the library leaves open are settled here, so that nothing unlike is ever set equal:

- arbitrary units ([IU], [arb'U], [CFU] …), equivalents, osmoles and microscope fields are each a dimension
  of their own (UCUM §24: an arbitrary unit is commensurable with no other);
- annotations must agree, so that {FEU} is not {DDU};
- a fraction of substances (mmol/mol) is no plain percentage: HbA1c by IFCC and by NGSP differ by more than
  a factor.
"""

import re
from decimal import Context, Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
import pint
from lark.exceptions import LarkError
from ucumvert.parser import get_ucum_parser, parse_ucum
from ucumvert.ucum_pint import UcumToPintTransformer
from ucumvert.xml_util import get_units_with_full_definition

__all__ = ["MAX_LENGTH", "Measure", "is_valid", "measure"]

MAX_LENGTH = 40
"""Longer than any unit in use; keeps a hostile field from the parser."""
ONE = Decimal(1)
GREATEST_FACTOR = Decimal("1E+36")
"""No unit in use is farther from its base units; `10*999` is nonsense, not a power of ten."""
FACTOR_PRECISION = Context(prec=24)
OWN_DIMENSION = ("equivalents", "osmole", "high_power_field", "low_power_field")
ANNOTATION = re.compile(r"\{[^{}]*\}")


class Measure(msgspec.Struct, frozen=True):
    """A unit as a multiple of base units; commensurable with another of equal dimensions and annotations."""

    factor: Decimal
    dimensions: frozenset[tuple[str, Decimal]]
    annotations: tuple[str, ...]


class Registry:
    """The library's grammar and definitions over exact decimals; takes about half a second to load."""

    def __init__(self) -> None:
        self.units: pint.UnitRegistry[Any] = pint.UnitRegistry(non_int_type=Decimal, on_redefinition="ignore")
        self.units.load_definitions(str(files("ucumvert") / "pint_ucum_defs.txt"))
        self.parser = get_ucum_parser()
        self.transformer = UcumToPintTransformer(ureg=self.units)
        atoms = get_units_with_full_definition()
        self.scales = frozenset(atom.code_cs for atom in atoms if atom.is_special)
        self.separate([atom.code_cs for atom in atoms if atom.is_arbitrary])

    def separate(self, arbitrary: list[str]) -> None:
        """Give every unit that converts into no other its own dimension; take UCUM's own mercury column."""
        names = {str(self.quantity(code).units) for code in arbitrary}
        for name in sorted(names.union(OWN_DIMENSION)):
            self.units.define(f"{name} = [{name}]")
        self.units.define("meter_Hg = 133.322 * kilopascal")

    def quantity(self, code: str) -> pint.Quantity[Decimal]:
        return self.units.Quantity(self.transformer.transform(parse_ucum(code, self.parser)))

    def measure(self, code: str) -> Measure | None:
        """Return the measure of a code, None for a scale without a factor; raises what the library raises."""
        if any(parse_ucum(code, self.parser).scan_values(lambda atom: atom in self.scales)):
            return None
        written = self.quantity(bare(code))
        factor, base = self.units.get_root_units(written.units)
        dimensions = {(name, Decimal(str(power))) for name, power in base.dimensionality.items()}
        if not dimensions and "mole" in str(written.units):
            dimensions = {("[substance fraction]", ONE)}
        exact = FACTOR_PRECISION.multiply(Decimal(str(factor)), Decimal(str(written.magnitude)))
        if not GREATEST_FACTOR**-1 <= exact <= GREATEST_FACTOR:
            return None
        return Measure(exact, frozenset(dimensions), tuple(sorted(ANNOTATION.findall(code))))


def bare(code: str) -> str:
    """Return a code without its annotations; one that is annotation only is the unity."""
    rest = ANNOTATION.sub("", re.sub(r"[./]\{[^{}]*\}", "", code)).lstrip(".")
    return f"1{rest}" if not rest or rest.startswith("/") else rest


@cache
def registry() -> Registry:
    return Registry()


@lru_cache(maxsize=4096)
def measure(code: str) -> Measure | None:
    """Return the measure of a UCUM code; None = not UCUM, or a scale that has no factor (Cel, [pH], dB)."""
    if not code or len(code) > MAX_LENGTH:
        return None
    try:
        return registry().measure(code)
    except (LarkError, pint.PintError, ArithmeticError):
        return None


@lru_cache(maxsize=4096)
def is_valid(code: str) -> bool:
    """Tell whether a text is a UCUM code (case-sensitive form)."""
    if not code or len(code) > MAX_LENGTH:
        return False
    try:
        parse_ucum(code, registry().parser)
    except LarkError:
        return False
    return True
