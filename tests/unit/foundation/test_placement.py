"""Root's PostgreSQL lives where its unprivileged user can go, and nobody's permissions are changed for it."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest

from yijian.foundation.database import placement
from yijian.foundation.database.placement import ServiceUser, find_place, locate_programs, service_user
from yijian.foundation.errors import CannotGoOn

SOMEBODY = ServiceUser(65534, 65534)


@pytest.fixture
def system_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "system"
    monkeypatch.setattr(placement, "SYSTEM_STATE", path)
    return path


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    path = tmp_path / "closed"
    path.mkdir(mode=0o700)
    return path


def version(program: Path) -> str:
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_ordinary_user_keeps_everything_at_home(closed: Path, system_state: Path) -> None:
    assert find_place(closed / "home", None).directory == closed / "home" / "postgres"
    assert not system_state.exists()


def test_root_goes_elsewhere_from_a_closed_home(closed: Path, system_state: Path) -> None:
    place = find_place(closed / "home", SOMEBODY)
    assert place.directory.parent == system_state
    assert find_place(closed / "home", SOMEBODY) == place
    assert mode(closed) == 0o700


def test_a_strict_umask_closes_nothing_that_must_be_passed(closed: Path, system_state: Path) -> None:
    before = os.umask(0o077)
    try:
        place = find_place(closed / "home", SOMEBODY)
    finally:
        os.umask(before)
    assert mode(place.directory) == mode(system_state) == 0o711


def test_a_closed_system_directory_is_left_closed(closed: Path, system_state: Path) -> None:
    system_state.mkdir(mode=0o700)
    with pytest.raises(CannotGoOn, match="chmod"):
        find_place(closed / "home", SOMEBODY)
    assert mode(system_state) == 0o700


def test_emptied_home_starts_afresh(closed: Path, system_state: Path) -> None:
    place = find_place(closed, SOMEBODY)
    (closed / "postgres").unlink()
    assert find_place(closed, SOMEBODY) != place


def test_lost_place_is_made_anew(closed: Path, system_state: Path) -> None:
    place = find_place(closed, SOMEBODY)
    place.directory.rmdir()
    assert find_place(closed, SOMEBODY) != place


def test_programs_stay_in_the_environment_for_an_ordinary_user() -> None:
    assert (locate_programs(None) / "postgres").is_file()


def test_programs_are_copied_once_out_of_a_closed_environment(
    monkeypatch: pytest.MonkeyPatch, system_state: Path
) -> None:
    monkeypatch.setattr(placement, "_reachable_by_all", lambda _path: False)
    original, copied = locate_programs(None), locate_programs(SOMEBODY)
    made_at = copied.stat().st_mtime_ns
    for program in ("postgres", "initdb", "pg_ctl"):
        assert version(copied / program) == version(original / program)
    assert mode(copied / "postgres") == mode(copied) == 0o755
    assert locate_programs(SOMEBODY) == copied
    assert copied.stat().st_mtime_ns == made_at
    [copy] = system_state.iterdir()
    assert copy in copied.parents


def test_names_the_remedy_without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(CannotGoOn, match="make setup"):
        locate_programs(None)


def test_ordinary_user_stays_who_he_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert service_user() is None


def test_root_drops_to_a_system_user_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(placement, "SYSTEM_USERS", ("no-such-user", "nobody"))
    assert service_user() == ServiceUser(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)


def test_root_without_a_system_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(placement, "SYSTEM_USERS", ("no-such-user",))
    with pytest.raises(CannotGoOn, match="YIJIAN_DATABASE_URL"):
        service_user()
