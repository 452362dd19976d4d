"""What is refused of a will, with a stable code and a remedy."""

from yijian.kit.errors import FieldError, Problem

__all__ = [
    "child_needs_guardian",
    "code_wrong",
    "consent_unknown",
    "document_refused",
    "glass_closed",
    "missing",
    "opening_unknown",
    "own_review",
    "reviewed_before",
    "way_refused",
]


def way_refused(way: str) -> Problem:
    """The region does not take a will made known in this way."""
    remedy = (FieldError("way", "use a way the region's options list"),)
    return Problem("consent.way_refused", f"The region takes no consent by {way}.", 422, remedy)


def code_wrong(path: str = "code") -> Problem:
    """Wrong, used, expired, locked and never made look the same."""
    remedy = (FieldError(path, "ask the patient for a new code"),)
    return Problem("consent.code_wrong", "The code is wrong or no longer valid.", 422, remedy)


def child_needs_guardian() -> Problem:
    remedy = (FieldError("way", "record the guardian's consent"),)
    return Problem("consent.child", "Under 14 the guardian consents, naming the relation.", 422, remedy)


def missing(path: str, remedy: str) -> Problem:
    return Problem("consent.incomplete", f"{path}: {remedy}", 422, (FieldError(path, remedy),))


def document_refused(detail: str) -> Problem:
    remedy = (FieldError("document", "send a PDF, JPEG or PNG of at most 10 MiB"),)
    return Problem("consent.document", detail, 422, remedy)


def consent_unknown() -> Problem:
    return Problem("consent.unknown", "This patient has no such consent.", 404)


def glass_closed() -> Problem:
    return Problem("break_glass.not_allowed", "The region allows no access without consent.", 403)


def opening_unknown() -> Problem:
    return Problem("break_glass.unknown", "There is no such access to review.", 404)


def own_review() -> Problem:
    return Problem("break_glass.own", "Somebody else has to review this access.", 403)


def reviewed_before() -> Problem:
    return Problem("break_glass.reviewed", "This access was reviewed before.", 409)
