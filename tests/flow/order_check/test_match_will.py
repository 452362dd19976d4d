"""The patient's will at the moment of ordering: it counts at once, and a code serves once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.flow.order_check.conftest import World
from tests.service.region import resident_id
from yijian.dataplane.app import create_application
from yijian.domains.consent.hot import code_digest
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import SCOPES, ClientRecord
from yijian.kit.clock import now
from yijian.kit.crypto import FieldCipher
from yijian.kit.ids import new_id

MATCH = "/api/v1/recognition/match"
PERSON = resident_id(37, "19790506")

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def person_id(world: World) -> UUID:
    from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

    person_id = world.add_person(PERSON)
    region.add_result(person_id, "K")
    return person_id


@pytest.fixture
async def client(world: World, person_id: UUID) -> AsyncIterator[httpx.AsyncClient]:
    record = ClientRecord("county", "COUNTY", SCOPES)
    tokens = BearerTokens(world.environment.secret_key, world.environment.namespace)
    headers = {"Authorization": f"Bearer {tokens.issue(record, SCOPES, now())}"}
    async with create_application(world.environment).running() as plane:
        transport = httpx.ASGITransport(plane)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as opened:
            yield opened


@pytest.fixture
async def database(world: World, client: httpx.AsyncClient) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(world.environment.database_url)
    yield connection
    for table in ("consent", "objection", "consentcode"):
        await connection.execute(f"DELETE FROM consent_{table}")  # noqa: S608 - names of ours
    await connection.close()


async def ask(client: httpx.AsyncClient, **authorisation: str) -> httpx.Response:
    question: dict[str, Any] = {
        "patient": {"identifiers": [{"type": "resident_id", "value": PERSON}]},
        "encounter": {"type": "outpatient"},
        "items": [{"system": "item", "code": "K"}],
    }
    return await client.post(
        MATCH, json=question | ({"authorisation": authorisation} if authorisation else {})
    )


async def outcome(client: httpx.AsyncClient, **authorisation: str) -> str:
    return str((await ask(client, **authorisation)).json()["items"][0]["outcome"])


async def test_an_objection_counts_for_the_very_next_match(
    client: httpx.AsyncClient, database: asyncpg.Connection, person_id: UUID
) -> None:
    assert await outcome(client) != "none"
    await database.execute(
        "INSERT INTO consent_objection (person_id, objection_id, kind, sensitivities, institution_code,"
        " made_at, made_by, lifted_by) VALUES ($1, $2, 'everything', '[]', '', now(), 'patient', '')",
        person_id,
        new_id(),
    )
    assert await outcome(client) == "none"
    assert await outcome(client, basis="patient_consent", scope="all") == "none"
    await database.execute("UPDATE consent_objection SET lifted_at = now()")
    assert await outcome(client) != "none"


async def test_a_code_in_the_request_becomes_a_consent_and_stands_in_the_audit(
    client: httpx.AsyncClient, database: asyncpg.Connection, person_id: UUID, world: World
) -> None:
    digest = code_digest(FieldCipher(world.environment.field_key), person_id, "12345678")
    await database.execute(
        "INSERT INTO consent_consentcode (person_id, code_id, digest, scope, institution_code, made_at,"
        " expires_at, failures, used_by, used_institution)"
        " VALUES ($1, $2, $3, 'all', '', now(), now() + interval '10 minutes', 0, '', '')",
        person_id,
        new_id(),
        digest,
    )
    wrong = await ask(client, code="00000000")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "consent.code_wrong")
    assert wrong.json()["errors"][0]["path"] == "authorisation.code"
    assert await database.fetchval("SELECT failures FROM consent_consentcode") == 1
    tried = (
        "SELECT person_id, detail ->> 'code' FROM audit_auditentry WHERE action = 'recognition.code_refused'"
    )
    assert [tuple(row) for row in await database.fetch(tried)] == [(person_id, "consent.code_wrong")]

    assert (await ask(client, code="1234 5678", scope="all")).status_code == 200

    consent = await database.fetchrow("SELECT consent_id, way, institution_code FROM consent_consent")
    assert (consent["way"], consent["institution_code"]) == ("code", "COUNTY")
    audited = await database.fetchrow(
        "SELECT legal_basis, detail ->> 'consent_id' AS consent_id FROM audit_auditentry"
        " WHERE person_id = $1 ORDER BY entry_id DESC LIMIT 1",
        person_id,
    )
    assert tuple(audited) == ("patient_consent", str(consent["consent_id"]))
    assert (await ask(client, code="12345678")).status_code == 422
