"""A match is explained from what stood then, by today's rules, and nobody sees more than they may."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from tests.service.recognition.test_loop import decide, match, record
from tests.service.region import CITY, COUNTY, make_region, order_check, patient, resident_id
from tests.service.sharing.signing import settle
from yijian.domains.consent import api as consent
from yijian.domains.consent.values import Way
from yijian.domains.recognition import api
from yijian.domains.recognition.models import MatchItem
from yijian.domains.recognition.values import MatchRequest
from yijian.domains.sharing.models import Suspension
from yijian.kit.clock import now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def explained(viewer: str = COUNTY) -> api.Explanation:
    record()
    document = match()
    return api.explain_match(UUID(document["match_id"]), viewer)


def test_explains_a_recorded_match_as_it_was_answered() -> None:
    explanation = explained()
    (item,) = explanation.items
    recorded = explanation.recorded

    assert recorded is not None
    assert [each.item_code for each in recorded.answers] == [item.answered.ordered.code]
    assert recorded.answers[0].outcome == item.answered.outcome.value
    assert set(recorded.answers[0].reasons) == {reason.code for reason in item.answered.reasons}
    assert item.weighed[0].candidate.institution_code == CITY
    assert item.weighed[0].chosen


def test_explains_a_match_whose_items_held_their_reasons_themselves() -> None:
    record()
    match_id = UUID(match()["match_id"])
    kept = [{"code": "right.covers", "holds": True, "evidence": {}}]
    MatchItem.objects.filter(match_id=match_id).update(told=None, reasons=kept)
    recorded = api.explain_match(match_id, COUNTY).recorded
    assert recorded is not None
    assert recorded.answers[0].reasons == ("right.covers",)


def test_rules_that_changed_since_answer_otherwise_and_leave_the_record_alone() -> None:
    record()
    match_id = UUID(match()["match_id"])
    raised_at = now() - timedelta(hours=1)
    Suspension.objects.create(
        kind="item", item_id="K", starts_at=raised_at, raised_at=raised_at, reason="试剂召回"
    )
    explanation = api.explain_match(match_id, COUNTY)
    (item,) = explanation.items

    assert explanation.recorded is not None
    assert explanation.policy_version != explanation.recorded.policy_version
    assert explanation.recorded.answers[0].outcome == "recognise"
    assert MatchItem.objects.get().outcome == "recognise"
    assert item.answered.outcome.value == "not_recognisable"
    assert [each.reason for each in item.weighed[0].suspensions] == ["试剂召回"]


def test_an_imagined_order_of_another_institution_leaves_no_match() -> None:
    person_id = explained().person_id
    before = MatchItem.objects.count()
    request = msgspec.convert(order_check("K"), MatchRequest)
    explanation = api.explain_order(CITY, COUNTY, person_id, request, now())

    assert explanation.order.institution_code == CITY
    assert explanation.recorded is None
    assert MatchItem.objects.count() == before


def test_an_unknown_match_is_unknown() -> None:
    with pytest.raises(Problem, match="No match"):
        api.explain_match(UUID(int=1), COUNTY)


def claimed(someone: dict[str, object] | None = None) -> UUID:
    """Return a match that saw a sensitive result by the institution's word of what the patient allows."""
    whole = {"authorisation": {"basis": "guardian_consent", "scope": "all", "given_by": "母亲 王芳"}}
    someone = someone or patient()
    record(results=[{"item": {"system": "item", "code": "AntiHIV"}, "value": "阴性"}], patient=someone)
    return UUID(match("AntiHIV", patient=someone, **whole)["match_id"])


def test_a_childs_match_is_explained_as_the_guardian_allowed_it() -> None:
    child = patient(resident_id(born="20200501"), birth_date="2020-05-01")
    (item,) = api.explain_match(claimed(child), COUNTY).items
    assert item.answered.outcome.value == "recognise"


def test_a_withdrawal_closes_the_reasons_of_what_was_claimed_before() -> None:
    match_id = claimed()
    person_id = api.get_match(match_id).person_id
    give_spoken(person_id)
    consent.withdraw_consents(person_id, by="patient", at=now())
    (item,) = api.explain_match(match_id, COUNTY).items
    assert (item.answered.outcome.value, item.weighed) == ("none", ())


def give_spoken(person_id: UUID) -> None:
    options = consent.options_of(COUNTY, now())
    assert options is not None
    recorder = consent.Recorder("tester", COUNTY, options)
    consent.record_consent(person_id, None, consent.Given(way=Way.SPOKEN), recorder, at=now())


def test_what_was_decided_on_a_match_is_no_reason_of_its_own() -> None:
    settle(suppress_answered_in_encounter=True)
    record()
    document = match(encounter={"type": "inpatient", "number": "E1"})
    decide(document)
    (item,) = api.explain_match(UUID(document["match_id"]), COUNTY).items
    assert "reminder.suppressed" not in {reason.code for reason in item.answered.reasons}
