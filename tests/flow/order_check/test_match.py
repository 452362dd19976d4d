"""`POST /api/v1/recognition/match` as a hospital's system meets it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.flow.order_check.conftest import World
from yijian.kit.clock import now

MATCH = "/api/v1/recognition/match"
PERSON = "420116198002290015"
NOBODY = "110101199003070011"


@pytest.fixture(scope="module")
def person_id(world: World) -> UUID:
    from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

    person_id = world.add_person(PERSON)
    region.add_result(person_id, "K", hours_ago=30, flag="N", reference_range="3.5-5.3")
    region.add_result(
        person_id, region.SENSITIVE, hours_ago=30, value="阴性", flag="NEG", comparable_value=None
    )
    return person_id


def question(resident_id: str = PERSON, *codes: str, **more: Any) -> dict[str, Any]:
    return {
        "patient": {"identifiers": [{"type": "resident_id", "value": resident_id}]},
        "encounter": {"type": "outpatient", "number": "OP1"},
        "items": [{"system": "item", "code": code} for code in codes or ("K",)],
    } | more


def ask(http: httpx.Client, bearer: dict[str, str], document: Any, **headers: str) -> httpx.Response:
    return http.post(MATCH, json=document, headers=bearer | headers)


def test_recognises_a_marked_result_of_another_hospital(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    answer = ask(http, bearer, question())
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    (item,) = answer.json()["items"]
    assert item["outcome"] == "recognise"
    candidate = item["candidate"]
    assert candidate["mark"] == "鄂HR"
    assert candidate["institution"] == {"code": "CITY", "name": "市第一医院"}
    assert candidate["results"][0]["value"] == "4.1"
    assert candidate["age_hours"] == 30
    assert item["estimated_saving"] == "12.00"
    assert candidate["match_item_id"]
    assert {"right.covers", "window.within"} <= {reason["code"] for reason in item["reasons"]}


def test_speaks_the_language_asked_for(http: httpx.Client, bearer: dict[str, str], person_id: UUID) -> None:
    english = ask(http, bearer, question(), **{"Accept-Language": "en-GB,zh;q=0.4"}).json()
    chinese = ask(http, bearer, question()).json()
    assert english["items"][0]["candidate"]["institution"]["name"] == "City"
    assert chinese["items"][0]["candidate"]["institution"]["name"] == "市第一医院"


def test_the_record_is_durable_before_the_answer(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    from yijian.domains.recognition.models import Match, MatchItem, MatchKey  # noqa: PLC0415
    from yijian.foundation.audit.models import AuditEntry  # noqa: PLC0415

    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = ask(http, bearer, question(PERSON, "K", "Na"), traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert answer.headers["x-trace-id"] == trace
    match_id = UUID(answer.json()["match_id"])
    match = Match.objects.get(person_id=person_id, match_id=match_id)
    assert (match.institution_code, match.channel, match.encounter_no) == ("COUNTY", "json", "OP1")
    assert match.policy_version == answer.json()["policy_version"]
    assert MatchKey.objects.get(match_id=match_id).person_id == person_id
    (row,) = MatchItem.objects.filter(person_id=person_id, match_id=match_id)
    assert (row.item_code, row.outcome, row.reminder, row.mark) == ("K", "recognise", True, "鄂HR")
    entry = AuditEntry.objects.get(trace_id=trace)
    assert (entry.actor, entry.person_id, entry.legal_basis) == ("county", person_id, "treatment")
    assert entry.detail == {"match_id": str(match_id), "items": 2}


def test_nothing_found_leaves_no_record_but_an_audit(http: httpx.Client, bearer: dict[str, str]) -> None:
    from yijian.domains.recognition.models import MatchKey  # noqa: PLC0415
    from yijian.foundation.audit.models import AuditEntry  # noqa: PLC0415

    before, audited = MatchKey.objects.count(), AuditEntry.objects.count()
    answer = ask(http, bearer, question(NOBODY))
    assert answer.json()["match_id"] is None
    assert answer.json()["items"][0]["outcome"] == "none"
    assert MatchKey.objects.count() == before
    assert AuditEntry.objects.count() == audited + 1


def test_a_sensitive_result_shows_nothing_without_authorisation(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    from tests.flow.order_check.region import SENSITIVE  # noqa: PLC0415

    hidden = ask(http, bearer, question(PERSON, SENSITIVE)).json()
    absent = ask(http, bearer, question(NOBODY, SENSITIVE)).json()
    assert hidden == absent
    consent = {"basis": "patient_consent", "scope": "all"}
    shown = ask(http, bearer, question(PERSON, SENSITIVE, authorisation=consent)).json()
    assert shown["items"][0]["candidate"] is not None


def test_a_panel_answers_by_member(http: httpx.Client, bearer: dict[str, str], person_id: UUID) -> None:
    from tests.flow.order_check.region import PANEL  # noqa: PLC0415

    (item,) = ask(http, bearer, question(PERSON, PANEL)).json()["items"]
    assert len(item["members"]) == 6
    assert {member["outcome"] for member in item["members"]} == {"recognise", "none"}


def test_codes_nobody_knows_are_answers_for_their_items(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    items = [
        {"system": "local", "code": "LK1"},
        {"system": "local", "code": "L-unmapped"},
        {"system": "item", "code": "no-such-item"},
    ]
    answered = ask(http, bearer, question(items=items)).json()["items"]
    assert [item["outcome"] for item in answered] == ["recognise", "unavailable", "unavailable"]
    assert [item["reasons"][0]["code"] for item in answered[1:]] == ["item.unmapped", "item.unknown"]


def test_a_contradicted_identity_is_unavailable(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    document = question()
    document["patient"]["name"] = "另一个人"
    (item,) = ask(http, bearer, document).json()["items"]
    assert (item["outcome"], item["reasons"][0]["code"]) == ("unavailable", "identity.uncertain")
    assert item["candidate"] is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"surprise": 1}, "surprise"),
        ({"encounter": {"type": "spa"}}, "encounter.type"),
        ({"items": [{"system": "item", "code": "K"}, {"system": "item"}]}, "items[1].code"),
        ({"patient": {"identifiers": [{"type": "resident_id", "value": 1}]}}, "patient.identifiers[0].value"),
        ({"at": "2026-01-01T00:00:00"}, "at"),
        (
            {"authorisation": {"basis": "treatment", "expires_at": "2026-01-01T00:00:00"}},
            "authorisation.expires_at",
        ),
        ({"encounter": {"type": "outpatient", "number": "a\0b"}}, "encounter.number"),
    ],
)
def test_refuses_a_wrong_field_by_name(
    http: httpx.Client, bearer: dict[str, str], change: dict[str, Any], path: str
) -> None:
    answer = ask(http, bearer, question(**change))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errors"][0]["path"] == path
    assert problem["status"] == 400
    assert problem["trace_id"] == answer.headers["x-trace-id"]


def test_refuses_a_missing_field_by_name(http: httpx.Client, bearer: dict[str, str]) -> None:
    document = question()
    del document["encounter"]
    assert ask(http, bearer, document).json()["errors"][0]["path"] == "encounter"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'"\\ud800"'])
def test_refuses_what_is_no_json(http: httpx.Client, bearer: dict[str, str], body: bytes) -> None:
    headers = bearer | {"Content-Type": "application/json"}
    answer = http.post(MATCH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (400, "Malformed request")


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"patient": {"identifiers": []}}, 422, "patient.identifiers"),
        (
            {"patient": {"identifiers": [{"type": "resident_id", "value": "420116198002290010"}]}},
            422,
            "patient.identifiers[0].value",
        ),
        ({"items": []}, 422, "items"),
        ({"campus_code": "moon"}, 422, "campus_code"),
        ({"record": True}, 422, "record"),
        ({"at": (now() + timedelta(days=1)).isoformat()}, 422, "at"),
    ],
)
def test_refuses_what_cannot_be_meant(
    http: httpx.Client, bearer: dict[str, str], change: dict[str, Any], status: int, path: str
) -> None:
    answer = ask(http, bearer, question(**change))
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert answer.json()["errors"][0]["message"]


def test_a_bad_number_beside_a_good_one_does_no_harm(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    numbers = [
        {"type": "resident_id", "value": "420116198002290010"},
        {"type": "local", "value": f"MRN-{PERSON[-4:]}"},
    ]
    answer = ask(http, bearer, question(patient={"identifiers": numbers}))
    assert answer.json()["items"][0]["outcome"] == "recognise"


def test_asks_about_the_past_only_with_its_scope(
    http: httpx.Client, bearer: dict[str, str], world: World, person_id: UUID
) -> None:
    form = {"grant_type": "client_credentials", "scope": "recognition.match"}
    token = http.post("/oauth/token", data=form, auth=("county", world.secrets["county"])).json()
    narrow = {"Authorization": f"Bearer {token['access_token']}"}
    past = question(at=(now() - timedelta(hours=48)).isoformat())
    assert ask(http, narrow, past).status_code == 403
    answer = ask(http, bearer, past).json()
    assert (answer["items"][0]["outcome"], answer["match_id"]) == ("none", None)


def test_a_hypothetical_question_leaves_no_record_unless_told_to(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    at = (now() - timedelta(hours=2)).isoformat()
    hypothetical = ask(http, bearer, question(at=at)).json()
    assert hypothetical["items"][0]["outcome"] == "recognise"
    assert hypothetical["match_id"] is None
    assert hypothetical["items"][0]["candidate"]["match_item_id"] is None
    assert ask(http, bearer, question(at=at, record=True)).json()["match_id"] is not None


def test_needs_a_token_that_holds(http: httpx.Client, bearer: dict[str, str]) -> None:
    missing = http.post(MATCH, json=question())
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="yijian"'
    altered = bearer["Authorization"][:-4] + "AAAA"
    wrong = http.post(MATCH, json=question(), headers={"Authorization": altered})
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]


def test_needs_the_scope(http: httpx.Client, world: World) -> None:
    form = {"grant_type": "client_credentials"}
    token = http.post("/oauth/token", data=form, auth=("city", world.secrets["city"])).json()
    answer = ask(http, {"Authorization": f"Bearer {token['access_token']}"}, question())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope.missing")


def test_refuses_other_media_types_methods_and_sizes(http: httpx.Client, bearer: dict[str, str]) -> None:
    assert http.post(MATCH, content=b"<a/>", headers=bearer | {"Content-Type": "text/xml"}).status_code == 415
    wrong = http.get(MATCH, headers=bearer)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert http.post(MATCH, content=b" " * (2 * 1024 * 1024 + 1), headers=bearer).status_code == 413


def test_is_known_only_by_its_own_names(http: httpx.Client, bearer: dict[str, str]) -> None:
    answer = ask(http, bearer, question(), Host="evil.example")
    assert (answer.status_code, answer.json()["code"]) == (400, "request.host")


def test_the_rest_of_the_address_space_is_django_s(http: httpx.Client) -> None:
    assert http.get("/", follow_redirects=False).status_code in (200, 302)
    assert http.get("/static/admin/css/base.css").status_code == 200


def test_a_change_of_the_rules_is_followed(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    import time  # noqa: PLC0415

    from yijian.domains.sharing.models import Suspension  # noqa: PLC0415

    at = now() - timedelta(minutes=1)
    listed = Suspension.objects.create(
        kind="item", item_id="K", starts_at=at, raised_at=at, reason="试剂召回"
    )
    try:
        outcome = ""
        for _ in range(100):
            outcome = ask(http, bearer, question()).json()["items"][0]["outcome"]
            if outcome == "not_recognisable":
                break
            time.sleep(0.1)
        assert outcome == "not_recognisable"
    finally:
        listed.delete()
        for _ in range(100):
            if ask(http, bearer, question()).json()["items"][0]["outcome"] == "recognise":
                break
            time.sleep(0.1)


def test_both_planes_write_one_unbroken_trail(
    http: httpx.Client, bearer: dict[str, str], person_id: UUID
) -> None:
    from yijian.foundation.audit.api import record_access, verify_chain  # noqa: PLC0415

    ask(http, bearer, question())
    record_access("doctor", "COUNTY", "timeline.view", person_id, legal_basis="treatment")
    ask(http, bearer, question(), **{"X-Trace-Id": "ignored"})
    assert verify_chain() is None
