"""What can go wrong with a decision or a citation, each with its remedy."""

from uuid import UUID

from yijian.kit.errors import FieldError, Problem

__all__ = [
    "decision_conflict",
    "decision_in_future",
    "match_item_unknown",
    "match_unknown",
    "not_accepted",
    "reason_missing",
    "report_changed",
]


def match_unknown() -> Problem:
    """Nobody's match and another institution's match look the same."""
    return Problem("match.unknown", "No match of this institution has this id.", 404)


def match_item_unknown(path: str) -> Problem:
    return Problem(
        "match_item.unknown",
        "No match item of this institution has this id.",
        404,
        (FieldError(path, "use a match_item_id from the match's answer"),),
    )


def reason_missing(path: str) -> Problem:
    return Problem(
        "decision.reason_missing",
        "Declining needs one of the six legal reasons; reason 6 needs a text or a technical sub-reason.",
        422,
        (FieldError(path, "give reason.code 1 to 6; with 6 also reason.text or reason.technical"),),
    )


def decision_in_future(path: str) -> Problem:
    return Problem(
        "decision.absurd_time",
        "The decision cannot lie before its match or in the future.",
        422,
        (FieldError(path, "give the instant at which the physician decided"),),
    )


def decision_conflict(path: str) -> Problem:
    return Problem(
        "decision.conflict",
        "This item was decided before, with other content; an item is decided once.",
        409,
        (FieldError(path, "match and decide anew"),),
    )


def report_changed(path: str, report_id: UUID, version: int | None, void_reason: str | None) -> Problem:
    """The report was corrected or voided before the decision was made."""
    if void_reason is not None:
        return Problem(
            "report.voided",
            f"The report was voided before this decision: {void_reason}",
            409,
            (FieldError(path, "match again"),),
        )
    return Problem(
        "report.corrected",
        f"The report was corrected before this decision; its current version is {report_id}/{version}.",
        409,
        (FieldError(path, f"match again; report {report_id} now has version {version}"),),
    )


def not_accepted(path: str) -> Problem:
    return Problem(
        "citation.not_accepted",
        "Only an accepted result can be cited.",
        409,
        (FieldError(path, "record the decision to accept first"),),
    )
