"""What can go wrong with a decision or a citation, each with its remedy."""

from uuid import UUID

from yijian.kit.errors import FieldError, Problem

__all__ = [
    "decision_before_revocation",
    "decision_conflict",
    "decision_final",
    "decision_in_future",
    "follow_up_unknown",
    "match_item_unknown",
    "match_unknown",
    "not_accepted",
    "not_citable",
    "not_decided",
    "not_visible",
    "reason_contradicts",
    "reason_missing",
    "reason_unknown",
    "report_changed",
    "revocation_absurd_time",
    "revocation_reason_missing",
]


def match_unknown() -> Problem:
    """Nobody's match and another institution's match look the same."""
    return Problem("match.unknown", "No match of this institution has this id.", 404)


def follow_up_unknown() -> Problem:
    return Problem("follow_up.unknown", "No follow-up of this institution has this id.", 404)


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
        "Declining needs one of the six legal reasons; reason 6 needs a text or a sub-reason.",
        422,
        (
            FieldError(
                path, "give reason.code 1 to 6; with 6 also reason.text, reason.technical or reason.regional"
            ),
        ),
    )


def reason_unknown(path: str, known: tuple[str, ...]) -> Problem:
    choice = ", ".join(known) or "none is laid down here"
    return Problem(
        "decision.reason_unknown",
        "The region has no such reason.",
        422,
        (FieldError(path, f"use one of the region's codes ({choice}), or leave it out"),),
    )


def reason_contradicts(path: str, situation: str) -> Problem:
    return Problem(
        "decision.reason_contradicts",
        f"The region's reason belongs to legal situation {situation}.",
        422,
        (FieldError(path, f"give {situation}, or leave it out"),),
    )


def decision_final() -> Problem:
    return Problem("decision.final", "In this region a decision cannot be taken back.", 409)


def not_decided(path: str) -> Problem:
    return Problem(
        "decision.none",
        "This item has no decision to take back.",
        409,
        (FieldError(path, "use the match_item_id of a decided item"),),
    )


def decision_before_revocation(path: str) -> Problem:
    return Problem(
        "decision.revoked",
        "This decision was taken back; it does not come back by being sent again.",
        409,
        (FieldError(path, "decide anew, with the instant of the new decision in decided_at"),),
    )


def revocation_reason_missing(path: str) -> Problem:
    return Problem(
        "revocation.reason_missing",
        "Taking a decision back needs a reason.",
        422,
        (FieldError(path, "say why"),),
    )


def revocation_absurd_time(path: str) -> Problem:
    return Problem(
        "revocation.absurd_time",
        "A decision is taken back between the moment it was made and now.",
        422,
        (FieldError(path, "give the instant at which it was taken back"),),
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


def not_citable(path: str) -> Problem:
    return Problem(
        "citation.not_citable",
        "The report changed since, or the patient no longer allows to see it.",
        409,
        (FieldError(path, "ask again and cite what is found then"),),
    )


def not_visible(path: str) -> Problem:
    return Problem(
        "match.not_visible",
        "The patient no longer allows to see this result.",
        409,
        (FieldError(path, "ask again and decide on what is found then"),),
    )
