"""The signed form as scanned: looked at before it is kept by its content."""

from functools import cache

from django.conf import settings

from yijian.domains.consent import errors
from yijian.foundation.storage import ObjectStore

__all__ = ["MAX_DOCUMENT", "document_store", "keep_document", "media_type_of"]

MAX_DOCUMENT = 10 * 1024 * 1024
SIGNATURES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""How each format begins; the name and the type the sender gives are not believed."""


@cache
def document_store() -> ObjectStore:
    """Return the object store of this process."""
    return ObjectStore(settings.ENVIRONMENT.storage_url)


def media_type_of(data: bytes) -> str:
    """Return what a scan is; raise `Problem` for anything but a PDF, JPEG or PNG of bearable size."""
    if not data or len(data) > MAX_DOCUMENT:
        raise errors.document_refused("A signed form has at most 10 MiB, and is not empty.")
    for beginning, media_type in SIGNATURES.items():
        if data.startswith(beginning):
            return media_type
    raise errors.document_refused("A signed form is a PDF, JPEG or PNG.")


def keep_document(data: bytes) -> tuple[str, str]:
    """Store a scan; return its key and media type."""
    media_type = media_type_of(data)
    return document_store().put(data, media_type), media_type
