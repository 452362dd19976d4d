"""Decisions, citations and revocations reach those who asked for them: signed, in order, at least once."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.flow.outbound.receivers import Got, hl7_receiver, web_receiver
from tests.flow.processing import deliver
from tests.service.region import CITY, COUNTY, lab_report, make_region, order_check, upload
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import CitationSubmission, DecisionSubmission, MatchRequest
from yijian.domains.results import api as results
from yijian.foundation.outbound import api as outbound
from yijian.foundation.outbound.courier import PARK_ATTEMPTS, Courier, due_endpoints, send_due
from yijian.foundation.outbound.models import Delivery, Endpoint, EndpointState
from yijian.foundation.outbound.secrets import give_secret
from yijian.gateways.outbound.mllp import MllpTransport
from yijian.gateways.outbound.webhook import WebhookTransport
from yijian.kit.clock import now
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db

LOOPBACK = (ip_network("127.0.0.0/8"),)
TRANSPORTS = {
    "webhook": WebhookTransport(LOOPBACK, plain_http=True),
    "mllp": MllpTransport(LOOPBACK),
}
PATIENCE = 60
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def subscribe(address: str, *, institution: str = CITY, **more: Any) -> tuple[Endpoint, str]:
    kind = "mllp" if address.startswith("mllp") else "webhook"
    endpoint = Endpoint(name="t", institution_code=institution, kind=kind, address=address, **more)
    secret = give_secret(endpoint)
    endpoint.save()
    return endpoint, secret


def decide(report_no: str = "L1", decision: str = "accept", **reason: Any) -> str:
    """Have COUNTY decide on a new report of CITY; return the match item."""
    results.record_report(
        upload(lab_report(report_no)), institution_code=CITY, source="json", message_id=None, at=now()
    )
    return decide_again(decision, **reason)


def decide_again(decision: str = "accept", **reason: Any) -> str:
    request = msgspec.convert(order_check(), MatchRequest)
    document = recognition.match_order(
        COUNTY, request, channel="web", actor="tester", at=now(), view=recognition.View()
    ).document
    item = document["items"][0]["candidate"]["match_item_id"]
    items = [{"match_item_id": item, "decision": decision, **({"reason": reason} if reason else {})}]
    submission = {"match_id": document["match_id"], "decided_at": now().isoformat(), "items": items}
    recognition.record_decisions(
        COUNTY, msgspec.convert(submission, DecisionSubmission), channel="json", actor="tester", at=now()
    )
    return str(item)


def carry(after: timedelta = timedelta(0)) -> None:
    """Deliver events, and send what is due as if `after` had passed."""
    deliver()
    for endpoint_id in due_endpoints(now() + after):
        while send_due(endpoint_id, TRANSPORTS, now() + after):
            pass


def is_signed(got: Got, secret: str) -> bool:
    """Verify as the specification of Standard Webhooks tells a receiver to."""
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    signatures = [each.partition(",") for each in got.headers["webhook-signature"].split(" ")]
    fresh = abs(time.time() - int(got.headers["webhook-timestamp"])) < PATIENCE
    return fresh and any(
        version == "v1" and hmac.compare_digest(value, expected) for version, _, value in signatures
    )


def test_tells_the_source_of_a_decision_without_naming_the_patient() -> None:
    with web_receiver() as receiver:
        _, secret = subscribe(receiver.url)
        match_item_id = decide(decision="decline", code="4", text="张伟病情危重")
        carry()
    (got,) = receiver.got
    assert is_signed(got, secret)
    assert got.headers["content-type"] == "application/json"
    body = json.loads(got.body)
    assert body["type"] == "recognition.decided"
    data = body["data"]
    assert data["match_item_id"] == match_item_id
    assert data["report"] == {"institution_code": CITY, "report_no": "L1", "version": 1, "order_no": ""}
    assert (data["item"]["code"], data["decision"], data["reason"]["code"]) == ("K", "decline", "4")
    assert data["institution"]["code"] == COUNTY
    assert "张伟" not in got.body.decode()
    assert Delivery.objects.get().state == "delivered"


def test_tells_of_a_citation_once() -> None:
    with web_receiver() as receiver:
        subscribe(receiver.url, events=["recognition.cited"])
        item = decide()
        cited = {"match_item_id": item, "cited_at": now().isoformat()}
        for _ in range(2):
            recognition.record_citation(COUNTY, msgspec.convert(cited, CitationSubmission), at=now())
        carry()
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["recognition.cited"]


def test_tells_only_the_source_and_the_platform() -> None:
    with web_receiver() as source, web_receiver() as platform, web_receiver() as stranger:
        subscribe(source.url)
        subscribe(platform.url, institution="")
        subscribe(stranger.url, institution="TOWN")
        decide()
        carry()
    assert (len(source.got), len(platform.got), len(stranger.got)) == (1, 1, 0)


def test_altered_body_is_not_signed() -> None:
    with web_receiver() as receiver:
        _, secret = subscribe(receiver.url)
        decide()
        carry()
    got = receiver.got[0]
    assert not is_signed(Got(got.headers, got.body + b" "), secret)


def test_both_secrets_sign_while_they_overlap_and_then_the_new_one_alone() -> None:
    with web_receiver() as receiver:
        endpoint, old = subscribe(receiver.url)
        new = outbound.rotate_secret(endpoint.endpoint_id, at=now())
        decide()
        carry()
        Endpoint.objects.update(previous_until=now() - DAY)
        decide("L2")
        carry()
    during, after = receiver.got
    assert (is_signed(during, old), is_signed(during, new)) == (True, True)
    assert (is_signed(after, old), is_signed(after, new)) == (False, True)


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_tries_again_under_the_same_id(status: int) -> None:
    with web_receiver(lambda number: status if number == 1 else 200) as receiver:
        subscribe(receiver.url)
        decide()
        carry()
        carry()
        assert len(receiver.got) == 1
        carry(timedelta(minutes=10))
    assert len(receiver.got) == 2
    assert len(set(receiver.ids())) == 1
    assert Delivery.objects.get().state == "delivered"


def test_does_not_follow_redirects() -> None:
    with web_receiver() as elsewhere, web_receiver(lambda _: 307, location=elsewhere.url) as receiver:
        subscribe(receiver.url)
        decide()
        carry()
    assert (len(receiver.got), len(elsewhere.got)) == (1, 0)


def test_parks_after_three_days_and_all_attempts_shows_it_and_redelivers_under_the_same_id() -> None:
    with web_receiver(lambda number: 400 if number <= PARK_ATTEMPTS + 1 else 200) as receiver:
        endpoint, _ = subscribe(receiver.url)
        decide()
        for days in range(PARK_ATTEMPTS):
            carry(days * DAY)
        assert outbound.list_parked(endpoint.endpoint_id, 10) == []
        carry(PARK_ATTEMPTS * DAY)
        (parked,) = outbound.list_parked(endpoint.endpoint_id, 10)
        assert (parked.last_error, parked.attempts) == ("HTTP 400", PARK_ATTEMPTS + 1)
        carry((PARK_ATTEMPTS + 4) * DAY)
        assert len(receiver.got) == PARK_ATTEMPTS + 1
        assert outbound.redeliver(endpoint.endpoint_id, parked.delivery_id) == 1
        carry()
    assert receiver.ids() == [str(parked.delivery_id)] * (PARK_ATTEMPTS + 2)
    assert Delivery.objects.get().state == "delivered"


def test_clock_put_forwards_gives_nothing_up() -> None:
    with web_receiver(lambda number: 400 if number == 1 else 200) as receiver:
        subscribe(receiver.url)
        decide()
        carry(365 * DAY)
        carry(366 * DAY)
    assert len(receiver.got) == 2
    assert Delivery.objects.get().state == "delivered"


@pytest.mark.parametrize("status", [400, 503])
def test_clock_put_back_has_nothing_wait_until_then(status: int) -> None:
    """One that refuses a message, and one that rests as a whole."""
    with web_receiver(lambda number: status if number == 1 else 200) as receiver:
        subscribe(receiver.url)
        decide()
        carry(365 * DAY)
        carry()
    assert len(receiver.got) == 2
    assert Delivery.objects.get().state == "delivered"


def test_gone_deactivates_and_keeps_the_queue() -> None:
    with web_receiver(lambda number: 410 if number == 1 else 200) as receiver:
        endpoint, _ = subscribe(receiver.url)
        decide()
        carry()
        carry(DAY)
        (shown,) = outbound.list_endpoints(None)
        assert (shown.active, shown.stopped_reason, shown.waiting) == (False, "HTTP 410", 1)
        outbound.resume(endpoint.endpoint_id)
        carry()
    assert len(receiver.got) == 2


def test_messages_of_a_report_keep_their_order_past_one_that_fails() -> None:
    with web_receiver(lambda number: 500 if number == 1 else 200) as receiver:
        endpoint, _ = subscribe(receiver.url)
        (target,) = outbound.list_targets("recognition.decided", [CITY])
        ids = [new_id() for _ in range(4)]
        for delivery_id, subject in zip(ids, ("A", "A", "B", "A"), strict=True):
            outbound.enqueue(target, delivery_id, event="t", subject=subject, payload="{}", at=now())
        carry()
        assert receiver.ids() == [str(ids[0]), str(ids[2])]
        carry(timedelta(minutes=1))
    assert list(receiver.ids()[2:]) == [str(ids[0]), str(ids[1]), str(ids[3])]
    assert endpoint.endpoint_id == target.endpoint_id


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://10.0.0.8/hook", "YIJIAN_OUTBOUND_NETWORKS"),
        ("https://169.254.169.254/latest", "YIJIAN_OUTBOUND_NETWORKS"),
        ("https://[::ffff:10.0.0.8]/", "YIJIAN_OUTBOUND_NETWORKS"),
        ("https://[::1]/", "YIJIAN_OUTBOUND_NETWORKS"),
        ("http://8.8.8.8/hook", "without TLS only"),
        ("mllp://8.8.8.8:2575", "without TLS only"),
        ("mllp://192.168.1.1:2575", "without TLS only"),
    ],
)
def test_connects_to_no_inner_network_that_is_not_named(address: str, said: str) -> None:
    endpoint, _ = subscribe(address)
    decide()
    carry()
    state = EndpointState.objects.get(endpoint_id=endpoint.endpoint_id)
    assert said in state.last_error


def test_plain_http_is_refused_outside_the_demo() -> None:
    with web_receiver() as receiver:
        endpoint, _ = subscribe(receiver.url)
        decide()
        deliver()
        send_due(endpoint.endpoint_id, {"webhook": WebhookTransport(LOOPBACK)}, now())
    assert receiver.got == []
    assert "https://" in Delivery.objects.get().last_error


@pytest.mark.parametrize(("code", "encoding"), [("AA", "UTF-8"), ("CA", "GB18030")])
def test_tells_by_hl7(code: str, encoding: str) -> None:
    with hl7_receiver(code, encoding=encoding) as receiver:
        subscribe(receiver.address, application="LIS", facility="CITY", encoding=encoding)
        decide(decision="decline", code="6", technical="window")
        carry()
    segments = [line.split("|") for line in receiver.got[0].split("\r")]
    header, request, *rows = segments
    assert (header[4], header[5], header[8], header[11]) == ("LIS", "CITY", "ORU^R01^ORU_R01", "2.5.1")
    assert header[17] == {"UTF-8": "UNICODE UTF-8", "GB18030": "GB 18030-2000"}[encoding]
    assert (request[0], request[3], request[4].split("^")[0]) == ("OBR", "L1", "K")
    assert [row[3].split("^")[0] for row in rows] == [
        "DECISION",
        "REASON",
        "TECHNICAL",
        "INSTITUTION",
        "VERSION",
    ]
    assert rows[0][5] == "decline^不采纳^99YIJIAN"
    assert rows[3][5].startswith(f"{COUNTY}^区人民医院")
    assert Delivery.objects.get().state == "delivered"


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "hang up"])
def test_hl7_refusal_is_tried_again_with_the_same_control_id(code: str) -> None:
    with hl7_receiver(code, "AA") as receiver:
        subscribe(receiver.address)
        decide()
        carry()
        assert Delivery.objects.get().state == "waiting"
        carry(timedelta(minutes=10))
    first, second = receiver.got
    assert first == second
    assert Delivery.objects.get().state == "delivered"


def test_unreachable_endpoint_rests_and_is_asked_with_one_message() -> None:
    with web_receiver(lambda _: 503) as receiver:
        endpoint, _ = subscribe(receiver.url)
        for index in range(5):
            decide(f"L{index}")
        carry()
        assert len(receiver.got) == 1
        assert due_endpoints(now()) == []
        receiver.respond = lambda _: 200
        carry(timedelta(minutes=6))
    assert len(receiver.got) == 6
    assert EndpointState.objects.get(endpoint_id=endpoint.endpoint_id).failures == 0


def test_secrets_and_bodies_are_in_no_log_and_sealed_at_rest() -> None:
    with web_receiver(lambda _: 500) as receiver, capture_logs() as logs:
        endpoint, secret = subscribe(receiver.url)
        decide()
        carry()
    assert logs
    assert secret not in repr(logs)
    assert "L1" not in repr(logs)
    assert secret.encode() not in bytes(Endpoint.objects.get().secret)
    assert secret not in repr(outbound.find_target(endpoint.endpoint_id))


@pytest.mark.django_db(transaction=True)
def test_dead_endpoint_delays_no_other() -> None:
    released = threading.Event()

    def hang(_number: int) -> int:
        released.wait(PATIENCE)
        return 200

    stop = threading.Event()
    with web_receiver(hang) as dead, web_receiver() as living:
        subscribe(dead.url)
        subscribe(living.url)
        courier = Courier(TRANSPORTS, stop)
        for index in range(3):
            decide(f"L{index}")
            deliver()
        courier.step()
        wait_for(lambda: len(living.got) == 3)
        assert len(dead.got) <= 1
        released.set()
        wait_for(lambda: Delivery.objects.filter(state="delivered").count() == 6)
        stop.set()
        courier.close()


KILLED = """
import django; django.setup()
import os, signal
from yijian.foundation.outbound import courier
courier._settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from tests.flow.outbound.test_outbound import carry
carry()
"""


@pytest.mark.django_db(transaction=True)
def test_killed_between_sending_and_marking_sends_the_same_id_again(database_url: str) -> None:
    with web_receiver() as receiver:
        subscribe(receiver.url)
        decide()
        deliver()
        environment = os.environ | {"YIJIAN_DATABASE_URL": database_url}
        killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert Delivery.objects.get().state == "waiting"
        carry()
    assert len(receiver.got) == 2
    assert len(set(receiver.ids())) == 1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
