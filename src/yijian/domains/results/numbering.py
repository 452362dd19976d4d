"""Several numbers of one report: a correction under a new number, a document known by its own."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import OuterRef, Subquery

from yijian.domains.results.models import Report, ReportKey, ReportVersion
from yijian.domains.results.values import UploadedReport
from yijian.foundation.database.rows import insert_rows

__all__ = ["find_corrected_no", "find_report_no", "unite_report_numbers"]


def find_report_no(institution_code: str, report_nos: Iterable[str]) -> str | None:
    """Return the first of these numbers under which a report is known."""
    wanted = list(report_nos)
    known = {key.report_no for key in _keys(institution_code, wanted)}
    return next((number for number in wanted if number in known), None)


def find_corrected_no(correction: UploadedReport, person_id: UUID, institution_code: str) -> str | None:
    """Return the number of the report that a correction under a new number means, and does not name.

    It is the only one that stands of the same order and the same item; of several none is chosen.
    """
    if not correction.order_no or correction.category is None:
        return None
    bodies = ReportVersion.objects.filter(
        person_id=person_id, report_id=OuterRef("report_id"), version=OuterRef("current_version")
    ).values("body")
    standing = Report.objects.filter(
        person_id=person_id,
        institution_code=institution_code,
        kind=correction.kind.value,
        voided_at=None,
        current_version__gt=0,
    ).annotate(body=Subquery(bodies))
    found = standing.filter(
        body__order_no=correction.order_no, body__category__code=correction.category.code
    ).values_list("report_no", flat=True)[:2]
    return found[0] if len(found) == 1 else None


def unite_report_numbers(institution_code: str, report_nos: Iterable[str]) -> None:
    """Let the numbers that are unknown so far lead to the report of the first that is known.

    Numbers of two reports stay apart: neither takes the other's place unseen.
    """
    wanted = list(dict.fromkeys(report_nos))
    known = {key.report_no: key for key in _keys(institution_code, wanted)}
    first = next((known[number] for number in wanted if number in known), None)
    if first is None:
        return
    insert_rows(
        [
            ReportKey(
                report_no=number,
                institution_code=institution_code,
                person_id=first.person_id,
                report_id=first.report_id,
            )
            for number in wanted
            if number not in known
        ],
        on_conflict="nothing",
    )


def _keys(institution_code: str, report_nos: list[str]) -> Iterable[ReportKey]:
    return ReportKey.objects.filter(institution_code=institution_code, report_no__in=report_nos)
