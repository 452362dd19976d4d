"""Codes, units and other matters: who mends them, and what goes on then."""

import html
import re
from typing import Any

import pytest

from tests.service.region import CITY, COUNTY
from tests.service.web.desk import actions, keep_waiting, local_row, page, receive, record, signed_in_as
from yijian.domains.results.models import Result
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.inbox.models import InboxMessage, WorkItem
from yijian.foundation.inbox.work_items import open_work_item
from yijian.kit.clock import now
from yijian.web.views.mapping import PAGE

pytestmark = pytest.mark.django_db


def test_a_matter_is_assigned_to_a_colleague_of_ones_institution_only() -> None:
    record(message_id=receive(state="waiting"), results=[local_row("XK", "钾")])
    technician = signed_in_as(Role.TECHNICIAN)
    User.objects.create_user("wang", role=Role.TECHNICIAN, institution_code=COUNTY, display_name="王敏")
    User.objects.create_user("far", role=Role.TECHNICIAN, institution_code=CITY)
    matter = {"institution": COUNTY, "kind": "unmapped_code", "subject": "local|XK"}

    technician.post("/work-items/assign", matter | {"owner": "wang"})

    assert "王敏</summary>" in page(technician, "/work-items/")
    assert "XK" not in page(technician, "/work-items/?whose=mine")
    assert "XK" not in page(technician, "/work-items/?whose=nobody")
    assert technician.post("/work-items/assign", matter | {"owner": "far"}).status_code == 403
    assert signed_in_as(Role.TECHNICIAN, CITY).post("/work-items/assign", matter).status_code == 403
    technician.post("/work-items/assign", matter | {"owner": ""})
    assert "XK" in page(technician, "/work-items/?whose=nobody")


def test_queues_are_paged_by_place() -> None:
    for number in range(PAGE + 2):
        open_work_item(COUNTY, "unmapped_unit", f"unit{number:03}", at=now())
    technician = signed_in_as(Role.TECHNICIAN)

    first = page(technician, "/work-items/?kind=unmapped_unit")
    further = html.unescape(re.findall(r'href="(\?kind=unmapped_unit[^"]*after=[^"]*)"', first)[0])
    second = page(technician, f"/work-items/{further}")

    assert "unit049" in first
    assert "unit050" not in first
    assert "unit051" in second
    assert "unit049" not in second


def test_confirmed_code_makes_waiting_results_usable_and_disappears() -> None:
    waiting = keep_waiting(local_row("XGLU", "葡萄糖(GLU)"))
    technician = signed_in_as(Role.TECHNICIAN)
    assert "XGLU" in page(technician, "/work-items/")
    choosing = page(technician, f"/work-items/code?institution={COUNTY}&code=XGLU")
    assert "5.6" in choosing
    assert "item=Glu" in choosing
    chosen = page(technician, f"/work-items/code?institution={COUNTY}&code=XGLU&item=Glu")
    assert "对照为" in chosen

    answer = technician.post(
        "/work-items/confirm", {"institution": COUNTY, "code": "XGLU", "item": "Glu"}, follow=True
    )

    assert "XGLU 已对照为 葡萄糖，1 条结果随即可用。" in answer.content.decode()
    row = Result.objects.get(code="XGLU")
    assert (row.item_code, str(row.comparable_value.normalize())) == ("Glu", "5.6")
    assert InboxMessage.objects.get(message_id=waiting).state == "recorded"
    assert "没有要处理的事" in page(technician, "/work-items/")
    assert "web.code_confirmed" in actions()


def test_code_of_several_specimens_may_mean_an_item_in_one_alone() -> None:
    keep_waiting(local_row("PROT", "蛋白"))
    urine = {"specimen": {"type_code": "UR", "type_name": "尿液"}, "report_no": "L2"}
    keep_waiting(local_row("PROT", "蛋白"), **urine)
    technician = signed_in_as(Role.TECHNICIAN)
    chosen = page(technician, f"/work-items/code?institution={COUNTY}&code=PROT&item=TP")
    assert 'value="serum"' in chosen
    assert 'value="urine"' in chosen

    meaning = {"institution": COUNTY, "code": "PROT", "item": "TP", "specimen": "serum"}
    technician.post("/work-items/confirm", meaning)

    assert dict(Result.objects.values_list("specimen", "item_code")) == {"serum": "TP", "urine": ""}
    assert "PROT" in page(technician, "/work-items/")


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.INTEGRATOR])
def test_nobody_gives_another_institutions_code_a_meaning(role: Role) -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"), institution=CITY)
    outsider = signed_in_as(role)

    assert "XGLU" not in page(outsider, "/work-items/")
    for address in ("code", "items"):
        answer = outsider.get(f"/work-items/{address}", {"institution": CITY, "code": "XGLU", "word": "钾"})
        assert answer.status_code == 403
    for address in ("confirm", "handled"):
        asked = {"institution": CITY, "code": "XGLU", "item": "Glu", "kind": "unmapped_unit", "subject": "x"}
        assert outsider.post(f"/work-items/{address}", asked).status_code == 403
    assert Result.objects.get(code="XGLU").item_code == ""


