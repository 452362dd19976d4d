"""Objects come back as they were put, or not at all."""

import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from yijian.foundation.storage import ObjectDamaged, ObjectMissing, ObjectStore, StorageAway

Read = Callable[[ObjectStore, str], Awaitable[bytes]]


async def read_sync(store: ObjectStore, key: str) -> bytes:
    return store.get(key)


async def read_async(store: ObjectStore, key: str) -> bytes:
    return await store.get_async(key)


both_ways = pytest.mark.parametrize("read", [read_sync, read_async])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "对象 store"


@pytest.fixture
def store(directory: Path) -> ObjectStore:
    return ObjectStore(directory.as_uri())


@both_ways
@pytest.mark.parametrize("data", [b"", b"MSH|^~\\&|", bytes(range(256)) * 10_000])
async def test_gives_back_what_was_put(store: ObjectStore, read: Read, data: bytes) -> None:
    assert await read(store, store.put(data, "application/octet-stream")) == data
    assert await read(store, await store.put_async(data, "application/octet-stream")) == data


async def test_same_bytes_have_the_same_key(store: ObjectStore) -> None:
    key = store.put(b"film", "image/png")
    assert key == await store.put_async(b"film", "image/jpeg")
    assert key != store.put(b"film ", "image/png")
    assert key.startswith("sha256/")


@both_ways
async def test_refuses_a_damaged_object(store: ObjectStore, directory: Path, read: Read) -> None:
    key = store.put(b"film", "image/png")
    (directory / key).write_bytes(b"fiml")
    with pytest.raises(ObjectDamaged):
        await read(store, key)


def test_putting_again_mends_a_damaged_object(store: ObjectStore, directory: Path) -> None:
    key = store.put(b"film", "image/png")
    (directory / key).write_bytes(b"")
    store.put(b"film", "image/png")
    assert store.get(key) == b"film"


@both_ways
async def test_names_a_missing_object(store: ObjectStore, read: Read) -> None:
    with pytest.raises(ObjectMissing):
        await read(store, f"sha256/ab/cd/abcd{'0' * 60}")


@both_ways
@pytest.mark.parametrize(
    "key", ["../secret.key", "/etc/hostname", "sha256/../../secret.key", "", "sha256/ab/cd/x"]
)
async def test_no_key_leads_out_of_the_store(
    store: ObjectStore, directory: Path, read: Read, key: str
) -> None:
    (directory.parent / "secret.key").write_text("secret")
    with pytest.raises(ObjectMissing):
        await read(store, key)


def test_directory_is_closed_to_other_users(store: ObjectStore, directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_store_that_takes_nothing_is_away_as_a_full_disk_is(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path.as_uri())
    (tmp_path / "sha256").write_bytes(b"no directory")
    with pytest.raises(StorageAway) as fault:
        store.put(b"content", "text/plain")
    assert isinstance(fault.value, OSError)
    assert str(tmp_path) not in str(fault.value)
