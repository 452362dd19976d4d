"""What a report must be to be kept, which version stands, what makes two alike. Pure."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from yijian.domains.results.errors import invalid, without_rows
from yijian.domains.results.values import ReportKind, ReportStatus, UploadedReport
from yijian.kit.clock import FUTURE_TOLERANCE
from yijian.kit.errors import FieldError

__all__ = [
    "EARLIEST",
    "body_of",
    "check_report",
    "decode_document",
    "digest_of",
    "effective_at",
    "find_nul",
    "supersedes",
]

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LONGEST = {"report_no": 128, "order_no": 128}
LONGEST_CODE = 128
NUL_IN_JSON = rb"\u0000"
MOST_ROWS = 2000
MAX_DOCUMENT = 80 * 1024 * 1024
INSTANTS = ("ordered_at", "collected_at", "received_at", "examined_at", "resulted_at", "reported_at")
BEFORE_REPORT = ("collected_at", "received_at", "examined_at", "resulted_at")
RANK = {ReportStatus.PRELIMINARY: 0, ReportStatus.FINAL: 1, ReportStatus.CORRECTED: 2}


def check_report(upload: UploadedReport, at: datetime) -> None:
    """Raise `Problem` naming every field at fault, in the words of the contract."""
    found = [
        *_fields(upload),
        *_instants(upload, at),
        *_nuls(_without_document(upload)),
    ]
    empty = without_rows() if upload.kind is ReportKind.LAB and not upload.results else None
    if empty and not found:
        raise empty
    if found:
        raise invalid([*found, *(empty.errors if empty else ())])


def _fields(upload: UploadedReport) -> Iterator[FieldError]:
    for name, longest in LONGEST.items():
        value = getattr(upload, name)
        if value is not None and not 0 < len(value.strip()) <= longest:
            yield FieldError(name, f"1 to {longest} characters")
    if not any(identifier.value.strip() for identifier in upload.patient.identifiers):
        yield FieldError("patient.identifiers", "give at least one number of the patient")
    if upload.kind is ReportKind.LAB:
        if upload.collected_at is None and upload.resulted_at is None:
            yield FieldError("collected_at", "a laboratory report needs collected_at or resulted_at")
        if upload.exam is not None:
            yield FieldError("exam", "belongs to reports of kind exam")
    else:
        if upload.examined_at is None:
            yield FieldError("examined_at", "required for kind exam")
        if upload.exam is None or not upload.exam.items:
            yield FieldError("exam.items", "an exam report names what was examined")
    viewer = upload.exam.image.viewer_url if upload.exam and upload.exam.image else None
    if viewer and not viewer.startswith(("https://", "http://")):
        yield FieldError("exam.image.viewer_url", "an address beginning with https:// or http://")
    yield from _codes(upload)


def _codes(upload: UploadedReport) -> Iterator[FieldError]:
    if len(upload.results) > MOST_ROWS:
        yield FieldError("results", f"at most {MOST_ROWS} rows")
    for index, row in enumerate(upload.results):
        if not 0 < len(row.item.code.strip()) <= LONGEST_CODE:
            yield FieldError(f"results[{index}].item.code", f"1 to {LONGEST_CODE} characters")
    for index, item in enumerate(upload.exam.items if upload.exam else ()):
        if not 0 < len(item.code.strip()) <= LONGEST_CODE:
            yield FieldError(f"exam.items[{index}].code", f"1 to {LONGEST_CODE} characters")


def _instants(upload: UploadedReport, at: datetime) -> Iterator[FieldError]:
    for name in INSTANTS:
        instant: datetime | None = getattr(upload, name)
        if instant is None:
            continue
        if instant.tzinfo is None:
            yield FieldError(name, "give the instant with its zone (RFC 3339)")
        elif instant > at + FUTURE_TOLERANCE:
            yield FieldError(name, "lies in the future")
        elif instant < EARLIEST:
            yield FieldError(name, "lies before 1900")
        elif name in BEFORE_REPORT and _is_after(instant, upload.reported_at):
            yield FieldError(name, "lies after reported_at")


def _is_after(instant: datetime, reported_at: datetime) -> bool:
    return reported_at.tzinfo is not None and instant - reported_at > FUTURE_TOLERANCE


def _nuls(upload: UploadedReport) -> Iterator[FieldError]:
    """Look field by field only where the text of the whole may hold one."""
    if NUL_IN_JSON in msgspec.json.encode(upload):
        yield from find_nul(msgspec.to_builtins(upload))


def find_nul(value: Any, path: str = "") -> Iterator[FieldError]:
    """Find the one character that no text of the database can hold."""
    if isinstance(value, str) and "\x00" in value:
        yield FieldError(path, "holds the character NUL")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from find_nul(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from find_nul(inner, f"{path}[{index}]")


def decode_document(upload: UploadedReport) -> bytes | None:
    """Return the printed report; raise `Problem` where it is no PDF or too large."""
    if upload.pdf is None:
        return None
    if len(upload.pdf) > MAX_DOCUMENT * 4 // 3 + 4:
        raise invalid([FieldError("pdf", "at most 80 MiB")])
    try:
        data = base64.b64decode(upload.pdf, validate=True)
    except (binascii.Error, ValueError):
        raise invalid([FieldError("pdf", "base64 without line breaks")]) from None
    if len(data) > MAX_DOCUMENT:
        raise invalid([FieldError("pdf", "at most 80 MiB")])
    if not data.startswith(b"%PDF"):
        raise invalid([FieldError("pdf", "a PDF begins with %PDF")])
    return data


def effective_at(upload: UploadedReport) -> datetime:
    """Return the clinically relevant instant: collection, else the result; the examination."""
    instants = (
        (upload.collected_at, upload.resulted_at)
        if upload.kind is ReportKind.LAB
        else (upload.examined_at, upload.resulted_at)
    )
    return next((instant for instant in instants if instant), upload.reported_at)


def supersedes(status: ReportStatus, reported_at: datetime, standing: tuple[ReportStatus, datetime]) -> bool:
    """Tell whether an upload takes the place of the version that stands.

    The newer by the laboratory's own clock does. What is older comes late or out of order and stays behind,
    unless its status is the later one: a correction often keeps the time of what it corrects.
    """
    standing_status, standing_reported_at = standing
    if reported_at == standing_reported_at:
        return RANK[status] >= RANK[standing_status]
    return reported_at > standing_reported_at or RANK[status] > RANK[standing_status]


def _without_document(upload: UploadedReport) -> UploadedReport:
    return msgspec.structs.replace(upload, pdf=None)


def body_of(upload: UploadedReport) -> dict[str, Any]:
    """Return the upload as JSON values, without patient and document."""
    body: dict[str, Any] = msgspec.to_builtins(_without_document(upload))
    del body["patient"]
    return body


def digest_of(body: dict[str, Any], document_key: str) -> bytes:
    """Return what two uploads of the same content share, however and for whomever they came."""
    return hashlib.sha256(msgspec.json.encode([body, document_key], order="deterministic")).digest()
