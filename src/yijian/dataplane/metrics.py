"""What the data plane counts (Prometheus)."""

import asyncio
from contextlib import suppress

import asyncpg
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

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
RULEBOOK_LOADED_AT = Gauge("yijian_rulebook_loaded_at_seconds", "When the rules were read last")


SENDER_ALARMS = Gauge("yijian_sender_alarms", "Open alarms about senders", ["kind"])
SENDER_ALARMS_UNSEEN = Gauge(
    "yijian_sender_alarms_unseen", "Open alarms about senders that nobody has acknowledged", ["kind"]
)
PROBE_SECONDS = 2
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Metrics:
    """Answers scrapes; alarms are the database's, and left as they were while it is away."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __call__(self, _: Request) -> Response:
        with suppress(*AWAY):
            async with asyncio.timeout(PROBE_SECONDS):
                await self._read_alarms()
        return Response(200, generate_latest(), (("content-type", CONTENT_TYPE_LATEST),))

    async def _read_alarms(self) -> None:
        alarms = await count_open_alarms(self._pool)
        for kind in ALARMS:
            number, unseen = alarms.get(kind, (0, 0))
            SENDER_ALARMS.labels(kind).set(number)
            SENDER_ALARMS_UNSEEN.labels(kind).set(unseen)
