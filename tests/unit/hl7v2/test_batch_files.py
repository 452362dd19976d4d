"""Batches are cut into messages, and answered by a batch."""

import pytest
from hl7v2_messages import NOW, result

from yijian.gateways.hl7v2 import codec
from yijian.gateways.hl7v2.codec import Batch, answer_batch, split_batch, split_messages

FILE = b"FHS|^~\\&|LIS|H001|Y|R|20261101||||FILE1\r"
HEAD = b"BHS|^~\\&|LIS|H001|Y|R|20261101||||B1\r"
ONE, TWO = result(), result().replace(b"|C1|", b"|C2|")


def answered(batch: Batch, *answers: bytes) -> list[list[str]]:
    lines = answer_batch(batch, answers, now=NOW, control_id="A1").decode().split("\r")
    return [line.split("|") for line in lines if line]


def test_a_single_message_is_no_batch() -> None:
    assert split_batch(ONE) == []
    assert split_messages(ONE) == [ONE]


def test_a_file_of_batches_is_cut_at_its_headers() -> None:
    raw = FILE + HEAD + ONE + TWO + b"BTS|2\r" + HEAD.replace(b"B1", b"B2") + ONE + b"BTS|1\rFTS|2\r"
    first, second = split_batch(raw)
    assert (first.messages, second.messages) == ((ONE, TWO), (ONE,))
    assert first.header.startswith(b"BHS")
    assert split_messages(raw) == [ONE, TWO, ONE]


def test_line_ends_and_marks_do_not_matter() -> None:
    raw = b"\xef\xbb\xbf" + (HEAD + ONE + b"BTS|1\r").replace(b"\r", b"\r\n")
    (batch,) = split_batch(raw)
    assert codec.peek(batch.messages[0], None).control_id == "C1"


def test_the_answer_names_the_batch_and_counts_the_answers() -> None:
    (batch,) = split_batch(HEAD + ONE + TWO + b"BTS|2\r")
    head, first, second, tail = answered(batch, b"MSH|1\r", b"MSH|2\r")
    assert head[2:6] == ["Y", "R", "LIS", "H001"]
    assert head[10:12] == ["A1", "B1"]
    assert (first, second, tail) == (["MSH", "1"], ["MSH", "2"], ["BTS", "2"])


def test_missing_messages_are_asked_for() -> None:
    (batch,) = split_batch(HEAD + ONE + b"BTS|2\r")
    assert "promises 2 messages, 1 came" in answered(batch, b"MSH|1\r")[-1][2]


def test_missing_batches_are_asked_for_with_the_last_one() -> None:
    raw = FILE + HEAD + ONE + b"BTS|1\r" + HEAD + TWO + b"BTS|3\rFTS|3\r"
    first, last = split_batch(raw)
    assert first.remark == ""
    assert "promises 3 messages, 1 came" in last.remark
    assert "promises 3 batches, 2 came" in answered(last, b"MSH|1\r")[-1][2]


def test_answers_nobody_wants_are_left_out() -> None:
    (batch,) = split_batch(HEAD + ONE + b"BTS|1\r")
    assert answered(batch, b"")[-1] == ["BTS", "0"]


def test_a_file_without_batch_header_is_one_batch() -> None:
    (batch,) = split_batch(FILE + ONE + b"FTS|1\r")
    assert batch.messages == (ONE,)


def test_a_message_cut_off_at_the_end_of_a_file_stays_cut_off() -> None:
    cut = ONE.rstrip(b"\r")
    assert split_messages(HEAD + TWO + cut) == [TWO, cut]


@pytest.mark.parametrize("head", [b"FHS\r", b"BHS\xe9\x92\r", b"BHS1\r"])
def test_header_without_a_separator_is_answered_with_the_usual_one(head: bytes) -> None:
    answer = answer_batch(Batch(head + b"OBX|1|NM\r", (ONE,)), [b"MSH|1\r"], now=NOW, control_id="A1")
    lines = answer.decode().split("\r")
    assert [line[:6] for line in lines] == ["BHS|||", "MSH|1", "BTS|1", ""]


def test_only_the_first_line_of_a_header_is_answered() -> None:
    batch = Batch(b"BHS|^~\\&|LIS\rOBX|1|NM|K|4.1\r", (ONE,))
    head, *_ = answered(batch, b"MSH|1\r")
    assert head[1:6] == ["^~\\&", "", "", "LIS", ""]


def test_absurd_count_is_none() -> None:
    batch = Batch(HEAD, (ONE,), b"BTS|" + b"9" * 5000 + b"\r")
    assert answered(batch, b"MSH|1\r")[-1] == ["BTS", "1"]
