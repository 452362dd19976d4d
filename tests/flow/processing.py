"""Work the inbox off, in this process or in a worker of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from yijian.config.subscriptions import SUBSCRIPTIONS
from yijian.config.worker import PROCESSORS
from yijian.foundation.inbox.lane import drain
from yijian.foundation.inbox.models import InboxMessage
from yijian.foundation.inbox.values import LANES
from yijian.foundation.outbox.delivery import Delivery

START = "import django; django.setup(); from yijian.config.worker import main; raise SystemExit(main())"
PATIENCE = 120
"""Seconds after which a worker that does nothing is a failure."""


def work_off() -> None:
    """Process what is received, lane by lane."""
    for lane in range(LANES):
        while drain(lane, PROCESSORS):
            pass


def deliver() -> None:
    """Deliver what was told meanwhile."""
    while Delivery(SUBSCRIPTIONS).deliver_batch():
        pass


@contextmanager
def worker(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; it is ended on the way out."""
    environment = os.environ | {"YIJIAN_DATABASE_URL": database_url}
    process = subprocess.Popen([sys.executable, "-c", START], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_until_left(most: int) -> None:
    """Wait until no more than `most` messages are still to be processed."""
    deadline = time.monotonic() + PATIENCE
    while InboxMessage.objects.filter(state="received").count() > most:
        assert time.monotonic() < deadline, "the worker does not get on"
        time.sleep(0.02)
