"""MLLP framing (HL7 Minimal Lower Layer Protocol, release 1): SB data EB CR.

No byte of a UTF-8, GB18030 or ISO 8859 character equals SB or EB, so frames are cut before any decoding:
GB18030 trail bytes are 0x30-0x39, 0x40-0x7E and 0x80-0xFE.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MAX_FRAME_BYTES", "FrameProblem", "MllpDecoder", "frame"]

START = b"\x0b"
END = b"\x1c"
LINE_ENDS = b"\r\n"
NESTED_START = START + b"MSH"
MAX_FRAME_BYTES = 128 * 1024 * 1024
"""A PDF of 80 MiB in base64, broken into lines perhaps, and its message around it."""
HEAD_BYTES = 4096


def frame(message: bytes) -> bytes:
    """Wrap one message for the wire."""
    return START + message + END + b"\r"


@dataclass(frozen=True, slots=True)
class FrameProblem:
    """Bytes that were no whole frame. `head` is their beginning, enough to peek at a header."""

    kind: Literal["junk", "truncated", "oversized"]
    size: int
    head: bytes


class MllpDecoder:
    """Cuts a byte stream into frames, however it is chunked.

    A frame is handed out at its EB; the CR that follows is swallowed when it comes, so a sender that
    forgets it is still answered. What is not a frame waits in `take_problems`.
    """

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._limit = max_frame_bytes
        self._inside = False
        self._kept = bytearray()
        self._size = 0
        self._problems: list[FrameProblem] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and return the frames they complete, in order."""
        frames: list[bytes] = []
        at = 0
        while at < len(data):
            stop = data.find(END if self._inside else START, at)
            self._keep(data[at:] if stop < 0 else data[at:stop])
            if stop < 0:
                break
            if self._inside:
                frames.extend(self._finish_frame())
            else:
                self._report("junk")
            self._inside = not self._inside
            at = stop + 1
        return frames

    def close(self) -> None:
        """Report what stands unfinished when the connection ends."""
        if self._size:
            self._report("truncated" if self._inside else "junk")
        self._inside = False

    @property
    def pending_bytes(self) -> int:
        """How much is kept of a frame that is not whole yet."""
        return len(self._kept) if self._inside else 0

    def take_problems(self) -> list[FrameProblem]:
        """Return the problems met since the last call."""
        problems, self._problems = self._problems, []
        return problems

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        room = (self._limit if self._inside else HEAD_BYTES) - len(self._kept)
        self._kept += piece[: max(room, 0)]

    def _finish_frame(self) -> list[bytes]:
        if self._size > self._limit:
            self._report("oversized")
            return []
        whole = bytes(self._kept)
        self._forget()
        cut, nested, rest = whole.rpartition(NESTED_START)
        if nested and cut:
            self._problems.append(FrameProblem("truncated", len(cut), cut[:HEAD_BYTES]))
        return [b"MSH" + rest if nested else whole]

    def _report(self, kind: Literal["junk", "truncated", "oversized"]) -> None:
        head = bytes(self._kept[:HEAD_BYTES])
        if kind != "junk" or head.strip(LINE_ENDS):
            self._problems.append(FrameProblem(kind, self._size, head))
        self._forget()

    def _forget(self) -> None:
        self._kept = bytearray()
        self._size = 0
