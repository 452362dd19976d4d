"""A kept message is processed once, in order; what fails is kept and can be replayed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from django.db import OperationalError

from bench.statements import counting
from yijian.foundation.inbox import api, processing, services
from yijian.foundation.inbox.lane import drain
from yijian.foundation.inbox.models import InboxMessage, Sender
from yijian.foundation.inbox.sealing import seal
from yijian.foundation.inbox.values import LANES, NO_LANE, Fate, KeptMessage, Made, lane_of
from yijian.foundation.outbox.api import publish
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db

Process = Callable[[KeptMessage], Fate]


def receive(raw: bytes = b"raw", *, lane: int = 0, facility: str = "H1", **more: object) -> UUID:
    message_id = new_id()
    row = {"institution_code": "H1", "state": "received", "control_id": message_id.hex} | more
    InboxMessage.objects.create(
        message_id=message_id,
        received_at=now(),
        protocol="hl7",
        facility=facility,
        lane=lane,
        raw=seal(raw),
        digest=sha256(raw).digest(),
        **row,
    )
    return message_id


def run(processor: Process, lane: int = 0) -> None:
    def each(messages: Sequence[KeptMessage]) -> list[Fate]:
        return [processor(message) for message in messages]

    while drain(lane, {"hl7": each}):
        pass


def state_of(message_id: UUID) -> tuple[str, str]:
    found = api.find_message(message_id)
    assert found
    return found.state, found.reason_code


def recorded(_message: KeptMessage) -> Fate:
    return Fate("recorded")


def test_processes_lane_in_order_of_arrival() -> None:
    seen: list[bytes] = []

    def note(message: KeptMessage) -> Fate:
        seen.append(message.raw)
        return Fate("recorded")

    sent = [str(number).encode() for number in range(100)]
    ids = [receive(raw) for raw in sent]
    receive(b"of another lane", lane=1)
    run(note)
    assert seen == sent
    assert {state_of(message_id) for message_id in ids} == {("recorded", "")}


def test_tells_processor_the_sender_s_character_set() -> None:
    Sender.objects.create(facility="H1", institution_code="H1", encoding="GBK")
    seen: list[str | None] = []

    def note(message: KeptMessage) -> Fate:
        seen.append(message.sender_encoding)
        return Fate("recorded")

    receive()
    receive(facility="H2")
    run(note)
    assert seen == ["GBK", None]


def test_refused_message_leaves_nothing_behind() -> None:
    def refuse(_message: KeptMessage) -> Fate:
        publish("Something", {})
        raise Problem("101", "缺少 PID-3，请补齐后重发。")

    message_id = receive()
    run(refuse)
    assert state_of(message_id) == ("refused", "101")
    assert not OutboxEvent.objects.exists()


def test_error_of_ours_fails_at_once_and_lets_others_pass() -> None:
    def break_on_first(message: KeptMessage) -> Fate:
        publish("Something", {})
        if message.raw == b"first":
            raise ValueError("张三 cannot be read")
        return Fate("recorded")

    first, second = receive(b"first"), receive(b"second")
    run(break_on_first)
    assert state_of(first) == ("failed", "processing.error")
    assert state_of(second) == ("recorded", "")
    assert OutboxEvent.objects.count() == 1
    found = api.find_message(first)
    assert found
    assert "张三" not in found.reason_text
    assert "跟踪号" in found.reason_text


@pytest.mark.parametrize("error", [OperationalError("away"), OSError("away"), Problem("busy", "…", 503)])
def test_lane_waits_with_message_that_may_succeed_later(error: Exception) -> None:
    """It fails among others, then by itself."""
    failing = [error, error]

    def stumble(_message: KeptMessage) -> Fate:
        if failing:
            raise failing.pop()
        return Fate("recorded")

    first, second = receive(), receive()
    run(stumble)
    assert [state_of(first), state_of(second)] == [("received", ""), ("received", "")]
    run(recorded)
    assert state_of(second) == ("received", ""), "it must not overtake the first"
    come_due(first)
    run(recorded)
    assert [state_of(first), state_of(second)] == [("recorded", ""), ("recorded", "")]


def come_due(message_id: UUID) -> None:
    InboxMessage.objects.filter(message_id=message_id).update(next_attempt_at=now() - timedelta(seconds=1))


def test_gives_up_after_five_attempts() -> None:
    attempts: list[bytes] = []

    def stumble(message: KeptMessage) -> Fate:
        attempts.append(message.raw)
        raise OSError("away")

    first = receive(b"first")
    for _ in range(7):
        run(stumble)
        come_due(first)
    assert attempts == [b"first"] * 5
    assert state_of(first) == ("failed", "processing.unavailable")


def test_poison_in_a_batch_harms_nobody() -> None:
    """What others wrote is written once, in their order, whatever becomes of two among them."""

    def work(message: KeptMessage) -> Fate:
        publish("Seen", {"raw": message.raw.decode()})
        if message.raw == b"3":
            raise Problem("101", "缺少 PID-3，请补齐后重发。")
        if message.raw == b"5":
            raise ValueError("a fault of ours")
        return Fate("recorded")

    ids = [receive(str(number).encode()) for number in range(9)]
    run(work)
    states = [state_of(message_id)[0] for message_id in ids]
    assert states == ["recorded"] * 3 + ["refused", "recorded", "failed"] + ["recorded"] * 3
    seen = OutboxEvent.objects.order_by("event_id").values_list("body__raw", flat=True)
    assert list(seen) == ["0", "1", "2", "4", "6", "7", "8"]
    assert set(InboxMessage.objects.values_list("attempts", flat=True)) == {1}


def test_batch_is_settled_with_few_statements() -> None:
    def take(messages: Sequence[KeptMessage]) -> list[Fate]:
        return [Fate("recorded", made=(Made("report", message.message_id.hex, 1),)) for message in messages]

    for _ in range(processing.BATCH):
        receive()
    with counting() as statements:
        assert drain(0, {"hl7": take})
    assert len(statements) <= 8
    assert api.count_by_state() == {"recorded": processing.BATCH}
    assert all(row.made[0]["id"] == row.message_id.hex for row in InboxMessage.objects.all())


def test_holds_no_more_than_a_few_megabytes_at_once() -> None:
    sizes: list[int] = []

    def weigh(messages: Sequence[KeptMessage]) -> list[Fate]:
        sizes.append(sum(len(message.raw) for message in messages))
        return [Fate("recorded") for _ in messages]

    half, whole = processing.BATCH_BYTES // 2, processing.BATCH_BYTES
    for size in (10, whole + 1, 10, half, half, 10):
        receive(bytes(size))
    while drain(0, {"hl7": weigh}):
        pass
    assert sizes == [10, whole + 1, 10 + half, half + 10]


def test_message_that_kills_its_worker_is_found_out() -> None:
    class Killed(BaseException):
        """As if the process had gone."""

    def die_on_poison(message: KeptMessage) -> Fate:
        if message.raw == b"poison":
            raise Killed
        return Fate("recorded")

    before, poison, after = receive(b"before"), receive(b"poison"), receive(b"after")
    for _ in range(5):
        with pytest.raises(Killed):
            run(die_on_poison)
    run(die_on_poison)
    assert state_of(poison) == ("failed", "processing.interrupted")
    assert [state_of(before), state_of(after)] == [("recorded", ""), ("recorded", "")]


@pytest.mark.parametrize("state", ["failed", "waiting", "refused"])
def test_replay_runs_message_again(state: str) -> None:
    message_id = receive(state=state, reason_code="processing.error", attempts=5)
    api.replay(message_id)
    run(recorded)
    assert state_of(message_id) == ("recorded", "")


def test_replays_all_of_one_cause() -> None:
    failed = [receive(state="failed", reason_code="processing.error") for _ in range(3)]
    other = receive(state="failed", reason_code="processing.unavailable")
    foreign = receive(state="failed", reason_code="processing.error", institution_code="H2")
    assert api.replay_cause("processing.error", institution_code="H1") == 3
    assert {state_of(message_id)[0] for message_id in failed} == {"received"}
    assert [state_of(other)[0], state_of(foreign)[0]] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"state": "recorded"}, "message.not_replayable"),
        ({"state": "refused", "reason_code": "frame.truncated"}, "message.incomplete"),
        ({"state": "refused", "reason_code": "sender.unknown", "institution_code": ""}, "sender.unknown"),
    ],
)
def test_refuses_to_replay_what_cannot_succeed(row: dict[str, str], code: str) -> None:
    with pytest.raises(Problem) as refused:
        api.replay(receive(**row))
    assert refused.value.code == code


def test_replay_gives_message_to_sender_registered_since() -> None:
    message_id = receive(state="refused", reason_code="sender.unknown", institution_code="")
    Sender.objects.create(facility="H1", institution_code="H1")
    api.replay(message_id)
    kept = InboxMessage.objects.get(message_id=message_id)
    assert (kept.state, kept.institution_code) == ("received", "H1")


def test_keeps_upload_and_settles_it() -> None:
    message_id = api.keep_json("H1", b'{"a": 1}', "report", at=now())
    assert state_of(message_id) == ("received", "")
    assert api.raw_of(message_id) == b'{"a": 1}'
    api.settle_refused(message_id, Problem("patient.required", "请填写患者。"), at=now())
    assert state_of(message_id) == ("refused", "patient.required")
    api.settle_recorded(message_id, waiting=True, at=now())
    assert state_of(message_id) == ("waiting", "work_item.open")


def test_no_lane_takes_an_upload_whose_sender_waits() -> None:
    message_id = api.keep_json("H1", b"{}", "report", at=now())
    for lane in range(LANES):
        run(recorded, lane)
    assert state_of(message_id) == ("received", "")


def test_upload_whose_process_died_is_taken_over() -> None:
    message_id = api.keep_json("H1", b"{}", "report", at=now() - services.ABANDONED_AFTER * 2)
    fresh = api.keep_json("H1", b"{}", "report", at=now())
    assert services.take_over_abandoned(["json"], now=now()) == 1
    lanes = dict(InboxMessage.objects.values_list("message_id", "lane"))
    assert lanes == {message_id: 0, fresh: NO_LANE}


def test_lists_newest_first_and_counts() -> None:
    ids = [receive(state=state) for state in ("failed", "recorded", "failed")]
    receive(state="failed", institution_code="H2")
    listed = api.list_messages(institution_codes=["H1"], state="failed")
    assert [message.message_id for message in listed] == [ids[2], ids[0]]
    assert api.list_messages(institution_codes=["H1"], before=ids[1], most=5)[0].message_id == ids[0]
    assert api.count_by_state(["H1"]) == {"failed": 2, "recorded": 1}
    assert api.count_by_state() == {"failed": 3, "recorded": 1}


def test_lane_of_patient_is_always_the_same() -> None:
    assert {lane_of(f"P{number}") for number in range(200)} == set(range(LANES))
    assert lane_of("P1") == lane_of("P1")
