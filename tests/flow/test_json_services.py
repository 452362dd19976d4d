"""The JSON services as a hospital meets them: tokens, problems, uploads, decisions, citations, marks."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.test import Client as Browser

from tests.service.region import CITY, COUNTY, lab_report, make_region, patient
from tests.service.sharing.signing import settle
from yijian.domains.recognition.api import View, match_order
from yijian.domains.recognition.values import MatchRequest
from yijian.foundation.accounts.api import register_client
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import ClientRecord
from yijian.foundation.inbox.models import InboxMessage
from yijian.gateways.json_api.urls import urlpatterns
from yijian.kit.clock import now
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db
ALL = ("recognition.match", "recognition.decide", "report.write", "order.write", "marks.read")


class Hospital:
    """An institution's program with its token."""

    def __init__(self, institution: str, scopes: tuple[str, ...] = ALL) -> None:
        from django.conf import settings  # noqa: PLC0415 - Django is set up after this file is read

        register_client(f"his-{institution}", institution, institution, scopes)
        client = ClientRecord(f"his-{institution}", institution, frozenset(scopes))
        tokens = BearerTokens(settings.SECRET_KEY, settings.ENVIRONMENT.namespace)
        self._header = f"Bearer {tokens.issue(client, scopes, datetime.now(UTC))}"
        self._browser = Browser()

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._browser.post(
            f"/api/v1/{path}",
            body,
            content_type=headers.pop("content_type", "application/json"),
            headers={"Authorization": self._header} | headers,
        )

    def get(self, path: str, **query: str) -> Any:
        return self._browser.get(f"/api/v1/{path}", query, headers={"Authorization": self._header})


@pytest.fixture
def city(db: None) -> Hospital:
    make_region()
    return Hospital(CITY)


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert set(document) == {"type", "title", "status", "code", "detail", "errors", "trace_id"}
    assert document["trace_id"] == response["X-Trace-Id"]
    return dict(document)


def test_upload_is_recorded_kept_and_idempotent(city: Hospital) -> None:
    report = lab_report()
    first, again = city.post("reports", report).json(), city.post("reports", report).json()
    assert (first["version"], first["outcome"], first["work_items"]) == (1, "recorded", [])
    assert (again["report_id"], again["version"], again["outcome"]) == (first["report_id"], 1, "duplicate")
    assert {m.state for m in InboxMessage.objects.all()} == {"recorded"}


def test_other_content_is_a_new_version(city: Hospital) -> None:
    report = lab_report()
    city.post("reports", report)
    corrected = report | {"status": "corrected"}
    assert city.post("reports", corrected).json()["version"] == 2


def test_unmapped_code_waits_with_a_work_item(city: Hospital) -> None:
    local = {
        "item": {"system": "local", "code": "XYZ", "name": "未知"},
        "value": "1",
        "unit": "g/L",
        "kind": "number",
    }
    answer = city.post("reports", lab_report(results=[local])).json()
    assert answer["outcome"] == "waiting"
    assert answer["work_items"][0]["kind"] == "unmapped_code"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"foo": 1}, "foo"),
        ({"reported_at": "2026-01-01T00:00:00"}, "reported_at"),
        ({"reported_at": "yesterday"}, "reported_at"),
        ({"kind": "xray"}, "kind"),
        ({"results": [{"item": {"system": "item", "code": "K"}}]}, "results[0].value"),
        ({"patient": {"identifiers": [{"type": "x", "value": "1"}]}}, "patient.identifiers[0].type"),
    ],
)
def test_malformed_uploads_name_the_field_and_are_kept(
    city: Hospital, changes: dict[str, Any], path: str
) -> None:
    document = problem(city.post("reports", lab_report(**changes)), 400)
    assert document["errors"][0]["path"] == path
    kept = InboxMessage.objects.get()
    assert (kept.state, kept.reason_code) == ("refused", "request.invalid")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"results": []}, "results"),
        ({"collected_at": None}, "collected_at"),
        ({"patient": {"identifiers": []}}, "patient.identifiers"),
        ({"reported_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}, "reported_at"),
        ({"collected_at": "1066-10-14T09:00:00+00:00"}, "collected_at"),
        ({"report_no": ""}, "report_no"),
        ({"pdf": "Zm9v"}, "pdf"),
    ],
)
def test_absurd_uploads_are_refused_with_the_field(
    city: Hospital, changes: dict[str, Any], path: str
) -> None:
    body = {key: value for key, value in lab_report(**changes).items() if value is not None}
    document = problem(city.post("reports", body), 422)
    assert path in {error["path"] for error in document["errors"]}


def test_void_is_idempotent_and_deletes_nothing(city: Hospital) -> None:
    city.post("reports", lab_report())
    body = {"report_no": "L1", "voided_at": datetime.now(UTC).isoformat(), "reason": "标本采错"}
    first, again = city.post("reports/void", body), city.post("reports/void", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["outcome"], again.json()["outcome"]) == ("recorded", "duplicate")
    problem(city.post("reports/void", body | {"report_no": "nobody's"}), 404)


