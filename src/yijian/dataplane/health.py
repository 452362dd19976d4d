"""Is the process alive, and can it serve?"""

from functools import cache
from importlib.resources import files
from pathlib import Path

import asyncpg

from yijian.dataplane.rulebook_cache import RulebookCache
from yijian.kit.http import Request, Response, json_response

__all__ = ["Readiness", "show_alive"]

APPLIED = "SELECT app, name FROM django_migrations"
PROBE_SECONDS = 2


async def show_alive(_: Request) -> Response:
    """Answer as long as requests are answered at all."""
    return json_response({"alive": True})


class Readiness:
    """Ready: the database answers, holds every migration this code brings, and the rules are read."""

    def __init__(self, pool: asyncpg.Pool, rulebook: RulebookCache) -> None:
        self._pool = pool
        self._rulebook = rulebook

    async def __call__(self, _: Request) -> Response:
        checks = {"database": False, "migrations": False, "rulebook": self._rulebook.loaded}
        try:
            rows = await self._pool.fetch(APPLIED, timeout=PROBE_SECONDS)
            checks["database"] = True
            checks["migrations"] = brought_migrations() <= {(row["app"], row["name"]) for row in rows}
        except asyncpg.UndefinedTableError:
            checks["database"] = True
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pass
        ready = all(checks.values())
        return json_response({"ready": ready, "checks": checks}, 200 if ready else 503)


@cache
def brought_migrations() -> frozenset[tuple[str, str]]:
    """Return (app, migration) of every migration in this code; an app is named as its directory."""
    root = Path(str(files("yijian")))
    return frozenset((path.parent.parent.name, path.stem) for path in root.glob("*/*/migrations/0*.py"))
