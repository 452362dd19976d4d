"""A listener over the migrated database, and a hospital that may talk to it."""

from collections.abc import Callable, Iterator

import pytest

from tests.flow.mllp import Engine, RunningListener, listening

Register = Callable[..., None]


@pytest.fixture
def committed_db(transactional_db: None) -> Iterator[None]:
    """Let a test commit; afterwards the audit trail, which refuses to be emptied, is emptied all the same."""
    from django.db import connection  # noqa: PLC0415 - Django is set up after this file is read

    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


@pytest.fixture
def register(committed_db: None) -> Register:
    """Return what registers a sender, from loopback unless told otherwise."""
    from yijian.foundation.inbox.models import Sender  # noqa: PLC0415 - Django is set up after this file is read

    def register_sender(
        facility: str,
        *,
        institution: str = "",
        encoding: str = "",
        addresses: tuple[str, ...] = ("127.0.0.1/32",),
    ) -> None:
        Sender.objects.update_or_create(
            facility=facility,
            defaults={
                "institution_code": institution or facility[:32],
                "encoding": encoding,
                "addresses": list(addresses),
                "active": True,
            },
        )

    return register_sender


@pytest.fixture
def listener(database_url: str, committed_db: None) -> Iterator[RunningListener]:
    with listening(database_url) as running:
        yield running


@pytest.fixture
def engine(listener: RunningListener, register: Register) -> Iterator[Engine]:
    """Return a connection of hospital H001."""
    register("H001")
    with Engine(listener.port) as connected:
        yield connected
