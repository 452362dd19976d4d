"""The listener: nothing is answered before it is on disk, nothing is lost, nobody speaks for another."""

import threading

import psycopg
import pytest

from tests.flow.conftest import Register
from tests.flow.messages import adt, oru
from tests.flow.mllp import Engine, RunningListener, code_of, field
from yijian.foundation.inbox.api import raw_of
from yijian.foundation.inbox.models import InboxMessage, Sender
from yijian.gateways.hl7v2.codec import frame

CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yijian-test'
"""


def states() -> list[tuple[str, str]]:
    return list(InboxMessage.objects.order_by("message_id").values_list("state", "reason_code"))


def test_keeps_raw_bytes_before_it_answers(engine: Engine) -> None:
    raw = oru("1", charset="GB 18030-2000", name="王珅")
    answer = engine.send(raw)
    kept = InboxMessage.objects.get()
    assert code_of(answer) == "AA"
    assert field(answer, "MSA", 2) == "1"
    assert raw_of(kept.message_id) == raw
    assert (kept.state, kept.institution_code, kept.control_id) == ("received", "H001", "1")
    assert kept.message_type == "ORU^R01"
    assert bytes(kept.answer).decode("gb18030") == answer


def test_message_lies_sealed(engine: Engine) -> None:
    engine.send(oru("1", resident_id="370102198503162158"))
    kept = InboxMessage.objects.get()
    assert b"370102198503162158" not in bytes(kept.raw)
    assert b"370102198503162158" in (raw_of(kept.message_id) or b"")


def test_answers_same_message_with_same_bytes_and_keeps_it_once(engine: Engine) -> None:
    engine.socket.sendall(frame(oru("1")) + frame(oru("1")))
    assert engine.read_raw() == engine.read_raw()
    assert states() == [("received", "")]


def test_refuses_other_content_under_taken_control_id(engine: Engine) -> None:
    engine.send(oru("1"))
    answer = engine.send(oru("1", value="5.5"))
    assert code_of(answer) == "AE"
    assert field(answer, "ERR", 3).startswith("205")
    assert field(answer, "ERR", 2).startswith("MSH^1^10")
    assert states() == [("received", ""), ("refused", "205")]
    engine.socket.sendall(frame(oru("1", value="5.5")))
    assert engine.read() == answer
    assert len(states()) == 2


def test_takes_mended_message_under_control_id_of_refused_one(engine: Engine) -> None:
    broken = b"\r".join(line for line in oru("1").split(b"\r") if not line.startswith(b"PID"))
    assert code_of(engine.send(broken)) == "AE"
    assert code_of(engine.send(oru("1"))) == "AA"
    assert states() == [("refused", "100"), ("received", "")]


@pytest.mark.parametrize(("facility", "institution"), [("NOBODY", ""), ("", "")])
def test_keeps_message_of_unknown_sender_for_nobody(engine: Engine, facility: str, institution: str) -> None:
    answer = engine.send(oru("1", facility=facility))
    assert code_of(answer) == "AR"
    assert field(answer, "ERR", 2).startswith("MSH^1^4")
    kept = InboxMessage.objects.get()
    assert (kept.state, kept.reason_code, kept.institution_code) == ("refused", "sender.unknown", institution)


def test_says_of_a_frame_without_header_that_it_is_no_message(engine: Engine) -> None:
    answer = engine.send(b"hello world")
    assert code_of(answer) == "AE"
    assert field(answer, "ERR", 3).startswith("100")
    assert InboxMessage.objects.get().institution_code == ""


def test_takes_message_again_once_its_sender_is_registered(engine: Engine, register: Register) -> None:
    assert code_of(engine.send(oru("1", facility="NEW"))) == "AR"
    register("NEW")
    assert code_of(engine.send(oru("1", facility="NEW"))) == "AA"
    kept = InboxMessage.objects.get()
    assert (kept.state, kept.reason_code, kept.institution_code) == ("received", "", "NEW")


def test_refuses_sender_from_other_address(engine: Engine, register: Register) -> None:
    register("FAR", addresses=("10.0.0.0/8", "not an address"))
    answer = engine.send(oru("1", facility="FAR"))
    assert code_of(answer) == "AR"
    assert field(answer, "ERR", 2).startswith("MSH^1^4")
    assert states() == [("refused", "sender.address")]


def test_stranger_learns_and_spoils_nothing(listener: RunningListener, register: Register) -> None:
    register("H001", addresses=("127.0.0.2/32",))
    with Engine(listener.port, "127.0.0.2") as hospital, Engine(listener.port, "127.0.0.3") as stranger:
        assert code_of(stranger.send(oru("2"))) == "AR"
        assert code_of(hospital.send(oru("2", value="5.0"))) == "AA"
        assert code_of(hospital.send(oru("1"))) == "AA"
        assert code_of(stranger.send(oru("1"))) == "AR"
    assert sorted(states()) == [("received", ""), ("received", ""), ("refused", "sender.address")]


def test_refuses_sender_put_out_of_use(engine: Engine) -> None:
    Sender.objects.update(active=False)
    assert code_of(engine.send(oru("1"))) == "AR"
    assert states() == [("refused", "sender.unknown")]


def test_finds_sender_by_second_component(engine: Engine, register: Register) -> None:
    register("1.2.3")
    assert code_of(engine.send(oru("1", facility="^1.2.3^ISO"))) == "AA"
    assert InboxMessage.objects.get().facility == "1.2.3"


def test_keeps_types_it_does_not_take(engine: Engine) -> None:
    answer = engine.send(adt("1", event="A40"))
    assert code_of(answer) == "AR"
    assert field(answer, "ERR", 3).startswith("201")
    answer = engine.send(oru("2").replace(b"ORU^R01^ORU_R01", b"SIU^S12^SIU_S12"))
    assert code_of(answer) == "AR"
    assert field(answer, "ERR", 3).startswith("200")
    assert states() == [("refused", "201"), ("refused", "200")]


def test_never_answers_an_acknowledgement(engine: Engine) -> None:
    engine.socket.sendall(frame(b"MSH|^~\\&|LIS|H001|Y|R|20260302||ACK^R01|A1|P|2.5.1\rMSA|AA|77\r"))
    assert code_of(engine.send(oru("1"))) == "AA"
    assert states() == [("received", "")]


def test_commit_accept_in_enhanced_mode(engine: Engine) -> None:
    assert code_of(engine.send(oru("1", accept="AL", application="NE"))) == "CA"
    broken = b"\r".join(line for line in oru("2", accept="AL").split(b"\r") if not line.startswith(b"PID"))
    assert code_of(engine.send(broken)) == "CE"
    assert code_of(engine.send(oru("3", accept="AL", facility="NOBODY"))) == "CR"


def test_says_nothing_where_sender_wants_nothing(engine: Engine) -> None:
    engine.socket.sendall(frame(oru("1", accept="NE", application="NE")))
    engine.socket.sendall(frame(oru("2", accept="ER", application="NE")))
    answer = engine.send(oru("3", accept="SU", application="NE"))
    assert (code_of(answer), field(answer, "MSA", 2)) == ("CA", "3")
    assert len(states()) == 3


def test_two_messages_in_one_segment_are_answered_in_order(engine: Engine) -> None:
    engine.socket.sendall(b"".join(frame(oru(str(number))) for number in range(20)))
    answers = [engine.read() for _ in range(20)]
    assert [field(answer, "MSA", 2) for answer in answers] == [str(number) for number in range(20)]
    ordered = InboxMessage.objects.order_by("message_id").values_list("control_id", flat=True)
    assert list(ordered) == [str(number) for number in range(20)]


def test_takes_message_byte_by_byte(engine: Engine) -> None:
    for byte in frame(oru("1", charset="GB18030", name="王珅")):
        engine.socket.sendall(bytes([byte]))
    assert code_of(engine.read()) == "AA"


def test_broken_off_message_is_kept_and_not_answered(engine: Engine) -> None:
    whole = frame(oru("1"))
    engine.socket.sendall(whole[:-20])
    engine.hang_up()
    kept = InboxMessage.objects.get()
    assert (kept.state, kept.reason_code) == ("refused", "frame.truncated")
    assert raw_of(kept.message_id) == whole[1:-20]


def test_whole_message_is_taken_after_its_fragment(listener: RunningListener, register: Register) -> None:
    register("H001")
    with Engine(listener.port) as first:
        first.socket.sendall(frame(oru("1"))[:-20])
        first.hang_up()
    with Engine(listener.port) as second:
        assert code_of(second.send(oru("1"))) == "AA"
    assert states() == [("refused", "frame.truncated"), ("received", "")]


def test_bytes_that_are_no_message_do_no_harm(engine: Engine) -> None:
    engine.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert code_of(engine.send(oru("1"))) == "AA"
    answer = engine.send(b"\x00\xff\xfe nothing of HL7")
    assert code_of(answer) == "AE"
    assert [state for state, _ in states()] == ["received", "refused"]


def test_eight_connections_at_once(listener: RunningListener, register: Register) -> None:
    register("H001")
    answers: list[str] = []

    def send(line: int) -> None:
        with Engine(listener.port) as engine:
            sent = [engine.send(oru(f"{line}-{number}", patient_no=f"P{line}")) for number in range(25)]
        answers.extend(map(code_of, sent))

    threads = [threading.Thread(target=send, args=(line,)) for line in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["AA"] * 200
    kept = InboxMessage.objects.order_by("message_id").values_list("control_id", "lane")
    assert len(kept) == 200
    for line in range(8):
        mine = [(control, lane) for control, lane in kept if control.startswith(f"{line}-")]
        assert [control for control, _ in mine] == [f"{line}-{number}" for number in range(25)]
        assert len({lane for _, lane in mine}) == 1


def test_one_slow_peer_does_not_hold_up_another(listener: RunningListener, register: Register) -> None:
    register("H001")
    with Engine(listener.port) as slow, Engine(listener.port) as quick:
        slow.socket.sendall(frame(oru("1"))[:50])
        assert code_of(quick.send(oru("2"))) == "AA"


def test_lost_database_means_no_answer(engine: Engine, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE inbox_inboxmessage RENAME TO away")
        try:
            assert engine.send(oru("1")) is None
        finally:
            connection.execute("ALTER TABLE away RENAME TO inbox_inboxmessage")
    assert states() == []


def test_listener_outlives_its_connections_to_the_database(
    listener: RunningListener, register: Register, database_url: str
) -> None:
    register("H001")
    with Engine(listener.port) as engine:
        assert code_of(engine.send(oru("1"))) == "AA"
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT_OFF)
        lost = engine.send(oru("2"))
    with Engine(listener.port) as engine:
        assert code_of(engine.send(oru("2"))) == "AA"
    assert lost is None or code_of(lost) == "AA"
    assert len(states()) == 2


def test_stop_answers_what_is_under_way(listener: RunningListener, register: Register) -> None:
    register("H001")
    with Engine(listener.port) as idle, Engine(listener.port) as busy:
        assert code_of(busy.send(oru("1"))) == "AA"
        listener.stop()
        assert idle.read() is None
        assert busy.read() is None
        with pytest.raises(ConnectionRefusedError):
            Engine(listener.port)


def test_message_of_megabytes_is_taken(engine: Engine) -> None:
    long = oru("1").replace(b"OBX|1|NM|", b"NTE|1||" + b"x" * 3_000_000 + b"\rOBX|1|NM|")
    assert code_of(engine.send(long)) == "AA"
    assert raw_of(InboxMessage.objects.get().message_id) == long
