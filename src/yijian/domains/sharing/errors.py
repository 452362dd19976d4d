"""What can go wrong with a version of the rules or a suspension, each with its remedy."""

from datetime import date

from yijian.kit.errors import FieldError, Problem

__all__ = [
    "effective_date",
    "name_taken",
    "reason_missing",
    "reference_unknown",
    "same_person",
    "suspension_incomplete",
    "suspension_unknown",
    "version_not_yours",
    "version_open",
    "version_state",
    "version_unknown",
]


def version_unknown() -> Problem:
    return Problem("version.unknown", "There is no such version of the rules.", 404)


def version_open(number: int) -> Problem:
    return Problem(
        "version.open",
        f"Version {number} is still a draft or waits for its signature.",
        409,
        (FieldError("version", "sign it or withdraw it first"),),
    )


def name_taken() -> Problem:
    return Problem(
        "version.name_taken",
        "An agreement of this code, or options of this scope, exist already.",
        409,
        (FieldError("code", "draft its next version, or choose another code"),),
    )


def version_state(state: str, needed: str) -> Problem:
    return Problem(
        "version.state",
        f"The version is {state}; this needs one that is {needed}.",
        409,
        (FieldError("state", "draft a new version instead"),),
    )


def version_not_yours() -> Problem:
    return Problem("version.not_author", "Only its author changes, submits or withdraws a draft.", 403)


def same_person() -> Problem:
    return Problem(
        "version.same_person",
        "The author cannot sign; a second person reads and signs.",
        403,
        (FieldError("signed_by", "let somebody else sign"),),
    )


def effective_date(earliest: date) -> Problem:
    return Problem(
        "version.effective_date",
        "A version cannot change what was answered before it was signed, nor precede the version it follows.",
        422,
        (FieldError("effective_from", f"choose {earliest.isoformat()} or later"),),
    )


def reason_missing() -> Problem:
    return Problem(
        "version.reason_missing",
        "A version goes back to its author with a reason.",
        422,
        (FieldError("reason", "say what has to change"),),
    )


def reference_unknown(field: str, codes: list[str]) -> Problem:
    return Problem(
        "version.reference_unknown",
        f"Not in the directory: {', '.join(codes)}.",
        422,
        (FieldError(field, "use registered codes, or register them first"),),
    )


def suspension_unknown() -> Problem:
    return Problem("suspension.unknown", "There is no such suspension.", 404)


def suspension_incomplete(field: str, remedy: str) -> Problem:
    return Problem(
        "suspension.incomplete", "The suspension is incomplete.", 422, (FieldError(field, remedy),)
    )
