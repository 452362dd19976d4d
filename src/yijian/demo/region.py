"""The region as rows: divisions, institutions, campuses, consortia, prices, codes and senders. Pure."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yijian.demo.agreements import agreement_rows, assay_rows, right_rows, suspension_rows
from yijian.demo.calendar import Calendar
from yijian.demo.coding import list_meanings
from yijian.demo.tables import Institution, list_consortia, list_institutions, list_providers, list_regions
from yijian.domains.terminology.catalogue import load_demo_prices

__all__ = ["ALLIANCE", "region_rows"]

Rows = dict[str, list[dict[str, Any]]]
"""Rows by model (`app.Model`), in the order in which they can be written."""

ALLIANCE = "JJJL"
ALLIED = ("11", "12", "13", "37")
OPENED_ON = date(2016, 1, 1)
JOINED_ON = date(2021, 7, 1)
LEVEL_FACTOR = {0: Decimal("1.05"), 1: Decimal("0.80"), 2: Decimal("0.90"), 3: Decimal("1.00")}
PRIVATE_FACTOR = Decimal("1.30")
LOOPBACK = ["127.0.0.0/8", "::1/128"]
CENT = Decimal("0.01")


def region_rows(calendar: Calendar) -> Rows:
    """Return the master data of the region as it is on the calendar's day."""
    return {
        "institutions.Region": [_region(row) for row in list_regions()],
        "institutions.Alliance": [
            {
                "code": ALLIANCE,
                "name_zh": "京津冀鲁检查检验结果互认联盟",
                "name_en": "Beijing-Tianjin-Hebei-Shandong alliance",
                "mark_label": "京津冀HR",
            }
        ],
        "institutions.AllianceMember": [
            {"alliance_id": ALLIANCE, "region_id": code, "joined_on": OPENED_ON} for code in ALLIED
        ],
        "institutions.Institution": [_institution(each) for each in list_institutions()],
        "institutions.Campus": list(_campuses()),
        "institutions.Consortium": [
            {
                "code": each.code,
                "name_zh": each.name_zh,
                "name_en": each.name_en,
                "region_id": each.region,
                "lead_id": each.lead,
            }
            for each in list_consortia()
        ],
        "institutions.ConsortiumMember": [
            {"consortium_id": each.consortium, "institution_id": each.code, "joined_on": JOINED_ON}
            for each in list_institutions()
            if each.consortium
        ],
        "institutions.Price": list(_prices(calendar)),
        "terminology.CodeMap": list(_code_maps()),
        **agreement_rows(calendar),
        "sharing.Right": list(right_rows(calendar)),
        "sharing.Suspension": list(suspension_rows(calendar)),
        "sharing.AssayMethod": list(assay_rows()),
        "inbox.Sender": [_sender(each) for each in list_providers()],
    }


def _region(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "kind": row.kind,
        "parent_id": row.parent or None,
        "mark_label": row.mark_label,
    }


def _institution(each: Institution) -> dict[str, Any]:
    return {
        "code": each.code,
        "name_zh": each.name_zh,
        "name_en": each.name_en,
        "region_id": each.region,
        "level": each.level,
        "grade": each.grade,
        "kind": each.kind,
        "ownership": each.ownership,
        "active_from": OPENED_ON,
    }


def _campus_names() -> Iterator[tuple[Institution, str, str, bool]]:
    for each in list_providers():
        yield each, "A", "本部", True
        if each.second_campus:
            yield each, "B", each.second_campus, False


def _campuses() -> Iterator[dict[str, Any]]:
    for number, (institution, code, name, main) in enumerate(_campus_names(), start=1):
        yield {
            "id": number,
            "institution_id": institution.code,
            "code": code,
            "name_zh": name,
            "main": main,
        }


def _prices(calendar: Calendar) -> Iterator[dict[str, Any]]:
    """Price every item at every campus: tertiary hospitals changed theirs when the province last did."""
    for campus_id, (institution, _, _, main) in enumerate(_campus_names(), start=1):
        factor = LEVEL_FACTOR[institution.level] * (
            PRIVATE_FACTOR if institution.ownership == "private" else 1
        )
        for item_code, base in load_demo_prices().items():
            amount = base * factor * (1 if main else Decimal("1.05"))
            changed = institution.level == 3 and item_code.startswith(("IMG-CT", "IMG-MR"))
            if changed:
                old = {"valid_from": OPENED_ON, "valid_until": calendar.new_rules_on}
                yield _price(campus_id, item_code, amount * Decimal("1.15"), **old)
            since = calendar.new_rules_on if changed else OPENED_ON
            yield _price(campus_id, item_code, amount, valid_from=since, valid_until=None)


def _price(campus_id: int, item_code: str, amount: Decimal, **validity: date | None) -> dict[str, Any]:
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    return {"campus_id": campus_id, "item_id": item_code, "amount": rounded, **validity}


def _code_maps() -> Iterator[dict[str, Any]]:
    for institution in list_providers():
        for local_code, item_code, state in list_meanings(institution):
            yield {
                "institution_code": institution.code,
                "local_code": local_code,
                "item_id": item_code,
                "state": state,
                "author": "demo",
            }


def _sender(institution: Institution) -> dict[str, Any]:
    """Every institution may send from this machine; one declares no character set and is known for GBK."""
    return {
        "facility": institution.code,
        "institution_code": institution.code,
        "encoding": "GBK" if institution.charset == "GBK" else "",
        "addresses": LOOPBACK,
    }
