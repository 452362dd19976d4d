"""The program `yijian`: every command explains itself; refusals are one sentence and a status."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from yijian.config.cli import app

COMMANDS = (
    ("demo",),
    ("serve",),
    ("mllp",),
    ("worker",),
    ("migrate",),
    ("catalogue", "load"),
    ("clients", "add"),
    ("users", "add"),
    ("import", "reports"),
    ("import", "orders"),
    ("import", "original"),
    ("rules", "list"),
    ("rules", "load"),
    ("rules", "submit"),
    ("rules", "sign"),
)


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the program without any configuration but `environment`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("YIJIAN_", "DJANGO_"))}
    command = [sys.executable, "-m", "yijian.config.cli", *arguments]
    return subprocess.run(command, env=own | environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [(), *COMMANDS])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_incomplete_configuration_is_refused_naming_what_is_missing() -> None:
    refused = run("serve")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("yijian: Set YIJIAN_DATABASE_URL, YIJIAN_SECRET_KEY, YIJIAN_FIELD_KEY")
    assert refused.stderr.count("\n") == 1


def test_absurd_port_is_refused() -> None:
    complete = {
        "YIJIAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "YIJIAN_SECRET_KEY": "x" * 40,
        "YIJIAN_FIELD_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    }
    refused = run("mllp", **complete, YIJIAN_MLLP_PORT="99999")
    assert refused.returncode == 1
    assert "YIJIAN_MLLP_PORT must be a port" in refused.stderr


def test_unknown_command_has_a_status() -> None:
    assert run("no-such-command").returncode == 2
