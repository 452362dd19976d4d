"""What a server of ours is started with: both planes, as the environment says."""

import gc
import os

from yijian.config.environment import read_environment
from yijian.config.logging import configure_logging
from yijian.config.planes import BothPlanes
from yijian.config.wsgi import application as control_plane
from yijian.dataplane.app import create_application

__all__ = ["application"]

COLLECT_AFTER = 20_000
"""New objects until cycles are looked for: what one answer takes goes without, and sixteen are under way."""

gc.set_threshold(COLLECT_AFTER)
configure_logging()
application = BothPlanes(create_application(read_environment(os.environ)), control_plane)
