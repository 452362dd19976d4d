"""Files as they came, sealed, in object storage: pieces by content, and a manifest that names them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from yijian.foundation.inbox.sealing import seal, unseal
from yijian.foundation.storage import ObjectDamaged, ObjectStore

__all__ = ["archive_file", "read_archived"]

PIECE_BYTES = 4 * 1024 * 1024
SEALED = "application/octet-stream"


class Manifest(msgspec.Struct, frozen=True):
    """`sha256` and `size` of the file as it lay; keys of its sealed pieces."""

    sha256: str
    size: int
    pieces: tuple[str, ...]


def archive_file(store: ObjectStore, path: Path) -> str:
    """Keep a file piece by piece and return the key of its manifest; memory holds one piece."""
    digest, size, pieces = hashlib.sha256(), 0, []
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            pieces.append(store.put(seal(piece), SEALED))
    manifest = Manifest(digest.hexdigest(), size, tuple(pieces))
    return store.put(seal(msgspec.json.encode(manifest)), SEALED)


def read_archived(store: ObjectStore, manifest_key: str) -> Iterator[bytes]:
    """Return the file piece by piece; raise `ObjectDamaged` at the end if it is not what came."""
    manifest = msgspec.json.decode(unseal(store.get(manifest_key)), type=Manifest)
    digest = hashlib.sha256()
    for key in manifest.pieces:
        piece = unseal(store.get(key))
        digest.update(piece)
        yield piece
    if digest.hexdigest() != manifest.sha256:
        raise ObjectDamaged(manifest_key)
