"""Code tables of HL7 v2 and of China, and the spellings senders use instead."""

from typing import Literal

from yijian.domains.identity.values import EncounterType, IdentifierType, Sex
from yijian.domains.results.values import ReportStatus

__all__ = [
    "CRITICAL_FLAGS",
    "ENCOUNTERS",
    "EXAM_SECTIONS",
    "FLAGS",
    "IDENTIFIER_TYPES",
    "LABORATORY_SECTIONS",
    "PRINTED_FLAGS",
    "QUALITATIVE",
    "REPORT_STATUSES",
    "ROW_STATUSES",
    "SEXES",
    "SIDES",
    "RowStatus",
]

RowStatus = ReportStatus | Literal["withdrawn", "pending"] | None

# fmt: off
IDENTIFIER_TYPES = {
    "NNCHN": IdentifierType.RESIDENT_ID, "NI": IdentifierType.RESIDENT_ID,
    "PPN": IdentifierType.PASSPORT,
    "": IdentifierType.LOCAL, "MR": IdentifierType.LOCAL, "MRN": IdentifierType.LOCAL,
    "PI": IdentifierType.LOCAL, "PT": IdentifierType.LOCAL,
}
"""Table 0203, and MRN, as many systems write MR. Other types say nothing about identity here."""

SEXES = {
    "M": Sex.MALE, "1": Sex.MALE, "男": Sex.MALE, "男性": Sex.MALE,
    "F": Sex.FEMALE, "2": Sex.FEMALE, "女": Sex.FEMALE, "女性": Sex.FEMALE,
    "O": Sex.OTHER, "A": Sex.OTHER, "N": Sex.OTHER, "X": Sex.OTHER,
    "U": Sex.UNKNOWN, "0": Sex.UNKNOWN, "9": Sex.UNKNOWN, "未知": Sex.UNKNOWN,
}
"""Table 0001 and GB/T 2261.1 (9: not stated)."""

ENCOUNTERS = {
    "E": EncounterType.EMERGENCY, "EMERGENCY": EncounterType.EMERGENCY, "急诊": EncounterType.EMERGENCY,
    "I": EncounterType.INPATIENT, "INPATIENT": EncounterType.INPATIENT, "住院": EncounterType.INPATIENT,
    "B": EncounterType.INPATIENT,
    "O": EncounterType.OUTPATIENT, "OUTPATIENT": EncounterType.OUTPATIENT, "门诊": EncounterType.OUTPATIENT,
    "R": EncounterType.OUTPATIENT,
    "体检": EncounterType.CHECKUP,
}
"""Table 0004 and words sent instead; anything else is `other`."""

REPORT_STATUSES = {
    "F": ReportStatus.FINAL,
    "C": ReportStatus.CORRECTED,
    **dict.fromkeys("PAISORMN", ReportStatus.PRELIMINARY),
}
"""Table 0123. X, the order is cancelled, is no status of a report but its end."""

ROW_STATUSES: dict[str, RowStatus] = {
    **dict.fromkeys("FUVB", ReportStatus.FINAL),
    **dict.fromkeys("CA", ReportStatus.CORRECTED),
    **dict.fromkeys("PRSI", ReportStatus.PRELIMINARY),
    "D": "withdrawn", "W": "withdrawn",
    "X": "pending", "N": "pending", "O": "pending",
}
"""Table 0085. A row withdrawn, or of which no result is to be had, is no row."""

FLAGS = frozenset([
    "<", ">", "A", "AA", "AC", "B", "CAR", "D", "DET", "EX", "EXP", "H", "H>", "HH", "HM", "HU", "HX",
    "I", "IE", "IND", "L", "L<", "LL", "LU", "LX", "MS", "N", "ND", "NEG", "NR", "NS", "POS", "QCF", "R",
    "RR", "S", "SDD", "SYN-R", "SYN-S", "TOX", "U", "UNE", "VS", "W", "WR",
])
"""Table 0078, versions 2.3 to 2.8."""

PRINTED_FLAGS = {
    "↑": "H", "↓": "L", "↑↑": "HH", "↓↓": "LL", "高": "H", "低": "L", "偏高": "H", "偏低": "L",
    "阳性": "POS", "阴性": "NEG", "正常": "N", "异常": "A", "危急值": "AA", "危急": "AA",
}
CRITICAL_FLAGS = frozenset(["HH", "LL", "AA"])

EXAM_SECTIONS = frozenset([
    "IMG", "RAD", "RUS", "RX", "XRC", "CT", "CTH", "CUS", "OUS", "VUS", "NMR", "NMS",
    "EC", "EN", "PF", "SP", "CP", "MR", "MRI", "US", "DX", "DR", "CR", "MG", "XA", "RF", "ECG",
])
LABORATORY_SECTIONS = frozenset([
    "BG", "BLB", "CG", "CH", "GE", "HM", "IMM", "LAB", "MB", "MCB", "MYC", "SR", "TX", "VR",
])
"""OBR-24, Table 0074, and the DICOM modality codes that imaging systems put there instead."""

SIDES: dict[str, Literal["left", "right", "both"]] = {
    "L": "left", "LT": "left", "LEFT": "left", "左": "left", "左侧": "left",
    "R": "right", "RT": "right", "RIGHT": "right", "右": "right", "右侧": "right",
    "B": "both", "BI": "both", "BOTH": "both", "BILATERAL": "both", "50": "both",
    "双": "both", "双侧": "both",
}

QUALITATIVE = frozenset([
    "阴性", "阳性", "弱阳性", "强阳性", "可疑", "可疑阳性", "有反应", "有反应性", "无反应", "无反应性",
    "检出", "未检出", "正常", "异常", "少量", "中量", "大量",
    "neg", "pos", "negative", "positive", "reactive", "nonreactive", "non-reactive", "detected",
    "not detected", "normal", "abnormal", "trace",
])
"""Printed words that are a qualitative result, case-folded."""
# fmt: on
