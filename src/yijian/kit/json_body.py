"""Strict reading of JSON bodies: every fault names the field in the sender's own document."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec

from yijian.kit.errors import FieldError, Problem

__all__ = ["Struct", "decode"]

Shape = TypeVar("Shape")

LOCATED = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`")
MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>.*)`")
GOT_NULL = "got `null`"
ESCAPED_NUL = rb"\u0000"

_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = cache(msgspec.json.Decoder)


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything that arrives as JSON: unknown fields are refused with their name."""


def decode(body: bytes | msgspec.Raw, shape: type[Shape], within: str = "") -> Shape:
    """Return the body as `shape`; raise `Problem` 400 naming the field (`items[0].code`) and the fault.

    `within` is the path of `body` where it is a part of a document. U+0000 is refused: no column holds it.
    A member that is null counts as left out.
    """
    try:
        value = _read(body, shape)
        if ESCAPED_NUL in bytes(body):
            _refuse_nul(msgspec.json.decode(body), within)
    except msgspec.ValidationError as fault:
        error = _located(str(fault).replace("\0", "\\u0000"), within)
        raise Problem("request.invalid", f"{error.path}: {error.message}", 400, (error,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        reason = "nested too deeply" if isinstance(fault, RecursionError) else str(fault)
        remedy = (FieldError(within, "send one JSON document in UTF-8"),)
        raise Problem("request.not_json", f"The body is not JSON: {reason}", 400, remedy) from None
    return value


def _read(body: bytes | msgspec.Raw, shape: type[Shape]) -> Shape:
    decoder = _decoder(shape)
    try:
        value: Shape = decoder.decode(body)
    except msgspec.ValidationError as fault:
        if GOT_NULL not in str(fault):
            raise
        said = _without_nulls(msgspec.json.decode(body))
        value = decoder.decode(msgspec.json.encode(said))
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(entry) for entry in value] if isinstance(value, list) else value


def _located(text: str, within: str) -> FieldError:
    """Split msgspec's message into a path in the caller's document and what is wrong there."""
    match = LOCATED.fullmatch(text)
    message, path = (match["message"], match["path"] or "") if match else (text, "")
    for pattern, remedy in (
        (UNKNOWN_FIELD, "unknown field; leave it out"),
        (MISSING_FIELD, "required field is missing"),
    ):
        if named := pattern.fullmatch(message):
            message, path = remedy, f"{path}.{named['name']}"
    return FieldError(f"{within}{path}".removeprefix("."), message)


def _refuse_nul(value: Any, path: str) -> None:
    if isinstance(value, str) and "\0" in value:
        error = FieldError(path.removeprefix("."), "leave U+0000 out")
        raise Problem("request.nul", "Text cannot contain U+0000.", 400, (error,))
    if isinstance(value, dict):
        for name, member in value.items():
            _refuse_nul(name, path)
            _refuse_nul(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _refuse_nul(member, f"{path}[{index}]")
