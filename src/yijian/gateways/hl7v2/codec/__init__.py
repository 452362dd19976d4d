"""HL7 v2 in and out: bytes ↔ values, the one place that translates. Pure: no framework, no I/O.

    peek(raw, sender_encoding)            what the inbox needs, however broken the message is
    decode_message(raw, encoding, now)    the whole message as values, or MessageRefused
    acknowledge(peek, code, …)            the answer's bytes
    MllpDecoder, frame                    the wire
    split_batch, answer_batch             batches of messages

`CONFORMANCE.md` beside this package says what is taken, sent and refused.
"""

from .acknowledgement import AckCode, acknowledge
from .batch import Batch, answer_batch, split_batch, split_messages
from .charset import Charset, find_charset
from .decoding import PERSON_NEEDED, ParsedMessage, decode_message
from .framing import MAX_FRAME_BYTES, FrameProblem, MllpDecoder, frame
from .message import Header
from .orders import UNNAMED
from .peeking import Peek, peek
from .reading import Cancellation
from .refusal import ErrorCode, MessageRefused, refuse
from .structure import TAKEN

__all__ = [
    "MAX_FRAME_BYTES",
    "PERSON_NEEDED",
    "TAKEN",
    "UNNAMED",
    "AckCode",
    "Batch",
    "Cancellation",
    "Charset",
    "ErrorCode",
    "FrameProblem",
    "Header",
    "MessageRefused",
    "MllpDecoder",
    "ParsedMessage",
    "Peek",
    "acknowledge",
    "answer_batch",
    "decode_message",
    "find_charset",
    "frame",
    "peek",
    "refuse",
    "split_batch",
    "split_messages",
]
