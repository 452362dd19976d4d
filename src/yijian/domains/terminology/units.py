"""Units of measure: from what laboratories print to UCUM, and exactly from one unit to another.

Nothing is guessed. A unit that is not known, not commensurable, or known only but for upper and lower case
where UCUM tells the two apart (`Mmol/L`, megamole) is not comparable. Conversions are exact decimals, rounded
once, to 12 significant digits; a figure whose unit needs no conversion stays as printed.
"""

import re
from collections import defaultdict
from decimal import Context, Decimal
from functools import cache, lru_cache

from yijian.domains.terminology import catalogue
from yijian.domains.terminology.printed import PrintedNumber, fold_unit, parse_number
from yijian.domains.terminology.ucum import MAX_LENGTH, Measure, is_valid, measure
from yijian.domains.terminology.values import Comparable, ComparableState, Item, ResultType

__all__ = ["comparable", "convert", "normalise_unit"]

ONE = Decimal(1)
EXACT = Context(prec=28)
ROUNDED = Context(prec=12)
UNITLESS = frozenset({"1", "{INR}", "[pH]"})
"""Units whose absence says nothing: a figure without a unit is a figure in them. `%` is not one of them."""
NO_UNIT = frozenset({"", "1", "-", "--", "/", "无"})
AMOUNTS = ("[mass]", "[substance]", "[equivalents]")
CATALYTIC = re.compile(r"^[kmu]?U(?=/)")
ARBITRARY = "[arb'U]"


@cache
def spellings() -> dict[str, str]:
    """Return UCUM codes by folded spelling: the catalogue's own units, and what the alias table lists."""
    aliases = catalogue.load_unit_aliases()
    own = {item.unit for item in catalogue.load_items() if item.unit} | {alias.ucum for alias in aliases}
    return {fold_unit(code): code for code in own} | {
        fold_unit(alias.spelling): alias.ucum for alias in aliases
    }


@cache
def caseless_spellings() -> dict[str, frozenset[str]]:
    codes: dict[str, set[str]] = defaultdict(set)
    for spelling, code in spellings().items():
        codes[spelling.casefold()].add(code)
    return {spelling: frozenset(found) for spelling, found in codes.items()}


def normalise_unit(text: str) -> str | None:
    """Return the UCUM code of a printed unit, None where it is unknown or ambiguous.

    A listed spelling wins; then UCUM itself. Case is ignored only where one listed unit answers and UCUM
    gives the spelling no other meaning.
    """
    return code_of(fold_unit(text)) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=4096)
def code_of(spelling: str) -> str | None:
    if code := spellings().get(spelling):
        return code
    similar = caseless_spellings().get(spelling.casefold(), frozenset())
    if not is_valid(spelling):
        return next(iter(similar)) if len(similar) == 1 else None
    same = sorted(code for code in similar if measure(code) == measure(spelling))
    if similar and not same:
        return None
    return same[0] if same else spelling


def amount_in_moles(of: Measure, molar_mass: Decimal | None, valence: int | None) -> Measure | None:
    """Return a measure of mass or equivalents as one of substance; None without the constant it takes."""
    kinds = [(name, power) for name, power in of.dimensions if name in AMOUNTS]
    if len(kinds) != 1 or kinds[0][1] != 1:
        return None
    per_mole = {"[mass]": molar_mass, "[substance]": ONE, "[equivalents]": valence}[kinds[0][0]]
    if not per_mole:
        return None
    substance = of.dimensions - {kinds[0]} | {("[substance]", ONE)}
    return Measure(EXACT.divide(of.factor, Decimal(per_mole)), substance, of.annotations)


@lru_cache(maxsize=4096)
def factor(from_unit: str, to_unit: str, molar_mass: Decimal | None, valence: int | None) -> Decimal | None:
    """Return what to multiply a figure in `from_unit` by to have it in `to_unit`; None = not comparable."""
    if from_unit == to_unit:
        return ONE
    source, target = measure(from_unit), measure(to_unit)
    if source is None or target is None or source.annotations != target.annotations:
        return None
    if source.dimensions != target.dimensions:
        source, target = (amount_in_moles(side, molar_mass, valence) for side in (source, target))
        if source is None or target is None or source.dimensions != target.dimensions:
            return None
    return EXACT.divide(source.factor, target.factor)


def convert(
    value: Decimal,
    from_unit: str,
    to_unit: str,
    *,
    molar_mass: Decimal | None = None,
    valence: int | None = None,
) -> Decimal | None:
    """Return `value` of one UCUM unit in another, to 12 significant digits; None = not comparable.

    `molar_mass` (g/mol) opens mass and amount of substance to each other, `valence` equivalents.
    """
    ratio = factor(from_unit, to_unit, molar_mass, valence)
    if ratio is None:
        return None
    return value if ratio == 1 else plain(ROUNDED.multiply(value, ratio))


def plain(value: Decimal) -> Decimal:
    """Return a figure without trailing zeros and without an exponent above zero."""
    return Decimal(f"{value.normalize(ROUNDED):f}")


def in_terms_of(item_unit: str, printed: str) -> tuple[str, str]:
    """Return (printed, item's) unit with the letters U and IU read as the item means them.

    Catalytic activity is printed IU/L as often as U/L. Tumour markers in arbitrary units are printed U/mL.
    """
    if CATALYTIC.search(item_unit):
        return printed.replace("[IU]", "U"), item_unit
    if ARBITRARY in item_unit and CATALYTIC.search(printed):
        return printed, item_unit.replace(ARBITRARY, "U")
    return printed, item_unit


def comparable(text_value: str, printed_unit: str | None, item: Item) -> Comparable:
    """Read a result as printed against its item's unit.

    A qualitative item is never `not_comparable`: where no figure can be had, its words are compared.
    """
    number = parse_number(text_value)
    bare = fold_unit(printed_unit or "") in NO_UNIT
    code = (item.unit if item.unit in UNITLESS else "") if bare else normalise_unit(printed_unit or "") or ""
    if number is None:
        return Comparable(state=ComparableState.NOT_NUMERIC, unit=code)
    return in_item_unit(number, code, item)


def in_item_unit(number: PrintedNumber, code: str, item: Item) -> Comparable:
    printed, wanted = in_terms_of(item.unit, code)
    value = (
        convert(number.value, printed, wanted, molar_mass=item.molar_mass, valence=item.valence)
        if code
        else None
    )
    if value is None:
        words = item.result_type is not ResultType.QUANTITATIVE
        state = ComparableState.NOT_NUMERIC if words else ComparableState.NOT_COMPARABLE
        return Comparable(state=state, unit=code, comparator=number.comparator)
    untouched = factor(printed, wanted, item.molar_mass, item.valence) == 1
    state = ComparableState.SAME if untouched else ComparableState.CONVERTED
    return Comparable(state=state, value=value, unit=item.unit, comparator=number.comparator)
