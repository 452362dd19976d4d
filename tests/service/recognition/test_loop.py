"""The loop on the real database: match, decide, cite; and what happens when the report changes."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.service.region import CITY, COUNTY, TOWN, lab_report, make_region, order_check, patient, upload
from yijian.domains.institutions.models import Campus, Price
from yijian.domains.recognition import api
from yijian.domains.recognition.models import Decision, FollowUp, Match, MatchItem
from yijian.domains.recognition.values import (
    CitableRequest,
    CitationSubmission,
    DecisionSubmission,
    MatchRequest,
)
from yijian.domains.results import api as results
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db
Record = Callable[..., None]


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def record(**changes: Any) -> None:
    institution = changes.pop("institution", CITY)
    results.record_report(
        upload(lab_report(**changes)), institution_code=institution, source="json", message_id=None, at=now()
    )


def match(*codes: str, institution: str = COUNTY, **changes: Any) -> dict[str, Any]:
    request = msgspec.convert(order_check(*codes, **changes), MatchRequest)
    return api.match_order(
        institution, request, channel="web", actor="tester", at=now(), view=api.View()
    ).document


def decide(
    document: dict[str, Any], decision: str = "accept", *, institution: str = COUNTY, **changes: Any
) -> Any:
    item = {"match_item_id": document["items"][0]["candidate"]["match_item_id"], "decision": decision}
    item |= {key: changes.pop(key) for key in ("reason", "match_item_id") if key in changes}
    submission = {
        "match_id": document["match_id"],
        "decided_at": now().isoformat(),
        "items": [item],
    } | changes
    return api.record_decisions(
        institution,
        msgspec.convert(submission, DecisionSubmission),
        channel="json",
        actor="tester",
        at=now(),
    )


def problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value


def test_recognises_with_value_mark_and_reasons() -> None:
    record()
    document = match()
    item = document["items"][0]
    assert item["outcome"] == "recognise"
    assert item["estimated_saving"] == "12.00"
    assert item["candidate"]["mark"] == "鄂HR"
    assert item["candidate"]["results"][0]["value"] == "4.1"
    assert {"window.within", "right.covers"} <= {reason["code"] for reason in item["reasons"]}
    assert Match.objects.count() == 1
    assert MatchItem.objects.get().reminder


def test_nothing_found_leaves_no_match() -> None:
    record()
    document = match("Glu")
    assert (document["match_id"], document["items"][0]["outcome"]) == (None, "none")
    assert not Match.objects.exists()


def test_acceptance_freezes_price_version_and_rules() -> None:
    record()
    document = match()
    decided = decide(document).items[0]
    assert decided.estimated_saving == Decimal("12.00")
    assert decided.report_version == 1
    assert Decision.objects.get().policy_version == document["policy_version"]


def test_same_submission_answers_the_same_a_different_one_conflicts() -> None:
    record()
    document = match()
    at = now().isoformat()
    first = decide(document, decided_at=at)
    assert decide(document, decided_at=at) == first
    reason = {"code": "2"}
    assert problem(lambda: decide(document, "decline", reason=reason, decided_at=at)).status == 409
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("reason", [None, {}, {"code": "6"}, {"code": "6", "text": " "}])
def test_declining_needs_a_lawful_reason(reason: dict[str, str] | None) -> None:
    record()
    document = match()
    refusal = problem(lambda: decide(document, "decline", reason=reason))
    assert refusal.code == "decision.reason_missing"
    assert refusal.errors[0].path.startswith("items[0].reason.")


@pytest.mark.parametrize(
    ("reason", "code"),
    [({"code": "3"}, "3"), ({"technical": "image_quality"}, "6"), ({"code": "6", "text": "患者要求"}, "6")],
)
def test_sub_codes_belong_to_a_legal_situation(reason: dict[str, str], code: str) -> None:
    record()
    decide(match(), "decline", reason=reason)
    assert Decision.objects.get().reason_code == code


def test_another_institutions_match_is_unknown() -> None:
    record()
    document = match()
    assert problem(lambda: decide(document, institution=CITY)).status == 404
    assert problem(lambda: decide(document | {"match_id": str(new_id())})).status == 404


def test_item_of_another_match_is_unknown() -> None:
    record()
    first, second = match(), match()
    foreign = second["items"][0]["candidate"]["match_item_id"]
    assert problem(lambda: decide(first, match_item_id=foreign)).status == 404


def test_decision_after_correction_is_refused_with_the_new_version() -> None:
    record(hours_ago=24)
    document = match()
    record(hours_ago=24, status="corrected", reported_at=(now() - timedelta(minutes=1)).isoformat())
    refusal = problem(lambda: decide(document))
    assert (refusal.status, refusal.code) == (409, "report.corrected")
    assert "version 2" in refusal.errors[0].message


def test_decision_before_correction_that_arrives_late_is_recorded_and_raises_a_task() -> None:
    record()
    document = match()
    decided_at = now()
    record(status="corrected", reported_at=(decided_at + timedelta(minutes=1)).isoformat())
    decide(document, decided_at=decided_at.isoformat())
    task = FollowUp.objects.get()
    assert (task.kind, task.old_version, task.new_version) == ("report_corrected", 1, 2)


def test_voided_report_is_nothing_and_its_late_decision_names_the_reason() -> None:
    record()
    document = match()
    results.void_report(CITY, "L1", now() - timedelta(seconds=1), "标本采错", at=now())
    assert match()["items"][0]["outcome"] == "none"
    refusal = problem(lambda: decide(document))
    assert (refusal.status, refusal.code) == (409, "report.voided")
    assert "标本采错" in refusal.detail


def test_correction_after_acceptance_opens_one_task() -> None:
    record()
    decide(match())
    record(status="corrected", reported_at=now().isoformat())
    event = OutboxEvent.objects.get(name="ReportCorrected")
    for _ in range(2):
        api.on_report_corrected(event.body, now())
    assert [task.kind for task in api.list_follow_ups(COUNTY)] == ["report_corrected"]
    task = api.list_follow_ups(COUNTY)[0]
    api.close_follow_up(COUNTY, task.person_id, task.follow_up_id, by="tester", at=now())
    assert api.list_follow_ups(COUNTY) == []


def citable() -> list[dict[str, Any]]:
    request = {"patient": patient(), "encounter": {"type": "outpatient", "number": "V1"}}
    return api.list_citable(COUNTY, msgspec.convert(request, CitableRequest), now()).items


def cite(item_id: str, cited_at: datetime | None = None) -> Any:
    body = {
        "match_item_id": item_id,
        "cited_at": (cited_at or now()).isoformat(),
        "department": {"code": "N1"},
    }
    return api.record_citation(COUNTY, msgspec.convert(body, CitationSubmission), at=now())


def test_accepted_and_current_results_can_be_cited() -> None:
    record()
    document = match()
    item_id = document["items"][0]["candidate"]["match_item_id"]
    assert problem(lambda: cite(item_id)).code == "citation.not_accepted"
    decide(document)
    listed = citable()
    assert listed[0]["match_item_id"] == item_id
    assert listed[0]["report"]["results"][0]["value"] == "4.1"
    assert listed[0]["report"]["institution"] == {"code": CITY, "name": "市第一医院"}
    assert listed[0]["report"]["version"] == 1
    cited_at = now()
    first = cite(item_id, cited_at)
    assert cite(item_id, cited_at) == first


def test_corrected_report_is_no_longer_citable_but_a_late_citation_is_a_fact() -> None:
    record()
    document = match()
    decide(document)
    record(status="corrected", reported_at=now().isoformat())
    assert citable() == []
    assert cite(document["items"][0]["candidate"]["match_item_id"]).recorded_at


def test_view_counts_once_per_physician() -> None:
    record()
    item_id = UUID(match()["items"][0]["candidate"]["match_item_id"])
    for _ in range(2):
        api.record_view(COUNTY, item_id, viewer="dr.li", at=now())
    assert MatchItem.objects.get().reminder


def test_sensitive_result_without_authorisation_is_as_if_nothing_existed() -> None:
    hiv = {
        "item": {"system": "item", "code": "AntiHIV", "name": "HIV抗体"},
        "kind": "qualitative",
        "value": "阴性",
        "flag": "N",
    }
    record(results=[hiv])
    nothing = match("AntiHIV", patient=patient())
    assert (nothing["match_id"], nothing["items"][0]["outcome"]) == (None, "none")
    consent = {"basis": "patient_consent", "scope": "all", "given_by": "本人"}
    assert match("AntiHIV", authorisation=consent)["items"][0]["outcome"] == "recognise"


def test_what_was_recognised_follows_a_person_found_to_be_another() -> None:
    record()
    document = match()
    decide(document)
    cite(document["items"][0]["candidate"]["match_item_id"])
    from_id, to_id = Match.objects.get().person_id, new_id()
    results.move_person(from_id, to_id)
    for _ in range(2):
        api.on_person_moved({"from_id": str(from_id), "to_id": str(to_id)}, now())
    assert {Match.objects.get().person_id, Decision.objects.get().person_id} == {to_id}
    assert problem(lambda: decide(document, "decline", reason={"code": "1"})).status == 409


def test_a_good_result_behind_many_newer_ones_is_still_the_best() -> None:
    record(report_no="GOOD", hours_ago=60)
    for index in range(13):
        record(report_no=f"EARLY{index}", status="preliminary")
    (item,) = match("K")["items"]
    assert item["outcome"] == "recognise"


def test_a_patient_without_a_usable_number_is_told_so() -> None:
    wrong = {"identifiers": [{"type": "resident_id", "value": "420106197001010000"}]}
    request = {"patient": wrong, "encounter": {"type": "outpatient", "number": "OP1"}}
    found = problem(lambda: api.list_citable(COUNTY, msgspec.convert(request, CitableRequest), now()))
    assert (found.status, found.errors[0].path) == (422, "patient.identifiers[0].value")


def test_a_panel_saves_nothing_where_one_member_was_declined() -> None:
    printed = {"K": "4.1", "Na": "140", "Cl": "103", "Ca": "2.3", "P": "1.1", "Mg": "0.9"}
    rows = [
        {"item": {"system": "item", "code": code}, "kind": "number", "value": value, "unit": "mmol/L"}
        for code, value in printed.items()
    ]
    record(institution=TOWN, results=rows)
    campus = Campus.objects.get(institution_id=COUNTY)
    since = date(2020, 1, 1)
    Price.objects.create(campus=campus, item_id="ELECTROLYTE", amount=Decimal("30.00"), valid_from=since)
    for declined, saving in ((False, "30.00"), (True, "0.00")):
        document = match("ELECTROLYTE")
        member = document["items"][0]["members"][0]["candidate"]["match_item_id"]
        if declined:
            decide(document, "decline", match_item_id=member, reason={"code": "1"})
        assert decide(document).items[0].estimated_saving == Decimal(saving)
