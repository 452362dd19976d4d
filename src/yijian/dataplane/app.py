"""The data plane as one ASGI application: order checks, CDS Hooks, tokens, health. No Django."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from yijian.dataplane.footprints import FootprintStore
from yijian.dataplane.health import Readiness, show_alive
from yijian.dataplane.metrics import Metrics
from yijian.dataplane.oauth import TokenEndpoint
from yijian.dataplane.pool import create_pool
from yijian.dataplane.router import Handler, Receive, Router, Scope, Send
from yijian.dataplane.rulebook_cache import RulebookCache
from yijian.dataplane.settings import Settings
from yijian.dataplane.well_known import show_jwks, show_smart_configuration
from yijian.domains.recognition.hot import OrderCheck
from yijian.foundation.accounts.hot import ClientDirectory, Gatekeeper
from yijian.foundation.accounts.tokens import BearerTokens
from yijian.gateways.cds_hooks.hot import SERVICES, HookEndpoint, show_services
from yijian.gateways.json_api.hot import MatchEndpoint
from yijian.kit.crypto import FieldCipher

__all__ = ["DataPlane", "create_application"]

MATCH = "/api/v1/recognition/match"
CDS = "/cds-services"
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
PATHS = PROBES | {
    MATCH,
    CDS,
    "/oauth/token",
    "/.well-known/jwks.json",
    "/fhir/.well-known/smart-configuration",
}
POOL_SIZE = 8

log = structlog.get_logger(__name__)


class DataPlane:
    """Opens with its lifespan; `running` does the same where a server gives none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._router: Router | None = None

    @staticmethod
    def serves(method: str, path: str) -> bool:
        """Tell whether a request is ours; feedback to CDS services is the control plane's."""
        if path.startswith(f"{CDS}/"):
            return not (method == "POST" and path.endswith("/feedback"))
        return path in PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and self._router is not None:
            await self._router(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["DataPlane"]:
        """Serve inside this context: database, rules and committer are open."""
        async with AsyncExitStack() as stack:
            pool = await create_pool(
                self._settings.database_url,
                application_name="yijian-dataplane",
                max_size=POOL_SIZE,
                planned_once=True,
            )
            stack.push_async_callback(pool.close)
            rulebook = RulebookCache(pool)
            await rulebook.load()
            stack.push_async_callback(_stop, asyncio.create_task(rulebook.watch()))
            footprints = FootprintStore(pool)
            stack.push_async_callback(footprints.close)
            self._router = self._assemble(pool, rulebook, footprints)
            yield self
            self._router = None

    def _assemble(self, pool: asyncpg.Pool, rulebook: RulebookCache, footprints: FootprintStore) -> Router:
        settings = self._settings
        tokens = BearerTokens(settings.secret_key, settings.namespace)
        directory = ClientDirectory(pool)
        gatekeeper = Gatekeeper(directory, tokens)
        check = OrderCheck(pool, rulebook.current, FieldCipher(settings.field_key), footprints)
        hook = HookEndpoint(check, gatekeeper, directory, settings.namespace, demo_open=settings.demo_open)
        routes: dict[str, Mapping[str, Handler]] = {
            MATCH: {"POST": MatchEndpoint(check, gatekeeper)},
            CDS: {"GET": show_services},
            **{f"{CDS}/{service}": {"POST": hook} for service in SERVICES},
            "/oauth/token": {"POST": TokenEndpoint(directory, tokens, pool)},
            "/.well-known/jwks.json": {"GET": show_jwks(tokens)},
            "/fhir/.well-known/smart-configuration": {"GET": show_smart_configuration},
            "/healthz": {"GET": show_alive},
            "/readyz": {"GET": Readiness(pool, rulebook)},
            "/metrics": {"GET": Metrics(pool)},
        }
        return Router(routes, allowed_hosts=settings.allowed_hosts, cors_prefix=CDS, probes=PROBES)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Follow the lifespan protocol of ASGI."""
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception:
            log.exception("the data plane does not start")
            await send({"type": "lifespan.startup.failed", "message": "see the log"})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def create_application(settings: Settings) -> DataPlane:
    """Return the data plane of an installation."""
    return DataPlane(settings)


async def _stop(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
