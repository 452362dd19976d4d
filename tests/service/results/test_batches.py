"""Reports recorded together are what they would be recorded one after the other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from uuid import UUID

import msgspec
import pytest
from django.db import transaction

from bench.statements import counting
from tests.service.results.uploads import AT, lab, patient, row
from yijian.domains.identity.models import IdentifierKey, IdentityReview, Person, SourceRecord
from yijian.domains.identity.values import Identifier, IdentifierType, PatientDescription
from yijian.domains.results.api import Incoming, record_reports, void_report
from yijian.domains.results.models import Report, ReportKey, ReportVersion, Result
from yijian.domains.results.values import Recorded, UploadedReport
from yijian.domains.terminology.services import confirm_code
from yijian.foundation.inbox.models import WorkItem
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


def record(reports: Iterable[UploadedReport], institution_code: str = "A") -> list[Recorded]:
    return record_reports([Incoming(report, institution_code, "json", None, AT) for report in reports])


def of(description: PatientDescription, report_no: str, **more: object) -> UploadedReport:
    return lab(report_no=report_no, **{"patient": msgspec.to_builtins(description), **more})


def local(number: str, **more: str) -> PatientDescription:
    return PatientDescription(identifiers=(Identifier(type=IdentifierType.LOCAL, value=number),), **more)


def strangers(count: int, first: int = 0) -> list[UploadedReport]:
    numbers = range(first, first + count)
    return [of(local(f"L{n}", name="某某"), f"R{n}", results=[row(), row("Na", "140")]) for n in numbers]


def test_number_of_statements_does_not_grow_with_the_batch() -> None:
    with counting() as few:
        record(strangers(2))
    with counting() as many:
        record(strangers(60, first=2))
    assert len(many) == len(few) <= 20
    assert (Report.objects.count(), Result.objects.count()) == (62, 124)


def test_reports_of_known_patients_take_no_more_statements_either() -> None:
    record(strangers(60))
    with counting() as few:
        record(msgspec.structs.replace(report, report_no=f"{report.report_no}a") for report in strangers(2))
    with counting() as many:
        record(msgspec.structs.replace(report, report_no=f"{report.report_no}b") for report in strangers(60))
    assert len(many) == len(few) <= 20


def test_two_reports_of_one_new_patient_make_one_person() -> None:
    record([of(patient(), "R1"), of(patient(local="A2"), "R2")])
    person = Person.objects.get()
    assert set(Report.objects.values_list("person_id", flat=True)) == {person.person_id}
    assert IdentifierKey.objects.count() == 3


def test_versions_of_one_batch_supersede_each_other() -> None:
    values = [("preliminary", "4.0"), ("final", "4.1"), ("corrected", "4.2"), ("preliminary", "3.9")]
    recorded = record(lab(row(value=value), status=status) for status, value in values)
    assert [each.version for each in recorded] == [1, 2, 3, 4]
    assert len({each.report_id for each in recorded}) == 1
    assert Report.objects.get().current_version == 3, "what comes late stays behind"
    told = list(OutboxEvent.objects.order_by("event_id").values_list("name", flat=True))
    assert told == ["ReportRecorded", "ReportCorrected", "ReportCorrected"]


def test_same_report_twice_in_a_batch_is_one() -> None:
    recorded = record([lab(), lab()])
    assert [each.outcome for each in recorded] == ["recorded", "duplicate"]
    assert ReportVersion.objects.count() == 1


def test_batch_is_recorded_as_a_whole_or_not_at_all() -> None:
    record([lab(report_no="VOID")])
    void_report("A", "VOID", AT, "wrong patient", at=AT)
    with pytest.raises(Problem, match=r"report\.voided"):
        record([*strangers(3), lab(row(value="9.9"), report_no="VOID")])
    assert Report.objects.count() == 1
    assert Person.objects.count() == 1


def test_mapping_counts_from_the_next_batch_on() -> None:
    unmapped = [lab(row("Z01", system="local"), report_no=number) for number in ("R1", "R2")]
    assert {each.outcome for each in record(unmapped)} == {"waiting"}
    confirm_code("A", "Z01", "K", author="tester")
    assert record([lab(row("Z01", system="local"), report_no="R3")])[0].outcome == "recorded"


def test_number_of_another_patient_waits_within_a_batch_too() -> None:
    first, second = record([of(local("L1", name="甲"), "R1"), of(local("L2", name="乙"), "R1")])
    assert (first.outcome, second.outcome) == ("recorded", "waiting")
    assert ReportVersion.objects.count() == 1


def test_stand_in_is_absorbed_within_a_batch() -> None:
    nameless = PatientDescription(identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value="1"),))
    record([of(nameless, "R1"), of(patient(), "R1", results=[row(value="5.0")])])
    report = Report.objects.get()
    assert report.current_version == 2
    assert Person.objects.get(person_id=report.person_id).name == "王芳"


def mixture(random: Random) -> list[UploadedReport]:
    """Return reports of few numbers and few patients, who disagree now and then."""
    people = [
        patient(),
        patient(local="A2"),
        patient(name="李四", local="A3"),
        patient(resident_id="110105194912310038", local="A1"),
        local("A1"),
        local("A9", name="赵六"),
        PatientDescription(identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value="1"),), name="无"),
    ]
    return [
        of(
            random.choice(people),
            f"R{random.randrange(6)}",
            status=random.choice(["preliminary", "final", "corrected"]),
            results=[
                row(random.choice(["K", "Na"]), random.choice(["4.0", "4.1"])),
                row("Z", system="local"),
            ],
        )
        for _ in range(14)
    ]


def facts() -> tuple[object, ...]:
    """Return all that is kept, without ids and in an order of its own."""
    names: dict[UUID, str] = dict(
        ReportKey.objects.order_by("-report_no").values_list("person_id", "report_no")
    )

    def counted(rows: Iterable[Sequence[object]]) -> Counter[tuple[object, ...]]:
        return Counter(tuple(names.get(x, "") if isinstance(x, UUID) else x for x in row) for row in rows)

    return (
        counted(Report.objects.values_list("person_id", "report_no", "current_version", "kind")),
        counted(ReportVersion.objects.values_list("person_id", "version", "status", "content_digest")),
        counted(Result.objects.values_list("person_id", "version", "row_no", "item_code", "value")),
        counted(Person.objects.values_list("name", "sex", "birth_date", "provisional")),
        counted(IdentifierKey.objects.values_list("digest", "name", "disputed", "provisional")),
        counted(SourceRecord.objects.values_list("digest", "name", "institution_code")),
        counted(IdentityReview.objects.values_list("digest", "state")),
        counted(WorkItem.objects.values_list("kind", "institution_code")),
        counted(OutboxEvent.objects.values_list("name")),
    )


@pytest.mark.parametrize("seed", range(12))
def test_batch_leaves_what_one_by_one_would_leave(seed: int) -> None:
    reports = mixture(Random(seed))  # noqa: S311 - to be repeatable
    outcomes, kept = [], []
    for size in (1, 5, len(reports)):
        with transaction.atomic():
            parts = [reports[start : start + size] for start in range(0, len(reports), size)]
            recorded = [each for part in parts for each in record(part)]
            outcomes.append([(r.outcome, r.version, r.work_items) for r in recorded])
            kept.append(facts())
            transaction.set_rollback(True)
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert kept[0] == kept[1] == kept[2]
