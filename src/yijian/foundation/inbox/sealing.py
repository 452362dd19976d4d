"""Raw messages name patients: they lie sealed, as their numbers do elsewhere."""

from functools import cache

from django.conf import settings

from yijian.kit.crypto import FieldCipher

__all__ = ["seal", "unseal"]


@cache
def _cipher() -> FieldCipher:
    return FieldCipher(settings.FIELD_KEY)


def seal(raw: bytes) -> bytes:
    """Seal a message as it came."""
    return _cipher().seal(raw)


def unseal(sealed: bytes | memoryview) -> bytes:
    """Return a message as it came."""
    return _cipher().unseal(bytes(sealed))
