"""Every JSON service: without a token, with a dead one, of the wrong scope, upon another's object."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from tests.access.calls import SERVICE_BODIES
from tests.access.objects import ABROAD, HOME, NEIGHBOUR, World, make_world
from tests.access.table import SERVICES
from tests.access.test_reach import noticed
from tests.service.region import patient
from yijian.foundation.accounts.api import register_client
from yijian.foundation.accounts.models import Client
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import SCOPES, ClientRecord
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.inbox.models import InboxMessage
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db
DATA_PLANE = "/api/v1/recognition/match"
"""Tried over a socket in tests.flow.order_check.test_refusals."""
ADDRESSES = sorted(SERVICES.keys() - {DATA_PLANE})
KEPT_BUT_REFUSED = {"inbox_inboxmessage"}
"""An upload is kept with the reason it was refused for."""


@pytest.fixture
def world() -> World:
    world = make_world()
    register_client("his", HOME, "his", SCOPES)
    return world


def token(*scopes: str, age: timedelta = timedelta()) -> str:
    record = ClientRecord("his", HOME, frozenset(scopes))
    tokens = BearerTokens(settings.SECRET_KEY, settings.ENVIRONMENT.namespace)
    return f"Bearer {tokens.issue(record, scopes, now() - age)}"


def call(path: str, authorization: str | None, body: Any = None) -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    browser = Browser()
    if SERVICES[path].method == "GET":
        return browser.get(path, {"item": "K"}, headers=headers)
    return browser.post(path, body or {}, content_type="application/json", headers=headers)


def refused(answer: Any, changed: set[str]) -> tuple[int, str, set[str]]:
    return answer.status_code, answer.json()["code"], changed


@pytest.mark.parametrize("path", ADDRESSES)
def test_answers_nobody_without_a_living_token_of_its_scope(path: str, world: World) -> None:
    own = SERVICES[path].scope
    others = [scope for scope in SCOPES if scope != own]

    for authorization in (None, "Basic aGlzOmhpcw==", "Bearer nonsense", token(own, age=timedelta(hours=2))):
        answer, changed = noticed(lambda authorization=authorization: call(path, authorization))
        assert (answer.status_code, changed) == (401, set()), authorization
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert refused(*noticed(lambda: call(path, token(*others)))) == (403, "scope.missing", set())
    Client.objects.update(scopes=others)
    assert refused(*noticed(lambda: call(path, token(own)))) == (403, "scope.missing", set())
    Client.objects.update(active=False)
    assert noticed(lambda: call(path, token(own)))[0].status_code == 401


def test_every_service_that_names_an_object_is_tried() -> None:
    named = {path for path, row in SERVICES.items() if row.names}

    assert named == set(SERVICE_BODIES)


@pytest.mark.parametrize("institution", [NEIGHBOUR, ABROAD])
@pytest.mark.parametrize("path", SERVICE_BODIES)
def test_an_object_of_another_institution_does_not_exist(path: str, institution: str, world: World) -> None:
    body = SERVICE_BODIES[path](world.of[institution])

    answer, changed = noticed(lambda: call(path, token(SERVICES[path].scope), body))

    assert answer.status_code == 404, answer.content
    assert changed <= KEPT_BUT_REFUSED


@pytest.mark.parametrize("path", sorted(SERVICE_BODIES.keys() - {"/api/v1/recognition/revocations"}))
def test_ones_own_object_does(path: str, world: World) -> None:
    body = SERVICE_BODIES[path](world.of[HOME])

    answer, changed = noticed(lambda: call(path, token(SERVICES[path].scope), body))

    assert answer.status_code == 200, answer.content
    assert changed


def test_what_may_be_cited_is_what_ones_own_institution_accepted(world: World) -> None:
    asked = {"patient": patient(), "encounter": {"type": "outpatient", "number": "V1"}}
    found = call("/api/v1/recognition/citable", token("recognition.decide"), asked).json()["items"]

    assert {item["match_item_id"] for item in found} == {str(world.of[HOME].accepted_item)}


@pytest.mark.parametrize("path", sorted(set(ADDRESSES) - {"/api/v1/marks"}))
def test_a_body_cannot_name_another_institution_as_the_caller(path: str, world: World) -> None:
    body = SERVICE_BODIES.get(path, lambda of: {})(world.of[HOME]) | {"institution_code": ABROAD}

    answer, changed = noticed(lambda: call(path, token(SERVICES[path].scope), body))

    assert answer.status_code == 400, answer.content
    assert changed <= KEPT_BUT_REFUSED
    assert not InboxMessage.objects.filter(institution_code=ABROAD).exclude(facility=ABROAD).exists()


def test_a_wrong_code_goes_on_the_patients_record(world: World) -> None:
    body = {"patient": patient(), "way": "code", "code": "00000000"}
    body["practitioner"] = {"id": "D1", "name": "王医生"}

    answer = call("/api/v1/consents", token("consent.write"), body)

    assert (answer.status_code, answer.json()["code"]) == (422, "consent.code_wrong")
    entry = AuditEntry.objects.get(action="api.consent_refused")
    assert (entry.person_id, entry.institution_code) == (world.person_id, HOME)
