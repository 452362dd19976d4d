"""The printed report, kept by its content beside the database."""

from functools import cache

from django.conf import settings

from yijian.domains.results.rules import decode_document
from yijian.domains.results.values import UploadedReport
from yijian.foundation.storage import ObjectStore

__all__ = ["document_store", "keep_document"]


@cache
def document_store() -> ObjectStore:
    """Return the object store of this process."""
    return ObjectStore(settings.ENVIRONMENT.storage_url)


def keep_document(upload: UploadedReport) -> str:
    """Store an upload's PDF and return its key, '' where it has none.

    Called before the transaction: an object nobody names costs a file, a name without object costs a report.
    """
    data = decode_document(upload)
    return document_store().put(data, "application/pdf") if data is not None else ""
