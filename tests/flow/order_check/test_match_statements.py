"""What a match costs the database, and what becomes of it when the database is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import structlog

from tests.flow.order_check.conftest import World
from yijian.dataplane import pool as pool_module
from yijian.dataplane.app import DataPlane, create_application
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.foundation.accounts.values import SCOPES, ClientRecord
from yijian.kit.clock import now

MATCH = "/api/v1/recognition/match"
PERSON = "420116198002290015"
QUESTION = {
    "patient": {
        "identifiers": [{"type": "resident_id", "value": PERSON}, {"type": "local", "value": "MRN-0015"}]
    },
    "encounter": {"type": "outpatient"},
    "items": [{"system": "item", "code": code} for code in ("K", "Na", "Cl", "ELECTROLYTE")],
}

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def person_id(world: World) -> UUID:
    from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

    person_id = world.add_person(PERSON)
    for code in ("K", "Na", "Cl"):
        region.add_result(person_id, code)
    return person_id


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """Return what is logged; a patient's name or number in it fails the test."""
    with structlog.testing.capture_logs() as entries:
        yield entries
    told = str([{name: value for name, value in entry.items() if name != "exc_info"} for entry in entries])
    assert PERSON not in told


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills with every statement the pool's connections run."""
    heard: list[str] = []
    teach = pool_module._teach_json

    async def teach_and_listen(connection: asyncpg.Connection) -> None:
        await teach(connection)
        connection.add_query_logger(lambda record: heard.append(" ".join(record.query.split())))

    monkeypatch.setattr(pool_module, "_teach_json", teach_and_listen)
    return heard


@pytest.fixture
async def plane(world: World, person_id: UUID, statements: list[str]) -> AsyncIterator[DataPlane]:
    async with create_application(world.environment).running() as running:
        yield running


@pytest.fixture
async def client(plane: DataPlane, world: World) -> AsyncIterator[httpx.AsyncClient]:
    record = ClientRecord("county", "COUNTY", SCOPES)
    token = BearerTokens(world.environment.secret_key, world.environment.namespace).issue(
        record, SCOPES, now()
    )
    transport = httpx.ASGITransport(plane)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await client.post(MATCH, json=QUESTION | more)


async def test_a_match_is_one_identity_and_one_candidate_statement_and_a_commit(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    assert (await ask(client)).json()["match_id"]
    statements.clear()
    assert (await ask(client)).json()["match_id"]
    assert [statement.split(" FROM ")[-1].split()[0] for statement in statements[:2]] == [
        "identity_identifierkey",
        statements[1].split(" FROM ")[-1].split()[0],
    ]
    assert sum("FROM identity_identifierkey" in statement for statement in statements) == 1
    assert sum("FROM results_result AS" in statement for statement in statements) == 1
    commit = [s for s in statements if "identity_" not in s and "results_" not in s]
    assert len(commit) == len(statements) - 2
    assert sum(statement.startswith("COMMIT") for statement in commit) == 1
    assert len(commit) == len(("begin", "key", "match", "items", "end of the trail", "audit", "commit"))


async def test_what_cannot_be_shown_is_not_looked_up(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    await ask(client)
    statements.clear()
    answer = await ask(client, authorisation={"basis": "none"})
    assert {item["outcome"] for item in answer.json()["items"]} == {"none"}
    assert not any("results_result" in statement for statement in statements)


async def test_concurrent_matches_share_commits(client: httpx.AsyncClient, statements: list[str]) -> None:
    await asyncio.gather(*(ask(client) for _ in range(4)))
    statements.clear()
    answers = await asyncio.gather(*(ask(client) for _ in range(32)))
    assert len({answer.json()["match_id"] for answer in answers}) == 32
    assert sum(statement.startswith("COMMIT") for statement in statements) < 32


async def test_failure_is_503_and_never_none(
    client: httpx.AsyncClient, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(client)
    from yijian.domains.recognition import hot  # noqa: PLC0415

    async def fail(*_: Any, **__: Any) -> None:
        raise ConnectionResetError("the database went away with 测试患者甲")

    monkeypatch.setattr(hot, "fetch_candidates", fail)
    answer = await ask(client)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "service.unavailable"
    assert "测试患者甲" not in answer.text
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["request failed"]


async def test_a_commit_that_fails_is_503_and_leaves_nothing(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yijian.dataplane import footprints  # noqa: PLC0415

    connection = await asyncpg.connect(world.environment.database_url)
    try:
        count = "SELECT count(*) FROM recognition_match"
        before = await connection.fetchval(count)

        async def fail(*_: Any) -> None:
            raise ConnectionResetError

        monkeypatch.setattr(footprints, "append", fail)
        assert (await ask(client)).status_code == 503
        assert await connection.fetchval(count) == before
    finally:
        await connection.close()


async def test_a_record_the_database_refuses_fails_alone(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yijian.domains.recognition import hot  # noqa: PLC0415

    true_record = hot.record_of

    def poisoned(person_id: UUID, match_id: UUID, request: Any, *rest: Any, **more: Any) -> Any:
        record = true_record(person_id, match_id, request, *rest, **more)
        if request.encounter.number == "poison":
            object.__setattr__(record, "match", (*record.match[:2], "x" * 99, *record.match[3:]))
        return record

    monkeypatch.setattr(hot, "record_of", poisoned)
    numbers = ["OP1", "poison", "OP2", "OP3"]
    answers = await asyncio.gather(
        *(ask(client, encounter={"type": "outpatient", "number": number}) for number in numbers)
    )
    assert [answer.status_code for answer in answers] == [200, 503, 200, 200]


async def test_a_replay_runs_the_statement_for_the_past(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    statements.clear()
    answer = await ask(client, at=(now() - timedelta(hours=1)).isoformat())
    assert answer.status_code == 200
    assert sum("w.reported_at <= $3" in statement for statement in statements) == 1


async def test_says_whether_it_can_serve(client: httpx.AsyncClient) -> None:
    ready = await client.get("/readyz")
    assert ready.json() == {"ready": True, "checks": {"database": True, "migrations": True, "rulebook": True}}
    assert (await client.get("/healthz")).json() == {"alive": True}
    assert "yijian_requests_total" in (await client.get("/metrics")).text


async def test_is_not_ready_without_its_migrations(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yijian.dataplane import health  # noqa: PLC0415

    brought = health.brought_migrations() | {("recognition", "9999_future")}
    monkeypatch.setattr(health, "brought_migrations", lambda: brought)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, False)


async def test_unknown_addresses_are_problems(client: httpx.AsyncClient) -> None:
    answer = await client.get("/cds-services/no-such-service")
    assert (answer.status_code, answer.json()["code"]) == (404, "request.path")


async def test_the_data_plane_claims_exactly_what_it_routes(plane: DataPlane) -> None:
    assert plane._router
    for path, handlers in plane._router._routes.items():
        for method in handlers:
            assert DataPlane.serves(method, path)
    assert not DataPlane.serves("POST", "/cds-services/recognition-order-sign/feedback")
    assert DataPlane.serves("OPTIONS", "/cds-services/recognition-order-sign/feedback")
