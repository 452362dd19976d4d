"""The shipped catalogue keeps its shape, and agrees with the sources it was compiled from."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from yijian.domains.terminology import catalogue
from yijian.domains.terminology.catalogue import CatalogueFault
from yijian.domains.terminology.ucum import is_valid, measure
from yijian.domains.terminology.values import (
    Category,
    Comparability,
    Item,
    Kind,
    Laterality,
    ResultType,
    Sensitivity,
)

ITEMS = catalogue.load_items()
BY_CODE = {item.code: item for item in ITEMS}
LIMIT_NAMES = {
    "血钾": "K", "血钠": "Na", "血氯": "Cl", "血钙(总钙)": "Ca", "血糖": "Glu", "肌酐": "Cre", "尿素": "Urea",
    "总胆红素": "TBil", "肌钙蛋白I": "TnI", "肌酸激酶": "CK", "胆碱酯酶": "CHE", "白细胞": "WBC",
    "血红蛋白": "Hb", "血细胞比容": "Hct", "血小板": "PLT", "凝血酶原时间": "PT", "INR": "INR",
    "活化部分凝血活酶时间": "APTT", "纤维蛋白原": "Fib", "动脉血pH": "pH",
    "动脉pCO2": "pCO2", "动脉pO2": "pO2",
}  # fmt: skip


def loinc_check_digit(body: str) -> int:
    """Return the mod 10 check digit of a LOINC number (LOINC Users' Guide, appendix C)."""
    doubled = str(int(body[::-1][::2][::-1]) * 2)
    total = sum(map(int, doubled)) + sum(map(int, body[::-1][1::2]))
    return -total % 10


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def test_holds_every_item_of_the_shared_catalogue(shared: Path) -> None:
    source = list(rows(shared / "domain/catalogue.csv"))
    assert len(source) >= 280
    for row in source:
        item = BY_CODE[row["item_key"]]
        assert (item.name_zh, item.name_en, item.loinc) == (
            row["chinese_name"],
            row["english_name"],
            row["loinc"],
        )
        assert item.wst886 == (row["code"] if row["code_system"] == "WS/T 886-2026" else "")
        assert item.window_hours == 24 * int(row["suggested_validity_days"])
        assert not row["ucum_unit"] or item.unit == row["ucum_unit"]
        assert item.category == row["category"]


def test_critical_limits_are_the_adult_defaults(shared: Path) -> None:
    found = {}
    for row in rows(shared / "domain/critical_values.csv"):
        if row["item_cn"] in LIMIT_NAMES and row["population"].startswith("adult"):
            item = BY_CODE[LIMIT_NAMES[row["item_cn"]]]
            assert row["ucum_unit"] == item.unit
            limits = [row["low_critical_default"], row["high_critical_default"]]
            found[item.code] = [limit.lstrip("≤≥<>") for limit in limits]
    with_limits = [item for item in ITEMS if item.critical_low is not None or item.critical_high is not None]
    assert {item.code for item in with_limits} == set(found)
    for item in with_limits:
        own = ["" if limit is None else limit for limit in (item.critical_low, item.critical_high)]
        for mine, theirs in zip(own, found[item.code], strict=True):
            assert str(mine) == theirs or float(mine) == float(theirs), item.code


@pytest.mark.parametrize("item", [item for item in ITEMS if item.loinc], ids=lambda item: item.code)
def test_loinc_codes_carry_their_check_digit(item: Item) -> None:
    body, _, digit = item.loinc.partition("-")
    assert loinc_check_digit(body) == int(digit)


def test_standard_codes_name_one_item_each() -> None:
    for column in ("loinc", "wst886"):
        codes = [getattr(item, column) for item in ITEMS if getattr(item, column)]
        assert len(codes) == len(set(codes)), column


def test_keys_that_differ_only_by_case_stay_apart() -> None:
    assert {"K", "P", "PS", "PT", "pH", "Na"} <= BY_CODE.keys()
    assert len({item.code for item in ITEMS}) == len(ITEMS)


def test_units_are_ucum() -> None:
    for code in {item.unit for item in ITEMS if item.unit} | {
        alias.ucum for alias in catalogue.load_unit_aliases()
    }:
        assert is_valid(code), code


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_a_row_agrees_with_itself(item: Item) -> None:
    assert item.name_zh
    assert item.name_en
    assert (item.kind is Kind.LAB) <= (item.specimen is not None)
    assert (item.kind is Kind.EXAM) == bool(item.body_part and item.modality)
    assert (item.kind is Kind.PANEL) == (item.result_type is ResultType.PANEL)
    assert (item.kind is Kind.INTERVENTION) == (item.category is Category.INTERVENTION)
    assert item.images_are_result == (item.result_type is ResultType.IMAGE)
    assert (item.result_type is ResultType.QUANTITATIVE) <= bool(item.unit)
    assert not item.conclusion_only or item.category is Category.PATHOLOGY
    assert item.laterality is None or item.kind is Kind.EXAM
    assert item.window_hours >= 0
    assert item.window_hours > 0 or item.negative_list or item.kind is Kind.INTERVENTION


@pytest.mark.parametrize(
    "item", [i for i in ITEMS if i.result_type is ResultType.QUANTITATIVE], ids=lambda i: i.code
)
def test_critical_limits_lie_inside_the_plausible(item: Item) -> None:
    assert item.plausible_low is not None
    assert item.plausible_high is not None
    inside = [limit for limit in (item.critical_low, item.critical_high) if limit is not None]
    assert item.plausible_low < item.plausible_high
    assert all(item.plausible_low < limit < item.plausible_high for limit in inside)
    assert inside == sorted(inside)


def test_constants_stand_only_where_they_convert() -> None:
    amounts = {"[mass]", "[substance]"}
    for item in ITEMS:
        if item.molar_mass is not None or item.valence is not None:
            found = measure(item.unit)
            assert found is not None
            assert amounts & {name for name, _ in found.dimensions}, item.code


def test_classes_the_rules_need() -> None:
    assert {item.code for item in ITEMS if item.negative_list} == {
        "pH",
        "pO2",
        "pCO2",
        "BGA",
        "ABO",
        "XMATCH",
    }
    assert {item.code for item in ITEMS if item.conclusion_only} == {"PA-HE", "PA-TCT"}
    assert BY_CODE["AntiHIV"].sensitive is Sensitivity.HIV
    assert {BY_CODE[code].sensitive for code in ("AntiTP", "HSV2IgM", "HSV2IgG", "PA-HPV")} == {
        Sensitivity.STI
    }
    assert {BY_CODE[code].sensitive for code in ("HCG", "bHCG", "AMH")} == {Sensitivity.REPRODUCTIVE}
    assert BY_CODE["DD"].comparability is Comparability.UNIT
    markers = [item for item in ITEMS if item.section == "免疫-肿瘤标志物"] + [BY_CODE["TnI"], BY_CODE["TnT"]]
    assert {item.comparability for item in markers} == {Comparability.METHOD}
    assert BY_CODE["IMG-MR-KNEE-PLAIN"].laterality is Laterality.PAIRED
    assert {
        "INT-TRANSFUSION",
        "INT-SURGERY",
        "INT-DIALYSIS",
        "INT-INFUSION",
        "INT-CONTRAST",
        "INT-CHEMO",
    } <= {item.code for item in ITEMS if item.kind is Kind.INTERVENTION}


def test_siblings_differ_by_contrast_or_projection_only() -> None:
    chest = [item for item in ITEMS if item.family == "CT-CHEST"]
    assert {item.contrast for item in chest} == {"plain", "enhanced"}
    for family in {item.family for item in ITEMS if item.family}:
        siblings = [item for item in ITEMS if item.family == family]
        assert len({(item.body_part, item.modality) for item in siblings}) == 1, family


def test_panels_hold_what_their_name_says() -> None:
    panels = {panel.code: panel.members for panel in catalogue.load_panels()}
    assert panels["INFECT4"] == ("HBsAg", "AntiHCV", "AntiHIV", "AntiTP")
    assert panels["HBV5"] == ("HBsAg", "HBsAb", "HBeAg", "HBeAb", "HBcAb")
    assert {
        "CBC",
        "LFT",
        "RFT",
        "LIPID",
        "ELECTROLYTE",
        "COAG",
        "THYROID",
        "URINE-DRY",
        "BGA",
        "CARDIAC",
    } <= panels.keys()
    assert {"TUMOUR-M", "TUMOUR-F"} <= panels.keys()
    assert BY_CODE["CBC"].loinc == "58410-2"
    for code, members in panels.items():
        assert BY_CODE[code].window_hours == min(BY_CODE[member].window_hours for member in members)


def test_every_orderable_item_has_a_demo_price() -> None:
    prices = catalogue.load_demo_prices()
    assert set(prices) == {item.code for item in ITEMS if item.kind is not Kind.INTERVENTION}
    assert min(prices.values()) > 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("item.csv", "code,colour\nK,red\n", "item.csv line 2: .*colour"),
        ("item.csv", "code,name_zh\nK\n", "item.csv line 2: .*cells"),
        ("unit_alias.csv", "spelling,ucum\nG/L,10*9/L,x\n", "unit_alias.csv line 2: .*cells"),
        ("demo_price.csv", "code,price\nK,cheap\n", "demo_price.csv line 2"),
    ],
)
def test_a_misshapen_file_is_refused_by_line(
    name: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "DATA", tmp_path)
    load = {
        "item.csv": catalogue.load_items,
        "unit_alias.csv": catalogue.load_unit_aliases,
        "demo_price.csv": catalogue.load_demo_prices,
    }[name]
    with pytest.raises(CatalogueFault, match=said):
        load.__wrapped__()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NOPANEL,K,1\n", "NOPANEL is no panel"),
        ("CBC,NOITEM,1\n", "NOITEM in CBC is no single item"),
        ("CBC,HBV5,1\n", "HBV5 in CBC is no single item"),
        ("CBC,WBC,1\nCBC,WBC,2\n", "CBC needs members, each once"),
    ],
)
def test_a_panel_of_unknown_or_repeated_members_is_refused(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "panel.csv").write_text("panel_code,item_code,sort\n" + text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "DATA", tmp_path)
    with pytest.raises(CatalogueFault, match=said):
        catalogue.load_panels.__wrapped__()
