"""Matches and hooks over a real socket: strangers, foreign keys, used tokens, other institutions' cards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.access.table import HOOKS, SERVICES
from tests.flow.order_check.conftest import World
from tests.flow.order_check.test_cds_hooks import SIGN, person_id, signed
from tests.unit.cds_hooks.calls import RESIDENT_ID, call, draft

__all__ = ["person_id"]

MATCH = "/api/v1/recognition/match"
FOREIGN_KEY = ECKey.generate_key("P-384", {"kid": "county-1"}, private=True, auto_kid=False)


def count_matches() -> int:
    from yijian.domains.recognition.models import Match  # noqa: PLC0415 - models want Django set up

    return Match.objects.count()


def token(world: World, client: str, institution: str, *scopes: str, age: timedelta = timedelta()) -> str:
    from yijian.foundation.accounts.tokens import BearerTokens  # noqa: PLC0415
    from yijian.foundation.accounts.values import ClientRecord  # noqa: PLC0415

    record = ClientRecord(client, institution, frozenset(scopes))
    tokens = BearerTokens(world.environment.secret_key, world.environment.namespace)
    return f"Bearer {tokens.issue(record, scopes, datetime.now(UTC) - age)}"


def asked(**more: Any) -> dict[str, Any]:
    patient = {"identifiers": [{"type": "resident_id", "value": RESIDENT_ID}]}
    items = [{"system": "item", "code": "K"}]
    return {"patient": patient, "encounter": {"type": "outpatient"}, "items": items} | more


def test_no_match_without_a_living_token_of_its_scope(
    http: httpx.Client, world: World, person_id: Any
) -> None:
    own = "recognition.match"
    before = count_matches()

    for authorization, status in (
        (None, 401),
        ("Bearer nonsense", 401),
        (token(world, "county", "COUNTY", own, age=timedelta(hours=2)), 401),
        (token(world, "nobody", "COUNTY", own), 401),
        (token(world, "county", "COUNTY", "report.write"), 403),
        (token(world, "city", "CITY", own), 403),
    ):
        headers = {"Authorization": authorization} if authorization else {}
        answer = http.post(MATCH, json=asked(), headers=headers)
        assert answer.status_code == status, (authorization, answer.text)
    assert count_matches() == before


def test_a_body_cannot_name_another_institution_as_the_caller(
    http: httpx.Client, bearer: dict[str, str], person_id: Any
) -> None:
    answer = http.post(MATCH, json=asked(institution_code="CITY"), headers=bearer)

    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


@pytest.mark.parametrize("path", ["/cds-services/recognition-order-select", SIGN, f"{SIGN}/feedback"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://nobody.example"},
        {"key": FOREIGN_KEY},
        {"aud": "https://elsewhere.example/cds-services"},
        {"exp": 1_700_000_000},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_hooks_answer_no_wrong_issuer_key_audience_or_age(
    http: httpx.Client, path: str, wrong: dict[str, Any], person_id: Any
) -> None:
    before = count_matches()

    answer = http.post(
        path,
        json=call("order-sign", draft("sr1")),
        headers=signed(str(http.base_url).rstrip("/"), path, **wrong),
    )

    assert answer.status_code == 401, answer.text
    assert count_matches() == before


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (SIGN, "recognition.decide"),
        ("/cds-services/recognition-order-select", "recognition.decide"),
        (f"{SIGN}/feedback", "recognition.match"),
    ],
)
def test_hooks_answer_no_program_that_lacks_their_scope(
    http: httpx.Client, path: str, scope: str, person_id: Any
) -> None:
    from yijian.foundation.accounts.api import register_client  # noqa: PLC0415

    issuer, jwks = "https://other.county.example", {"keys": [FOREIGN_KEY.as_dict(private=False)]}
    register_client("county-other", "COUNTY", "县医院", [scope], issuer=issuer, jwks=jwks)
    before = count_matches()
    headers = signed(str(http.base_url).rstrip("/"), path, FOREIGN_KEY, iss=issuer)

    answer = http.post(path, json=call("order-sign", draft("sr1")), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope.missing")
    assert count_matches() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", sorted({*SERVICES, *HOOKS, "/oauth/token"}))
def test_no_service_has_another_method(http: httpx.Client, bearer: Any, path: str, method: str) -> None:
    answer = http.request(method, path, json={}, headers=bearer)

    assert (answer.status_code, answer.json()["code"]) == (405, "request.method")


def test_a_used_token_serves_no_second_time(http: httpx.Client, person_id: Any) -> None:
    headers = signed(str(http.base_url).rstrip("/"), SIGN)
    body = call("order-sign", draft("sr1"))

    answers = [http.post(SIGN, json=body, headers=headers).status_code for _ in range(2)]

    assert answers == [200, 401]


def test_feedback_of_another_institution_decides_nothing(http: httpx.Client, person_id: Any) -> None:
    from yijian.domains.recognition.models import Decision  # noqa: PLC0415
    from yijian.foundation.accounts.api import register_client  # noqa: PLC0415

    base = str(http.base_url).rstrip("/")
    own = http.post(SIGN, json=call("order-sign", draft("sr1")), headers=signed(base, SIGN)).json()["cards"][
        0
    ]
    key, issuer = FOREIGN_KEY, "https://his.city.example"
    jwks = {"keys": [key.as_dict(private=False)]}
    register_client("city-his", "CITY", "市医院", ["recognition.decide"], issuer=issuer, jwks=jwks)
    told = {"card": own["uuid"], "outcome": "accepted", "outcomeTimestamp": datetime.now(UTC).isoformat()}
    before = Decision.objects.count()

    path = f"{SIGN}/feedback"
    answer = http.post(
        path,
        json={"feedback": [told | {"acceptedSuggestions": [{"id": own["suggestions"][0]["uuid"]}]}]},
        headers=signed(base, path, key, iss=issuer),
    )

    assert answer.status_code == 404, answer.text
    assert Decision.objects.count() == before
