"""Code tables of HL7 v2 and of China, and the spellings senders use instead."""

import re
from typing import Literal

from yijian.domains.identity.values import EncounterType, IdentifierType, Sex
from yijian.domains.results.values import OrderState, ReportStatus

__all__ = [
    "CONCLUSIONS",
    "CRITICAL_FLAGS",
    "DOCUMENT_STATUSES",
    "ENCOUNTERS",
    "EXAM_DOCUMENTS",
    "EXAM_DOCUMENT_NAME",
    "EXAM_SECTIONS",
    "EXECUTED_RESULTS",
    "FLAGS",
    "IDENTIFIER_TYPES",
    "LABORATORY_SECTIONS",
    "MICROBIOLOGY_SECTIONS",
    "ORDER_CONTROLS",
    "ORDER_STATUSES",
    "ORGANISM_CODES",
    "PRINTED_FLAGS",
    "QUALITATIVE",
    "REPORT_STATUSES",
    "ROW_STATUSES",
    "SEXES",
    "SIDES",
    "YUAN",
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

MICROBIOLOGY_SECTIONS = frozenset(["MB", "MCB", "MYC"])

CONCLUSIONS: dict[str, Literal["S", "I", "R", "SDD", "NS"]] = {
    "S": "S", "I": "I", "R": "R", "SDD": "SDD", "NS": "NS", "VS": "S", "MS": "I",
    "敏感": "S", "中介": "I", "中度敏感": "I", "耐药": "R",
    "剂量依赖性敏感": "SDD", "剂量依赖敏感": "SDD", "非敏感": "NS",
}
"""Table 0078 and the printed words: what a drug does to an organism."""

ORGANISM_CODES = frozenset([
    "ORG", "ORGANISM", "BACT", "600-7", "625-4", "630-4", "634-6", "6463-4", "6460-0", "11475-1", "41852-5",
    "43409-2", "580-1", "6462-6", "624-7", "606-4", "610-6",
])
"""OBX-3 of the row that names an organism: codes in use, and LOINC's cultures."""

EXAM_DOCUMENTS = frozenset([
    "DI", "CD", "SP", "PN",
    "18748-4", "11522-0", "11524-6", "11526-1", "18745-0", "18746-8", "18751-8", "28570-0",
])
"""Table 0270: diagnostic imaging, cardiodiagnostics, surgical pathology, procedure note; and in LOINC."""

EXAM_DOCUMENT_NAME = re.compile(
    r"(?:检查|影像|放射|超声|心电|脑电|肌电|病理|内镜|胃镜|肠镜|支气管镜|CT|MRI?|DR).{0,8}(?:报告|诊断)", re.I
)

DOCUMENT_STATUSES = {
    **dict.fromkeys(["AU", "LA"], ReportStatus.FINAL),
    **dict.fromkeys(["DI", "DO", "IP", "IN", "PA"], ReportStatus.PRELIMINARY),
}
"""Table 0271."""

ORDER_CONTROLS = {
    **dict.fromkeys(["NW", "SN", "RO", "PA", "CH", "XO", "XX", "XR"], OrderState.PLACED),
    **dict.fromkeys(["CA", "CR", "OC", "DC", "DR", "OD", "RP", "RQ", "RU"], OrderState.CANCELLED),
}
"""Table 0119. SC and SR leave it to ORC-5; the others (held, unable, numbers assigned) change no state."""

ORDER_STATUSES = {
    **dict.fromkeys(["A", "IP", "CM"], OrderState.EXECUTED),
    **dict.fromkeys(["CA", "DC", "RP"], OrderState.CANCELLED),
}
"""Table 0038. SC is scheduled, not done."""

EXECUTED_RESULTS = frozenset("IPARFCM")
"""OBR-25, Table 0123: the specimen is there, or more than that."""

YUAN = frozenset(["", "CNY", "RMB", "元", "人民币"])

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
