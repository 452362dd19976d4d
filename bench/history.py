"""A region's past: a few reports recorded by the service, then copied to thousands of people.

One resident's reports go through `results.api.record_report`; everybody else's rows are those very rows under
other ids, numbers and times. So they have the shape the services give them, whatever that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

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
    "SOURCES",
    "History",
    "analyse",
    "copying",
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
RESIDENTS = 2000
SEED = 20261101
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


def issue_report(resident: Resident, institution_code: str, days_ago: int, report_no: str) -> UploadedReport:
    """Return a report of the twenty items as the demo's hospitals issue them."""
    at = (now() - timedelta(days=days_ago)).astimezone(CHINA).replace(hour=8, minute=10)
    visit = Visit(find_institution(institution_code), resident, at, EncounterType.OUTPATIENT, "V1", "内科")
    return issue_laboratory(visit, PANEL, report_no, Random(report_no))


@transaction.atomic
def make_history() -> History:
    """Write every resident's reports; one from each source, with the twenty items each."""
    say(f"writing the reports of {RESIDENTS} residents")
    template, *people = make_residents(now().date(), RESIDENTS + 1, Random(SEED))[: RESIDENTS + 1]
    person_id = _record(template)
    _multiply_people(person_id, template, people)
    _multiply_reports(person_id, len(people))
    results = apps.get_model("results.Result").objects.exclude(person_id=person_id).count()
    if results != len(people) * len(SOURCES) * len(ITEMS):
        raise RuntimeError(f"{results} results were written")
    return History(people, results)


def _record(resident: Resident) -> UUID:
    """Have the service record one resident's reports; return who it made of him."""
    from yijian.domains.results.api import record_report  # noqa: PLC0415 - Django is set up by now

    for institution_code, days_ago in SOURCES.items():
        report = issue_report(resident, institution_code, days_ago + 2, f"B{institution_code}")
        recorded = record_report(
            report, institution_code=institution_code, source="json", message_id=None, at=now()
        )
        if recorded.outcome != "recorded":
            raise RuntimeError(f"the report to copy is {recorded.outcome}: {recorded.work_items}")
    (person_id,) = set(apps.get_model("results.Report").objects.values_list("person_id", flat=True))
    return UUID(str(person_id))


def _multiply_people(template_id: UUID, template: Resident, people: Sequence[Resident]) -> None:
    """Write persons, the keys of their numbers, and what each source calls them."""
    cipher = FieldCipher(settings.FIELD_KEY)
    persons, keys, sources = (
        list(apps.get_model("identity", name).objects.filter(person_id=template_id))
        for name in ("Person", "IdentifierKey", "SourceRecord")
    )

    def told(resident: Resident, number: int) -> dict[str, Any]:
        about = {"person_id": History.person_id(number), "name": resident.name}
        return about | {"sex": resident.sex, "birth_date": resident.birth_date}

    def digest_of(resident: Resident, kind: str, issuer: str) -> tuple[bytes, str]:
        local = kind == IdentifierType.LOCAL
        value = resident.local_number(issuer) if local else resident.resident_id
        return cipher.digest(kind, issuer, value), value

    def key_of(resident: Resident, number: int, key: Any) -> models.Model:
        digest, value = digest_of(resident, key.kind, key.issuer)
        return _copy(key, digest=digest, ciphertext=cipher.encrypt(value), **told(resident, number))

    def source_of(resident: Resident, number: int, source: Any) -> models.Model:
        digest, _ = digest_of(resident, IdentifierType.LOCAL, source.institution_code)
        return _copy(source, digest=digest, **told(resident, number))

    numbered = list(enumerate(people, start=1))
    sealed = {"phone_ciphertext": "phone", "resident_id_ciphertext": "resident_id"}
    _insert(
        _copy(
            p, **told(r, n), **{column: cipher.encrypt(getattr(r, name)) for column, name in sealed.items()}
        )
        for n, r in numbered
        for p in persons
    )
    _insert(key_of(r, n, key) for n, r in numbered for key in keys)
    _insert(source_of(r, n, source) for n, r in numbered for source in sources)


def _copy(row: models.Model, **changed: Any) -> models.Model:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**values | changed)


def _insert(rows: Iterable[models.Model]) -> None:
    listed = list(rows)
    type(listed[0])._default_manager.bulk_create(listed, batch_size=2000)


def _multiply_reports(template_id: UUID, people: int) -> None:
    """Copy the recorded rows to everybody, as they would have come in: the oldest reports of all first."""
    changed = {
        "person_id": PERSON_OF_NUMBER.format(n="n"),
        "report_id": "overlay(t.report_id::text PLACING lpad(to_hex(n), 8, '0') FROM 1 FOR 8)::uuid",
        "report_no": "t.report_no || '-' || n",
        "effective_at": "t.effective_at - n * interval '1 minute'",
        "reported_at": "t.reported_at - n * interval '1 minute'",
    }
    for name in REPORT_TABLES:
        order = "n" if name == "ReportKey" else "t.effective_at, n"
        statement = f"{copying(name, changed)} CROSS JOIN generate_series(1, %s) AS n"
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE t.person_id = %s ORDER BY {order}", [people, template_id])


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
