"""The region's master data hangs together, and nobody in it can be mistaken for a real person."""

from datetime import timedelta
from random import Random

import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.coding import UNMAPPED, code_of
from yijian.demo.people import make_residents
from yijian.demo.region import region_rows
from yijian.demo.tables import find_institution, list_institutions, list_providers, list_regions
from yijian.domains.terminology.catalogue import load_items
from yijian.kit import resident_id
from yijian.kit.clock import now

CALENDAR = Calendar(now().replace(microsecond=0))
ROWS = region_rows(CALENDAR)


@pytest.mark.parametrize(
    ("label", "column", "target"),
    [
        ("institutions.Institution", "region_id", {row.code for row in list_regions()}),
        ("institutions.Consortium", "lead_id", {each.code for each in list_institutions()}),
        ("sharing.Right", "institution_id", {each.code for each in list_institutions()}),
        ("sharing.Right", "item_id", {item.code for item in load_items()}),
        ("terminology.CodeMap", "item_id", {item.code for item in load_items()}),
        ("institutions.Price", "campus_id", {row["id"] for row in ROWS["institutions.Campus"]}),
    ],
)
def test_rows_refer_to_what_exists(label: str, column: str, target: set[object]) -> None:
    assert {row[column] for row in ROWS[label]} <= target


def test_region_has_the_promised_size() -> None:
    assert len(list_providers()) == 40
    assert len(ROWS["institutions.Consortium"]) == 4
    assert {each.level for each in list_providers()} == {0, 1, 2, 3}
    assert {each.charset for each in list_providers()} == {"", "UTF-8", "GB18030", "GBK"}


def test_local_code_means_one_item() -> None:
    keys = [(row["institution_code"], row["local_code"]) for row in ROWS["terminology.CodeMap"]]
    assert len(keys) == len(set(keys))


def test_unmapped_codes_have_no_meaning() -> None:
    confirmed = {
        (row["institution_code"], row["local_code"])
        for row in ROWS["terminology.CodeMap"]
        if row["state"] == "confirmed"
    }
    for institution_code, items in UNMAPPED.items():
        for item_code in items:
            printed = code_of(find_institution(institution_code), item_code)
            assert printed.system == "local"
            assert (institution_code, printed.code) not in confirmed


def test_provincial_rules_changed_within_the_year() -> None:
    first, second = (row for row in ROWS["sharing.Agreement"] if row["code"] == "HB")
    assert first["effective_from"] < CALENDAR.start.date() < second["effective_from"] < CALENDAR.today
    assert first["directions"] != second["directions"]


def test_rights_include_lost_and_expired_ones() -> None:
    rights = ROWS["sharing.Right"]
    assert any(row.get("ended_on") for row in rights)
    assert any(row["valid_until"] < CALENDAR.today for row in rights)
    assert not any(row["institution_id"] == "42011513" for row in rights)


def test_residents_carry_valid_numbers_of_nobody() -> None:
    residents = make_residents(CALENDAR.today, 500, Random(1))  # noqa: S311
    assert len({resident.resident_id for resident in residents}) == 500
    for resident in residents:
        parsed = resident_id.parse(resident.resident_id)
        assert parsed is not None
        assert (parsed.sex, parsed.birth_date) == (resident.sex, resident.birth_date)
        assert 996 <= int(resident.resident_id[14:17]) <= 999
        assert resident.birth_date <= CALENDAR.today
        assert resident.phone.startswith("100")


def test_same_seed_makes_the_same_people() -> None:
    first, second = (make_residents(CALENDAR.today, 50, Random(3)) for _ in range(2))  # noqa: S311
    assert first == second
    assert first != make_residents(CALENDAR.today + timedelta(days=1), 50, Random(4))  # noqa: S311
