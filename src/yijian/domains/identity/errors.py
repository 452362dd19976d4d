"""What identity refuses, with a stable code and a remedy."""

from yijian.kit.errors import Problem

__all__ = ["index_busy", "review_closed", "review_unknown"]


def review_unknown() -> Problem:
    return Problem("identity.review_unknown", "There is no such identity review.", 404)


def review_closed(state: str) -> Problem:
    return Problem("identity.review_closed", f"This review was settled before, as {state}.", 409)


def index_busy() -> Problem:
    return Problem("identity.busy", "Others keep registering the same numbers; send it again.", 503)
