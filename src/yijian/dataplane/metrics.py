"""What the data plane counts (Prometheus)."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from yijian.kit.http import Request, Response

__all__ = ["COMMITTED", "GROUP_SIZE", "REQUESTS", "RULEBOOK_LOADED_AT", "SECONDS", "show_metrics"]

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


async def show_metrics(_: Request) -> Response:
    """Answer a scrape."""
    return Response(200, generate_latest(), (("content-type", CONTENT_TYPE_LATEST),))
