"""The one cipher of the control plane, and what may be shown of a number."""

from functools import cache

from django.conf import settings

from yijian.kit.crypto import FieldCipher

__all__ = ["field_cipher", "mask", "unseal"]


@cache
def field_cipher() -> FieldCipher:
    """Return the cipher of this process's field key."""
    return FieldCipher(settings.FIELD_KEY)


def unseal(sealed: bytes | memoryview) -> str:
    """Return what a column holds sealed."""
    return field_cipher().decrypt(bytes(sealed))


def mask(number: str) -> str:
    """Return a resident identity number for display: `370102********2158`."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"
