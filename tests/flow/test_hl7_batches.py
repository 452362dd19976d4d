"""Batches over the wire, and files handed over by `yijian hl7`."""

from pathlib import Path

from typer.testing import CliRunner

from tests.flow.conftest import Register
from tests.flow.messages import oru
from tests.flow.mllp import Engine, RunningListener
from yijian.config.cli import app
from yijian.foundation.inbox.models import InboxMessage

HEAD = b"BHS|^~\\&|LIS|H001|Y|R|20260302||||B1\r"


def test_each_message_of_a_batch_is_kept_and_answered_by_itself(engine: Engine) -> None:
    foreign = oru("2", facility="NOBODY")
    answer = engine.send(HEAD + oru("1") + foreign + oru("3") + b"BTS|3\r")
    assert answer is not None
    lines = [line.split("|") for line in answer.split("\r") if line]
    assert lines[0][0] == "BHS"
    assert [line[1:3] for line in lines if line[0] == "MSA"] == [["AA", "1"], ["AR", "2"], ["AA", "3"]]
    assert lines[-1] == ["BTS", "3"]
    assert sorted(InboxMessage.objects.values_list("control_id", "state")) == [
        ("1", "received"),
        ("2", "refused"),
        ("3", "received"),
    ]


def test_a_file_is_handed_to_the_listener_and_may_be_sent_again(
    listener: RunningListener, register: Register, tmp_path: Path
) -> None:
    register("H001")
    file = tmp_path / "year.hl7"
    file.write_bytes(HEAD + oru("1") + oru("2") + b"BTS|2\r")
    for _ in range(2):
        told = CliRunner().invoke(app, ["hl7", str(file), "--port", str(listener.port)])
        assert (told.exit_code, told.stdout) == (0, "2 taken, 0 refused\n")
    assert InboxMessage.objects.count() == 2


def test_answers_are_told_apart_and_none_is_waited_for_where_none_comes(
    listener: RunningListener, register: Register, tmp_path: Path
) -> None:
    register("H001")
    file = tmp_path / "enhanced.hl7"
    messages = [oru("1", accept="AL", application="AL"), oru("2", accept="NE", application="NE")]
    file.write_bytes(b"".join([*messages, oru("3", accept="AL", application="NE")]))
    told = CliRunner().invoke(app, ["hl7", str(file), "--port", str(listener.port)])
    assert (told.exit_code, told.stdout) == (0, "2 taken, 0 refused, 1 sent that want no answer\n")
    assert InboxMessage.objects.count() == 3


def test_a_file_that_lacks_messages_is_told(
    listener: RunningListener, register: Register, tmp_path: Path
) -> None:
    register("H001")
    file = tmp_path / "short.hl7"
    file.write_bytes(HEAD + oru("1") + b"BTS|3\r")
    told = CliRunner().invoke(app, ["hl7", str(file), "--port", str(listener.port)])
    assert (told.exit_code, told.stdout) == (1, "1 taken, 0 refused\n")
    assert "promises 3 messages, 1 came" in told.stderr


def test_a_refused_message_of_a_file_is_named(
    listener: RunningListener, register: Register, tmp_path: Path
) -> None:
    register("H001")
    file = tmp_path / "two.hl7"
    file.write_bytes(oru("1") + oru("2", facility="NOBODY"))
    told = CliRunner().invoke(app, ["hl7", str(file), "--port", str(listener.port)])
    assert told.exit_code == 1
    assert "2: MSH-4" in told.stderr
    assert told.stdout == "1 taken, 1 refused\n"
