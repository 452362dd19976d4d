"""How many files, and so connections, a process of ours may have open."""

import resource

__all__ = ["allow_many_files"]


def allow_many_files() -> None:
    """Take as many as the system lets a process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
