"""Files to import: found in directories, opened unpacked, known by their content."""

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

from yijian.foundation.errors import CannotGoOn
from yijian.gateways.backfill.codec import Form

__all__ = ["digest_of", "find_files", "form_of", "open_unpacked", "stem_of"]

PACKED = ".gz"
FORMS = {
    ".ndjson": Form.NDJSON,
    ".jsonl": Form.NDJSON,
    ".csv": Form.TABLE,
    ".tsv": Form.TABLE,
    ".txt": Form.TABLE,
}
OURS = (".refused.ndjson", ".refused.csv", ".report.csv")
"""What an import leaves beside a file; a directory's import passes over it."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files meant, those of a directory by name; refuse what is there in no form of ours."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and _is_input(each))
            if not inside:
                raise CannotGoOn(f"{path} holds no file to import: {', '.join(FORMS)}, also with {PACKED}.")
            found += inside
        elif not path.is_file():
            raise CannotGoOn(f"There is no file {path}: correct the name.")
        elif _suffix(path) not in FORMS:
            raise CannotGoOn(f"{path}: name it after its form: {', '.join(FORMS)}, also with {PACKED}.")
        else:
            found.append(path)
    return found


def form_of(path: Path) -> Form:
    return FORMS[_suffix(path)]


def stem_of(path: Path) -> str:
    """Return the file's name without the suffixes that tell its form."""
    return (path.with_suffix("") if path.suffix.lower() == PACKED else path).stem


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacked where it is packed."""
    if path.suffix.lower() == PACKED:
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def digest_of(path: Path) -> bytes:
    """Return SHA-256 of a file as it lies."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _suffix(path: Path) -> str:
    plain = path.with_suffix("") if path.suffix.lower() == PACKED else path
    return plain.suffix.lower()


def _is_input(path: Path) -> bool:
    return _suffix(path) in FORMS and not path.name.endswith(OURS)
