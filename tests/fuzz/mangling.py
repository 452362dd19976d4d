"""What comes of valid messages and documents when senders, networks and strangers have been at them."""

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FACTOR = float(os.environ.get("YIJIAN_FUZZ_FACTOR") or 1)
"""`make fuzz` raises it."""

TOKENS = [
    *(b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\x0b", b"\x1c", b"\x1c\r", b"\x00", b'""'),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x81\x7c", b"\xd6\xd0", b"\xe6\x9d", b"\xf4\x90\x80\x80", b" ", b"\t"),
    *(b"MSH|^~\\&|", b"\x0bMSH|", b"\rOBX|", b"\rPID|", b"\rOBR|", b"\rMSH|", b"BHS|", b"FHS|"),
    *(b"\\X0D\\", b"\\.br\\", b"\\H\\", b"GB 18030-2000", b"ASCII", b"8859/1", b"UNICODE UTF-16"),
    *(b"99991231235959+1400", b"00000000", b"-1", b"1e999", b"9" * 400, b"{", b"}", b"[" * 64, b"null"),
]

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "\0", "\ud800", "9" * 400, "张" * 3000, "2823-3", "../..", "<b>", "%s", "{}"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z"]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**30), 2**63, -1, 0]),
    st.floats(),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def fuzzing(examples: int) -> settings:
    """Return how many examples to try; under `make fuzz` a multiple of that."""
    return settings(
        max_examples=max(int(examples * FACTOR), 1),
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def mangled(draw: st.DrawFn, valid: bytes) -> bytes:
    """Return `valid` after a few cuts, repetitions, insertions and transpositions."""
    raw = valid
    for _ in range(draw(st.integers(1, 4))):
        begin, end = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
        piece = draw(st.sampled_from(TOKENS) | st.binary(max_size=6))
        match draw(st.sampled_from(("insert", "replace", "cut", "end", "repeat", "turn"))):
            case "insert":
                raw = raw[:begin] + piece + raw[begin:]
            case "replace":
                raw = raw[:begin] + piece + raw[begin + len(piece) :]
            case "cut":
                raw = raw[:begin] + raw[end:]
            case "end":
                raw = raw[:end]
            case "repeat":
                raw = raw[:end] + raw[begin:]
            case "turn":
                raw = raw[end:] + raw[begin:end] + raw[:begin]
    return raw


@st.composite
def documents(draw: st.DrawFn, valid: Any) -> bytes:
    """Return a JSON body: `valid` with members replaced, lost, doubled or buried; sometimes no JSON."""
    body = valid
    for _ in range(draw(st.integers(1, 3))):
        body = _changed(draw, body, draw(VALUES))
    raw = json.dumps(body).encode("ascii", "surrogatepass")
    match draw(st.integers(0, 19)):
        case 0:
            return draw(mangled(raw))
        case 1:
            return draw(st.binary(max_size=40))
        case 2:
            depth = draw(st.sampled_from([50, 2000, 100_000]))
            return b"[" * depth + raw + b"]" * depth
        case 3:
            return raw[:1] + raw[1:-1] + b"," + raw[1:]
    return raw


def _changed(draw: st.DrawFn, value: Any, junk: Any) -> Any:
    """Walk down a random path and put `junk` at its end, or take what is there away."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 9)):
            case 0:
                return {key: inner for key, inner in value.items() if key != name}
            case 1:
                return value | {draw(TEXTS): junk}
        return value | {name: _changed(draw, value[name], junk)}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(value) - 1))
        if not draw(st.integers(0, 9)):
            return [*value, *value]
        return [*value[:index], _changed(draw, value[index], junk), *value[index + 1 :]]
    return junk
