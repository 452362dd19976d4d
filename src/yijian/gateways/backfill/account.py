"""The account of an import beside its file: what was refused or waits, and the refused entries themselves."""

import csv
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import msgspec

from yijian.foundation.backfill.api import Counts, Note
from yijian.gateways.backfill.codec import Form, Survey
from yijian.gateways.backfill.files import form_of, open_unpacked, stem_of

__all__ = ["Account", "write_account"]

HEADINGS = ("行", "至行", "报告号或医嘱号", "结果", "代码", "字段", "说明")
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Account:
    """The files of an account; `refused` is None where nothing was refused."""

    summary: Path
    notes: Path
    refused: Path | None


def write_account(
    path: Path, directory: Path, survey: Survey, notes: Iterable[Note], counts: Counts, **facts: object
) -> Account:
    """Write summary (JSON), notes (CSV) and the refused entries as they came, to be corrected."""
    stem = directory / stem_of(path)
    form = form_of(path)
    suffix = "ndjson" if form is Form.NDJSON else "csv"
    account = Account(
        stem.with_name(f"{stem.name}.report.json"),
        stem.with_name(f"{stem.name}.report.csv"),
        stem.with_name(f"{stem.name}.refused.{suffix}"),
    )
    directory.mkdir(parents=True, exist_ok=True)
    _write_notes(account, path, form, survey, notes)
    if counts.refused == 0 and account.refused:
        account.refused.unlink()
        account = Account(account.summary, account.notes, None)
    summary = {"file": path.name, **facts, "counts": asdict(counts)}
    with _private(account.summary) as file:
        file.write(msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")
    return account


def _write_notes(account: Account, path: Path, form: Form, survey: Survey, notes: Iterable[Note]) -> None:
    assert account.refused is not None  # noqa: S101 - said by the caller, for the type checker
    with open_unpacked(path) as source, _private(account.notes) as table, _private(account.refused) as again:
        table.write(BOM.encode())
        if form is Form.TABLE:
            again.write((BOM.encode() if survey.encoding == "utf-8" else b"") + survey.header)
        lines = csv.writer(_Encoded(table), lineterminator="\r\n")
        lines.writerow(HEADINGS)
        for note in notes:
            for fault in note.faults:
                lines.writerow(
                    (
                        note.line,
                        note.last_line,
                        note.number,
                        note.outcome,
                        note.code,
                        fault.field,
                        fault.message,
                    )
                )
            if note.outcome == "refused":
                source.seek(note.position)
                raw = source.read(note.length)
                again.write(raw if raw.endswith(b"\n") else raw + b"\n")


class _Encoded:
    """Lets the csv module write to a file of bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _private(path: Path) -> IO[bytes]:
    """Open a file for writing that its owner alone may read: it names patients' reports."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
