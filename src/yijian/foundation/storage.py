"""Objects (messages, documents, images) by content: local files or S3, the same to the caller."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

__all__ = ["ObjectDamaged", "ObjectMissing", "ObjectStore", "StorageAway"]

KEY = re.compile(r"sha256/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")


class ObjectMissing(Exception):
    """No object has this key."""


class ObjectDamaged(Exception):
    """What is stored is no longer what was put there."""


class StorageAway(OSError):
    """The store is full, or cannot be reached, or lets us not in; another time it may."""


class ObjectStore:
    """Objects under `url`: `file:///directory` or `s3://bucket/prefix` (credentials from the AWS variables).

    Putting the same bytes twice gives the same key, and mends the object where it was damaged.
    """

    def __init__(self, url: str) -> None:
        self._is_local = urlsplit(url).scheme == "file"
        if self._is_local:
            directory = Path(unquote(urlsplit(url).path))
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store: Any = LocalStore(directory)
        else:
            self._store = from_url(url)

    def put(self, data: bytes, media_type: str) -> str:
        """Store `data` and return its key; `media_type` is kept where the store keeps such a thing (S3)."""
        key = key_of(data)
        with _told_as_ours():
            obstore.put(self._store, key, data, attributes=self._attributes(media_type))
        return key

    async def put_async(self, data: bytes, media_type: str) -> str:
        """Do as `put`, without holding up the event loop."""
        key = key_of(data)
        with _told_as_ours():
            await obstore.put_async(self._store, key, data, attributes=self._attributes(media_type))
        return key

    def get(self, key: str) -> bytes:
        """Return the object whole; raise `ObjectMissing` or `ObjectDamaged`."""
        check_key(key)
        with _told_as_ours(key):
            data = obstore.get(self._store, key).bytes().to_bytes()
        return verified(key, data)

    def delete(self, key: str) -> None:
        """Erase the object; one that is gone already is erased."""
        check_key(key)
        with suppress(ObjectMissing), _told_as_ours(key):
            obstore.delete(self._store, key)

    async def get_async(self, key: str) -> bytes:
        """Do as `get`, without holding up the event loop."""
        check_key(key)
        with _told_as_ours(key):
            answer = await obstore.get_async(self._store, key)
            data = (await answer.bytes_async()).to_bytes()
        return verified(key, data)

    def _attributes(self, media_type: str) -> dict[str, str] | None:
        return None if self._is_local else {"Content-Type": media_type}


@contextmanager
def _told_as_ours(key: str = "") -> Iterator[None]:
    """Raise the store's errors as ours; their texts hold places and accounts, and are not passed on."""
    try:
        yield
    except FileNotFoundError as absent:
        raise ObjectMissing(key) from absent
    except BaseError as fault:
        raise StorageAway(type(fault).__name__) from fault


def key_of(data: bytes) -> str:
    """Return the key of these bytes: `sha256/ab/cd/abcd…`."""
    digest = hashlib.sha256(data).hexdigest()
    return f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"


def check_key(key: str) -> None:
    """Raise `ObjectMissing` for what cannot be a key, so that no path leads out of the store."""
    if not KEY.fullmatch(key):
        raise ObjectMissing(key)


def verified(key: str, data: bytes) -> bytes:
    """Return `data` if it is what `key` promises."""
    if key_of(data) != key:
        raise ObjectDamaged(key)
    return data
