"""A region's past: a few reports recorded by the service, then copied to as many people as wanted.

One resident's reports go through `results.api.record_report`; everybody else's rows are those very rows under
other ids, numbers and times. So they have the shape the services give them, whatever that is.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from bench.installation import say
from yijian.demo.issuing import Visit, issue_laboratory
from yijian.demo.laboratory import Package
from yijian.demo.people import Resident, make_residents
from yijian.demo.tables import find_institution
from yijian.domains.identity.values import EncounterType, IdentifierType
from yijian.domains.results.values import Specimen, UploadedReport
from yijian.kit.clock import CHINA, now
from yijian.kit.crypto import FieldCipher

__all__ = [
    "ITEMS",
    "PERSON_OF_NUMBER",
    "REPORT_TABLES",
    "RESIDENTS",
    "RESULTS_EACH",
    "SOURCES",
    "History",
    "analyse",
    "copying",
    "forget_reports",
    "issue_report",
    "make_history",
]

ITEMS = (
    *("K", "Na", "Cl", "Ca", "P", "Mg", "TP", "Alb", "PA", "ALT"),
    *("AST", "ALP", "GGT", "CHE", "TBA", "Cre", "Urea", "UA", "CysC", "Glu"),
)
PANEL = Package("CHEM", "生化二十项", ITEMS, Specimen(type_code="SER", type_name="血清"))
SOURCES = {"42010602": 1, "42010601": 4, "42011101": 12, "42050201": 45, "42011601": 160}
"""Where a resident's reports come from, and how many days ago; four code systems, several kinds of mark."""
DRAWN = {
    "42010602": ITEMS,
    "42010601": ITEMS[:12],
    "42011101": ITEMS[8:18],
    "42050201": ITEMS[15:],
    "42011601": ITEMS[:3],
}
"""What each of them found: fifty results a resident, one to four of an item."""
RESULTS_EACH = sum(map(len, DRAWN.values()))
RESIDENTS = 2000
"""At first: 100,000 results."""
SPREAD_MINUTES = 2000
"""Residents' reports of one laboratory come in over this time."""
CHUNK = 5000
"""Residents whose rows are written by one statement."""
SEED = 20261101
FIRST_NO = f"B{next(iter(SOURCES))}"
REPORT_TABLES = ("Report", "ReportKey", "ReportVersion", "Result")
PERSON_OF_NUMBER = "lpad(to_hex({n}), 32, '0')::uuid"
"""SQL: the id of resident number n, which pgbench can make by itself."""


@dataclass(frozen=True, slots=True)
class History:
    """Resident number n (from 1) is `residents[n - 1]`."""

    residents: Sequence[Resident]
    results: int

    @staticmethod
    def person_id(number: int) -> UUID:
        return UUID(int=number)


def issue_report(
    resident: Resident,
    institution_code: str,
    days_ago: int,
    report_no: str,
    items: tuple[str, ...] = ITEMS,
) -> UploadedReport:
    """Return a report of the items as the demo's hospitals issue them."""
    at = (now() - timedelta(days=days_ago)).astimezone(CHINA).replace(hour=8, minute=10)
    visit = Visit(find_institution(institution_code), resident, at, EncounterType.OUTPATIENT, "V1", "内科")
    return issue_laboratory(visit, replace(PANEL, items=items), report_no, Random(report_no))


def forget_reports() -> None:
    """Take out the reports that were recorded on top of the past while something was measured."""
    further = "SELECT report_id FROM results_reportkey WHERE report_no NOT LIKE 'B%'"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE further AS {further}")
        for name in reversed(REPORT_TABLES):
            table = apps.get_model(f"results.{name}")._meta.db_table
            cursor.execute(f"DELETE FROM {table} WHERE report_id IN (SELECT report_id FROM further)")  # noqa: S608
        cursor.execute("DROP TABLE further")


def make_history(residents: int = RESIDENTS) -> History:
    """Write the reports of as many residents as there are to be; those that are there stay."""
    began, kept = time.monotonic(), apps.get_model("results.ReportKey").objects
    template, *people = make_residents(now().date(), residents + 1, Random(SEED))[: residents + 1]
    known = kept.filter(report_no__startswith=f"{FIRST_NO}-").count()
    say(f"writing the reports of {residents - known} residents")
    person_id = _template_id() if known else _record(template)
    for first in range(known + 1, residents + 1, CHUNK):
        last = min(first + CHUNK - 1, residents)
        with transaction.atomic():
            _multiply_people(person_id, people[first - 1 : last], first)
    for report_no in (f"B{code}" for code in reversed(SOURCES)):
        for first in range(known + 1, residents + 1, CHUNK):
            with transaction.atomic():
                _multiply_report(person_id, report_no, first, min(first + CHUNK - 1, residents))
    say(f"{residents * RESULTS_EACH} results are there after {time.monotonic() - began:.0f} s")
    return History(people, residents * RESULTS_EACH)