@pytest.mark.parametrize("asked", [{"item": "NO-SUCH"}, {"item": ""}, {"code": ""}])
def test_meaning_that_names_nothing_is_refused(asked: dict[str, str]) -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"))

    meaning = {"institution": COUNTY, "code": "XGLU", "item": "Glu"} | asked
    answer = signed_in_as(Role.INTEGRATOR).post("/work-items/confirm", meaning)

    assert answer.status_code == 404
    assert Result.objects.get(code="XGLU").item_code == ""


@pytest.mark.parametrize(("word", "code"), [("钾(K)", "K"), ("potassium", "K"), ("葡萄糖[GLU]", "Glu")])
def test_items_are_suggested_under_the_names_laboratories_print(word: str, code: str) -> None:
    asked = {"institution": COUNTY, "code": "X", "word": word}

    answer = signed_in_as(Role.TECHNICIAN).get("/work-items/items", asked)

    assert f"item={code}" in answer.content.decode()


def test_unknown_unit_may_be_confirmed_as_not_comparable() -> None:
    item = {"system": "item", "code": "K", "name": "钾"}
    waiting = keep_waiting(local_row("K", "钾", unit="meq每升") | {"item": item})
    integrator = signed_in_as(Role.INTEGRATOR)
    assert "meq每升" in page(integrator, "/work-items/?kind=unmapped_unit")

    matter = {"institution": COUNTY, "kind": "unmapped_unit", "subject": "meq每升"}
    integrator.post("/work-items/handled", matter)

    assert not WorkItem.objects.filter(resolved_at=None).exists()
    assert InboxMessage.objects.get(message_id=waiting).state == "recorded"


def potassium(unit: str, value: str = "4.1") -> dict[str, Any]:
    return local_row("K", "钾", value, unit) | {"item": {"system": "item", "code": "K", "name": "钾"}}


def test_named_unit_makes_waiting_results_comparable_and_is_known_from_then_on() -> None:
    waiting = keep_waiting(potassium("毫摩尔每升式"))
    technician = signed_in_as(Role.TECHNICIAN)
    address = {"institution": COUNTY, "unit": "毫摩尔每升式"}
    assert "对照" in page(technician, "/work-items/?kind=unmapped_unit")
    assert "没有这个单位" in technician.get("/work-items/unit", address | {"ucum": "x?"}).content.decode()
    tried = technician.get("/work-items/unit", address | {"ucum": "mmol/l"}).content.decode()
    assert "4.1 mmol/L" in tried

    answer = technician.post("/work-items/unit", address | {"ucum": "mmol/l"}, follow=True)

    assert "毫摩尔每升式 已对照为 mmol/L，1 条结果已重新读取。" in answer.content.decode()
    row = Result.objects.get()
    assert (row.unit, row.comparable_unit, str(row.comparable_value.normalize())) == (
        "毫摩尔每升式",
        "mmol/L",
        "4.1",
    )
    assert InboxMessage.objects.get(message_id=waiting).state == "recorded"
    keep_waiting(potassium("毫摩尔 每升式", "5"), report_no="L2")
    assert not WorkItem.objects.filter(resolved_at=None).exists()
    assert Result.objects.get(value="5").unit_state == "same"
    assert "web.unit_named" in actions()


@pytest.mark.parametrize(("role", "reached"), [(Role.TECHNICIAN, False), (Role.ADMINISTRATOR, True)])
def test_only_the_platform_names_a_unit_for_everybody(role: Role, reached: bool) -> None:
    keep_waiting(potassium("毫摩"))
    keep_waiting(potassium("毫摩"), institution=CITY)

    asked = {"institution": COUNTY, "unit": "毫摩", "ucum": "mmol/L", "everywhere": "on"}
    signed_in_as(role).post("/work-items/unit", asked)

    states = dict(Result.objects.values_list("institution_code", "unit_state"))
    assert states == {COUNTY: "same", CITY: "same" if reached else "not_comparable"}


def test_unit_of_another_institution_or_one_that_is_known_is_not_named() -> None:
    keep_waiting(potassium("毫摩"))
    asked = {"unit": "毫摩", "ucum": "mmol/L", "institution": COUNTY}

    assert signed_in_as(Role.TECHNICIAN, CITY).post("/work-items/unit", asked).status_code == 403
    known = asked | {"unit": "mmol/L"}
    assert signed_in_as(Role.TECHNICIAN).post("/work-items/unit", known).status_code == 404
    wrong = asked | {"ucum": "no such unit"}
    assert signed_in_as(Role.INTEGRATOR).post("/work-items/unit", wrong).status_code == 422


def test_unmapped_code_is_never_closed_by_hand() -> None:
    keep_waiting(local_row("XGLU", "葡萄糖"))

    matter = {"institution": COUNTY, "kind": "unmapped_code", "subject": "local|XGLU"}
    assert signed_in_as(Role.INTEGRATOR).post("/work-items/handled", matter).status_code == 404
    assert WorkItem.objects.filter(resolved_at=None).exists()
