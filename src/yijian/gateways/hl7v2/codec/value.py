"""OBX-2 and OBX-5: the value as printed, and what kind of value it is (HL7 v2.5.1 §7.4.2, ch. 2A)."""

import re
import unicodedata
from typing import Literal

import msgspec

from .coding import display_text
from .segment import Composite, Segment
from .tables import QUALITATIVE

__all__ = ["POINTERS", "PROSE", "Value", "is_uid", "read_value"]

PROSE = frozenset({"TX", "FT"})
CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
POINTERS = frozenset({"ED", "RP"})
NUMBER = re.compile(r"(?:[<>≤≥]=?|=)?\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
UID = re.compile(r"[0-2](?:\.\d+){3,}")
SIGN = re.compile(r"(?:\d?\+{1,4}|\d\+|±|\+-|\+/-|-|\((?:\+{1,4}|-|±)\))")
MAX_NUMBER_CHARACTERS = 40

Kind = Literal["number", "qualitative", "text"]


class Value(msgspec.Struct, frozen=True, gc=False):
    text: str
    kind: Kind


def read_value(obx: Segment) -> Value:
    """Return OBX-5 as one text: components resolved by OBX-2, repetitions joined; empty where none is."""
    data_type = obx.text(2).upper()
    if data_type in POINTERS:
        return Value("", "text")
    if data_type in PROSE:
        return Value("\n".join(part.whole() for part in obx.repetitions(5)).strip("\n "), "text")
    repetitions = obx.repetitions(5)
    text = "; ".join(part for part in (printed(data_type, r) for r in repetitions) if part)
    return Value(text, kind_of(data_type, text))


def printed(data_type: str, part: Composite) -> str:
    """Return one repetition as printed."""
    if data_type in CODED:
        return display_text(part)
    if data_type == "SN":
        return "".join(part.text(component) for component in range(1, 5))
    return part.whole().strip()


def kind_of(data_type: str, text: str) -> Kind:
    """Judge by the text itself: senders put numbers into ST and words (`None`) into NM."""
    if len(text) <= MAX_NUMBER_CHARACTERS and NUMBER.fullmatch(text):
        return "number"
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    if data_type in CODED or plain in QUALITATIVE or SIGN.fullmatch(plain):
        return "qualitative" if text else "text"
    return "text"


def is_uid(text: str) -> bool:
    """Tell whether a text is a DICOM UID (PS3.5 §9: digits and dots, at most 64)."""
    return len(text) <= 64 and UID.fullmatch(text) is not None
