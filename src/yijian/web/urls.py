"""The addresses of our pages. No number of a patient stands in any of them."""

from django.urls import path

from yijian.web.views import (
    follow_ups,
    inbox,
    mapping,
    patients,
    reports,
    reuse,
    reviews,
    session,
    supervision,
)

urlpatterns = [
    path("", session.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("patients/", patients.search, name="patient-search"),
    path("patients/<uuid:person_id>/", patients.timeline, name="timeline"),
    path("patients/<uuid:person_id>/authorisation", patients.authorise, name="authorise"),
    path("patients/<uuid:person_id>/reports/<uuid:report_id>/rows", reports.rows, name="report-rows"),
    path("patients/<uuid:person_id>/reuse", reuse.reuse, name="reuse"),
    path("reuse/items", reuse.suggestions, name="reuse-suggestions"),
    path("reuse/basket", reuse.basket, name="reuse-basket"),
    path("reuse/accept", reuse.accept, name="reuse-accept"),
    path("reuse/accept-all", reuse.accept_all, name="reuse-accept-all"),
    path("reuse/decline", reuse.decline, name="reuse-decline"),
    path("reuse/cite", reuse.cite, name="reuse-cite"),
    path("reuse/view", reuse.view_evidence, name="reuse-view"),
    path("reports/<uuid:report_id>", reports.report, name="report"),
    path("reports/<uuid:report_id>/document", reports.document, name="report-document"),
    path("follow-ups/", follow_ups.follow_ups, name="follow-ups"),
    path("follow-ups/<uuid:person_id>/<uuid:follow_up_id>/close", follow_ups.close, name="follow-up-close"),
    path("supervision/", supervision.overview, name="supervision"),
    path("supervision/<slug:table>.csv", supervision.export, name="supervision-export"),
    path("inbox/", inbox.inbox_list, name="inbox"),
    path("inbox/<uuid:message_id>/", inbox.message, name="inbox-message"),
    path("inbox/<uuid:message_id>/replay", inbox.replay, name="inbox-replay"),
    path("work-items/", mapping.work_items, name="work-items"),
    path("work-items/code", mapping.code, name="work-item-code"),
    path("work-items/items", mapping.items, name="work-item-items"),
    path("work-items/confirm", mapping.confirm, name="work-item-confirm"),
    path("work-items/handled", mapping.handled, name="work-item-handled"),
    path("identity/reviews/", reviews.review_list, name="identity-reviews"),
    path("identity/reviews/<uuid:review_id>/settle", reviews.settle, name="identity-review-settle"),
]
