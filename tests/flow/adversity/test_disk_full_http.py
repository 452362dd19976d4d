"""A full disk over HTTP: refused in the form of each standard, and what was acknowledged is there afterwards.

Database, documents, logs and bodies put aside all lie on the disk that is full.
"""

import base64
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.types.json import Jsonb

from tests.flow.adversity.installation import Installation, installed, until
from tests.flow.adversity.test_disk_full import SETTINGS, small_disk  # noqa: F401 - a fixture
from tests.flow.order_check.test_cds_hooks import signed
from tests.service.region import lab_report, order_check
from tests.unit.cds_hooks.calls import call as hook_call
from yijian.config.bodies import IN_MEMORY_BYTES
from yijian.foundation.errors import CannotGoOn

MATCH = "/api/v1/recognition/match"
HOOK = "/cds-services/recognition-order-sign"
BALLAST = 24 * 1024 * 1024
MOST = 2000
"""Attempts after which a disk that is full should have refused one."""
FAILED = 'yijian_cds_empty_total{reason="failed"}'
TRUST = "UPDATE accounts_client SET issuer = %s, jwks = %s"


def test_full_disk_is_told_in_form_and_what_was_acknowledged_is_there_afterwards(
    small_disk: Path,  # noqa: F811
) -> None:
    ballast, filler = small_disk / "ballast", small_disk / "filler"
    ballast.write_bytes(bytes(BALLAST))
    with installed(small_disk, **SETTINGS) as installation, installation.program() as program:
        trust_hooks(installation)
        installation.command("catalogue", "load")
        assert post_report(program, "first", 1024).status_code == 200
        first = program.post(MATCH, json=order_check())
        reports = accepted(lambda number: post_report(program, f"r{number}", 256 * 1024), "report_id")
        fill(filler)
        matches = accepted(lambda _: program.post(MATCH, json=order_check()), "match_id")
        refuse_large_body(program)
        assert_hooks_let_orders_go_on(installation, program)
        assert installation.get("/healthz").status_code == 200  # type: ignore[union-attr]
        ballast.unlink()
        filler.unlink()
        until(lambda: served(installation, lambda: post_report(program, "after", 1024)))
        until(lambda: served(installation, lambda: post_report(program, "large", 2 * IN_MEMORY_BYTES)))
        assert_kept(installation, reports, [first.json()["match_id"], *matches])


def accepted(attempt: Callable[[int], httpx.Response], name: str) -> list[str]:
    """Repeat until one is refused for want of room; return what was acknowledged before, by this member."""
    kept = []
    for number in range(MOST):
        answer = attempt(number)
        if answer.status_code != 200:
            check_unavailable(answer)
            return kept
        kept.append(answer.json()[name])
    raise AssertionError("the disk was never full")


def check_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "service.unavailable"


def post_report(program: httpx.Client, report_no: str, document_bytes: int) -> httpx.Response:
    """Send a report with a document that nothing compresses."""
    noise = random.Random(report_no).randbytes(document_bytes)  # noqa: S311 - no secret
    document = base64.b64encode(b"%PDF-1.7\n" + noise).decode()
    return program.post("/api/v1/reports", json=lab_report(report_no, pdf=document))


def fill(filler: Path) -> None:
    """Take what room is left, to the last byte."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def refuse_large_body(program: httpx.Client) -> None:
    """A body that would wait in a file."""
    check_unavailable(post_report(program, "too-large", 2 * IN_MEMORY_BYTES))


def trust_hooks(installation: Installation) -> None:
    from tests.flow.order_check.region import CDS_ISSUER, CDS_KEY  # noqa: PLC0415 - models want Django set up

    jwks = {"keys": [CDS_KEY.as_dict(private=False)]}
    with psycopg.connect(installation.url, autocommit=True) as connection:
        connection.execute(TRUST, (CDS_ISSUER, Jsonb(jwks)))


def assert_hooks_let_orders_go_on(installation: Installation, program: httpx.Client) -> None:
    """A hook answers no cards where its record cannot be kept."""
    base_url = str(program.base_url).rstrip("/")
    for _ in range(MOST):
        answer = program.post(HOOK, json=hook_call(), headers=signed(base_url, HOOK))
        assert (answer.status_code, answer.json()["cards"]) == (200, [])
        if FAILED in program.get("/metrics").text:
            return
    raise AssertionError("no hook failed")


def served(installation: Installation, attempt: Callable[[], httpx.Response]) -> bool:
    """Tell whether an upload is taken; its server is started again as its service manager would."""
    with suppress(CannotGoOn):
        installation.server.restart_if_ended()
    answer = attempt()
    if answer.status_code != 200:
        check_unavailable(answer)
    return answer.status_code == 200


def assert_kept(installation: Installation, reports: list[Any], matches: list[Any]) -> None:
    assert reports
    with psycopg.connect(installation.url) as connection:
        kept = {str(row[0]) for row in connection.execute("SELECT report_id FROM results_report")}
        made = {str(row[0]) for row in connection.execute("SELECT match_id FROM recognition_matchkey")}
        twice = connection.execute("SELECT count(*) FROM results_reportversion WHERE version > 1").fetchone()
    assert set(reports) <= kept
    assert set(matches) <= made
    assert twice == (0,)
