"""One transaction for whatever arrives while the one before commits: many messages, one fsync."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

__all__ = ["GroupCommit"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Hands items to `write` in groups, in the order they were submitted, one group at a time.

    `write` returns one answer per item once they are durable. If a group fails by an error of the type
    `separable`, its items are written one by one, so that none suffers for another. A group waits up to
    `patience` seconds for items that are said to be coming, then until none comes for `quiet` turns of the
    loop.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most: int = 64,
        patience: float = 0,
        quiet: int = 0,
        separable: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        self._write = write
        self._most = most
        self._patience = patience
        self._quiet = quiet
        self._coming = 0
        self._nobody_coming = asyncio.Event()
        self._separable = separable
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Say that an item is being made: to be submitted right after, if at all."""
        self._coming += 1
        self._nobody_coming.clear()
        try:
            yield
        finally:
            self._coming -= 1
            if not self._coming:
                self._nobody_coming.set()

    async def submit(self, item: Item) -> Answer:
        """Return the answer for `item` when it is durable, or raise what kept it from being so."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Wait until everything submitted is answered."""
        if self._writer is not None:
            await self._writer

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._commit(group)
        finally:
            self._writer = None

    async def _gather(self) -> None:
        """Wait a little for those who come: what a commit costs is shared by all of a group."""
        if self._coming and len(self._waiting) < self._most:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._nobody_coming.wait()
        turns, number = 0, len(self._waiting)
        while turns < self._quiet and number < self._most:
            await asyncio.sleep(0)
            turns, number = (turns + 1 if number == len(self._waiting) else 0), len(self._waiting)

    async def _commit(self, group: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._write([item for item, _ in group])
        except self._separable as error:
            if len(group) == 1:
                _fail(group, error)
            else:
                for single in group:
                    await self._commit([single])
        except Exception as error:
            _fail(group, error)
        else:
            for (_, waiting), answer in zip(group, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)


def _fail(group: Sequence[tuple[object, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, waiting in group:
        if not waiting.done():
            waiting.set_exception(error)
