"""Doubts about who is who: both sides beside each other, and a person's verdict."""

from typing import Literal, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.identity import api as identity
from yijian.domains.identity.values import OpenReview
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.comparison import compare
from yijian.web.operations import audit_operation, scope_of

__all__ = ["review_list", "settle"]

SHOWN = 20
"""Reviews on a page; the oldest first, so that the next ones move up."""


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_GET
def review_list(request: HttpRequest) -> HttpResponseBase:
    """Show the open doubts of one's institution, the oldest first."""
    reviews = _open_reviews(request)
    shown = reviews[:SHOWN]
    for review in shown:
        audit_operation(
            request, "web.identity_review", review.holder.person_id, review_id=str(review.review_id)
        )
    return render(
        request,
        "reviews/page.html",
        {"reviews": [compare(each) for each in shown], "total": len(reviews), "more": len(reviews[SHOWN:])},
    )


@requires_role(Role.INTEGRATOR, Role.ADMINISTRATOR)
@require_POST
def settle(request: HttpRequest, review_id: UUID) -> HttpResponseBase:
    """Record whether the two are one person."""
    verdict = request.POST.get("verdict")
    review = next((each for each in _open_reviews(request) if each.review_id == review_id), None)
    if review is None or verdict not in {"same", "different"}:
        messages.info(request, gettext("这一项不在待核对之列，可能已有人核对。"))
        return redirect("identity-reviews")
    user = signed_in(request)
    if not identity.may(user, "settle_review", review.institution_code):
        raise PermissionDenied
    try:
        identity.settle_review(
            review_id, cast("Literal['same', 'different']", verdict), by=user.username, at=now()
        )
    except Problem:
        messages.warning(request, gettext("没有完成，请稍后再试。"))
        return redirect("identity-reviews")
    audit_operation(
        request,
        "web.identity_settled",
        review.holder.person_id,
        review_id=str(review_id),
        verdict=verdict,
    )
    said = gettext("已确认为同一人。") if verdict == "same" else gettext("已确认为不同人，各自建档。")
    messages.success(request, said)
    return redirect("identity-reviews")


def _open_reviews(request: HttpRequest) -> list[OpenReview]:
    scope = scope_of(signed_in(request))
    return identity.list_open_reviews(None if scope is None else scope[0])
