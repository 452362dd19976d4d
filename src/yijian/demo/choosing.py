"""Which institution somebody goes to, and to which one they are sent on. Pure."""

from random import Random

from yijian.demo.laboratory import PACKAGES
from yijian.demo.people import Resident
from yijian.demo.tables import Institution, list_providers
from yijian.domains.identity.values import EncounterType

__all__ = ["first_choice", "offers", "second_choice"]

PRIMARY_CARE = frozenset({"CBC", "URINE", "RFT", "LFT", "LIPID", "HBA1C", "IMG-DX-CHEST", "ECG-12", "US-ABD"})
"""What a township centre can do."""
COMPLEX = ("IMG-CT", "IMG-MR", "TUMOUR", "HBVDNA")
"""What takes a hospital of the second level."""


def offers(institution: Institution, order: str) -> bool:
    """Tell whether an institution can do what is ordered."""
    if institution.kind == "laboratory":
        return order in PACKAGES
    if institution.kind == "imaging":
        return order.startswith(("IMG-", "US-"))
    if institution.level == 1:
        return order in PRIMARY_CARE
    return institution.level >= 2


def _nearby(resident: Resident) -> list[Institution]:
    city = resident.home[:4]
    return [each for each in list_providers() if each.region.startswith(city) and each.level > 0]


def first_choice(
    resident: Resident, encounter: EncounterType, orders: list[str], random: Random
) -> Institution:
    """Return where somebody goes: near home, and high enough for what ails them."""
    floor = 2 if encounter is EncounterType.INPATIENT or any(o.startswith(COMPLEX) for o in orders) else 1
    choices = [each for each in _nearby(resident) if each.level >= floor]
    if encounter is EncounterType.CHECKUP and random.random() < 0.15:
        return _somewhere_else(random)
    weights = [_pull(each, resident) for each in choices]
    return random.choices(choices, weights)[0]


def _pull(institution: Institution, resident: Resident) -> float:
    home = institution.region == resident.home
    return {1: 1.6 if home else 0.02, 2: 4.0 if home else 0.5, 3: 3.0 if home else 1.6}[institution.level]


def _somewhere_else(random: Random) -> Institution:
    """Return another province's hospital or a private laboratory: employers send people there."""
    return random.choice(
        [each for each in list_providers() if each.kind == "laboratory" or each.rights == "alliance"]
    )


def second_choice(first: Institution, random: Random) -> Institution:
    """Return where the next physician asks: mostly higher, sometimes beside or back down."""
    hospitals = [each for each in list_providers() if each.level >= 2 and each.region.startswith("42")]
    if first.consortium and random.random() < 0.5:
        hospitals = [e for e in list_providers() if e.consortium == first.consortium]
    choices = [each for each in hospitals if each.code != first.code]
    weights = [
        3.0 if each.level > first.level else 2.0 if each.region[:4] == first.region[:4] else 0.6
        for each in choices
    ]
    return random.choices(choices, weights)[0]
