"""Laboratory reports: rows that agree with each other and with the person. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from random import Random
from typing import Literal

from yijian.demo.coding import code_of
from yijian.demo.people import Resident
from yijian.demo.physiology import measure, positive_markers
from yijian.demo.tables import Institution, list_analytes, list_printed_units
from yijian.domains.results.values import LabResult, Specimen
from yijian.domains.terminology.catalogue import load_items, load_panels
from yijian.domains.terminology.values import Item

__all__ = ["PACKAGES", "OtherUnit", "Package", "laboratory_rows", "printed_row"]


@dataclass(frozen=True, slots=True)
class Package:
    """What is ordered and reported together: a name, the items, what is drawn."""

    code: str
    name: str
    items: tuple[str, ...]
    specimen: Specimen


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """A unit that no factor leads to, with the limits and decimals printed with it."""

    unit: str
    low: float
    high: float
    decimals: int


SERUM = Specimen(type_code="SER", type_name="血清")
BLOOD = Specimen(type_code="BLD", type_name="全血")
URINE = Specimen(type_code="UR", type_name="尿液")
CITRATE = Specimen(type_name="枸橼酸钠血浆")


def _package(code: str, name: str, specimen: Specimen, panel: str = "", *more: str) -> Package:
    members = next((p.members for p in load_panels() if p.code == panel), ())
    return Package(code, name, (*members, *more), specimen)


PACKAGES: Mapping[str, Package] = {
    package.code: package
    for package in (
        _package("CBC", "血细胞分析", BLOOD, "CBC"),
        _package("LFT", "肝功能", SERUM, "LFT"),
        _package("RFT", "肾功能、血糖", SERUM, "RFT", "Glu"),
        _package("LIPID", "血脂", SERUM, "LIPID"),
        _package("ELECTROLYTE", "电解质", SERUM, "ELECTROLYTE"),
        _package("HBA1C", "糖化血红蛋白", BLOOD, "", "HbA1c"),
        _package("COAG", "凝血功能、D-二聚体", CITRATE, "COAG", "DD"),
        _package("THYROID", "甲状腺功能", SERUM, "THYROID", "TPOAb", "TgAb"),
        _package("TUMOUR-M", "肿瘤标志物(男)", SERUM, "TUMOUR-M"),
        _package("TUMOUR-F", "肿瘤标志物(女)", SERUM, "TUMOUR-F"),
        _package("HBV5", "乙肝五项", SERUM, "HBV5"),
        _package("INFECT4", "感染四项", SERUM, "INFECT4"),
        _package("URINE", "尿液分析", URINE, "URINE-DRY"),
        _package("CARDIAC", "心肌标志物", SERUM, "CARDIAC", "CK", "LDH"),
        _package("CRP", "C反应蛋白、降钙素原", SERUM, "", "CRP", "PCT"),
        _package("IRON", "铁代谢", SERUM, "IRON"),
        _package("HBVDNA", "乙型肝炎病毒核酸定量", SERUM, "", "HBVDNA"),
    )
}

SEROLOGY = {"HBsAg", "HBsAb", "HBeAg", "HBeAb", "HBcAb", "AntiHCV", "AntiHIV", "AntiTP"}
DIPSTICK_GRADES = ("阴性", "±", "1+", "2+", "3+")
MASS_UNITS = dict.fromkeys(("Glu", "Cre", "Urea", "TC", "TG", "HDL", "LDL"), "mg/dL")
"""What the international hospital prints."""
DECIMALS_ABROAD = {"Cre": 2}
INTERNATIONAL = "42010203"
ANALYSERS = ("XN-9000", "BC-7500", "cobas 8000", "AU5800", "ARCHITECT", "CL-8000i", "ACL TOP 750")
MASS_OF_AMOUNT = {"Glu": 18.0156, "Cre": 0.011312, "Urea": 6.0056, "TG": 88.543} | dict.fromkeys(
    ("TC", "HDL", "LDL"), 38.665
)
"""mg/dL in one mmol/L (for creatinine in one µmol/L)."""


@cache
def items_by_code() -> dict[str, Item]:
    return {item.code: item for item in load_items()}


def laboratory_rows(
    institution: Institution, resident: Resident, package: Package, on: date, stress: float, random: Random
) -> tuple[LabResult, ...]:
    """Return the rows of a package; values in one report agree with each other."""
    values = dict(_derived(package, resident, on, stress, random))
    instrument = Random(f"{institution.code} {package.code}").choice(ANALYSERS)
    return tuple(
        printed_row(institution, resident, code, values[code], sort=sort, instrument=instrument)
        for sort, code in enumerate(package.items, start=1)
    )


def _derived(
    package: Package, resident: Resident, on: date, stress: float, random: Random
) -> Iterator[tuple[str, float | str]]:
    def value(code: str) -> float:
        return measure(resident, code, on, random, stress)

    if package.code == "CBC":
        yield from _blood_count(value("RBC"), value("MCV"), value("MCHC"))
    if package.code == "URINE":
        yield from _dipstick(resident, stress, random)
    if package.code == "LIPID":
        yield from _lipids(value("LDL"), value("HDL"), value("TG"))
    if package.code == "COAG":
        prothrombin = value("PT")
        yield from (("PT", prothrombin), ("INR", prothrombin / 11.8))
    if package.code == "LFT":
        bilirubin = value("TBil")
        yield from (("TBil", bilirubin), ("DBil", bilirubin * random.uniform(0.2, 0.35)))
    if package.code == "TUMOUR-M":
        antigen = value("TPSA")
        yield from (("TPSA", antigen), ("FPSA", antigen * random.uniform(0.16, 0.38)))
    if package.code == "IRON":
        iron, capacity = value("Fe"), value("TIBC")
        yield from (("Fe", iron), ("TIBC", capacity), ("UIBC", max(capacity - iron, 1.0)))
    yield from _independent(package, resident, value)


COMPUTED = {
    "RBC",
    "MCV",
    "MCHC",
    "Hb",
    "Hct",
    "MCH",
    "TC",
    "TG",
    "HDL",
    "LDL",
    "PT",
    "INR",
    "TBil",
    "DBil",
} | {*("TPSA", "FPSA", "Fe", "TIBC", "UIBC")}


def _independent(
    package: Package, resident: Resident, value: Callable[[str], float]
) -> Iterator[tuple[str, float | str]]:
    markers = positive_markers(resident)
    for code in package.items:
        if code in SEROLOGY:
            yield code, "阳性(+)" if markers[code] else "阴性(-)"
        elif code in list_analytes() and code not in COMPUTED:
            yield code, value(code)


def _blood_count(cells: float, volume: float, concentration: float) -> Iterator[tuple[str, float]]:
    """Red cells decide: haematocrit = cells x volume, haemoglobin = haematocrit x concentration."""
    haematocrit = cells * volume / 10
    haemoglobin = haematocrit * concentration / 100
    yield from (("RBC", cells), ("MCV", volume), ("MCHC", concentration))
    yield from (("Hct", haematocrit), ("Hb", haemoglobin), ("MCH", haemoglobin / cells))


def _lipids(low: float, high: float, triglyceride: float) -> Iterator[tuple[str, float]]:
    """Total cholesterol after Friedewald, in mmol/L."""
    total = low + high + min(triglyceride, 4.5) / 2.2
    yield from (("LDL", low), ("HDL", high), ("TG", triglyceride), ("TC", total))


def _dipstick(resident: Resident, stress: float, random: Random) -> Iterator[tuple[str, str]]:
    conditions = resident.conditions
    likely = {
        "UDGlu": 0.75 if "diabetes" in conditions else 0.02,
        "UDPro": 0.8 if "kidney" in conditions else 0.05,
        "UDKet": 0.1 + 0.3 * stress,
        "UDBil": 0.02,
        "UDUro": 0.02,
        "UDNit": 0.04,
        "UDWBC": 0.1 + 0.3 * stress,
        "UDBld": 0.4 if "kidney" in conditions else 0.08,
    }
    for code, share in likely.items():
        grade = random.randrange(1, 4) if random.random() < share else 0
        yield code, DIPSTICK_GRADES[grade]


EXTRA = {"Hb": (0, 130.0, 175.0, 115.0, 150.0), "Hct": (1, 40.0, 50.0, 35.0, 45.0)} | {
    "MCH": (1, 27.0, 34.0, 27.0, 34.0),
    "TC": (2, 2.8, 5.2, 2.8, 5.2),
    "DBil": (1, 0.0, 8.0, 0.0, 8.0),
    "INR": (2, 0.8, 1.2, 0.8, 1.2),
    "FPSA": (3, 0.0, 1.0, 0.0, 1.0),
    "UIBC": (1, 25.0, 52.0, 25.0, 52.0),
}
"""Decimals and limits (male, female) of what is computed from other rows."""


def _limits(code: str, sex: str) -> tuple[int, float, float]:
    if code in EXTRA:
        decimals, *limits = EXTRA[code]
        low, high = limits[:2] if sex == "male" else limits[2:]
        return decimals, low, high
    analyte = list_analytes()[code]
    return analyte.decimals, *analyte.limits(sex)


def printed_row(
    institution: Institution,
    resident: Resident,
    code: str,
    value: float | str,
    *,
    sort: int = 1,
    instrument: str = "",
    other: OtherUnit | None = None,
) -> LabResult:
    """Return one row as this institution prints it: its code, its unit, its range and flag."""
    item = code_of(institution, code)
    if isinstance(value, str):
        return LabResult(
            item=item,
            value=value,
            kind="qualitative",
            reference_range="阴性",
            flag=_qualitative_flag(value),
            sort=sort,
        )
    if other:
        factor, printed_unit, decimals, low, high = 1.0, other.unit, other.decimals, other.low, other.high
    else:
        decimals, low, high = _limits(code, resident.sex)
        factor, printed_unit, decimals = _unit(institution, code, decimals)
    printed, *limits = (f"{number * factor:.{decimals}f}" for number in (value, low, high))
    flag = _critical_flag(code, value) or _flag(*map(Decimal, (printed, *limits)))
    return LabResult(
        item=item,
        value=printed,
        kind="number",
        unit=printed_unit or None,
        reference_range="-".join(limits) if low > 0 else f"<{limits[1]}",
        flag=flag,
        critical=flag in ("HH", "LL"),
        instrument=instrument or None,
        sort=sort,
    )


def _unit(institution: Institution, code: str, decimals: int) -> tuple[float, str, int]:
    """Return (factor, unit as printed, decimals)."""
    if institution.code == INTERNATIONAL and code in MASS_UNITS:
        return MASS_OF_AMOUNT[code], MASS_UNITS[code], DECIMALS_ABROAD.get(code, 0)
    ucum = items_by_code()[code].unit
    return 1.0, list_printed_units().get(ucum, ucum), decimals


def _critical_flag(code: str, value: float) -> Literal["HH", "LL"] | None:
    item, exact = items_by_code()[code], Decimal(f"{value:.4f}")
    if item.critical_high is not None and exact >= item.critical_high:
        return "HH"
    return "LL" if item.critical_low is not None and exact <= item.critical_low else None


def _flag(value: Decimal, low: Decimal, high: Decimal) -> Literal["H", "L", "N"]:
    """Judge what is printed, by the limits that are printed."""
    return "H" if value > high else "L" if value < low else "N"


def _qualitative_flag(value: str) -> Literal["POS", "NEG"]:
    return "NEG" if value.startswith("阴性") else "POS"
