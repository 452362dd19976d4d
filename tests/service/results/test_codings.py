"""A row may come under several codes: the first that means something here is used."""

import pytest
from uploads import lab, row, upload

from yijian.domains.results.models import Report, Result
from yijian.foundation.inbox.models import WorkItem

pytestmark = pytest.mark.django_db


def coded(first: dict[str, str], *alternates: dict[str, str]) -> dict[str, object]:
    return row() | {"item": first, "alternates": list(alternates)}


UNKNOWN_LOINC = {"system": "loinc", "code": "9999-9"}
POTASSIUM = {"system": "loinc", "code": "2823-3"}
OWN = {"system": "local", "code": "JIA2"}


def test_uses_the_first_coding_that_means_something() -> None:
    upload(lab(coded(UNKNOWN_LOINC, OWN, POTASSIUM)))
    assert Result.objects.values_list("item_code", "code_system", "code").get() == ("K", "loinc", "2823-3")


def test_waits_under_the_hospitals_own_code_which_a_person_can_map() -> None:
    upload(lab(coded(UNKNOWN_LOINC, OWN)))
    assert Result.objects.values_list("item_code", "code_system", "code").get() == ("", "local", "JIA2")
    assert WorkItem.objects.get(kind="unmapped_code").subject == "local|JIA2"


@pytest.mark.parametrize(("late", "standing"), [("preliminary", 1), ("final", 2), ("corrected", 2)])
def test_at_the_same_time_the_later_status_stands(late: str, standing: int) -> None:
    first = upload(lab(status="final"))
    upload(lab(row(value="9.9"), status=late))
    assert Report.objects.get(report_id=first.report_id).current_version == standing
