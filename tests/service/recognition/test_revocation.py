"""Taking a decision back, where the region allows it; and the region's own reasons to decline."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.service.recognition.test_loop import decide, match, problem, record
from tests.service.region import COUNTY, make_region, patient
from tests.service.sharing.signing import settle
from yijian.domains.recognition import api
from yijian.domains.recognition.models import Citation, Decision, RevokedDecision
from yijian.domains.recognition.values import CitableRequest, CitationSubmission, RevocationSubmission
from yijian.domains.sharing.values import RegionalReason
from yijian.domains.supervision import api as supervision
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def revoke(item: str, at: datetime, reason: str = "误点") -> Any:
    submission = RevocationSubmission(match_item_id=UUID(item), revoked_at=at, reason=reason)
    return api.revoke_decision(COUNTY, submission, channel="json", actor="tester", at=now())


def item_of(document: dict[str, Any]) -> str:
    return str(document["items"][0]["candidate"]["match_item_id"])


def citable() -> list[Any]:
    asked = msgspec.convert({"patient": patient(), "encounter": {"type": "outpatient"}}, CitableRequest)
    return list(api.list_citable(COUNTY, asked, now()).items)


def test_a_decision_taken_back_no_longer_counts_and_may_be_made_anew() -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    decide(document)
    at = now()
    first = revoke(item_of(document), at)
    assert revoke(item_of(document), at) == first
    assert not Decision.objects.exists()
    assert citable() == []
    history = RevokedDecision.objects.get()
    assert (history.decision, history.content["decision"]["item_code"]) == ("accept", "K")
    decide(document, "decline", reason={"code": "1"}, decided_at=now().isoformat())
    assert Decision.objects.get().decision == "decline"


def test_supervision_follows_a_decision_taken_back() -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    decide(document)
    revoke(item_of(document), now())
    overview = supervision.get_overview(None, now() - timedelta(days=1), now() + timedelta(days=1))
    assert (overview.total.accepted, overview.total.reminders) == (0, 1)


def test_what_was_cited_goes_into_history_with_its_decision() -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    decide(document)
    cited = CitationSubmission(match_item_id=UUID(item_of(document)), cited_at=now())
    api.record_citation(COUNTY, cited, at=now())
    revoke(item_of(document), now())
    assert not Citation.objects.exists()
    assert RevokedDecision.objects.get().content["citation"]["institution_code"] == COUNTY


def test_a_decision_sent_again_after_its_revocation_does_not_come_back() -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    made = now().isoformat()
    decide(document, decided_at=made)
    revoke(item_of(document), now())
    assert problem(lambda: decide(document, decided_at=made)).code == "decision.revoked"


def test_a_decision_is_final_where_the_region_says_nothing() -> None:
    record()
    document = match()
    decide(document)
    refused = problem(lambda: revoke(item_of(document), now()))
    assert (refused.status, refused.code) == (409, "decision.final")


@pytest.mark.parametrize(
    ("reason", "days", "code"),
    [
        ("", 0, "revocation.reason_missing"),
        ("误点", 1, "revocation.absurd_time"),
        ("误点", -1, "revocation.absurd_time"),
    ],
)
def test_a_revocation_needs_reason_and_sound_time(reason: str, days: int, code: str) -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    decide(document)
    at = now() + timedelta(days=days)
    assert problem(lambda: revoke(item_of(document), at, reason)).code == code


def test_nothing_to_take_back_without_a_decision() -> None:
    settle(revocation_allowed=True)
    record()
    document = match()
    assert problem(lambda: revoke(item_of(document), now())).code == "decision.none"


REASONS = (RegionalReason("NM07", "6", "患者或家属要求复查"), RegionalReason("NM03", "2", "结果变化较快"))


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        ({"regional": "NM07"}, ("6", "NM07")),
        ({"code": "6", "regional": "NM07"}, ("6", "NM07")),
        ({"regional": "NM03"}, ("2", "NM03")),
    ],
)
def test_a_regional_reason_says_its_legal_situation(reason: dict[str, str], stored: tuple[str, str]) -> None:
    settle(decline_reasons=REASONS)
    record()
    decide(match(), "decline", reason=reason)
    row = Decision.objects.get()
    assert (row.reason_code, row.regional_code) == stored


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ({"regional": "XX"}, "decision.reason_unknown"),
        ({"code": "1", "regional": "NM07"}, "decision.reason_contradicts"),
    ],
)
def test_refuses_a_regional_reason_out_of_place(reason: dict[str, str], code: str) -> None:
    settle(decline_reasons=REASONS)
    record()
    document = match()
    refuse: Callable[[], object] = lambda: decide(document, "decline", reason=reason)  # noqa: E731
    assert problem(refuse).code == code
