"""What supervisors see, export and ask for."""

from datetime import date, timedelta

import msgspec
import pytest

from tests.service.region import CITY, COUNTY, TOWN, order_check
from tests.service.sharing.signing import settle
from tests.service.web.desk import page, record, signed_in_as
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import CitationSubmission, DecisionSubmission, MatchRequest
from yijian.domains.sharing.values import RegionalReason
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.web.periods import read_period
from yijian.web.spreadsheets import write_csv

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 31)


def go_through_the_loop(*, times: int = 1, decision: str = "accept", **reason: str) -> None:
    """Remind COUNTY of CITY's potassium, decide, and cite what was accepted."""
    for _ in range(times):
        request = msgspec.convert(order_check(), MatchRequest)
        answer = recognition.match_order(
            COUNTY, request, channel="web", actor="tester", at=now(), view=recognition.View()
        ).document
        item = {"match_item_id": answer["items"][0]["candidate"]["match_item_id"], "decision": decision}
        submission = {
            "match_id": answer["match_id"],
            "decided_at": now(),
            "items": [item | ({"reason": reason} if reason else {})],
        }
        decided = msgspec.convert(submission, DecisionSubmission)
        recognition.record_decisions(COUNTY, decided, channel="json", actor="tester", at=now())
        if decision == "accept":
            citation = CitationSubmission(match_item_id=decided.items[0].match_item_id, cited_at=now())
            recognition.record_citation(COUNTY, citation, at=now())


def test_supervisor_sees_each_rate_under_its_own_name() -> None:
    record(CITY)
    go_through_the_loop(times=2)
    go_through_the_loop(decision="decline", code="6", technical="window")

    shown = page(signed_in_as(Role.SUPERVISOR, CITY), "/supervision/")

    for name, formula, value in (
        ("同期互认率", "采纳数 ÷ 提醒数", "66.67%"),
        ("已决互认率", "采纳数 ÷（采纳数 + 不采纳数）", "66.67%"),
        ("应答率", "（采纳数 + 不采纳数）÷ 提醒数", "100.00%"),
        ("查看率", "查看数 ÷ 提醒数", "0.00%"),
        ("引用率", "引用数 ÷ 采纳数", "100.00%"),
    ):
        block = shown[shown.index(f"<dt>{name}</dt>") :]
        assert value in block[: block.index("</div>")]
        assert formula in block[: block.index("</div>")]
    assert "区人民医院" in shown
    assert "¥24.00" in shown
    assert "其中：超过时限" in shown


def test_declines_are_parted_by_the_regions_own_reasons() -> None:
    settle(decline_reasons=(RegionalReason("NM07", "6", "患者或家属要求复查"),))
    record(CITY)
    go_through_the_loop(decision="decline", regional="NM07")
    go_through_the_loop(decision="decline", regional="NM07", technical="window")
    go_through_the_loop(decision="decline", code="6", technical="window")
    supervisor = signed_in_as(Role.SUPERVISOR, CITY)

    shown = page(supervisor, "/supervision/")
    for part in ("患者或家属要求复查", "患者或家属要求复查、超过时限", "超过时限"):
        assert f"其中：{part}<" in shown
    exported = supervisor.get("/supervision/declines.csv").content.decode()
    assert "6,其他情形（须说明）,患者或家属要求复查,1,33.33%" in exported


def test_supervisor_sees_nothing_beyond_the_region_of_the_own_body() -> None:
    record(CITY)
    go_through_the_loop()

    assert "区人民医院" in page(signed_in_as(Role.SUPERVISOR, TOWN), "/supervision/")
    assert "区人民医院" not in page(signed_in_as(Role.SUPERVISOR, "ELSEWHERE"), "/supervision/")
    assert "区人民医院" in page(signed_in_as(Role.ADMINISTRATOR, ""), "/supervision/")


def test_period_without_data_says_so() -> None:
    shown = page(signed_in_as(Role.SUPERVISOR, CITY), "/supervision/?period=last-month")

    assert "这段时间没有互认提醒" in shown


def test_export_opens_in_excel_and_says_what_the_page_says() -> None:
    record(CITY)
    go_through_the_loop(times=2)
    go_through_the_loop(decision="decline", code="4")
    supervisor = signed_in_as(Role.SUPERVISOR, CITY)

    answer = supervisor.get("/supervision/institutions.csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "COUNTY,区人民医院,二级,3,0,2,1,2,24.00,66.67%" in answer.content.decode()
    assert "K,钾,3,0,2,1,2,24.00,66.67%" in supervisor.get("/supervision/items.csv").content.decode()
    assert "患者处于急诊、急救状态" in supervisor.get("/supervision/declines.csv").content.decode()
    assert "同期互认率,66.67%" in supervisor.get("/supervision/summary.csv").content.decode()
    assert supervisor.get("/supervision/anything.csv").status_code == 404


def test_export_never_hands_a_spreadsheet_something_to_compute() -> None:
    assert write_csv(iter([("=1+1", "@x", 5, "钾")])) == "\ufeff'=1+1,'@x,5,钾\r\n"


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("this-month", date(2026, 3, 1), date(2026, 3, 31)),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("30-days", date(2026, 3, 2), date(2026, 3, 31)),
        ("365-days", date(2025, 4, 1), date(2026, 3, 31)),
        ("no such period", date(2026, 3, 2), date(2026, 3, 31)),
    ],
)
def test_period_is_read_from_the_address(code: str, first: date, last: date) -> None:
    period, _form = read_period({"period": code}, TODAY)

    assert (period.first, period.last) == (first, last)
    assert period.until - period.since == timedelta(days=(last - first).days + 1)
    assert read_period(dict([part.split("=") for part in period.query.split("&")]), TODAY)[0] == period


def test_period_of_ones_own_is_kept_in_the_address() -> None:
    asked = {"period": "custom", "first": "2025-12-31", "last": "2026-01-01"}

    period, form = read_period(asked, TODAY)

    assert form.is_valid()
    assert period.query == "period=custom&first=2025-12-31&last=2026-01-01"
    assert period.since.isoformat() == "2025-12-31T00:00:00+08:00"


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-02", "2026-02-01"), ("nonsense", "2026-02-01"), ("2026-02-01", "9999-12-31")],
)
def test_nonsensical_dates_are_told_and_the_default_is_shown(first: str, last: str) -> None:
    period, form = read_period({"period": "custom", "first": first, "last": last}, TODAY)

    assert form.errors
    assert period.code == "30-days"
