"""JSON in and out: strict decoding with the path of every fault, and RFC 9457 problem documents. Pure."""

import re
from typing import Any, TypeVar

import msgspec

from yijian.kit.errors import FieldError, Problem

__all__ = ["PROBLEM_TYPE", "decode", "encode", "problem_document"]

Shape = TypeVar("Shape")

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it stands",
    503: "Temporarily unavailable",
}
LOCATED = re.compile(r"^(?P<message>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
UNKNOWN_FIELD = re.compile(r"^Object contains unknown field `(?P<name>.*)`$")
MISSING_FIELD = re.compile(r"^Object missing required field `(?P<name>.*)`$")


def decode(body: bytes, shape: type[Shape]) -> Shape:
    """Return the body as `shape`; raise `Problem` 400 naming the field (`items[0].code`) and the fault."""
    if rb"\u0000" in body:
        raise Problem("request.nul", "Text cannot contain U+0000.", 400, (FieldError("", "leave U+0000 out"),))
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as fault:
        error = _located(str(fault))
        raise Problem("request.invalid", f"{error.path}: {error.message}", 400, (error,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        error = FieldError("", "send one JSON document in UTF-8")
        raise Problem("request.not_json", f"The body is not JSON: {fault}", 400, (error,)) from None


def _located(text: str) -> FieldError:
    """Split msgspec's message into a path in the caller's document and what is wrong there."""
    match = LOCATED.match(text)
    message, path = (match["message"], match["path"] or "") if match else (text, "")
    for pattern, remedy in ((UNKNOWN_FIELD, "unknown field; leave it out"), (MISSING_FIELD, "required field is missing")):
        if named := pattern.match(message):
            return FieldError(f"{path}.{named['name']}".lstrip("."), remedy)
    return FieldError(path, message)


def problem_document(problem: Problem, trace_id: str) -> bytes:
    """Return the RFC 9457 document of a problem."""
    return msgspec.json.encode(
        {
            "type": f"urn:yijian:problem:{problem.code}",
            "title": TITLES.get(problem.status, "Problem"),
            "status": problem.status,
            "code": problem.code,
            "detail": problem.detail,
            "errors": [{"path": e.path, "message": e.message} for e in problem.errors],
            "trace_id": trace_id,
        }
    )


def encode(document: Any) -> bytes:
    """Return a document as JSON; money and other decimals are strings."""
    return msgspec.json.encode(document)
