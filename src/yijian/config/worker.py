"""The worker: a thread for each lane of the inbox; others for events, hints and what is done now and then.

Import it when Django is set up.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from django.db import DatabaseError, InterfaceError, connection

from yijian.config.jobs import JOBS
from yijian.config.subscriptions import SUBSCRIPTIONS
from yijian.config.transports import TRANSPORTS
from yijian.domains.recognition.services.previews import preview_loop
from yijian.foundation.database.locked_loop import LockedLoop
from yijian.foundation.database.periodic import periodic_loop
from yijian.foundation.inbox.lane import lane_loop
from yijian.foundation.inbox.processing import Processor
from yijian.foundation.inbox.services import take_over_abandoned
from yijian.foundation.inbox.values import LANES
from yijian.foundation.outbound.courier import courier_loop
from yijian.foundation.outbox.delivery import delivery_loop
from yijian.gateways.backfill import ingest as files
from yijian.gateways.hl7v2 import ingest as hl7
from yijian.gateways.json_api import ingest as json
from yijian.kit import clock

__all__ = ["PROCESSORS", "main", "run_worker"]

PROCESSORS: Mapping[str, Processor] = {
    hl7.PROTOCOL: hl7.process,
    json.PROTOCOL: json.process,
    files.PROTOCOL: files.process,
}
HINT_SECONDS = 1.0
HINT_PAUSE_SECONDS = 0.1
"""After a hint: each makes every lane look."""
SWEEP_SECONDS = 60.0
AWAY_SECONDS = 2.0

log = structlog.get_logger(__name__)


def main() -> int:
    """Work until SIGTERM or SIGINT, end after the messages under way; return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return 0 if run_worker(stop) else 1


def run_worker(stop: threading.Event) -> bool:
    """Work until `stop` is set; False if a thread failed: then the process should end and begin anew."""
    failed = threading.Event()
    lanes = [lane_loop(lane, PROCESSORS, stop) for lane in range(LANES)]
    loops = [
        *lanes,
        delivery_loop(SUBSCRIPTIONS, stop),
        periodic_loop(JOBS, stop),
        preview_loop(stop),
        courier_loop(TRANSPORTS, stop),
    ]
    work: list[Callable[[], None]] = [loop.run for loop in loops]
    work.append(lambda: _listen(lanes, stop))
    threads = [threading.Thread(target=_guard, args=(job, stop, failed)) for job in work]
    for thread in threads:
        thread.start()
    log.info("worker started", lanes=LANES)
    stop.wait()
    for loop in loops:
        loop.wake.set()
    for thread in threads:
        thread.join()
    log.info("worker stopped")
    return not failed.is_set()


def _guard(job: Callable[[], None], stop: threading.Event, failed: threading.Event) -> None:
    try:
        job()
    except Exception:
        log.exception("a thread of the worker failed: ending")
        failed.set()
        stop.set()


def _listen(lanes: Sequence[LockedLoop], stop: threading.Event) -> None:
    """Wake the lanes when a listener says that it kept messages; a hint only, for they look by themselves."""
    while not stop.is_set():
        try:
            _pass_on_hints(lanes, stop)
        except (DatabaseError, InterfaceError, OSError):
            log.exception("the database is away")
            stop.wait(AWAY_SECONDS)
        finally:
            connection.close()


def _pass_on_hints(lanes: Sequence[LockedLoop], stop: threading.Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN inbox")
    swept_at = 0.0
    while not stop.is_set():
        with connection.wrap_database_errors:
            hints = list(connection.connection.notifies(timeout=HINT_SECONDS, stop_after=1))
        for lane in lanes if hints else ():
            lane.wake.set()
        if hints:
            stop.wait(HINT_PAUSE_SECONDS)
        if time.monotonic() - swept_at >= SWEEP_SECONDS:
            take_over_abandoned(PROCESSORS, now=clock.now())
            swept_at = time.monotonic()
