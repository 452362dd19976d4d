"""An order is never held up because we failed, and the demo's open door opens for this machine alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from tests.flow.order_check.conftest import World
from tests.flow.order_check.test_cds_hooks import SIGN, person_id, signed
from tests.unit.cds_hooks.calls import call
from yijian.dataplane.app import create_application

__all__ = ["person_id"]

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("person_id")]

BASE = "http://127.0.0.1"
Fault = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def empty_answers(reason: str) -> float:
    return REGISTRY.get_sample_value("yijian_cds_empty_total", {"reason": reason}) or 0.0


async def ask(world: World, *, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    async with create_application(world.environment).running() as plane:
        transport = httpx.ASGITransport(plane, client=(client, 5000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as opened:
            return await opened.post(SIGN, json=call(), headers=headers)


async def test_failure_gives_no_cards_and_an_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    from yijian.domains.recognition import hot  # noqa: PLC0415

    async def fail(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(hot, "fetch_candidates", fail)
    before = empty_answers("failed")
    answer = await ask(world, **signed(BASE, SIGN))
    assert (answer.status_code, answer.json()) == (200, {"cards": []})
    assert empty_answers("failed") == before + 1
    assert "cards given up" in [entry["event"] for entry in logged if entry["log_level"] == "error"]


async def test_slowness_gives_no_cards_and_an_alarm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from yijian.domains.recognition import hot  # noqa: PLC0415
    from yijian.gateways.cds_hooks.hot import HookEndpoint  # noqa: PLC0415

    async def dawdle(*_: Any, **__: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(hot, "fetch_candidates", dawdle)
    monkeypatch.setitem(HookEndpoint.__init__.__kwdefaults__, "budget_seconds", 0.2)
    before = empty_answers("slow")
    answer = await ask(world, **signed(BASE, SIGN))
    assert (answer.status_code, answer.json()) == (200, {"cards": []})
    assert empty_answers("slow") == before + 1


async def test_failure_to_look_the_caller_up_gives_no_cards_either(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yijian.foundation.accounts.hot import ClientDirectory  # noqa: PLC0415

    async def fail(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(ClientDirectory, "find_by_issuer", fail)
    answer = await ask(world, **signed(BASE, SIGN))
    assert (answer.status_code, answer.json()) == (200, {"cards": []})


async def test_of_two_calls_with_one_token_at_once_one_is_answered(world: World) -> None:
    headers = signed(BASE, SIGN)
    async with create_application(world.environment).running() as plane:
        transport = httpx.ASGITransport(plane)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as opened:
            answers = await asyncio.gather(
                *(opened.post(SIGN, json=call(), headers=headers) for _ in range(6))
            )
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 5]


@pytest.fixture
def open_world(world: World) -> World:
    return replace(world, environment=replace(world.environment, demo=True, demo_open=True))


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
async def test_the_open_demo_admits_strangers_on_this_machine(open_world: World, client: str) -> None:
    assert len((await ask(open_world, client=client)).json()["cards"]) == 1


async def test_the_open_demo_admits_issuers_nobody_registered(open_world: World) -> None:
    headers = signed(BASE, SIGN, iss="https://sandbox.cds-hooks.example")
    assert len((await ask(open_world, **headers)).json()["cards"]) == 1


@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::1", ""])
async def test_the_open_demo_refuses_other_machines(open_world: World, client: str) -> None:
    assert (await ask(open_world, client=client)).status_code == 401


async def test_the_open_demo_refuses_bad_tokens_of_registered_issuers(open_world: World) -> None:
    assert (await ask(open_world, **signed(BASE, SIGN, exp=1))).status_code == 401
