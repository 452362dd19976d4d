"""What can be known of a message however broken it is: enough to keep it, order it and answer it."""

import re
from dataclasses import dataclass, fields

from .charset import UTF_8, Charset, decode_leniently
from .message import Header, parse
from .patient import find_order_key

__all__ = ["Peek", "peek"]

HEADER_FIELDS = tuple(item.name for item in fields(Header))
PEEKED_BYTES = 64 * 1024
THROUGH_PATIENT = re.compile(r".*?[\r\n]PID[^\r\n]*[\r\n]?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek(Header):
    """The header as far as it can be read; every value may be empty."""

    charset: Charset = UTF_8
    guessed: bool = False
    patient_key: str = ""
    """Keeps one patient's messages in order. May hold a resident number: store a keyed digest of it."""

    @property
    def encoding(self) -> str:
        """The character set's common name."""
        return self.charset.label


def peek(raw: bytes, sender_encoding: str | None) -> Peek:
    """Read the header and the patient's number; never raises, and leaves out what is not there."""
    decoded = decode_leniently(raw, sender_encoding)
    message = parse(beginning_of(decoded.text[:PEEKED_BYTES]).replace("\0", ""), decoded.charset)
    header = {name: getattr(message.header, name) for name in HEADER_FIELDS}
    return Peek(
        **header, charset=decoded.charset, guessed=decoded.guessed, patient_key=find_order_key(message)
    )


def beginning_of(text: str) -> str:
    """Return a message through its first PID; the rest tells nothing here."""
    found = THROUGH_PATIENT.match(text)
    return found[0] if found else text