def test_authentication_scope_method_and_media_type() -> None:
    make_region()
    weak = Hospital(COUNTY, ("marks.read",))
    assert problem(weak.post("reports", lab_report()), 403)["code"] == "scope.missing"
    response = weak.post("reports", lab_report(), Authorization="Bearer nonsense")
    assert problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")
    strong = Hospital(CITY)
    problem(strong.get("reports"), 405)
    problem(strong.post("reports", "{}", content_type="text/plain"), 415)
    problem(strong.post("reports", "{nonsense"), 400)


def test_orders_are_idempotent_by_number_and_state(city: Hospital) -> None:
    order = {
        "order_no": "O1",
        "state": "placed",
        "occurred_at": datetime.now(UTC).isoformat(),
        "patient": patient(),
        "encounter": {"type": "outpatient", "number": "V1"},
        "item": {"system": "item", "code": "K"},
        "price": "12.00",
    }
    body = {"orders": [order, order, order | {"price": "13.00"}, order | {"state": "executed"}]}
    answers = [each["outcome"] for each in city.post("orders", body).json()["orders"]]
    assert answers == ["recorded", "duplicate", "refused", "recorded"]


def test_marks_say_what_may_be_printed(city: Hospital) -> None:
    marks = city.get("marks", item="K").json()
    assert [mark["label"] for mark in marks["marks"]] == ["鄂HR"]
    none = city.get("marks", item="Na").json()
    assert (none["marks"], none["reasons"][0]["code"]) == ([], "right.absent")
    before = city.get("marks", item="K", at="2019-03-01T08:00:00+08:00").json()
    assert (before["marks"], before["reasons"][0]["code"]) == ([], "right.not_yet")
    problem(city.get("marks", item="nothing"), 404)
    problem(city.get("marks", item="K", at="March"), 400)


def test_a_sign_that_stands_for_a_mark_is_told(city: Hospital) -> None:
    settle(mark_signs=(("★", "鄂HR"),))
    assert city.get("marks", item="K").json()["marks"][0]["sign"] == "★"


def test_a_decision_is_taken_back_only_where_the_region_allows_it(city: Hospital) -> None:
    county = Hospital(COUNTY)
    assert city.post("reports", lab_report()).status_code == 200
    asked = {
        "patient": patient(),
        "encounter": {"type": "outpatient"},
        "items": [{"system": "item", "code": "K"}],
    }
    request = msgspec.convert(asked, MatchRequest)
    document = match_order(COUNTY, request, channel="json", actor="his", at=now(), view=View()).document
    item = document["items"][0]["candidate"]["match_item_id"]
    decided = {"match_item_id": item, "decision": "accept"}
    decision = {"match_id": document["match_id"], "decided_at": now().isoformat(), "items": [decided]}
    assert county.post("recognition/decisions", decision).status_code == 200
    revocation = {"match_item_id": item, "revoked_at": now().isoformat(), "reason": "误点"}
    assert problem(county.post("recognition/revocations", revocation), 409)["code"] == "decision.final"
    settle(revocation_allowed=True)
    answered = county.post("recognition/revocations", revocation).json()
    assert (answered["match_item_id"], answered["decision"]) == (item, "accept")
    assert county.post("recognition/revocations", revocation).json() == answered
    assert problem(city.post("recognition/revocations", revocation), 404)["code"] == "match_item.unknown"


def test_unknown_match_ids_are_not_found(city: Hospital) -> None:
    item = {"match_item_id": str(new_id()), "decision": "accept"}
    body = {"match_id": str(new_id()), "decided_at": datetime.now(UTC).isoformat(), "items": [item]}
    problem(city.post("recognition/decisions", body), 404)
    citation = {"match_item_id": str(new_id()), "cited_at": datetime.now(UTC).isoformat()}
    problem(city.post("recognition/citations", citation), 404)


def test_openapi_describes_every_service(city: Hospital) -> None:
    document = city.get("openapi.json").json()
    assert document["openapi"] == "3.1.0"
    routes = {
        f"/api/v1/{route.pattern}" for route in urlpatterns if re.fullmatch(r"[a-z/-]+", str(route.pattern))
    }
    assert set(document["paths"]) == routes | {"/api/v1/recognition/match"}


def test_an_unknown_address_and_a_huge_body_get_problems_too(city: Hospital) -> None:
    for address in ("nothing", "reports/", "recognition/match/more"):
        assert problem(city.post(address, {}), 404)["code"] == "request.path"
    huge = b'{"orders": [' + b" " * (2 * 1024 * 1024) + b"]}"
    assert problem(city.post("orders", huge), 413)["code"] == "request.too_large"


def test_a_viewer_address_is_one_a_browser_may_follow(city: Hospital) -> None:
    exam = {
        "items": [{"system": "item", "code": "IMG-CT-CHEST-PLAIN"}],
        "image": {"status": "available", "viewer_url": "javascript:alert(1)"},
    }
    report = lab_report(kind="exam", exam=exam, results=None)
    report["examined_at"] = report["collected_at"]
    refused = problem(city.post("reports", report), 422)
    assert [error["path"] for error in refused["errors"]] == ["exam.image.viewer_url"]
