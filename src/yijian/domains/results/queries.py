"""Reads of reports. What is sensitive is absent without authorisation, and leaves no trace."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from yijian.domains.results import errors
from yijian.domains.results.hot import CANDIDATES, with_riding
from yijian.domains.results.models import Report, ReportKey, ReportVersion, Result
from yijian.domains.results.values import (
    ReportKind,
    ReportState,
    ReportStatus,
    TimelineEntry,
    TimelineRow,
    UnmappedRow,
)
from yijian.domains.terminology.api import sensitive_codes
from yijian.foundation.database.sync import fetch
from yijian.kit.errors import Problem

__all__ = [
    "fetch_candidates",
    "find_document_key",
    "find_person_of_report",
    "get_report",
    "get_report_state",
    "list_message_ids",
    "list_timeline",
    "list_unmapped_rows",
]

ROW_FIELDS = TimelineRow.__struct_fields__
UNMAPPED_FIELDS = UnmappedRow.__struct_fields__


def fetch_candidates(
    person_id: UUID, item_codes: Sequence[str], at: datetime, riding: str = ""
) -> list[dict[str, Any]]:
    """Return the newest rows per item of reports as they stand now (`sql/candidates.sql`)."""
    return fetch(with_riding(CANDIDATES, riding), person_id, list(item_codes), at)


def get_report_state(person_id: UUID, report_id: UUID) -> ReportState:
    """Return where a report stands."""
    report = _get(person_id, report_id)
    versions = ReportVersion.objects.filter(person_id=person_id, report_id=report_id)
    return ReportState(
        report_id=report_id,
        institution_code=report.institution_code,
        current_version=report.current_version,
        voided_at=report.voided_at,
        void_reason=report.void_reason or None,
        reported=tuple(versions.order_by("version").values_list("version", "reported_at")),
    )


def get_report(
    person_id: UUID,
    report_id: UUID,
    *,
    version: int | None = None,
    shows_sensitive: bool,
    hidden: Collection[str] = (),
) -> dict[str, Any]:
    """Return a report as uploaded (contract §5) with its version, institution and void; `Problem` 404.

    The patient is not part of it. Without `shows_sensitive` a report with nothing else to show is unknown;
    with it, `hidden` item codes stay out all the same.
    """
    report = _get(person_id, report_id)
    found = ReportVersion.objects.filter(
        person_id=person_id, report_id=report_id, version=version or report.current_version
    ).first()
    if found is None:
        raise errors.report_unknown()
    rows = _rows([found]).order_by("row_no")
    shown = _visible(rows, _kept_back(hidden, shows_sensitive=shows_sensitive))
    numbers = list(shown.values_list("row_no", flat=True))
    complete = len(numbers) == rows.count()
    if not numbers:
        raise errors.report_unknown()
    body = {name: said for name, said in found.body.items() if complete or name != "organisms"}
    return {
        **_body_with(body, set(numbers)),
        "report_id": str(report_id),
        "version": found.version,
        "current_version": report.current_version,
        "institution_code": report.institution_code,
        "voided_at": report.voided_at.isoformat() if report.voided_at else None,
        "void_reason": report.void_reason or None,
        "recorded_at": found.recorded_at.isoformat(),
        "has_document": bool(found.document_key) and complete,
    }


def find_person_of_report(report_id: UUID) -> UUID | None:
    """Return whose report this is, for addresses that carry nothing but its id."""
    return Report.objects.filter(report_id=report_id).values_list("person_id", flat=True).first()


def list_message_ids(report_no: str, institution_codes: Sequence[str] | None = None) -> list[UUID]:
    """Return the messages that brought versions of reports of this number, for who looks one up."""
    keys = ReportKey.objects.filter(report_no=report_no)
    if institution_codes is not None:
        keys = keys.filter(institution_code__in=institution_codes)
    found: list[UUID] = []
    for person_id, report_id in keys.values_list("person_id", "report_id"):
        versions = ReportVersion.objects.filter(person_id=person_id, report_id=report_id)
        found += filter(None, versions.values_list("message_id", flat=True))
    return found


def find_document_key(
    person_id: UUID,
    report_id: UUID,
    *,
    version: int | None = None,
    shows_sensitive: bool,
    hidden: Collection[str] = (),
) -> str | None:
    """Return the object key of a version's PDF; a PDF that shows a sensitive row counts as that row."""
    document = get_report(
        person_id, report_id, version=version, shows_sensitive=shows_sensitive, hidden=hidden
    )
    if not document["has_document"]:
        return None
    return ReportVersion.objects.values_list("document_key", flat=True).get(
        person_id=person_id, report_id=report_id, version=document["version"]
    )


