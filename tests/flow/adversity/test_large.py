"""A report with the largest document there may be is taken, a larger one is refused; others are served."""

import base64
import random

import psycopg

from tests.flow.conftest import Register
from tests.flow.messages import oru
from tests.flow.mllp import Engine, RunningListener, code_of, field
from yijian.foundation.inbox.models import InboxMessage
from yijian.gateways.hl7v2.codec import MAX_FRAME_BYTES, frame

DOCUMENT_BYTES = 80 * 1024 * 1024


def with_document(control_id: str, size: int) -> bytes:
    """Return a report with a PDF of so many bytes behind its result."""
    document = b"%PDF-1.7\n" + random.Random(1).randbytes(size - 9)  # noqa: S311 - no secret
    value = b"^application^pdf^Base64^" + base64.b64encode(document)
    return oru(control_id) + b"OBX|2|ED|PDF^PDF^L||" + value + b"||||||F\r"


def test_document_of_80_mib_is_taken_while_others_are_served(
    listener: RunningListener, register: Register
) -> None:
    register("H001")
    wire = frame(with_document("large", DOCUMENT_BYTES))
    with Engine(listener.port) as large, Engine(listener.port) as other:
        half = len(wire) // 2
        large.socket.sendall(wire[:half])
        assert code_of(other.send(oru("other"))) == "AA"
        large.socket.sendall(wire[half:])
        assert code_of(large.read()) == "AA"
        assert code_of(large.send(oru("next"))) == "AA"


def test_frame_above_the_limit_is_refused_and_the_connection_serves_on(
    listener: RunningListener, register: Register, database_url: str
) -> None:
    register("H001")
    with Engine(listener.port) as engine:
        engine.socket.sendall(b"\x0b" + oru("large"))
        piece = b"NTE|1||" + b"x" * (1 << 20) + b"\r"
        for _ in range(MAX_FRAME_BYTES // len(piece) + 1):
            engine.socket.sendall(piece)
        engine.socket.sendall(b"\x1c\r")
        answer = engine.read()
        assert code_of(answer) == "AR"
        assert field(answer, "MSA", 2) == "large"
        assert code_of(engine.send(oru("next"))) == "AA"
    assert InboxMessage.objects.get(control_id="large").reason_code == "frame.oversized"
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT max(length(raw)) FROM inbox_inboxmessage").fetchone()
    assert row
    assert row[0] < 8192, "only the beginning is kept"


def test_those_with_large_frames_wait_for_each_other_and_all_are_taken(
    listener: RunningListener, register: Register
) -> None:
    register("H001")
    wires = [frame(with_document(f"large-{number}", 6 * 1024 * 1024)) for number in range(5)]
    engines = [Engine(listener.port) for _ in wires]
    try:
        for engine, wire in zip(engines[:2], wires[:2], strict=True):
            engine.socket.sendall(wire[:-10])
        with Engine(listener.port) as other:
            assert code_of(other.send(oru("other"))) == "AA"
        for engine, wire in zip(engines[:2], wires[:2], strict=True):
            engine.socket.sendall(wire[-10:])
            assert code_of(engine.read()) == "AA"
        for engine, wire in zip(engines[2:], wires[2:], strict=True):
            engine.socket.sendall(wire)
            assert code_of(engine.read()) == "AA"
    finally:
        for engine in engines:
            engine.socket.close()
