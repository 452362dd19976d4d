"""What a body's chemistry looks like: a person's own level, their conditions, and a day's variation. Pure."""

import math
from datetime import date
from functools import cache
from random import Random

from yijian.demo.people import Condition, Resident
from yijian.demo.tables import list_analytes

__all__ = ["measure", "positive_markers"]

Effect = tuple[float, float]
"""(factor, addition)."""

EFFECTS: dict[Condition, dict[str, Effect]] = {
    "diabetes": {"Glu": (1.75, 0.0), "HbA1c": (1.0, 2.6), "TG": (1.5, 0.0), "UDSG": (1.0, 0.004)},
    "kidney": {
        "Cre": (2.6, 0.0),
        "Urea": (2.1, 0.0),
        "CysC": (2.2, 0.0),
        "UA": (1.3, 0.0),
        "K": (1.0, 0.5),
        "P": (1.25, 0.0),
        "Ca": (0.95, 0.0),
        "RBC": (0.78, 0.0),
        "Alb": (0.9, 0.0),
        "NTproBNP": (3.0, 0.0),
    },
    "lipids": {
        "LDL": (1.55, 0.0),
        "TG": (1.9, 0.0),
        "HDL": (0.88, 0.0),
        "ApoB": (1.4, 0.0),
        "Lpa": (1.6, 0.0),
    },
    "hepatitis_b": {
        "ALT": (2.2, 0.0),
        "AST": (1.9, 0.0),
        "TBil": (1.4, 0.0),
        "GGT": (1.5, 0.0),
        "HBVDNA": (900.0, 0.0),
    },
    "anaemia": {
        "RBC": (0.92, 0.0),
        "MCV": (0.83, 0.0),
        "MCHC": (0.93, 0.0),
        "Fer": (0.15, 0.0),
        "Fe": (0.35, 0.0),
        "TIBC": (1.2, 0.0),
    },
    "thyroid": {
        "TSH": (6.0, 0.0),
        "FT4": (0.72, 0.0),
        "FT3": (0.85, 0.0),
        "TPOAb": (40.0, 0.0),
        "TgAb": (25.0, 0.0),
    },
    "gout": {"UA": (1.5, 0.0), "Cre": (1.1, 0.0)},
    "hypertension": {"K": (0.97, 0.0), "UA": (1.1, 0.0)},
    "heart": {"NTproBNP": (9.0, 0.0), "LDH": (1.2, 0.0), "DD": (1.5, 0.0)},
    "tumour_history": {"CEA": (2.4, 0.0), "CA199": (1.9, 0.0), "CYFRA": (1.6, 0.0)},
}
SPREAD = 4.4
"""Reference limits hold 95 % of the healthy; ours a little more, so that flags stay worth a look."""
ZERO_FLOOR = 14.0
"""A marker whose lower limit is zero spreads (by ratio) from this part of the upper limit."""


def measure(resident: Resident, code: str, on: date, random: Random, stress: float = 0.0) -> float:
    """Return a value in the catalogue's unit; `stress` (0 to 1) is an acute illness or injury."""
    analyte = list_analytes()[code]
    value = baseline(resident, code)
    for condition in sorted(resident.conditions):
        factor, addition = EFFECTS[condition].get(code, (1.0, 0.0))
        value = value * factor + addition
    value *= 1 + stress * ACUTE.get(code, 0.0)
    if code == "TPSA" and resident.age(on) > 60:
        value *= 1.9
    return abs(value * (1 + random.gauss(0, analyte.within)))


ACUTE = {
    "WBC": 1.1,
    "CRP": 9.0,
    "PCT": 6.0,
    "Glu": 0.25,
    "DD": 2.5,
    "TnI": 8.0,
    "CKMBm": 5.0,
    "CKMBa": 2.0,
    "CK": 2.5,
    "Myo": 4.0,
    "AST": 0.6,
    "LDH": 0.4,
    "Alb": -0.08,
    "PLT": 0.15,
}


@cache
def baseline(resident: Resident, code: str) -> float:
    """Return a healthy person's own level: always the same for the same person."""
    analyte = list_analytes()[code]
    low, high = analyte.limits(resident.sex)
    z = deviation(resident.resident_id, code)
    if analyte.skewed:
        bottom = low or high / ZERO_FLOOR
        return math.exp((math.log(bottom) + math.log(high)) / 2 + z * (math.log(high / bottom)) / SPREAD)
    return (low + high) / 2 + z * (high - low) / SPREAD


@cache
def deviation(resident_id: str, code: str) -> float:
    return max(-2.6, min(2.6, Random(f"{resident_id} {code}").gauss(0, 1)))


@cache
def positive_markers(resident: Resident) -> dict[str, bool]:
    """Return which serological markers a person carries; most were vaccinated or once infected."""
    random = Random(f"{resident.resident_id} serology")
    carrier = "hepatitis_b" in resident.conditions
    immune = not carrier and random.random() < 0.62
    return {
        "HBsAg": carrier,
        "HBsAb": immune,
        "HBeAg": carrier and random.random() < 0.25,
        "HBeAb": carrier and random.random() < 0.6,
        "HBcAb": carrier or (immune and random.random() < 0.3),
        "AntiHCV": random.random() < 0.006,
        "AntiHIV": False,
        "AntiTP": random.random() < 0.012,
    }
