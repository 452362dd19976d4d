"""The supervisor's first page: how far results are recognised in a region, and its tables to take away."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from yijian.domains.sharing.api import get_rulebook
from yijian.domains.sharing.values import Rulebook
from yijian.domains.supervision.api import Overview, Rate, get_overview
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import CHINA, now
from yijian.web.access import requires_role, signed_in
from yijian.web.figures import decline_rows, institution_rows, item_rows, rate_rows, step_rows, total_row
from yijian.web.institutions import find_institution, show_institution
from yijian.web.periods import PERIODS, read_period
from yijian.web.spreadsheets import TABLES, write_csv

__all__ = ["export", "overview"]

TOP_ITEMS = 20


@requires_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    """Show the figures of a period."""
    user, rulebook = signed_in(request), get_rulebook()
    period, form = read_period(request.GET.dict(), _today())
    figures = get_overview(_body(user), period.since, period.until)
    items = item_rows(figures, rulebook)
    shown = {
        "body": find_institution(user.institution_code) if _body(user) else None,
        "period": period,
        "periods": PERIODS.items(),
        "form": form,
        "figures": figures,
        "rates": rate_rows(figures),
        "steps": step_rows(figures),
        "institutions": institution_rows(figures, rulebook),
        "total": total_row(figures),
        "silent": _silent(figures, rulebook),
        "items": items[:TOP_ITEMS],
        "more_items": len(items[TOP_ITEMS:]),
        "declines": decline_rows(figures, rulebook),
        "on_judgement": Rate("judgement", figures.accepted_on_judgement, figures.not_recognisable),
        "empty": not figures.by_institution and not figures.not_recognisable,
    }
    return render(request, "supervision/page.html", shown)


@requires_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
@require_GET
def export(request: HttpRequest, table: str) -> HttpResponseBase:
    """Give one table of the page as a file that Excel opens."""
    if table not in TABLES:
        raise Http404
    period, _form = read_period(request.GET.dict(), _today())
    figures = get_overview(_body(signed_in(request)), period.since, period.until)
    title, rows = TABLES[table]
    name = f"{title}_{period.first}_{period.last}.csv"
    return HttpResponse(
        write_csv(rows(figures, get_rulebook())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""},
    )


def _today() -> date:
    return now().astimezone(CHINA).date()


def _body(user: User) -> str | None:
    """Return the body whose region the user supervises; the platform's administrator supervises them all."""
    return None if user.role == Role.ADMINISTRATOR else user.institution_code


def _silent(figures: Overview, rulebook: Rulebook) -> list[str]:
    """Return the names of the institutions of which the period knows nothing."""
    codes = (code for code in figures.institutions if code not in figures.by_institution)
    return [show_institution(rulebook, code).name for code in codes]
