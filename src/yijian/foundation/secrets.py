"""The keys of an installation: given by the environment, or made once and kept in the demo's home."""

import base64
import binascii
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yijian.foundation.errors import CannotGoOn
from yijian.kit.crypto import KEY_BYTES

__all__ = ["Keys", "keep_secret", "load_keys"]

SECRET_KEY_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """`secret_key` signs sessions and tokens, `field_key` (32 bytes) seals identity numbers."""

    secret_key: str = field(repr=False)
    field_key: bytes = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the variables that give these keys to another process."""
        field_key = base64.b64encode(self.field_key).decode()
        return {"YIJIAN_SECRET_KEY": self.secret_key, "YIJIAN_FIELD_KEY": field_key}


def load_keys(home: Path, env: Mapping[str, str], *, demo: bool) -> Keys:
    """Return the keys; only the demo makes missing ones, under `home` and readable by its owner alone."""
    given = {name: env.get(name, "") for name in ("YIJIAN_SECRET_KEY", "YIJIAN_FIELD_KEY")}
    missing = [name for name, value in given.items() if not value]
    if missing and not demo:
        raise CannotGoOn(
            f"Set {' and '.join(missing)}: for the first {SECRET_KEY_CHARACTERS} secret characters or more,"
            " for the second 32 random bytes in base64 (`openssl rand -base64 32` makes either)."
        )
    secret_key = given["YIJIAN_SECRET_KEY"] or keep_secret(home / "secret.key", _new_secret_key)
    field_key = given["YIJIAN_FIELD_KEY"] or keep_secret(home / "field.key", _new_field_key)
    if len(secret_key) < SECRET_KEY_CHARACTERS:
        raise CannotGoOn(f"YIJIAN_SECRET_KEY must have {SECRET_KEY_CHARACTERS} characters or more.")
    return Keys(secret_key, _decode_field_key(field_key))


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the text kept at `path`, made at the first call; mode 0600, whole even if two processes race."""
    if not path.exists():
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with open(draft, "x", opener=_open_private) as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _new_secret_key() -> str:
    return secrets.token_urlsafe(48)


def _new_field_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _decode_field_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise CannotGoOn(
            "YIJIAN_FIELD_KEY must be 32 bytes in base64, 44 characters (`openssl rand -base64 32`)."
        )
    return key
