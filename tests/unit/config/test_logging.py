"""Logs are JSON, one object a line, and never tell what an error quotes."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from yijian.config.logging import configure_logging


@pytest.fixture
def _configured() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("yijian")
    before = root.handlers, root.level, ours.level
    yield
    root.handlers, root.level, ours.level = before[0], before[1], before[2]
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    known: dict[str, str] = {}
    try:
        known["370102198503162158"]
    except KeyError as error:
        raise ValueError("Key (name)=(张伟) already exists") from error


@pytest.mark.usefixtures("_configured")
def test_tells_kind_and_place_of_an_error_but_not_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        fail()
    except ValueError:
        structlog.get_logger("yijian.test").exception("it failed", message_id="m1")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["message_id"]) == ("it failed", "error", "m1")
    assert [error["kind"] for error in line["error"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert "test_logging.py" in line["error"][0]["places"][-1]
    assert "张伟" not in json.dumps(line, ensure_ascii=False)
    assert "370102198503162158" not in json.dumps(line)


@pytest.mark.usefixtures("_configured")
def test_libraries_speak_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    logging.getLogger("library").info("chatter")
    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("broken")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"]) == ("broken", "library")
    assert "张伟" not in json.dumps(line, ensure_ascii=False)
