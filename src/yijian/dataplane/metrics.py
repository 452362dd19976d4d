"""What the data plane counts (Prometheus)."""

import asyncio
import os
from contextlib import suppress

import asyncpg
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from yijian.foundation.inbox.health import ALARMS
from yijian.foundation.inbox.hot import count_open_alarms
from yijian.kit.http import Request, Response

__all__ = ["COMMITTED", "GROUP_SIZE", "REQUESTS", "RULEBOOK_LOADED_AT", "SECONDS", "Metrics"]

REQUESTS = Counter("yijian_requests", "Requests answered on the data plane", ["route", "status"])
SECONDS = Histogram(
    "yijian_request_seconds",
    "Time to answer, by route",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
COMMITTED = Counter("yijian_footprints_committed", "Order checks whose record and audit are durable")
GROUP_SIZE = Histogram(
    "yijian_group_commit_size", "Order checks per transaction", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
RULEBOOK_LOADED_AT = Gauge(
    "yijian_rulebook_loaded_at_seconds",
    "When the rules were read last, by the process that read them first",
    multiprocess_mode="livemin",
)

SENDER_ALARMS = Gauge(
    "yijian_sender_alarms", "Open alarms about senders", ["kind"], multiprocess_mode="livemostrecent"
)
SENDER_ALARMS_UNSEEN = Gauge(
    "yijian_sender_alarms_unseen",
    "Open alarms about senders that nobody has acknowledged",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
COUNTED_TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory where processes put their counts (the library's name for it)."""
PROBE_SECONDS = 2
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Metrics:
    """Answers scrapes for all processes that count together.

    Alarms are the database's, and left as they were while it is away.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._registry: CollectorRegistry = REGISTRY
        if directory := os.environ.get(COUNTED_TOGETHER):
            self._registry = CollectorRegistry()
            MultiProcessCollector(self._registry, directory)  # type: ignore[no-untyped-call]

    async def __call__(self, _: Request) -> Response:
        with suppress(*AWAY):
            async with asyncio.timeout(PROBE_SECONDS):
                await self._read_alarms()
        counts = await asyncio.to_thread(generate_latest, self._registry)
        return Response(200, counts, (("content-type", CONTENT_TYPE_LATEST),))

    async def _read_alarms(self) -> None:
        alarms = await count_open_alarms(self._pool)
        for kind in ALARMS:
            number, unseen = alarms.get(kind, (0, 0))
            SENDER_ALARMS.labels(kind).set(number)
            SENDER_ALARMS_UNSEEN.labels(kind).set(unseen)
