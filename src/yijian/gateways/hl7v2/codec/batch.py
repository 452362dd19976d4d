"""Batches and files of messages, and the batch that answers one (HL7 v2.5.1 §2.10.3)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from string import punctuation

from yijian.kit.clock import CHINA

from .charset import ASCII_BLANKS, BOM

__all__ = ["Batch", "answer_batch", "split_batch", "split_messages"]

HEADS = (b"FHS", b"BHS")
BOUNDARY = re.compile(rb"(?:\A|(?<=[\r\n]))(?=(?:FHS|BHS|MSH|BTS|FTS)[^\w\s])")
"""No byte of a character in use in China equals CR or LF, so batches are cut before any decoding."""
CONTROL_ID, COUNT = 10, 1
"""Places in BHS and FHS (the separator is a field of its own), and in BTS."""
COUNT_DIGITS = 9
SEPARATORS = frozenset(punctuation)
"""What may separate fields; a header with anything else there is answered with the usual bar."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages under one BHS; `header` and `trailer` as they stand on the wire, empty where absent."""

    header: bytes
    messages: tuple[bytes, ...]
    trailer: bytes = b""
    file_remark: str = ""
    """Of the last batch of a file: that not as many came as FTS-1 promised."""

    @property
    def remark(self) -> str:
        """What is missing, by BTS-1 and FTS-1; empty where nothing is."""
        promised = promised_otherwise(self.trailer, len(self.messages))
        if promised is None:
            return self.file_remark
        missing = (
            f"BTS-1 promises {promised} messages, {len(self.messages)} came: send the missing ones again."
        )
        return f"{missing} {self.file_remark}".rstrip()


def split_batch(raw: bytes) -> list[Batch]:
    """Return the batches of a frame or file; none where it begins with a message of its own."""
    body = raw.removeprefix(BOM).lstrip(ASCII_BLANKS)
    if body[:3] not in HEADS:
        return []
    batches: list[tuple[bytes, list[bytes], bytes]] = []
    file_trailer = b""
    for part in filter(None, BOUNDARY.split(body)):
        name = part[:3]
        if name in HEADS and (name == b"BHS" or not batches):
            if batches and not batches[-1][1] and not batches[-1][2]:
                batches.pop()
            batches.append((part, [], b""))
        elif name == b"MSH":
            batches[-1][1].append(part)
        elif name == b"BTS":
            header, messages, _ = batches[-1]
            batches[-1] = (header, messages, part)
        elif name == b"FTS":
            file_trailer = part
    found = [Batch(header, tuple(messages), trailer) for header, messages, trailer in batches]
    promised = promised_otherwise(file_trailer, len(found))
    if promised is not None and found[0].header.startswith(b"BHS"):
        remark = f"FTS-1 promises {promised} batches, {len(found)} came: send the missing ones again."
        found[-1] = replace(found[-1], file_remark=remark)
    return found


def split_messages(raw: bytes) -> list[bytes]:
    """Return the messages of a file: of its batches, else one after the other."""
    parts = BOUNDARY.split(raw.removeprefix(BOM).lstrip(ASCII_BLANKS))
    return [part for part in parts if part[:3] == b"MSH"]


def answer_batch(batch: Batch, answers: Iterable[bytes], *, now: datetime, control_id: str) -> bytes:
    """Build the batch that answers a batch: its own header, an acknowledgement per message, the count.

    Sender and receiver are exchanged, and BHS-12 names the batch that is answered.
    """
    said = [answer for answer in answers if answer]
    line = batch.header.replace(b"\n", b"\r").partition(b"\r")[0]
    separator = line[3:4] if line[3:4].decode("latin-1") in SEPARATORS else b"|"
    fields = [*line.split(separator), *[b""] * (CONTROL_ID + 1)]
    sent_at = now.astimezone(CHINA).strftime("%Y%m%d%H%M%S%z").encode()
    header = [b"BHS", fields[1], *fields[4:6], *fields[2:4], sent_at, b"", b"", b""]
    header += [control_id.encode(), fields[CONTROL_ID]]
    trailer = [b"BTS", str(len(said)).encode(), batch.remark.encode()]
    return b"".join([separator.join(header), b"\r", *said, separator.join(trailer).rstrip(separator), b"\r"])


def promised_otherwise(trailer: bytes, came: int) -> int | None:
    """Return the count in BTS-1 or FTS-1 where it is another than what came."""
    fields: Sequence[bytes] = trailer.rstrip(b"\r\n").split(trailer[3:4]) if trailer[3:4] else ()
    promised = fields[COUNT].strip() if len(fields) > COUNT else b""
    if not promised.isdigit() or len(promised) > COUNT_DIGITS or int(promised) == came:
        return None
    return int(promised)
