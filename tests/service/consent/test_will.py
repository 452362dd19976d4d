"""The patient's will on the real database: recorded, withdrawn, objected to; every reader asks it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.service.region import (
    CITY,
    COUNTY,
    TOWN,
    lab_report,
    make_region,
    order_check,
    patient,
    resident_id,
    upload,
)
from yijian.domains.consent import api
from yijian.domains.consent.models import BreakGlass, Consent, ConsentCode
from yijian.domains.consent.values import (
    Category,
    Extent,
    Guardian,
    ObjectionKind,
    Relation,
    ReviewVerdict,
    Way,
)
from yijian.domains.identity.api import find_person_by_number
from yijian.domains.identity.values import Identifier, IdentifierType
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.values import CitableRequest, DecisionSubmission, MatchRequest
from yijian.domains.results import api as results
from yijian.domains.sharing import models as sharing
from yijian.domains.sharing.rows import options_row
from yijian.domains.sharing.values import (
    DEFAULT_OPTIONS,
    AuthorisationPolicy,
    RegionOptions,
    Scope,
    ScopeKind,
)
from yijian.domains.terminology.values import Sensitivity
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 signed"
ADULT = date(1985, 3, 16)

SENSITIVE = {
    "item": {"system": "item", "code": "AntiHIV", "name": "人免疫缺陷病毒抗体"},
    "kind": "qualitative",
    "value": "阴性",
    "flag": "NEG",
}


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


@pytest.fixture
def person(region: None) -> UUID:
    """Return the patient, with potassium and an HIV antibody from CITY."""
    record(report_no="L1")
    record(report_no="L2", results=[SENSITIVE])
    found = find_person_by_number(Identifier(type=IdentifierType.RESIDENT_ID, value=resident_id()), COUNTY)
    assert found is not None
    return found.person_id


def record(institution: str = CITY, **changes: Any) -> None:
    results.record_report(
        upload(lab_report(**changes)), institution_code=institution, source="json", message_id=None, at=now()
    )


def settle(policy: AuthorisationPolicy, **settings: Any) -> None:
    """Let the province settle its options."""
    value = replace(
        DEFAULT_OPTIONS,
        scope=Scope(ScopeKind.PROVINCE, "42"),
        version=1,
        effective_from=date(2020, 1, 1),
        authorisation=policy,
        source="测试",
        **settings,
    )
    sharing.RegionOptions.objects.create(**options_row(value))


def options_at_county() -> RegionOptions:
    options = api.options_of(COUNTY, now())
    assert options is not None
    return options


def desk(institution: str = COUNTY, actor: str = "clinician") -> api.Recorder:
    return api.Recorder(actor, institution, options_at_county())


def give(person: UUID, way: Way, scope: Any = "all", **changes: Any) -> UUID:
    if way is Way.SIGNED_FORM:
        changes.setdefault("document", PDF)
    return api.record_consent(person, ADULT, api.Given(way, scope, **changes), desk(), at=now())


def outcomes(*codes: str, institution: str = COUNTY, **authorisation: Any) -> list[str]:
    said = {"authorisation": authorisation} if authorisation else {}
    request = msgspec.convert(order_check(*codes, **said), MatchRequest)
    matched = recognition.match_order(
        institution, request, channel="web", actor="tester", at=now(), view=recognition.View()
    )
    return [item["outcome"] for item in matched.document["items"]]


def problem(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.code


def test_a_region_that_needs_consent_shows_nothing_from_elsewhere_without(person: UUID) -> None:
    assert outcomes("K") == ["recognise"]
    settle(AuthorisationPolicy.CONSENT)

    assert outcomes("K") == ["none"]
    assert outcomes("K", basis="patient_consent", scope="all") == ["none"]
    assert outcomes("K", institution=CITY) != ["none"]


def test_a_consent_shows_what_it_covers_and_is_named_in_the_audit(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    consent_id = give(person, Way.SIGNED_FORM, "non_sensitive")

    assert outcomes("K", "AntiHIV", scope="all") == ["recognise", "none"]
    entry = AuditEntry.objects.latest("entry_id")
    assert (entry.legal_basis, entry.detail["consent_id"]) == ("patient_consent", str(consent_id))
    give(person, Way.SIGNED_FORM)
    assert outcomes("AntiHIV", scope="all") != ["none"]
    assert outcomes("AntiHIV") == ["none"]


def test_a_withdrawal_hides_from_the_next_match_and_citation_on(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    give(person, Way.SIGNED_FORM)
    accept("K")
    assert len(citable()) == 1

    assert len(api.withdraw_consents(person, by="patient", at=now())) == 1

    assert outcomes("K", scope="all") == ["none"]
    assert citable() == []
    assert api.get_sight(person, COUNTY, now()).extent is Extent.OWN
    assert api.withdraw_consents(person, by="patient", at=now()) == []
    assert api.list_consents(person)[0].withdrawn_at is not None


def test_a_withdrawal_ends_what_an_earlier_claim_let_be_cited(person: UUID) -> None:
    accept("AntiHIV", basis="patient_consent", scope="all")
    assert len(citable()) == 1
    consent_id = give(person, Way.SPOKEN)

    api.withdraw_consents(person, by="patient", at=now(), only=[consent_id])

    assert citable() == []


def accept(code: str, **authorisation: Any) -> None:
    said = authorisation or {"scope": "all"}
    request = msgspec.convert(order_check(code, authorisation=said), MatchRequest)
    matched = recognition.match_order(
        COUNTY, request, channel="web", actor="tester", at=now(), view=recognition.View()
    )
    item_id = matched.document["items"][0]["candidate"]["match_item_id"]
    submission = {
        "match_id": str(matched.match_id),
        "decided_at": now().isoformat(),
        "items": [{"match_item_id": item_id, "decision": "accept"}],
    }
    recognition.record_decisions(
        COUNTY, msgspec.convert(submission, DecisionSubmission), channel="json", actor="tester", at=now()
    )


def citable() -> list[dict[str, Any]]:
    request = {"patient": patient(), "encounter": {"type": "outpatient", "number": "V1"}}
    return recognition.list_citable(COUNTY, msgspec.convert(request, CitableRequest), now()).items


@pytest.mark.parametrize("kind", [ObjectionKind.EVERYTHING, ObjectionKind.INSTITUTION])
def test_an_objection_counts_at_once_even_where_treatment_suffices(person: UUID, kind: ObjectionKind) -> None:
    give(person, Way.SPOKEN)
    accept("K")

    objection_id = api.record_objection(person, kind, by="patient", at=now(), institution_code=COUNTY)

    assert outcomes("K", basis="patient_consent", scope="all") == ["none"]
    assert citable() == []
    assert (outcomes("K", institution=TOWN) == ["none"]) == (kind is ObjectionKind.EVERYTHING)
    assert outcomes("K", institution=CITY) != ["none"]
    assert api.lift_objection(person, objection_id, by="patient", at=now())
    assert outcomes("K") == ["recognise"]
    assert len(citable()) == 1


def test_an_objection_to_a_sensitive_class_leaves_the_rest(person: UUID) -> None:
    give(person, Way.SPOKEN)
    assert "none" not in outcomes("K", "AntiHIV", scope="all")
    api.record_objection(
        person, ObjectionKind.SENSITIVE, by="patient", at=now(), sensitivities=[Sensitivity.HIV]
    )

    assert outcomes("K", "AntiHIV", scope="all") == ["recognise", "none"]
    sight = api.get_sight(person, COUNTY, now())
    assert "AntiHIV" in api.hidden_codes(sight)
    listed = results.list_timeline(
        person, shows_sensitive=sight.shows_sensitive, hidden=api.hidden_codes(sight)
    )
    assert [entry.report_no for entry in listed] == ["L1"]


def test_a_code_serves_once_and_for_the_institution_that_used_it(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    made = api.make_code(person, ADULT, "all", at=now())
    assert made.code not in str(ConsentCode.objects.values_list("digest", flat=True).get())

    typed = f"{made.code[:4]} {made.code[4:]}"
    assert api.redeem_code(person, typed, desk(), at=now()) is not None

    assert outcomes("AntiHIV", scope="all") != ["none"]
    assert outcomes("K", institution=TOWN) == ["none"]
    assert api.redeem_code(person, made.code, desk(), at=now()) is None
    assert Consent.objects.get().way == "code"


def test_a_code_ends_after_ten_minutes_five_wrong_tries_or_with_the_next(person: UUID) -> None:
    first = api.make_code(person, ADULT, "all", at=now())
    second = api.make_code(person, ADULT, "all", at=now())
    assert api.redeem_code(person, first.code, desk(), at=now()) is None
    assert api.redeem_code(person, second.code, desk(), at=now() + timedelta(minutes=10)) is None

    third = api.make_code(person, ADULT, "all", at=now())
    wrong = f"{(int(third.code) + 1) % 10**8:08d}"
    assert [api.redeem_code(person, wrong, desk(), at=now()) for _ in range(5)] == [None] * 5
    assert api.redeem_code(person, third.code, desk(), at=now()) is None
    assert not Consent.objects.exists()


def test_a_code_for_one_institution_is_no_code_for_another_and_not_burnt_by_it(person: UUID) -> None:
    made = api.make_code(person, ADULT, "all", institution_code=COUNTY, at=now())
    for _ in range(6):
        assert api.redeem_code(person, made.code, desk(TOWN), at=now()) is None

    assert api.redeem_code(person, made.code, desk(), at=now()) is not None


def test_another_persons_code_is_wrong(person: UUID) -> None:
    made = api.make_code(person, ADULT, "all", at=now())

    assert api.redeem_code(UUID(int=5), made.code, desk(), at=now()) is None
    assert problem(lambda: api.require_code(UUID(int=5), made.code, desk(), at=now())) == "consent.code_wrong"


def test_a_child_makes_no_code_and_needs_the_guardian(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    born = date(2020, 1, 1)
    assert problem(lambda: api.make_code(person, born, "all", at=now())) == "consent.child"
    signed = api.Given(Way.SIGNED_FORM, document=PDF)
    assert problem(lambda: api.record_consent(person, born, signed, desk(), at=now())) == "consent.child"
    guardian = Guardian(name="王芳", relation=Relation.PARENT, document_no="42010619800101002X")

    api.record_consent(person, born, api.Given(Way.GUARDIAN, "all", guardian=guardian), desk(), at=now())

    row = Consent.objects.get()
    assert (row.guardian_name, row.guardian_relation) == ("王芳", "parent")
    assert row.guardian_document is not None
    assert b"42010619800101002X" not in bytes(row.guardian_document)


@pytest.mark.parametrize(
    ("policy", "given", "code"),
    [
        (AuthorisationPolicy.CONSENT, api.Given(Way.SPOKEN), "consent.way_refused"),
        (AuthorisationPolicy.NONE_NEEDED, api.Given(Way.SIGNED_FORM), "consent.incomplete"),
        (AuthorisationPolicy.NONE_NEEDED, api.Given(Way.GUARDIAN), "consent.incomplete"),
        (AuthorisationPolicy.NONE_NEEDED, api.Given(Way.CODE), "consent.incomplete"),
        (
            AuthorisationPolicy.NONE_NEEDED,
            api.Given(Way.SIGNED_FORM, document=b"MZ program"),
            "consent.document",
        ),
        (
            AuthorisationPolicy.NONE_NEEDED,
            api.Given(Way.SIGNED_FORM, document=PDF + bytes(api.MAX_DOCUMENT)),
            "consent.document",
        ),
    ],
)
def test_refuses_what_the_region_does_not_take_or_what_is_incomplete(
    person: UUID, policy: AuthorisationPolicy, given: api.Given, code: str
) -> None:
    settle(policy)

    assert problem(lambda: api.record_consent(person, ADULT, given, desk(), at=now())) == code
    assert not Consent.objects.exists()


def test_a_consent_never_outlives_the_regions_term(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT, consent_days=30)
    give(person, Way.SIGNED_FORM, expires_at=now() + timedelta(days=3650))

    assert Consent.objects.get().expires_at <= now() + timedelta(days=30)


def test_a_signed_form_is_kept_as_it_came(person: UUID) -> None:
    consent_id = give(person, Way.SIGNED_FORM)

    assert api.get_document(person, consent_id) == (PDF, "application/pdf")


def test_broken_glass_opens_to_one_institution_until_somebody_else_judges_it(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    opening = api.break_glass(person, Category.UNCONSCIOUS, "昏迷送入抢救室", desk(), at=now())

    assert outcomes("K") == ["recognise"]
    assert outcomes("K", institution=TOWN) == ["none"]
    entry = AuditEntry.objects.filter(institution_code=COUNTY).latest("entry_id")
    assert (entry.legal_basis, entry.detail["consent_id"]) == ("break_glass", str(opening.opening_id))
    assert api.count_reviews([COUNTY]) == 1
    assert api.count_reviews([TOWN]) == 0
    review = (person, opening.opening_id, ReviewVerdict.NOT_JUSTIFIED)
    assert problem(lambda: api.review_opening(*review, "", by="boss", at=now())) == "consent.incomplete"
    assert problem(lambda: api.review_opening(*review, "x", by="clinician", at=now())) == "break_glass.own"

    api.review_opening(*review, "约谈本人", by="boss", at=now())

    assert outcomes("K") == ["none"]
    assert api.count_reviews(None) == 0
    assert problem(lambda: api.review_opening(*review, "x", by="boss", at=now())) == "break_glass.reviewed"
    assert BreakGlass.objects.get().measures == "约谈本人"


def test_broken_glass_needs_the_regions_leave_and_a_reason(person: UUID) -> None:
    brief = problem(lambda: api.break_glass(person, Category.RESCUE, "急", desk(), at=now()))
    settle(AuthorisationPolicy.CONSENT, break_glass=False)

    assert brief == "consent.incomplete"
    refused = problem(lambda: api.break_glass(person, Category.RESCUE, "正在抢救室抢救", desk(), at=now()))
    assert refused == "break_glass.not_allowed"


def test_the_will_follows_a_person_who_is_united_with_another(person: UUID) -> None:
    settle(AuthorisationPolicy.CONSENT)
    stand_in = UUID(int=77)
    api.record_objection(stand_in, ObjectionKind.EVERYTHING, by="patient", at=now())

    for _ in range(2):
        api.on_person_moved({"from_id": str(stand_in), "to_id": str(person)}, now())

    assert [each.kind for each in api.list_objections(person)] == ["everything"]
