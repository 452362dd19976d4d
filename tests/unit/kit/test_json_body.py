"""Reading of JSON bodies: null counts as left out, and every fault names its field."""

import pytest

from yijian.domains.recognition.values import Basis, MatchRequest, Purpose
from yijian.kit.errors import Problem
from yijian.kit.json_body import decode

BODY = (
    b'{"patient": {"identifiers": [{"type": "local", "value": "1"}], "name": null},'
    b' "encounter": {"type": "outpatient"}, "items": [{"system": "item", "code": "K", "order_no": null}]%s}'
)


def test_null_counts_as_left_out() -> None:
    nulls = b', "authorisation": null, "purpose": null, "at": null, "record": null'
    said = decode(BODY % nulls, MatchRequest)
    assert said == decode(BODY % b"", MatchRequest)
    assert (said.authorisation.basis, said.purpose, said.record) == (
        Basis.TREATMENT,
        Purpose.DIAGNOSIS,
        False,
    )


@pytest.mark.parametrize(
    ("more", "path"),
    [(b', "encounter": null', "encounter"), (b', "items": [null]', "items[0]"), (b', "foo": null', "foo")],
)
def test_null_stands_for_nothing_required_and_hides_no_unknown_field(more: bytes, path: str) -> None:
    with pytest.raises(Problem) as raised:
        decode(BODY % more, MatchRequest)
    assert (raised.value.status, raised.value.errors[0].path) == (400, path)


def test_refusal_names_a_field_with_nul_so_that_any_column_holds_it() -> None:
    with pytest.raises(Problem) as refused:
        decode(rb'{"\u0000": 1}', MatchRequest)
    assert refused.value.errors[0].path == r"\u0000"
