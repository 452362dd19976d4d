"""What `make bench` prints (contract §1), and what ONLY picks."""

import json

import pytest

from bench.__main__ import chosen, main
from bench.figures import of_runs
from bench.pgbench import transactions_per_second


def test_prints_a_figure_as_the_contract_says() -> None:
    line = of_runs(
        "match.p99_ms", "ms", [3.14159, 1.0, 2.71828], better="lower", against="a peer: 2 ms"
    ).line()
    assert json.loads(line) == {
        "name": "match.p99_ms",
        "value": 2.718,
        "unit": "ms",
        "goal": None,
        "better": "lower",
        "runs": [3.142, 1.0, 2.718],
        "against": "a peer: 2 ms",
    }


@pytest.mark.parametrize(
    ("prefix", "groups"),
    [
        ("", ["oru", "cds", "match"]),
        ("match", ["match"]),
        ("match.p99", ["match"]),
        ("o", ["oru"]),
        ("dicom", []),
        ("matching", []),
    ],
)
def test_picks_groups_by_the_beginning_of_their_figures_names(prefix: str, groups: list[str]) -> None:
    assert chosen(prefix) == groups


def test_refuses_a_prefix_that_names_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dicom"]) == 2
    assert "oru, cds, match" in capsys.readouterr().err


def test_a_statement_that_fails_is_no_figure(server_url: str) -> None:
    with pytest.raises(RuntimeError, match="no_such_table"):
        transactions_per_second(server_url, "SELECT * FROM no_such_table;", clients=1, threads=1, seconds=1)
