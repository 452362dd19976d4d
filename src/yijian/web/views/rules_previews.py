"""What a draft would change for the matches of a period: begun here, made by the worker, watched here."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.recognition import api as recognition
from yijian.domains.sharing import api as sharing
from yijian.kit.clock import now
from yijian.web.access import requires_role, signed_in
from yijian.web.operations import audit_operation
from yijian.web.periods import CUSTOM, read_period
from yijian.web.rules.shown import WRITERS, get_visible, preview_rows, today
from yijian.web.views.rules import read_version

__all__ = ["begin", "run"]


@requires_role(*WRITERS)
@require_POST
def begin(request: HttpRequest, kind: str, number: str) -> HttpResponseBase:
    """Have the worker preview a draft over a period; last month where none is chosen."""
    found = read_version(request, kind, number)
    _insist(request, found)
    period, form = read_period({"period": "last-month"} | request.POST.dict(), today())
    if form.is_bound and not form.is_valid() and request.POST.get("period") == CUSTOM:
        messages.error(request, gettext("请选择起止日期，起始不晚于截止。"))
        return redirect("rules-version", kind, number)
    preview_id = recognition.begin_preview(
        found.key, period.since, min(period.until, now()), by=signed_in(request).username, at=now()
    )
    audit_operation(request, "web.rules_previewed", kind=kind, number=found.key.number)
    return redirect("rules-preview-run", preview_id)


@requires_role(*WRITERS)
@require_GET
def run(request: HttpRequest, preview_id: UUID) -> HttpResponseBase:
    """Show how far a preview is, then what it found; the page asks again by itself."""
    preview = recognition.find_preview(preview_id)
    if preview is None:
        raise Http404
    version = get_visible(signed_in(request), preview.key)
    _insist(request, version)
    shown = {"preview": preview, "version": version}
    if preview.document:
        shown |= {"kept": preview.document, "rows": preview_rows(preview.document)}
    whole = request.headers.get("HX-Request") != "true"
    return render(request, "rules/preview.html" if whole else "rules/preview_progress.html", shown)


def _insist(request: HttpRequest, version: sharing.RuleVersion) -> None:
    if not sharing.may_manage(signed_in(request), sharing.get_rulebook(), version.value):
        raise PermissionDenied
