"""Items that arrive together are written together, in order, and none suffers for another."""

import asyncio
from collections.abc import Sequence

import pytest

from yijian.dataplane.group_commit import GroupCommit


class Store:
    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.poison: set[int] = set()
        self.away = False

    async def write(self, items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError("away")
        if self.poison & set(items):
            raise ValueError("poison")
        self.groups.append(list(items))
        return [item * 10 for item in items]


async def test_writes_what_waits_as_one_group_in_order() -> None:
    store = Store()
    group = GroupCommit(store.write, most=4)
    answers = await asyncio.gather(*(group.submit(number) for number in range(10)))
    assert answers == [number * 10 for number in range(10)]
    assert store.groups == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_one_bad_item_fails_alone() -> None:
    store = Store()
    store.poison = {1}
    group = GroupCommit(store.write, separable=ValueError)
    answers = await asyncio.gather(*(group.submit(number) for number in range(3)), return_exceptions=True)
    assert [answers[0], answers[2]] == [0, 20]
    assert isinstance(answers[1], ValueError)


async def test_all_who_wait_hear_that_the_store_is_away() -> None:
    store = Store()
    store.away = True
    group = GroupCommit(store.write, separable=ValueError)
    answers = await asyncio.gather(*(group.submit(number) for number in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError] * 3
    store.away = False
    assert await group.submit(7) == 70


async def test_close_waits_for_what_is_under_way() -> None:
    store = Store()
    group = GroupCommit(store.write)
    waiting = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0)
    await group.close()
    assert store.groups == [[1]]
    assert await waiting == 10


async def test_one_who_gives_up_takes_nobody_along() -> None:
    store = Store()
    group = GroupCommit(store.write)
    impatient, patient = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient == 20


async def test_a_group_waits_a_little_for_what_is_coming() -> None:
    store = Store()
    group = GroupCommit(store.write, patience=30)
    with group.coming():
        first = asyncio.create_task(group.submit(1))
        await asyncio.sleep(0.01)
        assert store.groups == []
    await group.submit(2)
    await first
    assert store.groups == [[1, 2]]


async def test_what_comes_late_or_never_holds_nobody_up_for_long() -> None:
    store = Store()
    group = GroupCommit(store.write, patience=0.001)
    with group.coming():
        assert await group.submit(1) == 10
    assert store.groups == [[1]]


async def test_waits_until_nobody_comes_for_some_turns() -> None:
    async def come(number: int) -> int:
        for _ in range(2 * number):
            await asyncio.sleep(0)
        return await group.submit(number)

    store = Store()
    group = GroupCommit(store.write, quiet=3)
    await asyncio.gather(*(come(number) for number in range(4)))
    assert store.groups == [[0, 1, 2, 3]]
    assert await group.submit(9) == 90


async def test_a_group_that_is_full_waits_for_nobody() -> None:
    async def come_without_end() -> None:
        while len(store.groups) < 3:
            submitted.append(asyncio.create_task(group.submit(len(submitted))))
            await asyncio.sleep(0)

    store, submitted = Store(), list[asyncio.Task[int]]()
    group = GroupCommit(store.write, most=5, quiet=1000)
    await come_without_end()
    assert store.groups[0] == [0, 1, 2, 3, 4]
    for task in submitted:
        task.cancel()
