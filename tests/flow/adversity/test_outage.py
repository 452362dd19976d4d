"""A database server that is not ours is restarted: readiness tells so, and everything goes on afterwards."""

from pathlib import Path

import httpx
import psycopg

from tests.flow.adversity.installation import Installation, installed, until
from tests.flow.messages import oru
from tests.flow.mllp import Engine, code_of
from tests.service.region import lab_report, order_check


def test_restart_of_the_database_interrupts_service_and_loses_nothing(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o711)  # the user that PostgreSQL runs as passes through
    with installed(tmp_path, fsync="off") as installation, installation.program() as program:
        assert send(installation, "before")
        assert program.post("/api/v1/reports", json=lab_report("before")).status_code == 200
        installation.stop_database()
        assert_out_of_service(installation, program)
        installation.start_database()
        until(installation.is_ready)
        until(lambda: send(installation, "during"))
        until(lambda: program.post("/api/v1/reports", json=lab_report("during")).status_code == 200)
        with psycopg.connect(installation.url) as connection:
            kept = connection.execute("SELECT control_id FROM inbox_inboxmessage WHERE protocol = 'hl7'")
            assert sorted(row[0] for row in kept) == ["before", "during"]
            reports = connection.execute("SELECT report_no FROM results_reportkey")
            assert sorted(row[0] for row in reports) == ["before", "during"]


def assert_out_of_service(installation: Installation, program: httpx.Client) -> None:
    ready, alive = installation.get("/readyz"), installation.get("/healthz")
    assert ready is not None
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
    assert alive is not None
    assert alive.status_code == 200
    assert not send(installation, "during")
    for path, body in (("reports", lab_report("during")), ("recognition/match", order_check())):
        answer = program.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
    page = program.get("/", headers={"Cookie": f"sessionid={'0' * 32}"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "系统出错" in page.text


def send(installation: Installation, control_id: str) -> bool:
    """Tell whether a message is acknowledged; without a database there is no answer at all."""
    with Engine(installation.mllp_port) as engine:
        answer = engine.send(oru(control_id))
    assert answer is None or code_of(answer) == "AA"
    return answer is not None
