"""CDS Hooks 2.0 requests and feedback ↔ our values. Only fields needed are read; names are the standard's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

import msgspec

from yijian.domains.identity.values import (
    EncounterType,
    Identifier,
    IdentifierType,
    PatientDescription,
    Practitioner,
    Sex,
)
from yijian.domains.recognition.values import (
    Authorisation,
    DecisionKind,
    DecisionSubmission,
    DeclineReason,
    MatchRequest,
    Purpose,
    RequestedItem,
    SubmittedDecision,
)
from yijian.domains.results.values import Encounter
from yijian.kit.clock import Instant
from yijian.kit.errors import FieldError, Problem
from yijian.kit.ids import member_of
from yijian.kit.json_body import decode

__all__ = [
    "HookRequest",
    "OrderedServices",
    "Told",
    "decline_system",
    "read_feedback",
    "read_hook",
    "read_order",
    "regional_system",
]

ORDER_SELECT = "order-select"
RESIDENT_ID_OID = "urn:oid:2.16.156.10011.1.3"
PASSPORT = "http://hl7.org/fhir/sid/passport-"
LOINC = "http://loinc.org"
SERVICE_REQUEST = "ServiceRequest"
System = Literal["item", "wst886", "loinc", "local"]
ENCOUNTER_TYPES = {
    "AMB": EncounterType.OUTPATIENT,
    "EMER": EncounterType.EMERGENCY,
    "IMP": EncounterType.INPATIENT,
    "ACUTE": EncounterType.INPATIENT,
    "NONAC": EncounterType.INPATIENT,
    "OBSENC": EncounterType.INPATIENT,
    "SS": EncounterType.INPATIENT,
}
"""HL7 v3 ActEncounterCode; home, field and virtual encounters are `other`."""
SEXES = {sex.value: sex for sex in Sex}
Situation = Literal["1", "2", "3", "4", "5", "6"]
SITUATIONS: dict[str, Situation] = {situation: situation for situation in get_args(Situation)}
FEEDBACK_FIELDS = {
    "decided_at": "outcomeTimestamp",
    "reason.regional": "overrideReason.reason.code",
    "reason.code": "overrideReason.reason.code",
    "reason.text": "overrideReason.userComment",
}
"""What a decision's fields are called in feedback; all else is said of the card."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What others may extend: fields we do not know are passed over."""


class Coding(Struct, frozen=True):
    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Struct, frozen=True):
    coding: tuple[Coding, ...] = ()
    text: str = ""


class FhirIdentifier(Struct, frozen=True):
    system: str = ""
    value: str = ""


class HumanName(Struct, frozen=True):
    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


class Resource(Struct, frozen=True):
    resource_type: str = ""


Shape = TypeVar("Shape", bound=Resource)


class FhirPatient(Resource, frozen=True):
    identifier: tuple[FhirIdentifier, ...] = ()
    name: tuple[HumanName, ...] = ()
    gender: str = ""
    birth_date: str = ""


class FhirEncounter(Resource, frozen=True):
    id: str = ""
    class_: Coding = msgspec.field(default=Coding(), name="class")
    identifier: tuple[FhirIdentifier, ...] = ()


class ServiceRequest(Resource, frozen=True):
    id: str = ""
    code: CodeableConcept = CodeableConcept()
    identifier: tuple[FhirIdentifier, ...] = ()
    do_not_perform: bool = False


class Entry(Struct, frozen=True):
    resource: msgspec.Raw = msgspec.Raw(b"{}")


class Bundle(Struct, frozen=True):
    entry: tuple[Entry, ...] = ()


class Context(Struct, frozen=True):
    draft_orders: Bundle
    selections: tuple[str, ...] | None = None
    user_id: str = ""


class HookRequest(Struct, frozen=True):
    """The body of a call to a service."""

    hook: str
    hook_instance: str
    context: Context
    prefetch: dict[str, msgspec.Raw] = {}
    extension: dict[str, msgspec.Raw] = {}


