"""Both planes on one port: the data plane's addresses first, everything else to Django in a thread pool.

a2wsgi and not asgiref's adapter: that one runs every request of Django in one and the same thread.
"""

from typing import Any

from a2wsgi import WSGIMiddleware

from yijian.config.bodies import WholeBodies
from yijian.dataplane.app import DataPlane

__all__ = ["BothPlanes"]

THREADS = 8
THREADS_OF_ONE = 4
"""Of one caller, so that a flood of its requests leaves room for others."""


class BothPlanes:
    """Hands each request to its plane; the lifespan is the data plane's."""

    def __init__(self, data_plane: DataPlane, control_plane: Any) -> None:
        self._data_plane = data_plane
        self._control_plane = WholeBodies(WSGIMiddleware(control_plane, workers=THREADS), THREADS_OF_ONE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or self._data_plane.serves(scope["method"], scope["path"]):
            await self._data_plane(scope, receive, send)
        else:
            await self._control_plane(scope, receive, send)
