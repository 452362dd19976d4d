"""CDS Hooks 2.0, from discovery to feedback, as an ordering system's client meets it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.flow.order_check.conftest import World
from tests.unit.cds_hooks.calls import RESIDENT_ID, call, draft, encounter, patient

SELECT, SIGN = "/cds-services/recognition-order-select", "/cds-services/recognition-order-sign"
FEEDBACK = f"{SIGN}/feedback"
ORIGIN = {"Origin": "https://his.county.example"}


@pytest.fixture(scope="module")
def person_id(world: World) -> UUID:
    from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

    person_id = world.add_person(RESIDENT_ID)
    region.add_result(person_id, "K", hours_ago=30, flag="H", value="5.6", reference_range="3.5-5.3")
    region.add_result(person_id, "Na", hours_ago=30, flag="HH", value="171|*<b>", comparable_value="171")
    region.add_result(person_id, "Cl", hours_ago=24 * 300)
    return person_id


def signed(base_url: str, path: str, key: Any = None, **changes: Any) -> dict[str, str]:
    from tests.flow.order_check.region import CDS_ISSUER, CDS_KEY  # noqa: PLC0415 - models want Django set up

    now = int(time.time())
    claims = {
        "iss": CDS_ISSUER,
        "aud": base_url + path,
        "exp": now + 300,
        "iat": now,
        "jti": str(uuid4()),
    } | changes
    token = jwt.encode({"alg": "ES384", "kid": "county-1"}, claims, key or CDS_KEY, algorithms=["ES384"])
    return ORIGIN | {"Authorization": f"Bearer {token}"}


def cards(http: httpx.Client, path: str, document: Any) -> list[dict[str, Any]]:
    answer = http.post(path, json=document, headers=signed(str(http.base_url).rstrip("/"), path))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def check_shape(card: dict[str, Any]) -> None:
    """Hold a card to CDS Hooks 2.0, Card Attributes."""
    UUID(card["uuid"])
    assert 0 < len(card["summary"]) < 140
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["source"]["label"]
    assert set(card["source"]) <= {"label", "url", "icon", "topic"}
    assert urlsplit(card["source"]["url"]).scheme in ("http", "https")
    assert set(card["source"]["topic"]) == {"system", "code", "display"}
    for link in card["links"]:
        assert set(link) == {"label", "url", "type"}
        assert (link["type"], urlsplit(link["url"]).scheme) == ("absolute", "http")
    for reason in card["overrideReasons"]:
        assert all(reason[name] for name in ("code", "system", "display"))
    for suggestion in card.get("suggestions", ()):
        assert card["selectionBehavior"] in ("at-most-one", "any")
        assert suggestion["label"]
        UUID(suggestion["uuid"])
        for action in suggestion["actions"]:
            assert action["type"] in ("create", "update", "delete")
            assert action["description"]


def test_discovery_names_both_services(http: httpx.Client) -> None:
    answer = http.get("/cds-services", headers=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == "*"
    services = {service["id"]: service for service in answer.json()["services"]}
    assert {name: service["hook"] for name, service in services.items()} == {
        "recognition-order-select": "order-select",
        "recognition-order-sign": "order-sign",
    }
    for service in services.values():
        assert service["title"]
        assert service["description"]
        assert service["prefetch"] == {
            "patient": "Patient/{{context.patientId}}",
            "encounter": "Encounter/{{context.encounterId}}",
        }


@pytest.mark.parametrize("path", ["/cds-services", SIGN, FEEDBACK])
def test_browsers_of_any_origin_may_ask_first(http: httpx.Client, path: str) -> None:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = http.options(path, headers=ORIGIN | wanted)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(
        answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    )


def test_a_card_says_what_exists_and_offers_to_drop_the_order(http: httpx.Client, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call("order-sign", draft("sr1")))
    check_shape(card)
    assert card["indicator"] == "warning"
    for fact in ("可互认", "钾", "5.6", "mmol/L", "(H)", "30小时前", "市第一医院", "鄂HR"):
        assert fact in card["summary"]
    (suggestion,) = card["suggestions"]
    assert suggestion["isRecommended"] is True
    assert suggestion["label"] == "采用已有结果,取消本次重复申请"
    assert suggestion["actions"][0]["type"] == "delete"
    assert suggestion["actions"][0]["resourceId"] == "ServiceRequest/sr1"
    assert [reason["code"] for reason in card["overrideReasons"]] == list("123456")
    assert {reason["system"] for reason in card["overrideReasons"]} == {"urn:yijian:decline-reason"}


def test_the_card_is_the_recorded_match_item(http: httpx.Client, person_id: UUID) -> None:
    from yijian.domains.recognition.models import Match, MatchItem  # noqa: PLC0415
    from yijian.kit.ids import member_of  # noqa: PLC0415

    (card,) = cards(http, SIGN, call("order-sign", draft("sr1")))
    match_id, sequence = member_of(UUID(card["uuid"]))
    match = Match.objects.get(person_id=person_id, match_id=match_id)
    assert (match.channel, match.institution_code, match.practitioner_id) == ("cds", "COUNTY", "d1")
    assert MatchItem.objects.get(person_id=person_id, match_id=match_id, sequence=sequence).item_code == "K"


def test_a_doubtful_value_is_shown_highlighted_and_never_recognised(
    http: httpx.Client, person_id: UUID
) -> None:
    (card,) = cards(http, SIGN, call("order-sign", draft("sr1", ("urn:yijian:item", "Na"))))
    check_shape(card)
    assert card["indicator"] == "info"
    assert card["summary"].startswith("【危急/需复核】可参考")
    assert card["suggestions"][0]["isRecommended"] is False


def test_texts_of_reports_cannot_write_markup(http: httpx.Client, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call("order-sign", draft("sr1", ("urn:yijian:item", "Na"))))
    assert "<b>" not in card["detail"]
    assert r"171\|\*\<b\>" in card["detail"]


def test_an_expired_result_is_stored_and_gives_no_card(http: httpx.Client, person_id: UUID) -> None:
    from yijian.domains.recognition.models import MatchItem  # noqa: PLC0415

    stored = MatchItem.objects.filter(item_code="Cl", outcome="not_recognisable", reminder=False)
    before = stored.count()
    assert cards(http, SIGN, call("order-sign", draft("sr1", ("urn:yijian:item", "Cl")))) == []
    assert stored.count() == before + 1


def test_order_select_speaks_of_what_was_selected(http: httpx.Client, person_id: UUID) -> None:
    drafts = (draft("sr1"), draft("sr2", ("urn:yijian:item", "Na")))
    (card,) = cards(http, SELECT, call("order-select", *drafts))
    assert card["suggestions"][0]["actions"][0]["resourceId"] == "ServiceRequest/sr1"
    assert len(cards(http, SIGN, call("order-sign", *drafts))) == 2


def test_an_emergency_is_passive_and_leads_with_its_reason(http: httpx.Client, person_id: UUID) -> None:
    prefetch = {"patient": patient(), "encounter": encounter("EMER")}
    (card,) = cards(http, SIGN, call("order-sign", draft("sr1"), prefetch=prefetch))
    assert card["indicator"] == "info"
    assert card["overrideReasons"][0]["code"] == "4"
    assert card["source"]["topic"]["code"] == "may_recognise"


def test_a_silenced_emergency_gives_no_card(http: httpx.Client, person_id: UUID) -> None:
    from tests.flow.order_check.region import settle  # noqa: PLC0415 - models want Django set up

    prefetch = {"patient": patient(), "encounter": encounter("EMER")}

    def shown_after(**settings: bool) -> int:
        settle(**settings)
        for _ in range(100):
            found = len(cards(http, SIGN, call("order-sign", draft("sr1"), prefetch=prefetch)))
            if found != bool(settings):
                break
            time.sleep(0.1)
        return found

    assert shown_after(suppress_emergency=True) == 0
    assert shown_after() == 1


def test_speaks_english_on_request(http: httpx.Client, person_id: UUID) -> None:
    headers = signed(str(http.base_url).rstrip("/"), SIGN) | {"Accept-Language": "en-US"}
    (card,) = http.post(SIGN, json=call(), headers=headers).json()["cards"]
    assert card["summary"].startswith("Recognise")


def test_nobody_known_gives_no_card(http: httpx.Client) -> None:
    unknown = patient(
        identifier=[{"system": "urn:yijian:resident-id", "value": "110101199003070011"}], birthDate=""
    )
    assert cards(http, SIGN, call(prefetch={"patient": unknown})) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/cds-services/recognition-order-sign"},
        {"iss": "https://stranger.example"},
        {"exp": 1},
        {"jti": None},
        {"key": ECKey.generate_key("P-384", {"kid": "county-1"})},
    ],
)
def test_rejects_a_token_that_does_not_hold(
    http: httpx.Client, base_url: str, person_id: UUID, changes: dict[str, Any]
) -> None:
    answer = http.post(SIGN, json=call(), headers=signed(base_url, SIGN, **changes))
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_is_for_one_service_and_one_use(http: httpx.Client, base_url: str, person_id: UUID) -> None:
    assert http.post(SELECT, json=call("order-select"), headers=signed(base_url, SIGN)).status_code == 401
    headers = signed(base_url, SIGN)
    assert http.post(SIGN, json=call(), headers=headers).json()["cards"]
    again = http.post(SIGN, json=call(), headers=headers)
    assert (again.status_code, again.json()["code"]) == (401, "token.replayed")
    assert "cards" not in again.json()


def test_a_replayed_token_leaves_an_audit_and_no_match(
    http: httpx.Client, base_url: str, person_id: UUID
) -> None:
    from yijian.domains.recognition.models import MatchKey  # noqa: PLC0415
    from yijian.foundation.audit.models import AuditEntry  # noqa: PLC0415

    headers = signed(base_url, SIGN)
    http.post(SIGN, json=call(), headers=headers)
    before = MatchKey.objects.count()
    again = http.post(SIGN, json=call(), headers=headers)
    assert MatchKey.objects.count() == before
    entry = AuditEntry.objects.get(trace_id=again.headers["x-trace-id"])
    assert entry.action == "recognition.match.refused"


def test_strangers_need_a_token_outside_the_open_demo(http: httpx.Client) -> None:
    answer = http.post(SIGN, json=call())
    assert (answer.status_code, answer.json()["code"]) == (401, "token.missing")


def test_refuses_what_is_malformed_and_what_was_not_prefetched(http: httpx.Client, base_url: str) -> None:
    for document, status, path in (
        (call() | {"hook": "order-select"}, 400, "hook"),
        (call(prefetch={}), 412, "prefetch.patient"),
        (call(prefetch={"patient": patient(identifier=[])}), 412, "prefetch.patient.identifier"),
    ):
        answer = http.post(SIGN, json=document, headers=signed(base_url, SIGN))
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
        assert answer.headers["access-control-allow-origin"] == "*"
    assert http.post(SIGN, content=b"{", headers=signed(base_url, SIGN)).status_code == 400


def feedback(
    http: httpx.Client, card: str, outcome: str = "accepted", at: datetime | None = None, **more: Any
) -> httpx.Response:
    told = {
        "card": card,
        "outcome": outcome,
        "outcomeTimestamp": (at or datetime.now(UTC)).isoformat(),
    } | more
    headers = signed(str(http.base_url).rstrip("/"), SIGN)
    return http.post(FEEDBACK, json={"feedback": [told]}, headers=headers)


def decision_of(card: str) -> Any:
    from yijian.domains.recognition.models import Decision  # noqa: PLC0415
    from yijian.kit.ids import member_of  # noqa: PLC0415

    match_id, sequence = member_of(UUID(card))
    return Decision.objects.get(match_id=match_id, sequence=sequence)


def test_feedback_is_recorded_as_decisions(http: httpx.Client, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call())
    answer = feedback(http, card["uuid"], acceptedSuggestions=[{"id": card["suggestions"][0]["uuid"]}])
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    decision = decision_of(card["uuid"])
    assert (decision.decision, decision.channel, str(decision.estimated_saving)) == ("accept", "cds", "12.00")


def test_an_override_names_its_legal_situation_or_none(http: httpx.Client, person_id: UUID) -> None:
    reason = {"reason": {"code": "1", "system": "urn:yijian:decline-reason"}, "userComment": "病情变化"}
    for override, expected in (({"overrideReason": reason}, ("decline", "1")), ({}, ("decline", ""))):
        (card,) = cards(http, SIGN, call())
        assert feedback(http, card["uuid"], "overridden", **override).status_code == 200
        decision = decision_of(card["uuid"])
        assert (decision.decision, decision.reason_code) == expected


def test_a_regions_own_reasons_are_offered_and_held_to_its_list(http: httpx.Client, person_id: UUID) -> None:
    from tests.flow.order_check.region import settle  # noqa: PLC0415 - models want Django set up

    def offered_after(**settings: Any) -> dict[str, Any]:
        settle(**settings)
        for _ in range(100):
            (card,) = cards(http, SIGN, call())
            if (len(card["overrideReasons"]) > 6) is bool(settings):
                break
            time.sleep(0.1)
        return card

    named = {"code": "NM07", "situation": "6", "name_zh": "患者或家属要求复查"}
    card = offered_after(decline_reasons=[named])
    check_shape(card)
    own = {"code": "NM07", "system": "urn:yijian:decline-reason:regional", "display": named["name_zh"]}
    assert card["overrideReasons"][-1] == own

    unknown = {"reason": own | {"code": "NM99"}}
    refused = feedback(http, card["uuid"], "overridden", overrideReason=unknown)
    assert (refused.status_code, refused.json()["code"]) == (422, "decision.reason_unknown")
    assert refused.json()["errors"][0]["path"] == "feedback[0].overrideReason.reason.code"
    assert feedback(http, card["uuid"], "overridden", overrideReason={"reason": own}).status_code == 200
    decision = decision_of(card["uuid"])
    assert (decision.reason_code, decision.regional_code) == ("6", "NM07")
    assert len(offered_after()["overrideReasons"]) == 6


def test_the_same_feedback_again_changes_nothing(http: httpx.Client, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call())
    at = datetime.now(UTC)
    assert feedback(http, card["uuid"], at=at).status_code == 200
    assert feedback(http, card["uuid"], at=at).status_code == 200
    assert feedback(http, card["uuid"], "overridden", at=at).status_code == 409


def test_feedback_on_cards_of_others_is_not_found(http: httpx.Client) -> None:
    answer = feedback(http, str(uuid4()))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_feedback_needs_a_token_of_its_own(http: httpx.Client, base_url: str, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call())
    told = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-11-20T08:00:00Z"}
    assert http.post(FEEDBACK, json={"feedback": [told]}).status_code == 401
    headers = signed(base_url, FEEDBACK)
    first = http.post(FEEDBACK, json={"feedback": []}, headers=headers)
    assert first.status_code == 200
    assert http.post(FEEDBACK, json={"feedback": []}, headers=headers).status_code == 401
    assert http.post("/cds-services/none/feedback", json={}, headers=headers).status_code == 404


def test_a_decision_cannot_lie_in_the_future(http: httpx.Client, person_id: UUID) -> None:
    (card,) = cards(http, SIGN, call())
    assert feedback(http, card["uuid"], at=datetime.now(UTC) + timedelta(days=1)).status_code == 422