class MatchExtension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a hospital may add under `<namespace>:match`, in the shapes of contract §5."""

    authorisation: Authorisation = Authorisation()
    purpose: Purpose = Purpose.DIAGNOSIS


@dataclass(frozen=True, slots=True)
class OrderedServices:
    """An order check, and for each of its items the reference of the draft it stands for."""

    request: MatchRequest
    references: tuple[str, ...]


def read_hook(body: bytes, hook: str) -> HookRequest:
    """Read a call for `hook`; raise `Problem` 400 where a required field is missing or wrong."""
    request = decode(body, HookRequest)
    if request.hook != hook:
        remedy = (FieldError("hook", f"call this service for {hook}"),)
        raise Problem("request.invalid", f"This service serves {hook}.", 400, remedy)
    if hook == ORDER_SELECT and request.context.selections is None:
        remedy = (FieldError("context.selections", "required field is missing"),)
        raise Problem("request.invalid", "order-select names what was selected.", 400, remedy)
    return request


def read_order(hook: HookRequest, institution_code: str, namespace: str) -> OrderedServices | None:
    """Return the order check in a call; None where nothing in it can be ordered from us.

    Raise `Problem` 412 where the patient was not prefetched, as CDS Hooks says.
    """
    extension = _extension(hook, namespace)
    description = _patient(hook, namespace)
    drafts = list(_drafts(hook, institution_code, namespace))
    if not drafts:
        return None
    request = MatchRequest(
        patient=description,
        encounter=_encounter(hook),
        items=tuple(item for _, item in drafts),
        authorisation=extension.authorisation,
        purpose=extension.purpose,
        practitioner=_practitioner(hook.context.user_id),
    )
    return OrderedServices(request, tuple(reference for reference, _ in drafts))


def _extension(hook: HookRequest, namespace: str) -> MatchExtension:
    name = f"{namespace}:match"
    raw = hook.extension.get(name)
    return decode(raw, MatchExtension, f"extension.{name}") if raw is not None else MatchExtension()


def _prefetched(hook: HookRequest, key: str, shape: type[Shape], resource_type: str) -> Shape | None:
    """Return a prefetched resource; an OperationOutcome or null in its place is nothing."""
    raw = hook.prefetch.get(key)
    if raw is None or bytes(raw) == b"null":
        return None
    return _resource(raw, shape, resource_type, f"prefetch.{key}")


def _resource(raw: msgspec.Raw, shape: type[Shape], resource_type: str, path: str) -> Shape | None:
    """Read a resource of a type; another is none, whatever it calls `code`, `name` or `identifier`."""
    try:
        found = decode(raw, shape, path)
    except Problem:
        if decode(raw, Resource, path).resource_type != resource_type:
            return None
        raise
    return found if found.resource_type == resource_type else None


def _patient(hook: HookRequest, namespace: str) -> PatientDescription:
    patient = _prefetched(hook, "patient", FhirPatient, "Patient")
    if patient is None:
        remedy = (FieldError("prefetch.patient", "prefetch Patient/{{context.patientId}}"),)
        raise Problem("prefetch.missing", "The patient was not prefetched.", 412, remedy)
    return PatientDescription(
        identifiers=tuple(_identifiers(patient.identifier, namespace)),
        name=_name(patient.name),
        sex=SEXES.get(patient.gender),
        birth_date=_day(patient.birth_date),
    )


def _identifiers(identifiers: Sequence[FhirIdentifier], namespace: str) -> Iterator[Identifier]:
    local = f"{namespace}:mrn:"
    for each in identifiers:
        if each.system in (RESIDENT_ID_OID, f"{namespace}:resident-id"):
            yield Identifier(type=IdentifierType.RESIDENT_ID, value=each.value)
        elif each.system.startswith(local):
            authority = each.system.removeprefix(local)
            yield Identifier(type=IdentifierType.LOCAL, value=each.value, authority=authority)
        elif each.system.startswith(PASSPORT):
            yield Identifier(type=IdentifierType.PASSPORT, value=each.value)


def _name(names: Sequence[HumanName]) -> str | None:
    best = next((name for name in names if name.use == "official"), names[0] if names else None)
    if best is None:
        return None
    return best.text or best.family + "".join(best.given) or None


def _day(text: str) -> date | None:
    """Return a whole date; FHIR also allows a year or a month, which say too little."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _encounter(hook: HookRequest) -> Encounter:
    found = _prefetched(hook, "encounter", FhirEncounter, "Encounter")
    if found is None:
        return Encounter(type=EncounterType.OTHER)
    number = _first_value(found.identifier) or found.id or None
    return Encounter(type=ENCOUNTER_TYPES.get(found.class_.code, EncounterType.OTHER), number=number)


def _practitioner(user_id: str) -> Practitioner | None:
    kind, _, practitioner_id = user_id.partition("/")
    named = kind in ("Practitioner", "PractitionerRole") and practitioner_id
    return Practitioner(id=practitioner_id) if named else None


def _drafts(hook: HookRequest, institution_code: str, namespace: str) -> Iterator[tuple[str, RequestedItem]]:
    """Yield drafted service requests with a code we can look up; on order-select only those selected."""
    selected = frozenset(hook.context.selections or ()) if hook.hook == ORDER_SELECT else None
    systems = _systems(institution_code, namespace)
    for draft in _service_requests(hook.context.draft_orders.entry):
        if draft is None:
            continue
        reference = f"{SERVICE_REQUEST}/{draft.id}" if draft.id else ""
        if draft.do_not_perform or (selected is not None and reference not in selected):
            continue
        item = _item(draft, systems)
        if item is not None:
            yield reference, item


