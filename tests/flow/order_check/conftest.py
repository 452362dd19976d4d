"""Both planes over a region of the module's own, on a real socket."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from pytest_django.plugin import DjangoDbBlocker

from tests.flow.order_check.own_database import database, django_turned_to
from yijian.config.connections import BoundedConnection
from yijian.config.environment import Environment, read_environment
from yijian.config.http_server import FirstServer
from yijian.dataplane.crowding import Crowding
from yijian.dataplane.partners import Partners, spawning
from yijian.kit.crypto import FieldCipher

PATIENCE = 30
CONNECTIONS = Crowding(1000)


@contextmanager
def serving(
    application: Any,
    crowding: Crowding = CONNECTIONS,
    connections: type[BoundedConnection] = BoundedConnection,
) -> Iterator[str]:
    """Serve an application in a thread, by one process; yield its base URL."""
    config = uvicorn.Config(application, port=0, lifespan="on", log_level="critical", access_log=False)
    server = FirstServer(config, Partners(0, spawning()), crowding)
    server.connections = connections
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.accepts and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.accepts, "the application did not start"
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@dataclass(frozen=True)
class World:
    """The region, its database, and the secrets of its clients."""

    environment: Environment
    cipher: FieldCipher
    secrets: dict[str, str]

    def add_person(self, resident_id: str, **demographics: Any) -> UUID:
        from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

        return region.add_person(self.cipher, resident_id, **demographics)


@pytest.fixture(scope="session")
def migrated_database(
    server_url: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Return the name of a migrated database that is only ever copied."""
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up after this file is read

    name = f"flow_template_{uuid4().hex[:8]}"
    with database(server_url, name):
        with django_db_blocker.unblock(), django_turned_to(name):
            call_command("migrate", verbosity=0)
        yield name


@pytest.fixture(scope="module")
def world(server_url: str, migrated_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    name = f"flow_{uuid4().hex[:12]}"
    with (
        database(server_url, name, migrated_database) as url,
        django_db_blocker.unblock(),
        django_turned_to(name),
    ):
        from tests.flow.order_check import region  # noqa: PLC0415 - models want Django set up

        environment = replace(read_environment(os.environ), database_url=url)
        yield World(environment, FieldCipher(environment.field_key), region.build_region())


@pytest.fixture(scope="module")
def base_url(world: World) -> Iterator[str]:
    """Return where both planes are served."""
    from yijian.config.planes import BothPlanes  # noqa: PLC0415 - Django is set up after this file is read
    from yijian.config.wsgi import application as control_plane  # noqa: PLC0415
    from yijian.dataplane.app import create_application  # noqa: PLC0415

    with serving(BothPlanes(create_application(world.environment), control_plane)) as address:
        yield address


@pytest.fixture(scope="module")
def http(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def bearer(http: httpx.Client, world: World) -> dict[str, str]:
    """Return the Authorization header of the county hospital."""
    form = {"grant_type": "client_credentials"}
    answer = http.post("/oauth/token", data=form, auth=("county", world.secrets["county"]))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
