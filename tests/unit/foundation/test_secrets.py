"""Keys are given in production and made once in the demo, readable by their owner alone."""

import base64
import stat
from pathlib import Path

import pytest

from yijian.foundation.errors import CannotGoOn
from yijian.foundation.secrets import keep_secret, load_keys

GIVEN = {"YIJIAN_SECRET_KEY": "s" * 40, "YIJIAN_FIELD_KEY": base64.b64encode(bytes(32)).decode()}


def test_takes_given_keys_and_writes_nothing(tmp_path: Path) -> None:
    keys = load_keys(tmp_path, GIVEN, demo=False)
    assert keys.field_key == bytes(32)
    assert keys.environment() == GIVEN
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", GIVEN)
def test_production_names_the_missing_key(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotGoOn, match=name):
        load_keys(tmp_path, GIVEN | {name: ""}, demo=False)
    assert not list(tmp_path.iterdir())


def test_demo_makes_keys_once_and_privately(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = load_keys(home, {}, demo=True)
    assert load_keys(home, {}, demo=True) == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    assert load_keys(tmp_path / "other", {}, demo=True) != first


@pytest.mark.parametrize("text", ["short", base64.b64encode(bytes(31)).decode(), "密" * 44])
def test_refuses_field_key_that_is_not_32_bytes(tmp_path: Path, text: str) -> None:
    with pytest.raises(CannotGoOn, match="YIJIAN_FIELD_KEY must be 32 bytes"):
        load_keys(tmp_path, GIVEN | {"YIJIAN_FIELD_KEY": text}, demo=False)


def test_refuses_short_secret_key(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match="YIJIAN_SECRET_KEY must have 32"):
        load_keys(tmp_path, GIVEN | {"YIJIAN_SECRET_KEY": "short"}, demo=False)


def test_keys_do_not_show_in_a_representation(tmp_path: Path) -> None:
    assert "s" * 40 not in repr(load_keys(tmp_path, GIVEN, demo=False))


def test_the_first_secret_stays_when_two_processes_race(tmp_path: Path) -> None:
    path = tmp_path / "secret"

    def make_late() -> str:
        keep_secret(path.with_name("rival"), lambda: "rival")
        path.with_name("rival").rename(path)
        return "late"

    assert keep_secret(path, make_late) == "rival"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]
