"""`/oauth/token` and what is published about it."""

import base64
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.flow.order_check.conftest import World

FORM = {"grant_type": "client_credentials"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(base_url: str, **changes: Any) -> dict[str, str]:
    from tests.flow.order_check.region import CDS_KEY  # noqa: PLC0415 - models want Django set up

    now = int(time.time())
    claims = {
        "iss": "county",
        "sub": "county",
        "aud": f"{base_url}/oauth/token",
        "exp": now + 240,
        "iat": now,
        "jti": str(uuid4()),
    } | changes
    token = jwt.encode({"alg": "ES384", "kid": "county-1"}, claims, CDS_KEY, algorithms=["ES384"])
    return FORM | {"client_assertion_type": ASSERTION, "client_assertion": token}


def test_gives_a_token_by_secret_in_header_or_form(http: httpx.Client, world: World) -> None:
    secret = world.secrets["county"]
    by_header = http.post("/oauth/token", data=FORM, auth=("county", secret))
    by_form = http.post("/oauth/token", data=FORM | {"client_id": "county", "client_secret": secret})
    for answer in (by_header, by_form):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
        assert "recognition.match" in token["scope"].split()


def test_the_published_key_verifies_the_token(http: httpx.Client, world: World) -> None:
    token = http.post("/oauth/token", data=FORM, auth=("county", world.secrets["county"])).json()[
        "access_token"
    ]
    (key,) = http.get("/.well-known/jwks.json").json()["keys"]
    claims = jwt.decode(token, ECKey.import_key(key), algorithms=["ES256"]).claims
    assert (claims["sub"], claims["inst"]) == ("county", "COUNTY")
    assert claims["exp"] - claims["iat"] <= 3600


def test_gives_a_token_by_signed_assertion_once(http: httpx.Client, base_url: str) -> None:
    form = assertion(base_url)
    assert http.post("/oauth/token", data=form).status_code == 200
    again = http.post("/oauth/token", data=form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [{"aud": "https://other.example/oauth/token"}, {"sub": "city"}, {"iss": "nobody"}, {"exp": 1}],
)
def test_rejects_an_assertion_that_does_not_hold(
    http: httpx.Client, base_url: str, changes: dict[str, Any]
) -> None:
    answer = http.post("/oauth/token", data=assertion(base_url, **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_narrows_the_scope_on_request_and_never_widens_it(http: httpx.Client, world: World) -> None:
    auth = ("city", world.secrets["city"])
    narrow = http.post("/oauth/token", data=FORM | {"scope": "report.write"}, auth=auth)
    assert narrow.json()["scope"] == "report.write"
    wide = http.post("/oauth/token", data=FORM | {"scope": "report.write recognition.match"}, auth=auth)
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (FORM, 401, "invalid_client"),
        (FORM | {"client_id": "county", "client_secret": "wrong"}, 401, "invalid_client"),
        (FORM | {"client_id": "nobody", "client_secret": "wrong"}, 401, "invalid_client"),
        (FORM | {"client_id": "a\0b", "client_secret": "wrong"}, 401, "invalid_client"),
        (FORM | {"client_assertion": "x"}, 400, "invalid_request"),
        (FORM | {"client_assertion": "x", "client_assertion_type": ASSERTION}, 401, "invalid_client"),
        (FORM | {"client_assertion": "x", "client_secret": "y"}, 400, "invalid_request"),
    ],
)
def test_refuses_in_the_terms_of_oauth(
    http: httpx.Client, form: dict[str, str], status: int, error: str
) -> None:
    answer = http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_refuses_other_bodies_and_repeated_parameters(http: httpx.Client) -> None:
    assert http.post("/oauth/token", json=FORM).json()["error"] == "invalid_request"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"grant_type=client_credentials&grant_type=x", b"grant_type=\xff", b"a=1&" * 100):
        assert http.post("/oauth/token", content=body, headers=headers).json()["error"] == "invalid_request"
    garbled = {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}
    assert http.post("/oauth/token", data=FORM, headers=garbled).status_code == 401


def test_a_client_switched_off_gets_nothing(http: httpx.Client, world: World) -> None:
    from yijian.foundation.accounts.api import register_client  # noqa: PLC0415
    from yijian.foundation.accounts.models import Client  # noqa: PLC0415

    secret = register_client("retired", "COUNTY", "旧系统", ["recognition.match"])
    Client.objects.filter(client_id="retired").update(active=False)
    assert http.post("/oauth/token", data=FORM, auth=("retired", secret)).status_code == 401


def test_publishes_how_clients_authenticate(http: httpx.Client, base_url: str) -> None:
    found = http.get("/fhir/.well-known/smart-configuration").json()
    assert found["token_endpoint"] == f"{base_url}/oauth/token"
    assert found["jwks_uri"] == f"{base_url}/.well-known/jwks.json"
    assert set(found["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    }
    assert "authorization_endpoint" not in found
