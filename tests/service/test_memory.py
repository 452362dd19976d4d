"""The worker's memory stays flat, however many messages it has processed."""

import gc
import tracemalloc
from hashlib import sha256

import pytest

from tests.flow.messages import oru
from tests.flow.processing import work_off
from yijian.domains.results.models import ReportVersion
from yijian.domains.terminology.services import load_catalogue
from yijian.foundation.inbox.models import InboxMessage
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.values import LANES
from yijian.kit.clock import now
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db
GROWTH = 256 * 1024


def receive(numbers: range) -> None:
    """Keep messages as the listener would, of as many patients."""
    raws = {n: oru(str(n), patient_no=f"P{n}", name=f"某{n}", value=f"4.{n % 10}") for n in numbers}
    InboxMessage.objects.bulk_create(
        InboxMessage(
            message_id=new_id(),
            received_at=now(),
            protocol="hl7",
            institution_code="H001",
            facility="H001",
            control_id=str(n),
            lane=n % LANES,
            raw=seal(raw),
            digest=sha256(raw).digest(),
            state="received",
        )
        for n, raw in raws.items()
    )


def test_memory_is_flat_over_thousands_of_messages() -> None:
    load_catalogue()
    receive(range(300))
    work_off()
    tracemalloc.start()
    try:
        receive(range(300, 600))
        work_off()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for start in range(600, 2100, 300):
            receive(range(start, start + 300))
            work_off()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ReportVersion.objects.count() == 2100
    assert after - before < GROWTH
