"""Reports as pages show them: what matters of one on a line of time, and the facts of one in full."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.results.values import ReportKind, TimelineEntry, TimelineRow
from yijian.domains.sharing.api import marks_of
from yijian.domains.sharing.values import Rulebook
from yijian.kit.clock import CHINA
from yijian.web import words
from yijian.web.catalogue import item_name
from yijian.web.institutions import ShownInstitution, show_institution

__all__ = [
    "Page",
    "ShownEntry",
    "effective_at",
    "facts_of",
    "item_codes_of",
    "labels_of",
    "read_page",
    "shown_entry",
    "state_of",
    "title_of",
]

HIGHLIGHTS = 4
QUIET_FLAGS = frozenset({"", "N", "NEG", "S"})
TITLE_NAMES = 3


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One row of the timeline; `highlights` holds what is critical or abnormal, the worst first."""

    report_id: UUID
    kind: str
    status: str
    title: str
    institution: ShownInstitution
    effective_at: datetime
    marks: tuple[str, ...]
    row_count: int
    highlights: tuple[dict[str, Any], ...]
    more_abnormal: int
    impression: str


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the timeline, and where the next one begins."""

    entries: tuple[TimelineEntry, ...]
    before: datetime | None


def read_page(read: Callable[[int], Sequence[TimelineEntry]], size: int) -> Page:
    """Read a page, never cut between reports of one instant: the next begins strictly before.

    `read` returns as many as asked for; where a page does not hold all of one instant, it is asked again.
    """
    limit = size + 1
    while len(entries := read(limit)) == limit:
        following = entries[-1].effective_at
        whole = tuple(entry for entry in entries if entry.effective_at > following)
        if whole:
            return Page(whole, whole[-1].effective_at)
        limit *= 2
    return Page(tuple(entries), None)


def shown_entry(entry: TimelineEntry, rulebook: Rulebook) -> ShownEntry:
    """Return how a report stands on the timeline."""
    striking = sorted(filter(_is_abnormal, entry.rows), key=lambda row: not row.critical)
    lab = entry.kind is ReportKind.LAB
    return ShownEntry(
        report_id=entry.report_id,
        kind=entry.kind.value,
        status=entry.status.value,
        title=(entry.category_name if lab else "") or _names(entry.rows, rulebook) or entry.category_name,
        institution=show_institution(rulebook, entry.institution_code),
        effective_at=entry.effective_at,
        marks=labels_of(
            entry.institution_code, (row.item_code for row in entry.rows), entry.effective_at, rulebook
        ),
        row_count=len(entry.rows),
        highlights=tuple(_highlight(row, rulebook) for row in striking[:HIGHLIGHTS]) if lab else (),
        more_abnormal=max(0, len(striking) - HIGHLIGHTS) if lab else 0,
        impression="" if lab or not entry.rows else entry.rows[0].value,
    )


def _is_abnormal(row: TimelineRow) -> bool:
    return row.critical or row.flag not in QUIET_FLAGS


def _name(row: TimelineRow, rulebook: Rulebook) -> str:
    item = rulebook.items.get(row.item_code)
    return item_name(item) if item else row.name


def _names(rows: Sequence[TimelineRow], rulebook: Rulebook) -> str:
    names = list(dict.fromkeys(_name(row, rulebook) for row in rows))
    return "、".join(names[:TITLE_NAMES]) + ("…" if len(names) > TITLE_NAMES else "")


def _highlight(row: TimelineRow, rulebook: Rulebook) -> dict[str, Any]:
    return {
        "name": _name(row, rulebook),
        "value": row.value,
        "unit": row.unit,
        "flag": row.flag,
        "critical": row.critical,
    }


def labels_of(
    institution_code: str, item_codes: Iterable[str], at: datetime, rulebook: Rulebook
) -> tuple[str, ...]:
    """Return the HR marks these items of an institution bore at an instant."""
    known = {code for code in item_codes if code in rulebook.items}
    marks = (marks_of(rulebook, institution_code, code, at).marks for code in sorted(known))
    return tuple(dict.fromkeys(each[0].label for each in marks if each))


def title_of(report: dict[str, Any]) -> str:
    """Return what a report is called: what was examined, its category, else what is in it."""
    category = (report.get("category") or {}).get("name")
    exam = report.get("exam") or {}
    examined = "、".join(item.get("name") or "" for item in exam.get("items", []))
    tested = [row["item"].get("name") or row["item"]["code"] for row in report.get("results", [])]
    return examined or category or "、".join(tested[:TITLE_NAMES]) or str(report["report_no"])


def state_of(report: dict[str, Any]) -> str:
    """Return the state a report is in: void, or what its current version says of itself."""
    return "void" if report["voided_at"] else str(report["status"])


def effective_at(report: dict[str, Any]) -> datetime:
    """Return when the patient was examined or the specimen taken, as far as the report says."""
    fields = ("collected_at", "examined_at", "resulted_at", "reported_at")
    return datetime.fromisoformat(next(report[field] for field in fields if report.get(field)))


def item_codes_of(report: dict[str, Any], rulebook: Rulebook) -> list[str]:
    """Return the catalogue items of a report, as far as its codes are understood."""
    exam = report.get("exam") or {}
    coded = [row["item"] for row in report.get("results", [])] + list(exam.get("items", []))
    found: list[str] = []
    for item in coded:
        if item["system"] == "local":
            meanings = rulebook.local_codes.get((report["institution_code"], item["code"]), ())
            found.extend(meaning.item_code for meaning in meanings)
        else:
            found.append(rulebook.codes.get((item["system"], item["code"]), ""))
    return found


INSTANTS: tuple[tuple[str, Promise], ...] = (
    ("ordered_at", _("开单时间")),
    ("collected_at", _("采样时间")),
    ("received_at", _("接收时间")),
    ("examined_at", _("检查时间")),
    ("resulted_at", _("出结果时间")),
    ("reported_at", _("报告时间")),
)
PEOPLE: tuple[tuple[str, Promise], ...] = (
    ("requested_by", _("申请")),
    ("performed_by", _("执行")),
    ("reviewed_by", _("审核")),
)


def facts_of(report: dict[str, Any]) -> list[tuple[Promise, str]]:
    """Return the particulars of a report (contract §5) as pairs of name and text, what is absent left out."""
    specimen = report.get("specimen") or {}
    encounter = report.get("encounter") or {}
    exam = report.get("exam") or {}
    sites = [item.get("body_site") or "" for item in exam.get("items", [])]
    pairs: list[tuple[Promise, str]] = [
        (_("报告号"), report["report_no"]),
        (_("就诊类型"), str(words.ENCOUNTERS.get(encounter.get("type", ""), ""))),
        (_("标本"), specimen.get("type_name") or specimen.get("type_code") or ""),
        (_("标本号"), specimen.get("no") or ""),
        (_("部位"), "、".join(filter(None, sites))),
        (_("临床诊断"), exam.get("clinical_diagnosis") or ""),
        *((name, _minute(report.get(field))) for field, name in INSTANTS),
        *((name, _responsible(report.get(field) or {})) for field, name in PEOPLE),
    ]
    return [(name, text) for name, text in pairs if text]


def _minute(text: str | None) -> str:
    return datetime.fromisoformat(text).astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if text else ""


def _responsible(who: dict[str, Any]) -> str:
    department, practitioner = who.get("department") or {}, who.get("practitioner") or {}
    return " · ".join(filter(None, (department.get("name"), practitioner.get("name"))))
