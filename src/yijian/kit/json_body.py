"""Strict reading of JSON bodies: every fault names the field in the sender's own document."""

import re
from typing import Any, TypeVar

import msgspec

from yijian.kit.errors import FieldError, Problem

__all__ = ["decode_body"]

T = TypeVar("T")

PLACE = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
FIELD = re.compile(r"field `(?P<name>[^`]+)`")
ESCAPED_NUL = b"\\u0000"


def decode_body(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, within: str = "") -> T:
    """Decode `body`, which stands at path `within`; raise `Problem` 400 naming the field at fault.

    A NUL character is refused as well: no text column can hold it.
    """
    try:
        value = decoder.decode(body)
        if ESCAPED_NUL in bytes(body):
            _refuse_nul(msgspec.json.decode(body), within)
    except msgspec.ValidationError as fault:
        raise _misfit(str(fault), within) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        reason = "nested too deeply" if isinstance(fault, RecursionError) else str(fault)
        error = FieldError(within or "$", f"send well-formed JSON in UTF-8 ({reason})")
        raise Problem("body.malformed", "The body is not JSON.", 400, (error,)) from None
    return value


def _misfit(fault: str, within: str) -> Problem:
    place = PLACE.fullmatch(fault)
    message, path = (place["message"], place["path"] or "") if place else (fault, "")
    named = FIELD.search(message)
    if named and message.startswith("Object"):
        path += f".{named['name']}"
    path = f"{within}{path}".removeprefix(".") or "$"
    return Problem("body.invalid", f"{path}: {message}", 400, (FieldError(path, message),))


def _refuse_nul(value: Any, path: str) -> None:
    if isinstance(value, str) and "\0" in value:
        error = FieldError(path.removeprefix(".") or "$", "leave out the character U+0000")
        raise Problem("body.invalid", "A text contains the character U+0000.", 400, (error,))
    if isinstance(value, dict):
        for name, member in value.items():
            _refuse_nul(name, path)
            _refuse_nul(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _refuse_nul(member, f"{path}[{index}]")
