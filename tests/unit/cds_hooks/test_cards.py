"""Cards as clients receive them: what was written once says on each card what it would have said alone."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.unit.cds_hooks.calls import call, draft
from tests.unit.recognition.world import candidate, order, rulebook
from yijian.domains.recognition.hot import Answered, View, reason_text
from yijian.domains.recognition.presentation import present
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import Answer, Outcome, Reason
from yijian.gateways.cds_hooks import cards
from yijian.gateways.cds_hooks.cards import SUMMARY_CHARACTERS, Maker, make_cards
from yijian.gateways.cds_hooks.codec import OrderedServices, read_hook, read_order
from yijian.kit.ids import new_parent_id

CHINESE = Maker("zh", "https://yijian.example", "urn:yijian")
ENGLISH = Maker("en", "https://yijian.example", "urn:yijian")


def answered(*reasons: Reason, language: str = "zh", **changes: Any) -> Answered:
    """Return the answer about one result of potassium; `reasons` stand in for its own."""
    book, asked = rulebook(), order("K")
    answer = decide(book, asked, [candidate("K", **changes)])
    if reasons:
        item = msgspec.structs.replace(answer.items[0], outcome=Outcome.MAY_RECOGNISE, reasons=reasons)
        answer = Answer(answer.policy_version, (item,))
    return Answered(answer, present(book, asked, answer, new_parent_id(), View(language)))


def ordered(draft_id: str = "sr1") -> OrderedServices:
    body = msgspec.json.encode(call("order-sign", draft(draft_id)))
    found = read_order(read_hook(body, "order-sign"), "COUNTY", "urn:yijian")
    assert found is not None
    return found


def card(answer: Answered, maker: Maker = CHINESE, draft_id: str = "sr1") -> dict[str, Any]:
    (found,) = msgspec.json.decode(msgspec.json.encode(make_cards(answer, ordered(draft_id), maker)))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("maker", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_lists_the_reasons_in_the_language_asked_for(maker: Maker) -> None:
    for _ in range(2):
        answer = answered(language=maker.language)
        reasons = answer.answer.items[0].reasons
        lines = [line[4:] for line in card(answer, maker)["detail"].splitlines() if line.startswith("- ✓ ")]
        assert lines == [reason_text(reason, maker.language) for reason in reasons]


def test_a_reason_that_came_and_went_never_lends_its_line_to_another() -> None:
    for number in range(300):
        reason = Reason("specimen.differs", holds=False, evidence={"observed": f"S{number}"})
        assert f"- ✗ 标本类型不同（S{number}）" in card(answered(reason))["detail"]


def test_remembered_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "REASONS_KEPT", 4)
    lines = cards._Lines("zh")
    for number in range(20):
        reasons = [Reason("specimen.differs", evidence={"observed": f"{number}.{n}"}) for n in range(6)]
        written = lines.write(reasons)
        assert [f"（{number}.{n}）" in written for n in range(6)] == [True] * 6
        assert len(lines._written) <= 4


def test_a_suggestion_has_an_id_of_its_own() -> None:
    found = card(answered())
    (suggestion,) = found["suggestions"]
    mine, its_own = UUID(found["uuid"]), UUID(suggestion["uuid"])
    assert (mine.version, its_own.version) == (7, 8)
    assert mine.int ^ its_own.int == (7 ^ 8) << 76


def test_a_draft_without_an_id_gets_no_suggestion() -> None:
    found = card(answered(), draft_id="")
    assert {"suggestions", "selectionBehavior"}.isdisjoint(found)


def test_a_summary_stays_below_the_limit() -> None:
    found = card(answered(value="5.6" * 100))
    assert len(found["summary"]) == SUMMARY_CHARACTERS
    assert found["summary"].endswith("…")


def test_what_a_result_does_not_say_is_an_empty_cell() -> None:
    found = card(answered(unit="", flag="", reference_range="", value="a|b"))
    assert r"| 钾 | a\|b |  |  |  |" in found["detail"]


@pytest.mark.parametrize(("flag", "leads"), [("HH", True), ("H", False), ("", False)])
def test_a_critical_value_leads_the_summary(flag: str, leads: bool) -> None:
    assert card(answered(flag=flag))["summary"].startswith("【危急/需复核】") is leads
