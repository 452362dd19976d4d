"""What we read of a CDS Hooks call, and what we make of feedback."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.unit.cds_hooks.calls import RESIDENT_ID, call, draft, encounter, patient
from yijian.domains.identity.values import EncounterType, Identifier, IdentifierType, Sex
from yijian.domains.recognition.values import Basis, DecisionKind, DecisionSubmission, Purpose
from yijian.gateways.cds_hooks.codec import OrderedServices, Told, read_feedback, read_hook, read_order
from yijian.kit.errors import FieldError, Problem
from yijian.kit.ids import member_id

MATCH_ID = UUID("01890000-0000-7000-8000-000000000000")
SITUATIONS = "urn:yijian:decline-reason"


def read(document: dict[str, Any], institution: str = "COUNTY") -> OrderedServices | None:
    return read_order(read_hook(msgspec.json.encode(document), document["hook"]), institution, "urn:yijian")


def ordered(document: dict[str, Any]) -> OrderedServices:
    found = read(document)
    assert found is not None
    return found


def refusal(document: dict[str, Any]) -> Problem:
    with pytest.raises(Problem) as refused:
        read(document)
    return refused.value


def test_reads_the_patient() -> None:
    description = ordered(call()).request.patient
    assert description.identifiers == (
        Identifier(type=IdentifierType.RESIDENT_ID, value=RESIDENT_ID),
        Identifier(type=IdentifierType.LOCAL, value="MRN-0015", authority="COUNTY"),
    )
    assert (description.name, description.sex, description.birth_date) == (
        "测试患者甲",
        Sex.MALE,
        date(1980, 2, 29),
    )


def test_prefers_the_name_as_written() -> None:
    names = [{"family": "甲", "given": ["乙"]}, {"use": "official", "text": "测试患者甲", "family": "X"}]
    prefetch = {"patient": patient(name=names)}
    assert ordered(call(prefetch=prefetch)).request.patient.name == "测试患者甲"


@pytest.mark.parametrize("said", ["1980", "1980-02", "1980-02-30", ""])
def test_a_birth_date_that_is_no_day_says_nothing(said: str) -> None:
    prefetch = {"patient": patient(birthDate=said)}
    assert ordered(call(prefetch=prefetch)).request.patient.birth_date is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AMB", EncounterType.OUTPATIENT),
        ("EMER", EncounterType.EMERGENCY),
        ("IMP", EncounterType.INPATIENT),
        ("ACUTE", EncounterType.INPATIENT),
        ("HH", EncounterType.OTHER),
        ("whatever", EncounterType.OTHER),
    ],
)
def test_reads_the_encounter_s_class(code: str, kind: EncounterType) -> None:
    found = ordered(call(prefetch={"patient": patient(), "encounter": encounter(code)})).request.encounter
    assert (found.type, found.number) == (kind, "OP1")


def test_an_encounter_that_was_not_prefetched_is_other() -> None:
    for prefetch in ({"patient": patient()}, {"patient": patient(), "encounter": None}):
        assert ordered(call(prefetch=prefetch)).request.encounter.type is EncounterType.OTHER


def test_reads_every_code_system_and_prefers_our_own() -> None:
    drafts = [
        draft("a", ("http://loinc.org", "2823-3"), ("urn:yijian:item", "K")),
        draft("b", ("urn:yijian:wst886", "0300101A")),
        draft("c", ("http://loinc.org", "2951-2")),
        draft("d", ("urn:yijian:local:COUNTY", "LK1"), identifier=[{"value": "ORD-1"}]),
    ]
    found = ordered(call("order-sign", *drafts))
    assert [(item.system, item.code) for item in found.request.items] == [
        ("item", "K"),
        ("wst886", "0300101A"),
        ("loinc", "2951-2"),
        ("local", "LK1"),
    ]
    assert found.request.items[3].order_no == "ORD-1"
    assert found.references == tuple(f"ServiceRequest/{letter}" for letter in "abcd")


def test_passes_over_what_it_cannot_look_up() -> None:
    drafts = [
        draft("other", ("urn:yijian:local:CITY", "LK1")),
        draft("none", ("http://snomed.info/sct", "1")),
        draft("not", doNotPerform=True),
        {"resource": {"resourceType": "MedicationRequest", "id": "m", "code": "text"}},
    ]
    assert read(call("order-sign", *drafts)) is None


def test_the_first_of_two_codes_in_a_system_counts() -> None:
    codes = [("http://loinc.org", "2823-3"), ("urn:yijian:item", "K"), ("urn:yijian:item", "Na")]
    assert ordered(call("order-sign", draft("a", *codes))).request.items[0].code == "K"


def test_a_draft_among_others_is_read_as_it_would_be_alone() -> None:
    """Drafts are read at once where all are as they should be: what is not costs the others nothing."""
    odd = {"resource": {"resourceType": "NutritionOrder", "id": "n", "identifier": {"value": 7}, "code": []}}
    bare = draft("sr2", identifier=None, doNotPerform=None)
    drafts = [draft("sr1", identifier=[{"value": "O1"}]), odd, bare, {"fullUrl": "urn:uuid:1"}]
    found = ordered(call("order-sign", *drafts))
    assert found.references == ("ServiceRequest/sr1", "ServiceRequest/sr2")
    assert [item.order_no for item in found.request.items] == ["O1", None]


def test_a_wrong_draft_is_named_by_its_place() -> None:
    drafts = [draft("sr1"), draft("sr2", identifier=[{"value": 7}])]
    path = "context.draftOrders.entry[1].resource.identifier[0].value"
    assert refusal(call("order-sign", *drafts)).errors[0].path == path


def test_order_select_evaluates_what_was_selected_only() -> None:
    found = ordered(call("order-select", draft("sr1"), draft("sr2", ("urn:yijian:item", "Na"))))
    assert found.references == ("ServiceRequest/sr1",)


def test_takes_authorisation_and_purpose_from_our_extension() -> None:
    told = {"authorisation": {"basis": "patient_consent", "scope": "all"}, "purpose": "preoperative"}
    request = ordered(call(extension={"urn:yijian:match": told, "com.other": 1})).request
    assert request.authorisation.basis is Basis.PATIENT_CONSENT
    assert request.purpose is Purpose.PREOPERATIVE


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"hook": None}, "hook"),
        ({"hookInstance": None}, "hookInstance"),
        ({"context": {}}, "context.draftOrders"),
        ({"context": {"draftOrders": {"entry": [{"resource": {"resourceType": 5}}]}}}, None),
        ({"prefetch": {"patient": patient(gender=1)}}, "prefetch.patient.gender"),
        (
            {"extension": {"urn:yijian:match": {"authorisation": {"basis": "whim"}}}},
            "extension.urn:yijian:match.authorisation.basis",
        ),
        ({"extension": {"urn:yijian:match": {"items": []}}}, "extension.urn:yijian:match.items"),
    ],
)
def test_refuses_a_wrong_field_by_name(changes: dict[str, Any], path: str | None) -> None:
    document = {name: value for name, value in (call() | changes).items() if value is not None}
    with pytest.raises(Problem) as refused:
        read_order(read_hook(msgspec.json.encode(document), "order-sign"), "COUNTY", "urn:yijian")
    assert refused.value.status == 400
    assert refused.value.errors[0].path == (path or "context.draftOrders.entry[0].resource.resourceType")


def test_refuses_another_hook_and_a_select_without_selections() -> None:
    with pytest.raises(Problem):
        read_hook(msgspec.json.encode(call("patient-view")), "order-sign")
    document = call("order-select")
    del document["context"]["selections"]
    assert refusal(document).errors[0].path == "context.selections"


@pytest.mark.parametrize(
    "prefetch",
    [
        {},
        {"patient": None},
        {"patient": {"resourceType": "OperationOutcome"}},
        {"patient": {"resourceType": "Organization", "name": "市第一医院"}},
    ],
)
def test_a_patient_that_was_not_prefetched_is_412(prefetch: dict[str, Any]) -> None:
    problem = refusal(call(prefetch=prefetch))
    assert (problem.status, problem.errors[0].path) == (412, "prefetch.patient")


def told(*entries: dict[str, Any]) -> list[DecisionSubmission]:
    found = read_feedback(msgspec.json.encode({"feedback": entries}), "urn:yijian")
    return [each.submission for each in found]


def entry(sequence: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "card": str(member_id(MATCH_ID, sequence)),
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "x"}],
        "outcomeTimestamp": "2026-11-20T08:00:00Z",
    } | more


def overridden(**reason: Any) -> dict[str, Any]:
    return entry(outcome="overridden", acceptedSuggestions=[], overrideReason=reason or None)


def test_an_accepted_card_is_an_acceptance() -> None:
    (submission,) = told(entry(0), entry(1))
    assert submission.match_id == MATCH_ID
    assert [item.decision for item in submission.items] == [DecisionKind.ACCEPT] * 2


def test_cards_of_other_matches_or_moments_are_other_submissions() -> None:
    assert len(told(entry(0), entry(1, outcomeTimestamp="2026-11-20T09:00:00Z"))) == 2


def test_an_overridden_card_is_declined_with_its_legal_situation() -> None:
    reason = {"code": "4", "system": SITUATIONS}
    ((item,),) = [each.items for each in told(overridden(reason=reason, userComment="抢救"))]
    assert item.reason is not None
    assert (item.decision, item.reason.code, item.reason.text) == (DecisionKind.DECLINE, "4", "抢救")


def test_an_overridden_card_without_a_reason_is_declined_unexplained() -> None:
    ((item,),) = [each.items for each in told(overridden())]
    assert item.reason is not None
    assert item.reason.code is None


def test_a_reason_of_the_client_s_own_is_situation_six() -> None:
    ((item,),) = [each.items for each in told(overridden(reason={"code": "x", "display": "y"}))]
    assert item.reason is not None
    assert (item.reason.code, item.reason.text) == ("6", "y")


def test_a_reason_of_the_region_is_told_under_its_own_system() -> None:
    reason = {"code": "NM07", "system": f"{SITUATIONS}:regional"}
    ((item,),) = [each.items for each in told(overridden(reason=reason))]
    assert item.reason is not None
    assert (item.reason.regional, item.reason.code) == ("NM07", None)


def test_a_refusal_names_the_entry_that_told_the_decision() -> None:
    later = "2026-11-20T09:00:00Z"
    entries = [entry(0), entry(1, outcomeTimestamp=later), entry(2)]
    first, second = read_feedback(msgspec.json.encode({"feedback": entries}), "urn:yijian")

    def paths(told: Told, *at_fault: str) -> list[str]:
        refusal = Problem("x", "x", 422, tuple(FieldError(path, "x") for path in at_fault))
        return [each.path for each in told.in_its_terms(refusal).errors]

    assert paths(first, "items[1].reason.regional") == ["feedback[2].overrideReason.reason.code"]
    assert paths(second, "decided_at", "items[0].match_item_id", "items[0]") == [
        "feedback[1].outcomeTimestamp",
        "feedback[1].card",
        "feedback[1].card",
    ]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (
            overridden(reason={"code": "", "system": f"{SITUATIONS}:regional"}),
            "feedback[0].overrideReason.reason.code",
        ),
        (entry(card="7"), "feedback[0].card"),
        (entry(outcome="ignored"), "feedback[0].outcome"),
        (entry(outcomeTimestamp="2026-11-20T08:00:00"), "feedback[0].outcomeTimestamp"),
        (overridden(reason={"code": "9", "system": SITUATIONS}), "feedback[0].overrideReason.reason.code"),
    ],
)
def test_refuses_feedback_it_cannot_read(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(Problem) as refused:
        told(wrong)
    assert (refused.value.status, refused.value.errors[0].path) == (400, path)
