"""Whatever is sent over HTTP: an answer in the form of its standard, and never our failure."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from tests.flow.order_check.test_cds_hooks import signed
from tests.flow.order_check.test_match import question
from tests.fuzz.conftest import Answer, Call
from tests.fuzz.mangling import TEXTS, documents, fuzzing, mangled
from tests.service.region import lab_report
from tests.unit.cds_hooks.calls import RESIDENT_ID
from tests.unit.cds_hooks.calls import call as hook_call
from yijian.foundation.inbox.models import InboxMessage

MEMBERS = {"type", "title", "status", "code", "detail", "errors", "trace_id"}
BASE = "http://testserver"
NO_ID = "019360a0-0000-7000-8000-000000000000"
NOW = datetime.now(UTC).isoformat()
DECISION = {
    "match_item_id": NO_ID,
    "decision": "decline",
    "reason_code": "A1",
    "reason_text": "病情变化",
    "decided_at": NOW,
    "decided_by": {"id": "D1", "name": "王医生"},
}
SERVICES: dict[str, Any] = {
    "reports": lab_report(),
    "reports/void": {"report_no": "L1", "voided_at": NOW, "reason": "标本错误"},
    "orders": {
        "orders": [{"order_no": "O1", "status": "placed", "items": [{"system": "item", "code": "K"}]}]
    },
    "recognition/decisions": {"decisions": [DECISION]},
    "recognition/revocations": {"match_item_id": NO_ID, "reason_text": "误点", "revoked_at": NOW},
    "recognition/citable": {"patient": {"identifiers": [{"type": "resident_id", "value": RESIDENT_ID}]}},
    "recognition/citations": {"citations": [{"match_item_id": NO_ID, "document_no": "D1"}]},
}


def check_problem(status: int, media_type: str, body: bytes) -> None:
    """Hold an answer to RFC 9457 where it refuses; a refusal of ours is nobody's business but ours."""
    assert status < 500, body
    if status < 400:
        return
    assert media_type == "application/problem+json"
    document = json.loads(body)
    assert set(document) == MEMBERS
    assert document["status"] == status


@pytest.mark.parametrize("path", SERVICES)
def test_json_services_refuse_by_problem_document(path: str, authorization: str) -> None:
    browser = Browser(headers={"Authorization": authorization})

    @fuzzing(25)
    @given(documents(SERVICES[path]))
    def post(body: bytes) -> None:
        answer = browser.post(f"/api/v1/{path}", body, content_type="application/json")
        check_problem(answer.status_code, answer["Content-Type"], answer.content)

    post()
    assert not InboxMessage.objects.filter(state="received").exists()


@fuzzing(25)
@given(item=TEXTS, at=TEXTS)
def test_marks_refuse_by_problem_document(authorization: str, item: str, at: str) -> None:
    query = "&".join(f"{name}={_quoted(text)}" for name, text in (("item", item), ("at", at)))
    answer = Browser(headers={"Authorization": authorization}).get(f"/api/v1/marks?{query}")
    check_problem(answer.status_code, answer["Content-Type"], answer.content)


def test_match_refuses_by_problem_document(call: Call, authorization: str) -> None:
    @fuzzing(180)
    @given(documents(question(RESIDENT_ID, "K", "Na") | {"at": NOW, "record": True}))
    def post(body: bytes) -> None:
        answer = call("POST", "/api/v1/recognition/match", body, authorization=authorization)
        check_problem(answer.status, answer.headers["content-type"], answer.body)

    post()


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
def test_hooks_answer_cards_or_a_problem_and_none_gives_up(call: Call, hook: str) -> None:
    path = f"/cds-services/recognition-{hook}"
    given_up = failures()

    @fuzzing(80)
    @given(documents(hook_call(hook)))
    def post(body: bytes) -> None:
        answer = call("POST", path, body, authorization=signed(BASE, path)["Authorization"])
        check_problem(answer.status, answer.headers["content-type"], answer.body)
        assert answer.status != 200 or isinstance(json.loads(answer.body)["cards"], list)
        assert failures() == given_up, "a call was answered with no cards because we failed"

    post()


def failures() -> float:
    return REGISTRY.get_sample_value("yijian_cds_empty_total", {"reason": "failed"}) or 0


@fuzzing(150)
@given(
    form=mangled(b"grant_type=client_credentials&client_id=county&client_secret=x&scope=report.write"),
    credentials=st.none() | st.binary(max_size=30) | mangled(b"county:secret"),
    plain=st.booleans(),
)
def test_token_endpoint_refuses_as_oauth_does(
    call: Call, form: bytes, credentials: bytes | None, plain: bool
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if credentials is not None:
        shown = credentials.decode("latin-1") if plain else base64.b64encode(credentials).decode()
        headers["authorization"] = f"Basic {shown}"
    check_oauth(call("POST", "/oauth/token", form, **headers))


def check_oauth(answer: Answer) -> None:
    """Hold a refusal to RFC 6749 §5.2."""
    assert answer.status in (400, 401), answer.body
    document = json.loads(answer.body)
    assert document["error"].isascii()
    assert document["error_description"]
    assert answer.status != 401 or "www-authenticate" in answer.headers


@fuzzing(60)
@given(token=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")) | st.just("Bearer a.b.c"))
def test_strange_credentials_are_refused_by_problem_document(call: Call, token: str) -> None:
    for path in ("/api/v1/recognition/match", "/cds-services/recognition-order-sign"):
        answer = call("POST", path, b"{}", authorization=token)
        check_problem(answer.status, answer.headers["content-type"], answer.body)
        assert answer.status == 401


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))
