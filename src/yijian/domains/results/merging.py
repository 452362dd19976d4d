"""A report that tells only what changed, made whole again by what stands (HL7 v2.5.1 §7.4.2, OBX-11)."""

from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec

from yijian.domains.identity.values import PatientDescription
from yijian.domains.results.models import Report, ReportKey, ReportVersion
from yijian.domains.results.values import (
    ExamPart,
    LabResult,
    ReportChange,
    ReportStatus,
    RowKey,
    UploadedReport,
)

__all__ = ["complete_change", "merge_change", "remove_rows"]


def merge_change(upload: UploadedReport, change: ReportChange, institution_code: str) -> UploadedReport:
    """Return the whole report; where none of its number and kind stands, what was sent is the whole.

    The printed report that stands shows what was corrected, so it does not belong to the new version.
    """
    standing = _find_standing(upload.report_no, upload.patient, institution_code)
    if standing is None or standing.kind is not upload.kind:
        return upload
    fields = {name: getattr(standing, name) for name in upload.__struct_fields__ if not getattr(upload, name)}
    fields["results"] = _merged_rows(standing, upload, change.removed)
    fields["exam"] = _merged_exam(standing.exam, upload.exam, appends=change.appends)
    return msgspec.structs.replace(upload, **fields)


def complete_change(upload: UploadedReport, version: int, institution_code: str) -> UploadedReport | None:
    """Return what stands, made whole by what was recorded as `version` after it; None where it is whole.

    Where a correction of single rows (HL7) comes before its report, they are all that stands of it.
    """
    key = ReportKey.objects.filter(report_no=upload.report_no, institution_code=institution_code).first()
    standing = _find_standing(upload.report_no, upload.patient, institution_code)
    if key is None or standing is None or standing.kind is not upload.kind:
        return None
    current = Report.objects.values_list("current_version", flat=True).get(
        person_id=key.person_id, report_id=key.report_id
    )
    before = ReportVersion.objects.filter(
        person_id=key.person_id, report_id=key.report_id, version__lte=current
    )
    if current == version or not all(map(_holds_corrections_alone, before)):
        return None
    fields = {name: getattr(upload, name) for name in upload.__struct_fields__ if not getattr(standing, name)}
    fields["results"] = _merged_rows(upload, standing, ())
    return msgspec.structs.replace(standing, **fields)


def _holds_corrections_alone(version: ReportVersion) -> bool:
    """Tell whether every row of a version was corrected by itself."""
    rows = version.body.get("results", ())
    told_alone = all(row.get("status") is None for row in rows)
    return version.source == "hl7" and version.status == ReportStatus.CORRECTED and bool(rows) and told_alone


def remove_rows(
    report_no: str,
    rows: Collection[RowKey],
    patient: PatientDescription,
    institution_code: str,
    removed_at: datetime,
) -> UploadedReport | None:
    """Return the report that stands, corrected by leaving rows out; None where nothing of it is left."""
    standing = _find_standing(report_no, patient, institution_code)
    if standing is None:
        return None
    corrected = msgspec.structs.replace(
        standing, results=(), status=ReportStatus.CORRECTED, reported_at=removed_at
    )
    kept = _merged_rows(standing, corrected, rows)
    return msgspec.structs.replace(corrected, results=kept) if kept else None


def _find_standing(
    report_no: str, patient: PatientDescription, institution_code: str
) -> UploadedReport | None:
    """Return the current version under this number, told of this patient."""
    key = ReportKey.objects.filter(report_no=report_no, institution_code=institution_code).first()
    if key is None:
        return None
    report = Report.objects.get(person_id=key.person_id, report_id=key.report_id)
    version = ReportVersion.objects.filter(
        person_id=key.person_id, report_id=key.report_id, version=report.current_version
    ).first()
    if version is None or report.voided_at is not None:
        return None
    return msgspec.convert(
        {**version.body, "report_no": report_no, "patient": msgspec.to_builtins(patient)}, UploadedReport
    )


def _merged_rows(
    standing: UploadedReport, upload: UploadedReport, removed: Collection[RowKey]
) -> tuple[LabResult, ...]:
    rows = enumerate(_in_place(standing, upload, removed), start=1)
    return tuple(msgspec.structs.replace(row, sort=place) for place, row in rows)


def _in_place(
    standing: UploadedReport, upload: UploadedReport, removed: Collection[RowKey]
) -> Iterator[LabResult]:
    """Yield the rows that stand, each changed one in the place of its like, then the new ones."""
    changed: dict[RowKey, list[LabResult]] = {}
    for row in upload.results:
        changed.setdefault(_key_of(row), []).append(row)
    replaced: set[RowKey] = set()
    for row in standing.results:
        key = _key_of(row)
        if key in changed:
            yield from () if key in replaced else changed[key]
            replaced.add(key)
        elif key not in removed:
            status = row.status or standing.status
            yield msgspec.structs.replace(row, status=None if status is upload.status else status)
    for key, rows in changed.items():
        yield from () if key in replaced else rows


def _key_of(row: LabResult) -> RowKey:
    """Return the code and the sub-id of a row; HL7's row id is OBX-1, a colon and OBX-4."""
    return row.item.code, (row.row_id or "").partition(":")[2].partition("#")[0]


def _merged_exam(standing: ExamPart | None, sent: ExamPart | None, *, appends: bool) -> ExamPart | None:
    if standing is None or sent is None:
        return sent or standing
    absent = {name: getattr(standing, name) for name in sent.__struct_fields__ if not getattr(sent, name)}
    if appends:
        texts = ("findings", "impression")
        absent |= {name: _appended(getattr(standing, name), getattr(sent, name)) for name in texts}
    return msgspec.structs.replace(sent, **absent)


def _appended(before: str | None, more: str | None) -> str | None:
    return "\n".join(filter(None, (before, more))) or None
