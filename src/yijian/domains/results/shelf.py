"""The reports of a batch as they stand: read and locked at once, written at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from yijian.domains.results.models import Report, ReportKey, ReportVersion, Result
from yijian.foundation.database.rows import insert_rows
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.inbox.work_items import open_work_items
from yijian.foundation.outbox.api import publish_all
from yijian.kit.ids import new_id

__all__ = ["Number", "ReportTaken", "Shelf", "Standing"]

Number = tuple[str, str]
"""(institution, report number)"""


class ReportTaken(Exception):
    """Somebody recorded the same report number meanwhile: look again."""


@dataclass(slots=True)
class Standing:
    """A report as it stands, and (status, reported_at, digest) of each of its versions."""

    key: ReportKey
    report: Report
    versions: dict[int, tuple[str, datetime, bytes]]

    def version_of(self, digest: bytes) -> int | None:
        """Return the version that has this content."""
        return next((number for number, row in self.versions.items() if row[2] == digest), None)


class Shelf:
    """What is added counts at once, and is written by `flush`: before any other statement may ask for it."""

    def __init__(self, numbers: Iterable[Number]) -> None:
        self._numbers = frozenset(numbers)
        known = {_number_of(key): key.report_id for key in _keys(self._numbers)}
        self._known_ids = known
        self._ids = {number: known.get(number) or new_id() for number in self._numbers}
        self._standing: dict[Number, Standing] = {}
        self._forget_new()

    def report_id(self, number: Number) -> UUID:
        """Return the id of a report, or what it will be if it comes for the first time."""
        return self._ids[number]

    def find(self, number: Number) -> Standing | None:
        return self._standing.get(number)

    def lock(self) -> None:
        """Lock the known reports and read them; whoever calls holds their persons already."""
        if not self._known_ids:
            return
        keys = {_number_of(key): key for key in _keys(self._known_ids).select_for_update()}
        here = Q(
            person_id__in={key.person_id for key in keys.values()}, report_id__in=self._known_ids.values()
        )
        reports = {report.report_id: report for report in Report.objects.filter(here)}
        versions: dict[UUID, dict[int, tuple[str, datetime, bytes]]] = {}
        columns = ("report_id", "version", "status", "reported_at", "content_digest")
        for row in ReportVersion.objects.filter(here).values_list(*columns):
            versions.setdefault(row[0], {})[row[1]] = (row[2], row[3], bytes(row[4]))
        for number, key in keys.items():
            of_report = versions.setdefault(key.report_id, {})
            self._standing[number] = Standing(key, reports[key.report_id], of_report)

    def add_report(self, key: ReportKey, report: Report) -> Standing:
        number = _number_of(key)
        self._standing[number] = Standing(key, report, {})
        self._known_ids[number] = key.report_id
        self._new_keys.append(key)
        self._new_reports[report.report_id] = report
        return self._standing[number]

    def add_version(
        self, standing: Standing, version: ReportVersion, rows: Iterable[Result], items: Iterable[WorkItem]
    ) -> None:
        """Add a version, its rows, and what they leave a person to mend."""
        content = (version.status, version.reported_at, bytes(version.content_digest))
        standing.versions[version.version] = content
        self._new_versions.append(version)
        self._new_rows += rows
        self._new_items += items

    def note_change(self, report: Report) -> None:
        """Have a report written anew whose current version is another one."""
        if report.report_id not in self._new_reports:
            self._changed[report.report_id] = report

    def tell(self, event: msgspec.Struct) -> None:
        """Publish an event with the next flush."""
        self._events.append(event)

    def flush(self) -> None:
        """Write what was added; raise `ReportTaken` where somebody recorded one of the numbers meanwhile."""
        new_keys = sorted(self._new_keys, key=_number_of)
        if insert_rows(new_keys, on_conflict="nothing") < len(new_keys):
            raise ReportTaken
        insert_rows(list(self._new_reports.values()))
        for report in self._changed.values():
            report.save(update_fields=["current_version", "kind", "effective_at"])
        insert_rows(self._new_versions)
        insert_rows(self._new_rows)
        open_work_items(self._new_items)
        publish_all((type(event).__name__, msgspec.to_builtins(event)) for event in self._events)
        self._forget_new()

    def _forget_new(self) -> None:
        self._new_keys: list[ReportKey] = []
        self._new_reports: dict[UUID, Report] = {}
        self._changed: dict[UUID, Report] = {}
        self._new_versions: list[ReportVersion] = []
        self._new_rows: list[Result] = []
        self._new_items: list[WorkItem] = []
        self._events: list[msgspec.Struct] = []


def _number_of(key: ReportKey) -> Number:
    return key.institution_code, key.report_no


def _keys(numbers: Collection[Number]) -> QuerySet[ReportKey]:
    """Return the keys of these numbers, always in the same order."""
    wanted: dict[str, list[str]] = {}
    for institution_code, report_no in sorted(numbers):
        wanted.setdefault(institution_code, []).append(report_no)
    either = Q(pk__in=[])
    for institution_code, report_nos in wanted.items():
        either |= Q(institution_code=institution_code, report_no__in=report_nos)
    return ReportKey.objects.filter(either).order_by("institution_code", "report_no")
