"""UCUM codes measured by the library: is a code valid, and how large is it in which dimensions.

Three things the library leaves open are settled here, so that nothing unlike is ever set equal:
arbitrary units ([IU], [arb'U], [CFU] …), equivalents, osmoles and microscope fields are each a dimension of
their own (UCUM §24: arbitrary units are not commensurable with any other); annotations must agree; and a
fraction of substances (mmol/mol) is not a plain percentage, because NGSP and IFCC HbA1c differ by more than
a factor.
"""

import re
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import pint
import ucumvert
from lark.exceptions import LarkError
from ucumvert.parser import get_ucum_parser, parse_ucum
from ucumvert.ucum_pint import MAPPINGS_UCUM_TO_PINT, UcumToPintTransformer
from ucumvert.xml_util import get_units_with_full_definition

__all__ = ["Measure", "is_valid", "measure"]

MAX_LENGTH = 40
"""Longer than any unit in use; keeps a hostile field from the parser."""
OWN_DIMENSION = ("equivalents", "osmole", "high_power_field", "low_power_field")
ANNOTATION = re.compile(r"\{[^{}]*\}")
SUBSTANCE_FRACTION = ("substance fraction", Decimal(1))


class Measure(msgspec.Struct, frozen=True):
    """A unit as a factor of base units; two units are commensurable when dimensions and annotations agree."""

    factor: Decimal
    dimensions: frozenset[tuple[str, Decimal]]
    annotations: tuple[str, ...] = ()


class Registry:
    """The library's parser and definitions over exact decimals; about half a second to load."""

    def __init__(self) -> None:
        self.units = pint.UnitRegistry(non_int_type=Decimal, on_redefinition="ignore")
        self.units.load_definitions(str(files(ucumvert) / "pint_ucum_defs.txt"))
        for name in (*OWN_DIMENSION, *arbitrary_units(self.units)):
            self.units.define(f"{name} = [{name}]")
        self.units.define("meter_Hg = 133.322 * kilopascal")  # UCUM's own figure for the conventional column
        self.parser = get_ucum_parser()
        self.transformer = UcumToPintTransformer(ureg=self.units)

    def measure(self, code: str) -> Measure:
        """Return the measure of a valid code; raises what library and parser raise."""
        parse_ucum(code, self.parser)
        quantity = self.units.Quantity(self.transformer.transform(parse_ucum(without_annotations(code), self.parser)))
        with localcontext(prec=40):
            base = quantity.to_root_units()
        return Measure(
            Decimal(base.magnitude),
            frozenset((str(name), Decimal(power)) for name, power in base.units._units.items()),
            tuple(sorted(ANNOTATION.findall(code))),
        )
