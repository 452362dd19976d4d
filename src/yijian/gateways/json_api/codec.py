"""JSON in and out: strict decoding with the path of every fault, and RFC 9457 problem documents. Pure."""

from typing import Any

import msgspec

from yijian.kit.http import problem_document
from yijian.kit.json_body import decode

__all__ = ["decode", "encode", "problem_document"]


def encode(document: Any) -> bytes:
    """Return a document as JSON; money and other decimals are strings."""
    return msgspec.json.encode(document)
