"""Reasons written once say what each would have said alone, while the rulebook remembers and after."""

import msgspec
import pytest

from tests.unit.recognition.world import candidate, order, rulebook
from yijian.domains.recognition.phrases import RECORD, Phrases
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.rules.sharing_reasons import find_shared
from yijian.domains.recognition.texts import reason_text
from yijian.domains.recognition.values import Reason
from yijian.domains.sharing.values import Rulebook


def reasons_of(book: Rulebook, hours_ago: float) -> tuple[Reason, ...]:
    return decide(book, order("K"), [candidate("K", 1, hours_ago)]).items[0].reasons


@pytest.mark.parametrize("form", ["zh", "en", RECORD])
def test_writes_each_reason_in_the_words_of_its_form(form: str) -> None:
    book = rulebook()
    for hours_ago in (24, 30, 999):
        reasons = reasons_of(book, hours_ago)
        written = msgspec.json.decode(Phrases(book, form).write(reasons))
        assert [each["code"] for each in written] == [reason.code for reason in reasons]
        assert [each["holds"] for each in written] == [reason.holds for reason in reasons]
        assert [each["evidence"] for each in written] == [dict(reason.evidence) for reason in reasons]
        texts = [] if form == RECORD else [reason_text(reason, form) for reason in reasons]
        assert [each["text"] for each in written if "text" in each] == texts


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
