"""Rows become candidates by position: the statements and the value object must not drift apart."""

import re

import pytest

from yijian.domains.recognition.values import Candidate
from yijian.domains.results.hot import CANDIDATES, CANDIDATES_AT


@pytest.mark.parametrize("statement", [CANDIDATES, CANDIDATES_AT], ids=["now", "then"])
def test_columns_stand_in_the_order_of_the_fields(statement: str) -> None:
    selected = re.search(r"SELECT (r\.report_id.*?)\s+FROM results_result", statement, re.DOTALL)
    assert selected is not None
    columns = [part.split()[-1].rpartition(".")[2] for part in selected[1].split(",")]
    assert tuple(columns) == Candidate.__struct_fields__
