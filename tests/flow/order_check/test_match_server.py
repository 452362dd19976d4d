"""The server as it is started: a process of its own, uvloop, both planes."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx

from tests.flow.order_check.conftest import PATIENCE, World


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(database_url: str, port: int) -> subprocess.Popen[str]:
    surroundings = os.environ | {"YIJIAN_DATABASE_URL": database_url, "YIJIAN_HTTP_PORT": str(port)}
    command = [sys.executable, "-m", "yijian.config.cli", "serve"]
    return subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True)


def test_serves_both_planes_and_ends_when_told(world: World) -> None:
    port = free_port()
    process = start(world.environment.database_url, port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    ready = http.get("/readyz")
                    break
                except httpx.ConnectError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            assert ready.json()["ready"] is True
            assert "server" not in ready.headers
            assert http.get("/static/admin/css/base.css").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in logged


def test_says_why_it_does_not_start(world: World) -> None:
    process = start("postgresql://nobody:x@127.0.0.1:1/none", free_port())
    _, logged = process.communicate(timeout=PATIENCE)
    assert process.returncode not in (0, None)
    assert "the data plane does not start" in logged
    assert "nobody:x" not in logged