def _record(resident: Resident) -> UUID:
    """Have the service record one resident's reports; return who it made of him."""
    from yijian.domains.results.api import record_report  # noqa: PLC0415 - Django is set up by now

    for institution_code, days_ago in SOURCES.items():
        items = DRAWN[institution_code]
        report = issue_report(resident, institution_code, days_ago + 2, f"B{institution_code}", items)
        recorded = record_report(
            report, institution_code=institution_code, source="json", message_id=None, at=now()
        )
        if recorded.outcome != "recorded":
            raise RuntimeError(f"the report to copy is {recorded.outcome}: {recorded.work_items}")
    return _template_id()


def _template_id() -> UUID:
    """Return the person whose reports were recorded, and are the others' pattern."""
    key = apps.get_model("results.ReportKey").objects.get(report_no=FIRST_NO)
    return UUID(str(key.person_id))


def _multiply_people(template_id: UUID, people: Sequence[Resident], first: int) -> None:
    """Write persons, the keys of their numbers, and what each source calls them; seals are the pattern's."""
    cipher = FieldCipher(settings.FIELD_KEY)
    for name in ("Person", "IdentifierKey", "SourceRecord"):
        model = apps.get_model("identity", name)
        patterns = list(model.objects.filter(person_id=template_id))
        columns = [field.attname for field in model._meta.concrete_fields]
        rows = (
            {column: getattr(pattern, column) for column in columns}
            | {"person_id": History.person_id(number), "name": resident.name}
            | {"sex": resident.sex, "birth_date": resident.birth_date}
            | _digest(cipher, resident, pattern)
            for number, resident in enumerate(people, start=first)
            for pattern in patterns
        )
        copy_rows(model._meta.db_table, columns, ([row[column] for column in columns] for row in rows))


def _digest(cipher: FieldCipher, resident: Resident, pattern: Any) -> dict[str, bytes]:
    """Return the digest of this resident's number of the pattern's kind; a person has none."""
    if not hasattr(pattern, "digest"):
        return {}
    issuer = getattr(pattern, "issuer", "") or getattr(pattern, "institution_code", "")
    if getattr(pattern, "kind", IdentifierType.LOCAL) == IdentifierType.LOCAL:
        return {"digest": cipher.digest("local", issuer, resident.local_number(issuer))}
    return {"digest": cipher.digest(pattern.kind, pattern.issuer, resident.resident_id)}


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows by COPY, inside the caller's transaction.

    Of two people with one number at a hospital the first has it.
    """
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE arriving (LIKE {table}) ON COMMIT DROP")
        with cursor.cursor.copy(f"COPY arriving ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM arriving ON CONFLICT DO NOTHING")  # noqa: S608 - our names
        cursor.execute("DROP TABLE arriving")


def _multiply_report(template_id: UUID, report_no: str, first: int, last: int) -> None:
    """Copy a recorded report to residents `first` to `last`, as it would have come in."""
    changed = {
        "person_id": PERSON_OF_NUMBER.format(n="n"),
        "report_id": "overlay(t.report_id::text PLACING lpad(to_hex(n), 8, '0') FROM 1 FOR 8)::uuid",
        "report_no": "t.report_no || '-' || n",
        "effective_at": f"t.effective_at - mod(n, {SPREAD_MINUTES}) * interval '1 minute'",
        "reported_at": f"t.reported_at - mod(n, {SPREAD_MINUTES}) * interval '1 minute'",
    }
    key = apps.get_model("results.ReportKey").objects.get(report_no=report_no)
    for name in REPORT_TABLES:
        statement = f"{copying(name, changed)} CROSS JOIN generate_series(%s, %s) AS n"
        with connection.cursor() as cursor:
            cursor.execute(
                f"{statement} WHERE t.person_id = %s AND t.report_id = %s ORDER BY n",
                [first, last, template_id, key.report_id],
            )


def copying(name: str, changed: Mapping[str, str]) -> str:
    """Return SQL that copies rows of `t`, a table of reports, with columns `changed`; a WHERE follows."""
    model = apps.get_model("results", name)
    columns = [field.column for field in model._meta.concrete_fields]
    made = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {made} FROM {table} AS t"  # noqa: S608 - our names


def analyse() -> None:
    """Let the planner know what is there, as autovacuum would."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
