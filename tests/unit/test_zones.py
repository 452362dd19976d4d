"""What no import contract sees: that loading the data plane, its packages included, leaves Django alone."""

import subprocess
import sys
from pathlib import Path

import pytest

import yijian

ROOT = Path(yijian.__file__).parent


def modules(*patterns: str) -> list[str]:
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    names = (path.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", ".") for path in paths)
    return sorted(name.removesuffix(".__init__") for name in names)


def loaded_by(names: list[str]) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after importing `names`."""
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", program, *names]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_data_plane_loads_no_django() -> None:
    names = modules("dataplane/**/*.py", "**/hot.py", "**/hot/*.py")
    assert len(names) > 1
    assert "django" not in loaded_by(names)


@pytest.mark.parametrize("kind", ["rules", "values", "units", "codec"])
def test_pure_modules_load_no_framework_driver_or_client(kind: str) -> None:
    names = modules(
        f"domains/*/{kind}.py",
        f"domains/*/{kind}/**/*.py",
        f"gateways/*/{kind}.py",
        f"gateways/*/{kind}/**/*.py",
    )
    assert names
    assert not loaded_by(names) & {"django", "asyncpg", "psycopg", "httpx", "obstore"}
