"""Slow, idle and flooding peers: whatever they do, others are served on."""

import asyncio
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psycopg
import pytest

from tests.flow.conftest import Register
from tests.flow.messages import oru
from tests.flow.mllp import Engine, RunningListener, code_of, listening
from yijian.dataplane.admission import AT_ONCE
from yijian.foundation.inbox.models import InboxMessage
from yijian.gateways.hl7v2.codec import frame

IDLE = 1000


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process hold both ends of a thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * IDLE:
        pytest.skip(f"the system allows a process {hard} open files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * IDLE), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thousand_idle_connections_leave_room_for_one_that_talks(
    many_files: None, listener: RunningListener, register: Register
) -> None:
    register("H001", addresses=("127.0.0.0/24",))
    with ExitStack() as stack:
        idle = [stack.enter_context(connect(listener.port, f"127.0.0.{n % 10 + 1}")) for n in range(IDLE)]
        with Engine(listener.port) as engine:
            assert code_of(engine.send(oru("1"))) == "AA"
        for connection in idle[:: IDLE // 10]:
            connection.sendall(frame(oru("1")))
            assert b"|AA|1" in connection.recv(65536)


def connect(port: int, address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), source_address=(address, 0))


def test_address_gets_so_many_connections_and_others_get_theirs(
    register: Register, database_url: str
) -> None:
    register("H001", addresses=("127.0.0.0/24",))
    with ExitStack() as stack:
        listener = stack.enter_context(listening(database_url, most=3))
        crowd = [stack.enter_context(Engine(listener.port)) for _ in range(3)]
        with Engine(listener.port) as one_too_many:
            assert one_too_many.read() is None
        with Engine(listener.port, "127.0.0.2") as other:
            assert code_of(other.send(oru("other"))) == "AA"
        crowd[0].hang_up()
        answer = None
        while answer is None:  # its end may not have been counted yet
            with Engine(listener.port) as next_one:
                answer = next_one.send(oru("next"))
        assert code_of(answer) == "AA"
        assert code_of(crowd[1].send(oru("1"))) == "AA"


def test_others_are_served_between_the_bytes_of_a_slow_sender(
    listener: RunningListener, register: Register
) -> None:
    register("H001")
    wire = frame(oru("slow"))
    with Engine(listener.port) as slow, Engine(listener.port) as other:
        for place in range(0, len(wire), 20):
            for byte in wire[place : place + 20]:
                slow.socket.sendall(bytes([byte]))
            assert code_of(other.send(oru(f"other-{place}"))) == "AA"
        assert code_of(slow.read()) == "AA"


def test_one_who_takes_no_answers_holds_up_nobody(listener: RunningListener, register: Register) -> None:
    register("H001")
    with Engine(listener.port) as deaf, Engine(listener.port) as other:
        deaf.socket.setblocking(False)
        wire = b"".join(frame(oru(f"d{number}")) for number in range(20))
        with suppress(BlockingIOError):
            while True:
                deaf.socket.sendall(wire)
        assert code_of(other.send(oru("other"))) == "AA"


def test_a_flood_waits_its_turn(listener: RunningListener, register: Register) -> None:
    """A connection's messages are kept one after the other: another's does not wait for all of them."""
    register("H001")
    register("H002")
    most = 2000
    flood = b"".join(frame(oru(f"f{number}")) for number in range(most))
    with Engine(listener.port) as flooding, Engine(listener.port) as other:
        sending = threading.Thread(target=flooding.socket.sendall, args=(flood,))
        reading = threading.Thread(target=lambda: [flooding.read_raw() for _ in range(most)])
        sending.start()
        reading.start()
        before: list[int] = []
        for number in range(10):
            assert code_of(other.send(oru(f"o{number}", facility="H002"))) == "AA"
            before.append(InboxMessage.objects.filter(facility="H001").count())
        sending.join()
        reading.join()
    assert before[-1] < most, "the other one was served only when the flood was over"
    assert InboxMessage.objects.filter(facility="H001").count() == most


def test_institution_that_floods_over_many_connections_gets_its_turns_and_no_more(
    register: Register, database_url: str
) -> None:
    """While nothing can be written, a flood comes in; another's message is next all the same."""
    register("H001")
    register("H002")
    with ExitStack() as stack:
        listener = stack.enter_context(listening(database_url, sender_seconds=60))
        flood = [stack.enter_context(Engine(listener.port)) for _ in range(8 * AT_ONCE)]
        other = stack.enter_context(Engine(listener.port))
        assert code_of(other.send(oru("first", facility="H002"))) == "AA"
        with psycopg.connect(database_url) as connection:
            connection.execute("LOCK TABLE inbox_inboxmessage IN ACCESS EXCLUSIVE MODE")
            for number, engine in enumerate(flood):
                engine.socket.sendall(frame(oru(f"f{number}")))
            other.socket.sendall(frame(oru("other", facility="H002")))
            for _ in range(20):
                listener.run(asyncio.sleep(0.01))  # by now it has read them all
        assert code_of(other.read()) == "AA"
        assert {code_of(engine.read()) for engine in flood} == {"AA"}
    place = InboxMessage.objects.get(control_id="other").message_id
    assert InboxMessage.objects.filter(facility="H001", message_id__lt=place).count() <= AT_ONCE
    assert InboxMessage.objects.filter(facility="H001").count() == len(flood)
