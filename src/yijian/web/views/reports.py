"""One report as printed."""
from django.http import HttpRequest, HttpResponseBase, Http404
from uuid import UUID
from yijian.foundation.accounts.models import Role
from yijian.web.access import requires_role


@requires_role(Role.CLINICIAN)
def rows(request: HttpRequest, person_id: UUID, report_id: UUID) -> HttpResponseBase:
    raise Http404

@requires_role(Role.CLINICIAN)
def report(request: HttpRequest, report_id: UUID) -> HttpResponseBase:
    raise Http404

@requires_role(Role.CLINICIAN)
def document(request: HttpRequest, report_id: UUID) -> HttpResponseBase:
    raise Http404
