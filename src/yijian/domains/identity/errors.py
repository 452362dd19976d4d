"""What identity refuses, with a stable code and a remedy."""

from yijian.domains.identity.values import IdentifierType, PatientDescription
from yijian.kit.errors import FieldError, Problem

__all__ = ["index_busy", "no_usable_number", "review_closed", "review_unknown"]

REMEDIES = {
    IdentifierType.RESIDENT_ID: "the check digit, date or division does not hold; correct the number",
    IdentifierType.PASSPORT: "give the passport's number",
    IdentifierType.LOCAL: "give the institution's patient number",
}


def review_unknown() -> Problem:
    return Problem("identity.review_unknown", "There is no such identity review.", 404)


def review_closed(state: str) -> Problem:
    return Problem("identity.review_closed", f"This review was settled before, as {state}.", 409)


def index_busy() -> Problem:
    return Problem("identity.busy", "Others keep registering the same numbers; send it again.", 503)


def no_usable_number(description: PatientDescription) -> Problem:
    """Nothing the patient is described with can be looked up."""
    faults = tuple(
        FieldError(f"patient.identifiers[{index}].value", REMEDIES[identifier.type])
        for index, identifier in enumerate(description.identifiers)
    )
    missing = (FieldError("patient.identifiers", "give at least one number of the patient"),)
    detail = "No number of the patient can be used."
    return Problem("patient.no_usable_number", detail, 422, faults or missing)
