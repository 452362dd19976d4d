"""Reasons written once say what each would have said alone, while the rulebook remembers and after."""

from itertools import chain

import msgspec
import pytest

from tests.unit.recognition.world import candidate, order, rulebook
from yijian.domains.recognition.phrases import Phrases, Told
from yijian.domains.recognition.records import read_told
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.rules.sharing_reasons import find_shared
from yijian.domains.recognition.texts import reason_text
from yijian.domains.recognition.values import Reason
from yijian.domains.sharing.values import Rulebook


def reasons_of(book: Rulebook, hours_ago: float) -> tuple[Reason, ...]:
    return decide(book, order("K"), [candidate("K", 1, hours_ago)]).items[0].reasons


@pytest.mark.parametrize("form", ["zh", "en"])
def test_writes_each_reason_in_the_words_of_its_form(form: str) -> None:
    book = rulebook()
    for hours_ago in (24, 30, 999):
        reasons = reasons_of(book, hours_ago)
        written = msgspec.json.decode(Phrases(book, form).write(reasons))
        assert [each["code"] for each in written] == [reason.code for reason in reasons]
        assert [each["holds"] for each in written] == [reason.holds for reason in reasons]
        assert [each["evidence"] for each in written] == [dict(reason.evidence) for reason in reasons]
        assert [each["text"] for each in written] == [reason_text(reason, form) for reason in reasons]


def test_a_record_tells_each_reason_once_and_all_of_them_again() -> None:
    book = rulebook()
    answered = [reasons_of(book, hours_ago) for hours_ago in (24, 24, 999)]
    told = Told(book)
    places = [told.places(reasons) for reasons in answered]
    text = told.text()
    for reasons, of_item in zip(answered, places, strict=True):
        read = read_told(text, of_item, None)
        assert [(each.code, each.holds, each.evidence) for each in read] == [
            (reason.code, reason.holds, dict(reason.evidence)) for reason in reasons
        ]
    distinct = {id(reason) for reason in chain(*answered)}
    assert len(msgspec.json.decode(text)) == len(distinct) < sum(map(len, answered))


def test_an_item_that_holds_its_reasons_itself_is_read_as_before() -> None:
    before = [{"code": "window.expired", "holds": False, "evidence": {"hours": 24}}]
    (read,) = read_told(None, None, before)
    assert (read.code, read.holds, read.evidence) == ("window.expired", False, {"hours": 24})


def test_equal_reasons_of_different_results_are_one_object() -> None:
    book = rulebook()
    first, second = reasons_of(book, 24), reasons_of(book, 30)
    shared = {id(each) for each in first} & {id(each) for each in second if find_shared(book, each)}
    assert shared == {id(each) for each in first if find_shared(book, each)} != set()


def test_a_forgotten_reason_is_written_anew() -> None:
    book = rulebook()
    reasons = reasons_of(book, 24)
    before = bytes(Phrases(book, "zh").write(reasons))
    book.memory.clear()
    assert bytes(Phrases(book, "zh").write(reasons)) == before
    assert book.memory == {}
