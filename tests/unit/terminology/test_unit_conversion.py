"""Units: what laboratories print, exact conversion, and everything that must not be set equal."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yijian.domains.terminology import catalogue
from yijian.domains.terminology.printed import parse_number
from yijian.domains.terminology.ucum import is_valid, measure
from yijian.domains.terminology.units import comparable, convert, normalise_unit
from yijian.domains.terminology.values import ComparableState, Item, ResultType

ITEMS = {item.code: item for item in catalogue.load_items()}
BY_NAME = {
    "葡萄糖": "Glu", "肌酐": "Cre", "总胆固醇": "TC", "血红蛋白": "Hb", "白细胞": "WBC", "钾": "K",
}  # fmt: skip
FIGURES = st.decimals(min_value="0.001", max_value="99999", places=3)
AMOUNT_ITEMS = sorted(code for code, item in ITEMS.items() if item.molar_mass)
CONVERTIBLE = ["mg/dL", "g/L", "ug/L", "ug/mL", "mmol/L", "umol/L", "nmol/L"]


def state(value: str, unit: str | None, code: str) -> ComparableState:
    return comparable(value, unit, ITEMS[code]).state


def test_agrees_with_the_shared_conversions(shared: Path) -> None:
    with (shared / "samples/terminology/unit_conversions.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    for row in rows:
        found = comparable(row["value"], row["from_unit"], ITEMS[BY_NAME[row["analyte"]]])
        expected = Decimal(row["expected"])
        assert found.value is not None, row
        assert abs(found.value / expected - 1) <= Decimal(row["rel_tol"]), row
        assert found.unit == row["to_unit"]


def test_knows_every_unit_of_the_ucum_examples(shared: Path) -> None:
    with (shared / "samples/terminology/ucum/ucum_examples.tsv").open(encoding="utf-8") as lines:
        codes = {row["UCUM_CODE"] for row in csv.DictReader(lines, delimiter="\t")}
    assert len(codes) > 800
    assert {code for code in codes if not is_valid(code)} == {"Torr"}, (
        "no UCUM atom, an error of the examples"
    )
    scales = {"Cel", "[degF]", "[pH]", "dB"}
    assert {code for code in codes if measure(code) is None} == scales | {"Torr"}


@pytest.mark.parametrize(
    ("printed", "ucum"),
    [
        *[(text, "10*9/L") for text in ("10^9/L", "×10^9/L", "10*9/L", "10E9/L", "10⁹/L", "G/L", "10e+09/l")],
        *[(text, "umol/L") for text in ("μmol/L", "µmol/L", "umol/l", "UMOLL", "UMOL/L", "ｕｍｏｌ／Ｌ")],
        *[(text, "mmol/L") for text in ("MMOLL", "mmol/l", "(mmol/L)", "毫摩尔/升")],
        *[(text, "ug/mL{FEU}") for text in ("ug/mL FEU", "μg/ml(FEU)", "FEU ug/mL")],
        *[(text, "s") for text in ("秒", "s", "S", "Sec")],
        ("ng/mL D-DU", "ng/mL{DDU}"),
        ("mEq/L", "meq/L"),
        ("IU/L", "[IU]/L"),
        ("uIU/mL", "u[IU]/mL"),
        ("mmHg", "mm[Hg]"),
        ("mg/dl", "mg/dL"),
        ("fl", "fL"),
        ("％", "%"),
        ("pH", "[pH]"),
        ("mm", "mm"),
        ("kat/m3", "kat/m3"),
    ],
)  # fmt: skip
def test_reads_a_unit_as_printed(printed: str, ucum: str) -> None:
    assert normalise_unit(printed) == ucum


@pytest.mark.parametrize("printed", ["Mmol/L", "Mg/L", "Pg", "G/l", "MM", "foo", "", "阳性", "mmol/L" * 9])
def test_refuses_a_unit_it_does_not_know_or_that_case_makes_ambiguous(printed: str) -> None:
    assert normalise_unit(printed) is None


@settings(deadline=None)
@given(st.text(max_size=45) | st.text(alphabet="mukMG10*^/.{}[]'IUgLlol-+9eqH%", max_size=45))
def test_any_text_has_a_valid_code_or_none(text: str) -> None:
    code = normalise_unit(text)
    assert code is None or is_valid(code)


def test_every_listed_spelling_means_its_unit() -> None:
    for alias in catalogue.load_unit_aliases():
        assert normalise_unit(alias.spelling) == alias.ucum, alias


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("ug/mL{FEU}", "ug/mL{DDU}"),
        ("ug/mL{FEU}", "ug/mL"),
        ("[IU]/L", "[arb'U]/L"),
        ("[IU]/mL", "{copies}/mL"),
        ("[IU]/L", "U/L"),
        ("[IU]/L", "/L"),
        ("meq/L", "mmol/L"),
        ("mosm/kg", "mmol/kg"),
        ("mg/dL", "mmol/L"),
        ("/[HPF]", "/[LPF]"),
        ("/[HPF]", "/uL"),
        ("mmol/mol", "%"),
        ("Cel", "K"),
        ("[pH]", "1"),
        ("mmol/L", "no unit"),
        ("10*999/L", "10*9/L"),
        ("10*-999999999/L", "10*9/L"),
    ],
)
def test_never_sets_unlike_units_equal(source: str, target: str) -> None:
    assert convert(Decimal(5), source, target) is None
    assert convert(Decimal(5), target, source) is None


def test_mass_needs_a_molar_mass_and_equivalents_a_valence() -> None:
    assert convert(Decimal(10), "mg/dL", "mmol/L", molar_mass=Decimal("40.078")) == Decimal("2.49513448775")
    assert convert(Decimal(5), "meq/L", "mmol/L", valence=2) == Decimal("2.5")
    assert convert(Decimal(5), "meq/L", "mg/dL", molar_mass=Decimal("40.078"), valence=2) == Decimal(
        "10.0195"
    )
    assert convert(Decimal(5), "mg/mmol", "mol/mol", molar_mass=Decimal("113.12")) is None


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("6200", "/uL", "10*9/L", "6.2"),
        ("14.2", "g/dL", "g/L", "142"),
        ("0.3", "mg/L", "ug/mL", "0.3"),
        ("1", "mm[Hg]", "kPa", "0.133322"),
        ("1", "ukat/L", "U/L", "60"),
        ("7", "m[IU]/L", "u[IU]/mL", "7"),
        ("45", "%", "L/L", "0.45"),
        ("1000000", "ng/L", "mg/L", "1"),
    ],
)
def test_decimal_conversions_are_exact(value: str, source: str, target: str, expected: str) -> None:
    found = convert(Decimal(value), source, target)
    assert found == Decimal(expected)
    assert "E" not in str(found)


@settings(deadline=None)
@given(FIGURES, st.sampled_from(AMOUNT_ITEMS), st.sampled_from(CONVERTIBLE), st.sampled_from(CONVERTIBLE))
def test_there_and_back_is_the_same_figure(value: Decimal, code: str, source: str, target: str) -> None:
    there = convert(value, source, target, molar_mass=ITEMS[code].molar_mass)
    assert there is not None
    back = convert(there, target, source, molar_mass=ITEMS[code].molar_mass)
    assert back is not None
    assert abs(back / value - 1) < Decimal("1e-10")


@settings(deadline=None)
@given(FIGURES, FIGURES, st.sampled_from(AMOUNT_ITEMS), st.sampled_from(CONVERTIBLE))
def test_a_greater_figure_stays_greater(one: Decimal, other: Decimal, code: str, source: str) -> None:
    assume(one < other)
    item = ITEMS[code]
    low, high = (comparable(str(value), source, item).value for value in (one, other))
    assert low is not None
    assert high is not None
    assert low < high


@pytest.mark.parametrize(
    ("text", "value", "comparator"),
    [
        ("6.2", "6.2", ""),
        (" 6.20 ", "6.20", ""),
        ("<0.01", "0.01", "<"),
        ("≥64", "64", ">="),
        ("＞１０．５", "10.5", ">"),
        ("<=5", "5", "<="),
        ("1,234.5", "1234.5", ""),
        ("10.73 ↑", "10.73", ""),
        ("2.1 L", "2.1", ""),
        ("2.1 ↓ LL", "2.1", ""),
        ("-1.5", "-1.5", ""),
        ("5.0E+03", "5000", ""),
        ("1.2×10^5", "120000", ""),
        ("1.2×10⁵", "120000", ""),
    ],
)
def test_reads_a_figure_as_printed(text: str, value: str, comparator: str) -> None:
    found = parse_number(text)
    assert found is not None
    assert (str(found.value), found.comparator) == (value, comparator)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "+++",
        "阴性",
        "(-)",
        "None",
        "NaN",
        "Infinity",
        "1:80",
        "6-7",
        "1,5",
        "12 34",
        "1E999",
        "6 mmol",
    ],
)
def test_words_titres_and_ranges_are_no_figure(text: str) -> None:
    assert parse_number(text) is None


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_printed_text_is_read_without_fault(text: str) -> None:
    found = comparable(text, text, ITEMS["K"])
    assert (found.value is None) == (
        found.state in {ComparableState.NOT_NUMERIC, ComparableState.NOT_COMPARABLE}
    )


def test_enzyme_activity_is_printed_in_u_or_iu() -> None:
    assert state("40", "IU/L", "ALT") == "same"
    assert state("40", "U/L", "ALT") == "same"
    assert state("0.6", "ukat/L", "ALT") == "converted"
    assert state("5", "U/L", "TRAb") == "not_comparable"


def test_arbitrary_units_are_printed_as_u() -> None:
    assert state("35", "U/mL", "CA125") == "same"
    assert state("35", "kU/L", "CA125") == "same"
    assert state("35", "IU/mL", "CA125") == "not_comparable"


def test_d_dimer_classes_are_not_comparable() -> None:
    found = comparable("500", "ng/mL FEU", ITEMS["DD"])
    assert (found.state, found.value) == ("converted", Decimal("0.5"))
    assert state("0.5", "mg/L DDU", "DD") == "not_comparable"
    assert state("0.5", "mg/L", "DD") == "not_comparable"


@pytest.mark.parametrize("unit", [None, "", " ", "-", "/"])
def test_a_missing_unit_is_excused_only_where_there_is_none(unit: str | None) -> None:
    assert [state("1.02", unit, code) for code in ("INR", "pH", "UDSG")] == ["same"] * 3
    assert state("4.1", unit, "K") == "not_comparable"
    assert state("45", unit, "Hct") == "not_comparable"


def test_ifcc_and_ngsp_haemoglobin_are_not_comparable() -> None:
    assert state("48", "mmol/mol", "HbA1c") == "not_comparable"


def test_an_unchanged_figure_stays_as_printed() -> None:
    found = comparable("<4.10", "mEq/L", ITEMS["K"])
    assert (found.state, str(found.value), found.unit, found.comparator) == ("same", "4.10", "mmol/L", "<")


def test_the_unit_of_what_cannot_be_compared_is_still_named() -> None:
    assert comparable("4.1", "mg", ITEMS["K"]).unit == "mg"
    assert comparable("阴性", "mIU/mL", ITEMS["HBsAb"]).unit == "m[IU]/mL"


@pytest.mark.parametrize(
    "code", [code for code, item in ITEMS.items() if item.result_type is ResultType.QUALITATIVE]
)
def test_a_qualitative_item_is_never_not_comparable(code: str) -> None:
    for value, unit in (("阴性", ""), ("0.02", "S/CO"), ("0.02", None)):
        assert state(value, unit, code) == "not_numeric"


def test_a_titre_of_a_qualitative_item_is_read_where_the_unit_allows() -> None:
    found = comparable("320.5", "IU/L", ITEMS["HBsAb"])
    assert (found.state, found.value) == ("same", Decimal("320.5"))


@pytest.mark.parametrize(
    "item", [item for item in ITEMS.values() if item.result_type is ResultType.QUANTITATIVE]
)
def test_an_item_reads_its_own_unit(item: Item) -> None:
    found = comparable("1.5", item.unit, item)
    assert (found.state, found.value, found.unit) == ("same", Decimal("1.5"), item.unit)