def list_timeline(
    person_id: UUID,
    *,
    limit: int = 50,
    before: datetime | None = None,
    kind: ReportKind | None = None,
    shows_sensitive: bool,
    hidden: Collection[str] = (),
    institution_code: str | None = None,
) -> list[TimelineEntry]:
    """Return reports by examination, newest first; a voided report is nothing.

    `before`: only what was examined earlier, for the next page. `hidden` item codes stay out, and with
    `institution_code` everything of other institutions.
    """
    reports = Report.objects.filter(person_id=person_id, voided_at=None)
    if institution_code is not None:
        reports = reports.filter(institution_code=institution_code)
    if kind is not None:
        reports = reports.filter(kind=kind.value)
    if before is not None:
        reports = reports.filter(effective_at__lt=before)
    current = Result.objects.filter(
        person_id=person_id, report_id=OuterRef("report_id"), version=OuterRef("current_version")
    )
    kept_back = _kept_back(hidden, shows_sensitive=shows_sensitive)
    shown = _visible(current, kept_back)
    found = list(reports.filter(Exists(shown)).order_by("-effective_at", "-report_id")[:limit])
    versions = _current_versions(person_id, found)
    rows: dict[UUID, list[Result]] = defaultdict(list)
    cut: set[UUID] = set()
    for row in _rows(versions.values()).order_by("row_no"):
        if row.item_code in kept_back:
            cut.add(row.report_id)
        else:
            rows[row.report_id].append(row)
    return [
        _entry(report, versions[report.report_id], rows[report.report_id], report.report_id not in cut)
        for report in found
    ]


def list_unmapped_rows(
    institution_code: str, code_system: str, code: str, *, limit: int = 6
) -> list[UnmappedRow]:
    """Return rows that wait for a code's meaning, the last reported first, for whoever has to give it."""
    rows = Result.objects.filter(
        institution_code=institution_code, code=code, code_system=code_system, item_code=""
    )
    newest = rows.order_by("-reported_at").values_list(*UNMAPPED_FIELDS)[:limit]
    return [UnmappedRow(**dict(zip(UNMAPPED_FIELDS, row, strict=True))) for row in newest]


def _get(person_id: UUID, report_id: UUID) -> Report:
    report = Report.objects.filter(person_id=person_id, report_id=report_id).first()
    if report is None:
        raise Problem("report.unknown", "There is no such report.", 404)
    return report


def _rows(versions: Iterable[ReportVersion]) -> QuerySet[Result]:
    keys = [(v.person_id, v.report_id, v.version) for v in versions]
    rows = Result.objects.none() if not keys else Result.objects.filter(person_id=keys[0][0])
    return rows.filter(report_id__in=[key[1] for key in keys]).filter(version__in={key[2] for key in keys})


def _kept_back(hidden: Collection[str], *, shows_sensitive: bool) -> frozenset[str]:
    """Return the item codes that may not be shown; '' is what has no meaning yet and might be one."""
    codes = frozenset(hidden) if shows_sensitive else sensitive_codes()
    return codes if shows_sensitive and not codes else codes | {""}


def _visible(rows: QuerySet[Result], kept_back: frozenset[str]) -> QuerySet[Result]:
    return rows.exclude(item_code__in=kept_back) if kept_back else rows


def _current_versions(person_id: UUID, reports: Sequence[Report]) -> dict[UUID, ReportVersion]:
    current = {report.report_id: report.current_version for report in reports}
    versions = ReportVersion.objects.filter(person_id=person_id, report_id__in=current)
    return {v.report_id: v for v in versions if v.version == current[v.report_id]}


def _body_with(body: dict[str, Any], numbers: set[int]) -> dict[str, Any]:
    """Return a body with these rows only; rows are numbered as `rows.rows_of` numbers them."""
    exam = body.get("exam")
    items = exam["items"] if exam else []
    results = body.get("results", [])
    shown = dict(body)
    if exam:
        kept = [item for number, item in enumerate(items, start=1) if number in numbers]
        shown["exam"] = {**exam, "items": kept}
        if not kept:
            del shown["exam"]
    if results:
        first = len(items) + 1
        shown["results"] = [row for number, row in enumerate(results, start=first) if number in numbers]
    return shown


def _entry(report: Report, version: ReportVersion, rows: Sequence[Result], complete: bool) -> TimelineEntry:
    return TimelineEntry(
        report_id=report.report_id,
        version=version.version,
        kind=ReportKind(report.kind),
        status=ReportStatus(version.status),
        institution_code=report.institution_code,
        report_no=report.report_no,
        category_name=(version.body.get("category") or {}).get("name") or "",
        effective_at=report.effective_at,
        reported_at=version.reported_at,
        has_document=bool(version.document_key) and complete,
        rows=tuple(TimelineRow(**{name: getattr(row, name) for name in ROW_FIELDS}) for row in rows),
    )
