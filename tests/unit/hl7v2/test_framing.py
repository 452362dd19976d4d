"""MLLP frames: whatever the chunks, whatever lies between."""

from hypothesis import given
from hypothesis import strategies as st

from yijian.gateways.hl7v2.codec import FrameProblem, MllpDecoder, frame

CONTENT = st.binary(min_size=1, max_size=60).filter(lambda b: not {0x0B, 0x1C} & set(b))


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    """Cut data into chunks of these lengths, the rest last."""
    chunks = []
    for length in lengths:
        chunks.append(data[:length])
        data = data[length:]
    return [*chunks, data]


@given(st.lists(CONTENT, max_size=5), st.lists(st.integers(0, 20), max_size=40))
def test_frames_survive_any_chunking(contents: list[bytes], lengths: list[int]) -> None:
    decoder = MllpDecoder()
    stream = b"".join(map(frame, contents))
    received = [whole for chunk in cut(stream, lengths) for whole in decoder.feed(chunk)]
    decoder.close()
    assert received == contents
    assert decoder.take_problems() == []


WIRE = st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"MSH", b"|", b"x"]), max_size=40).map(
    b"".join
)


@given(st.one_of(WIRE, st.binary(max_size=100)), st.lists(st.integers(0, 5), max_size=40))
def test_any_bytes_are_framed_or_reported(data: bytes, lengths: list[int]) -> None:
    whole, chunked = MllpDecoder(), MllpDecoder()
    expected = whole.feed(data)
    assert [one for chunk in cut(data, lengths) for one in chunked.feed(chunk)] == expected
    whole.close()
    chunked.close()
    assert chunked.take_problems() == whole.take_problems()


def test_junk_between_frames_is_reported_and_line_ends_are_not() -> None:
    decoder = MllpDecoder()
    assert decoder.feed(b"\r\n" + frame(b"MSH|1") + b"\nhello" + frame(b"MSH|2")) == [b"MSH|1", b"MSH|2"]
    assert decoder.take_problems() == [FrameProblem("junk", 7, b"\r\nhello")]
    assert decoder.take_problems() == []


def test_a_sender_that_forgets_the_final_cr_is_answered() -> None:
    decoder = MllpDecoder()
    assert decoder.feed(b"\x0bMSH|1\x1c") == [b"MSH|1"]
    assert decoder.feed(b"\r\x0bMSH|2\x1c\r") == [b"MSH|2"]
    assert decoder.take_problems() == []


def test_reports_the_truncated_frame_when_the_connection_ends() -> None:
    decoder = MllpDecoder()
    assert decoder.feed(b"\x0bMSH|1|half") == []
    decoder.close()
    assert decoder.take_problems() == [FrameProblem("truncated", 10, b"MSH|1|half")]


def test_a_new_start_inside_a_frame_ends_the_broken_one() -> None:
    decoder = MllpDecoder()
    assert decoder.feed(b"\x0bMSH|1|half\x0bMSH|2|whole\x1c\r") == [b"MSH|2|whole"]
    assert decoder.take_problems() == [FrameProblem("truncated", 10, b"MSH|1|half")]


def test_vertical_tab_inside_a_text_is_no_new_start() -> None:
    assert MllpDecoder().feed(frame(b"MSH|a\x0bb")) == [b"MSH|a\x0bb"]


def test_an_oversized_frame_is_dropped_but_its_header_is_kept() -> None:
    decoder = MllpDecoder(max_frame_bytes=8)
    assert decoder.feed(frame(b"MSH|123456789") + frame(b"MSH|ok")) == [b"MSH|ok"]
    assert decoder.take_problems() == [FrameProblem("oversized", 13, b"MSH|1234")]


def test_no_gb18030_character_contains_a_frame_mark() -> None:
    for point in (*range(0x80, 0xD800), *range(0xE000, 0x10000), *range(0x20000, 0x20400)):
        assert not {0x0B, 0x1C, 0x0D, 0x0A} & set(chr(point).encode("gb18030"))