def _service_requests(entries: Sequence[Entry]) -> Sequence[ServiceRequest | None]:
    """Read what was drafted, all at once; one by one where a draft is another resource, or wrong."""
    try:
        drafts = decode(b"[%b]" % b",".join([each.resource for each in entries]), tuple[ServiceRequest, ...])
    except Problem:
        return [
            _resource(
                each.resource, ServiceRequest, SERVICE_REQUEST, f"context.draftOrders.entry[{n}].resource"
            )
            for n, each in enumerate(entries)
        ]
    return [draft if draft.resource_type == SERVICE_REQUEST else None for draft in drafts]


def _systems(institution_code: str, namespace: str) -> Mapping[str, System]:
    """Return the code systems we can look up, the best first; another institution's codes are none."""
    return {
        f"{namespace}:item": "item",
        f"{namespace}:wst886": "wst886",
        LOINC: "loinc",
        f"{namespace}:local:{institution_code}": "local",
    }


def _item(draft: ServiceRequest, systems: Mapping[str, System]) -> RequestedItem | None:
    """Return what a draft orders, by the best of its codes."""
    known = [each for each in draft.code.coding if each.code and each.system in systems]
    if not known:
        return None
    best = known[0] if len(known) == 1 else min(known, key=lambda each: [*systems].index(each.system))
    return RequestedItem(
        system=systems[best.system],
        code=best.code,
        name=best.display or draft.code.text or None,
        order_no=_first_value(draft.identifier),
    )


def _first_value(identifiers: Sequence[FhirIdentifier]) -> str | None:
    for each in identifiers:
        if each.value:
            return each.value
    return None


class OverrideReason(Struct, frozen=True):
    reason: Coding | None = None
    user_comment: str | None = None


class Feedback(Struct, frozen=True):
    card: UUID
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: Instant
    accepted_suggestions: tuple[dict[str, Any], ...] = ()
    override_reason: OverrideReason | None = None


class FeedbackRequest(Struct, frozen=True):
    feedback: tuple[Feedback, ...]


def decline_system(namespace: str) -> str:
    """Return the code system of the six legal situations."""
    return f"{namespace}:decline-reason"


def regional_system(namespace: str) -> str:
    """Return the code system of the reasons that the caller's region lays down itself."""
    return f"{namespace}:decline-reason:regional"


class Told(NamedTuple):
    """Decisions of one match and instant; `places`: the entries of the feedback that told them."""

    submission: DecisionSubmission
    places: tuple[int, ...]

    def in_its_terms(self, refusal: Problem) -> Problem:
        """Return a refusal of the submission that names the fields of the feedback."""
        named = tuple(FieldError(self._path(each.path), each.message) for each in refusal.errors)
        return replace(refusal, errors=named)

    def _path(self, path: str) -> str:
        """`items[0].reason.regional` was told in `feedback[3].overrideReason.reason.code`."""
        item, _, field = path.partition("].")
        number = item.removeprefix("items[").removesuffix("]")
        place = self.places[int(number) if number.isdecimal() else 0]
        return f"feedback[{place}].{FEEDBACK_FIELDS.get(field or path, 'card')}"


def read_feedback(body: bytes, namespace: str) -> list[Told]:
    """Return the decisions told in a feedback request, by match and instant, in the order told."""
    told: dict[tuple[UUID, Any], list[tuple[int, SubmittedDecision]]] = {}
    for index, each in enumerate(decode(body, FeedbackRequest).feedback):
        match_id, _ = member_of(each.card)
        decision = _decision(each, index, namespace)
        told.setdefault((match_id, each.outcome_timestamp), []).append((index, decision))
    return [
        Told(
            DecisionSubmission(match_id=match_id, decided_at=decided_at, items=tuple(d for _, d in decided)),
            tuple(index for index, _ in decided),
        )
        for (match_id, decided_at), decided in told.items()
    ]


def _decision(feedback: Feedback, index: int, namespace: str) -> SubmittedDecision:
    if feedback.outcome == "accepted":
        return SubmittedDecision(match_item_id=feedback.card, decision=DecisionKind.ACCEPT)
    reason = _reason(feedback.override_reason or OverrideReason(), index, namespace)
    return SubmittedDecision(match_item_id=feedback.card, decision=DecisionKind.DECLINE, reason=reason)


def _reason(given: OverrideReason, index: int, namespace: str) -> DeclineReason:
    """Return a reason of the card; one of the client's own list is situation 6, no reason is none."""
    coding, text = given.reason, given.user_comment or None
    if coding is None:
        return DeclineReason(text=text)
    if coding.system == regional_system(namespace) and coding.code:
        return DeclineReason(regional=coding.code, text=text)
    if coding.system not in (decline_system(namespace), regional_system(namespace)):
        return DeclineReason(code="6", text=text or coding.display or None)
    situation = SITUATIONS.get(coding.code)
    if situation is None:
        path = f"feedback[{index}].overrideReason.reason.code"
        remedy = (FieldError(path, "use 1 to 6, or another of the reasons offered on the card"),)
        raise Problem("request.invalid", "There is no such reason.", 400, remedy)
    return DeclineReason(code=situation, text=text or (coding.display or None if situation == "6" else None))
