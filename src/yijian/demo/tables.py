"""The demo's own lists (`data/*.csv`): institutions, names, reference limits, report texts."""

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

import msgspec

from yijian.domains.institutions.values import COMMISSION

__all__ = [
    "Analyte",
    "ConsortiumRow",
    "ExamText",
    "GivenNames",
    "Institution",
    "RegionRow",
    "Surname",
    "find_institution",
    "list_analytes",
    "list_consortia",
    "list_exam_texts",
    "list_given_names",
    "list_institutions",
    "list_printed_units",
    "list_providers",
    "list_regions",
    "list_surnames",
]

DATA = files("yijian.demo") / "data"
Row = TypeVar("Row", bound=msgspec.Struct)


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RegionRow(Struct, frozen=True):
    code: str
    name_zh: str
    name_en: str
    kind: Literal["nation", "province", "city", "county"]
    parent: str = ""
    mark_label: str = ""


class ConsortiumRow(Struct, frozen=True):
    code: str
    name_zh: str
    name_en: str
    region: str
    lead: str


class Institution(Struct, frozen=True):
    """A hospital, health centre or laboratory, and how it talks to us.

    `route` is the door its reports come through, `coding` the code system it prints, `rights` which marks
    it has earned.
    """

    code: str
    name_zh: str
    name_en: str
    region: str
    level: int
    kind: str
    ownership: Literal["public", "private"]
    route: Literal["mllp", "json"]
    coding: Literal["item", "wst886", "loinc", "local"]
    rights: Literal["national", "provincial", "city", "basic", "laboratory", "imaging", "alliance", "none"]
    grade: str = ""
    consortium: str = ""
    charset: Literal["", "UTF-8", "GB18030", "GBK"] = ""
    """Of its HL7 messages; GBK stands for a sender that declares none and is registered with it."""
    second_campus: str = ""


class Surname(Struct, frozen=True):
    surname: str
    weight: int


class GivenNames(Struct, frozen=True):
    """Names in fashion for those born from one year up to another."""

    born_from: int
    born_until: int
    sex: Literal["male", "female"]
    names: str


class Analyte(Struct, frozen=True):
    """Reference limits by sex in the catalogue's unit; `within` is a person's own variation (CV)."""

    code: str
    decimals: int
    low_male: float
    high_male: float
    low_female: float
    high_female: float
    within: float
    skewed: bool

    def limits(self, sex: str) -> tuple[float, float]:
        return (self.low_male, self.high_male) if sex == "male" else (self.low_female, self.high_female)


class ExamText(Struct, frozen=True):
    item: str
    department: str
    normal_findings: str
    normal_impression: str
    abnormal_findings: str
    abnormal_impression: str


class PrintedUnit(Struct, frozen=True):
    unit: str
    printed: str = ""


def read(name: str, shape: type[Row]) -> tuple[Row, ...]:
    lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = ({k: v for k, v in cells.items() if v} for cells in csv.DictReader(lines, strict=True))
    return tuple(msgspec.convert(row, shape, strict=False) for row in rows)


@cache
def list_regions() -> tuple[RegionRow, ...]:
    return read("region", RegionRow)


@cache
def list_consortia() -> tuple[ConsortiumRow, ...]:
    return read("consortium", ConsortiumRow)


@cache
def list_institutions() -> tuple[Institution, ...]:
    return read("institution", Institution)


@cache
def list_providers() -> tuple[Institution, ...]:
    """Return the institutions that care for patients; the commissions only supervise."""
    return tuple(each for each in list_institutions() if each.kind != COMMISSION)


@cache
def institutions_by_code() -> dict[str, Institution]:
    return {institution.code: institution for institution in list_institutions()}


def find_institution(code: str) -> Institution:
    return institutions_by_code()[code]


@cache
def list_surnames() -> tuple[Surname, ...]:
    return read("surname", Surname)


@cache
def list_given_names() -> tuple[GivenNames, ...]:
    return read("given_name", GivenNames)


@cache
def list_analytes() -> dict[str, Analyte]:
    return {row.code: row for row in read("analyte", Analyte)}


@cache
def list_exam_texts() -> dict[str, ExamText]:
    return {row.item: row for row in read("exam", ExamText)}


@cache
def list_printed_units() -> dict[str, str]:
    """Return how the demo's laboratories print a UCUM unit."""
    return {row.unit: row.printed for row in read("printed_unit", PrintedUnit)}
