"""Whatever comes over MLLP: an answer of HL7's form or none, the connection and the listener live on."""

import itertools
from collections.abc import Iterator
from itertools import pairwise

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.conftest import Register, committed_db, listener, register  # noqa: F401 - fixtures
from tests.flow.messages import adt, oru
from tests.flow.mllp import Engine, RunningListener
from tests.flow.processing import work_off
from tests.fuzz.mangling import fuzzing, mangled
from yijian.foundation.inbox.models import InboxMessage
from yijian.gateways.hl7v2.codec import MllpDecoder, frame

CODES = {"AA", "AE", "AR", "CA", "CE", "CR"}
REFUSALS = CODES - {"AA", "CA"}
INTERNAL = "207"
VALID = [
    oru("1"),
    oru("2", charset="GB 18030-2000", name="王珅", resident_id="370102198503162158"),
    oru("3", accept="AL", application="AL"),
    oru("4", facility="^H001^ISO"),
    adt("5"),
    oru("6")
    .replace(b"OBX|1|NM|2823-3^", b"OBX|1|ED|PDF^")
    .replace(b"||4.1|", b"||^application^pdf^Base64^JVBERi0=|"),
    oru("7").replace(b"\r", b"\r\n"),
    b"FHS|^~\\&|LIS|H001\rBHS|^~\\&|LIS|H001|YIJIAN|R|20260302080000||||B1\r"
    + oru("8")
    + oru("9", charset="GB 18030-2000")
    + b"BTS|2\rFTS|1\r",
]
WIRE = st.sampled_from(VALID).flatmap(lambda raw: mangled(frame(raw)))
CONTENT = st.sampled_from(VALID).flatmap(mangled).map(frame)


@pytest.fixture
def engine(listener: RunningListener, register: Register) -> Iterator[Engine]:  # noqa: F811
    register("H001", institution="H001")
    with Engine(listener.port) as connected:
        yield connected


def test_every_frame_is_answered_in_form_and_none_ends_the_connection(engine: Engine) -> None:
    numbers = itertools.count(1)

    @fuzzing(450)
    @given(st.one_of(WIRE, CONTENT))
    def send(wire: bytes) -> None:
        last = f"last-{next(numbers)}"
        engine.socket.sendall(wire + frame(oru(last, patient_no="P9")))
        while True:
            answer = engine.read_raw()
            assert answer is not None, "the listener hung up"
            if check_answer(answer) == last:
                break

    send()
    work_off()
    failed = InboxMessage.objects.filter(state="failed")
    assert list(failed.values_list("message_id", "reason_code", "reason_text")) == []


def check_answer(raw: bytes) -> str:
    """Hold an answer to HL7 v2.5.1 §2.9, a batch to §2.10.3; return the control id answered, else nothing."""
    if raw.startswith(b"BHS"):
        check_batch(raw)
        return ""
    return check_acknowledgement(raw)


def check_batch(raw: bytes) -> None:
    """Hold a batch to its form: one header, acknowledgements, and one trailer that counts them."""
    separator, (header, *lines, trailer, end) = raw[3:4], raw.split(b"\r")
    assert (header[:3], end) == (b"BHS", b"")
    begins = [number for number, line in enumerate(lines) if line.startswith(b"MSH")]
    assert trailer.split(separator)[:2] == [b"BTS", b"%d" % len(begins)]
    for begin, until in pairwise([*begins, len(lines)]):
        check_acknowledgement(b"\r".join([*lines[begin:until], b""]))


def check_acknowledgement(raw: bytes) -> str:
    """Hold one acknowledgement to §2.9; return the control id that it answers."""
    message = hl7.parse(raw.decode("gb18030" if b"GB" in raw.split(b"\r")[0] else "utf-8", "replace"))
    assert str(message.segment("MSH")[9]).startswith("ACK")
    code = str(message.segment("MSA")[1])
    assert code in CODES
    if code in REFUSALS:
        error = message.segment("ERR")
        newer = len(error) > 2  # up to version 2.4 all stands in ERR-1
        reason = str(error[3]) if newer else str(error[1]).split("^", 3)[3]
        assert not reason.startswith(INTERNAL), "the listener failed to read a message"
        assert not newer or str(error[4]) in {"E", "F"}
    return str(message.segment("MSA")[2])


@fuzzing(600)
@given(st.lists(WIRE, max_size=3), st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_chunks_of_any_size_give_the_same_frames(wires: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(wires)
    whole, pieces = MllpDecoder(), MllpDecoder()
    expected = whole.feed(stream)
    found: list[bytes] = []
    at = 0
    for size in itertools.cycle(sizes):
        found += pieces.feed(stream[at : at + size])
        at += size
        if at >= len(stream):
            break
    assert found == expected
    whole.close()
    pieces.close()
    assert [(p.kind, p.size) for p in pieces.take_problems()] == [
        (p.kind, p.size) for p in whole.take_problems()
    ]
