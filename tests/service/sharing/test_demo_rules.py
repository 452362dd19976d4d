"""The demo's rules, from their file into the rulebook."""

import pytest

from yijian.demo.calendar import Calendar
from yijian.demo.master_data import store_region
from yijian.demo.tables import list_consortia
from yijian.domains.sharing import api
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db


def test_the_region_s_file_is_the_rulebook() -> None:
    calendar = Calendar(now())
    store_region(calendar)
    rulebook = api.get_rulebook()
    codes = {(each.code, each.version) for each in rulebook.agreements}
    assert codes >= {("HB", 1), ("HB", 2), ("WH", 1), *((each.code, 1) for each in list_consortia())}
    first = next(each for each in rulebook.agreements if (each.code, each.version) == ("HB", 1))
    assert first.effective_until == calendar.new_rules_on
    assert len(first.windows) == 22
    wuhan, yichang = (api.get_options(code, now()) for code in ("42010601", "42050201"))
    assert (wuhan.revocation_allowed, yichang.revocation_allowed) == (False, True)
    assert ("★", "鄂HR") in wuhan.mark_signs
