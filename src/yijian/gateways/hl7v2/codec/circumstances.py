"""Order, people, places and times around a report: ORC, OBR, SPM, PV1 (HL7 v2.5.1 §4.5, §7.4, §3.4.3)."""

from datetime import datetime

import msgspec

from yijian.domains.identity.values import Coded, EncounterType
from yijian.domains.results.values import Encounter, ReportKind, Responsible, Specimen, UploadedReport

from .coding import display_text, read_coded, read_named_code, read_practitioner, read_specimen_source
from .message import Message
from .reading import Reading
from .refusal import missing
from .segment import Segment
from .structure import OrderGroup
from .tables import ENCOUNTERS
from .times import read_instant

__all__ = ["read_reported_at", "with_circumstances"]


def with_circumstances(report: UploadedReport, groups: list[OrderGroup], reading: Reading) -> UploadedReport:
    """Add order, people, places and times."""
    first = groups[0]
    collected_at = read_collected_at(groups, reading)
    resulted_at = read_resulted_at(groups, reading)
    is_laboratory = report.kind is ReportKind.LAB
    if collected_at is None and (resulted_at is None or not is_laboratory):
        raise missing(
            first.obr.location(7), "标本采集或检查时间", "when the specimen was taken or the examination done"
        )
    if collected_at and collected_at > report.reported_at:
        reading.notes.add("time.order", first.obr.location(7), "采集或检查时间晚于报告时间，请核对")
    return msgspec.structs.replace(
        report,
        order_no=first.obr.text(2) or (first.orc.text(2) if first.orc else "") or None,
        category=read_coded(first.obr.first(4)),
        encounter=read_encounter(reading.message),
        requested_by=read_requester(first, reading.message),
        performed_by=read_performer(first),
        reviewed_by=responsible(None, first.obr, 32),
        ordered_at=reading.instant(first.obr, 6),
        collected_at=collected_at if is_laboratory else None,
        received_at=read_received_at(first, reading),
        examined_at=None if is_laboratory else collected_at,
        resulted_at=resulted_at,
        specimen=read_specimen(first) if is_laboratory else None,
    )


def observations_of(groups: list[OrderGroup]) -> list[Segment]:
    return [observation.obx for group in groups for observation in group.observations]


def read_reported_at(groups: list[OrderGroup], reading: Reading) -> datetime:
    """Read OBR-22, else the latest OBX-19 or OBX-14, else MSH-7."""
    segments = observations_of(groups)
    found = (
        reading.instants((group.obr for group in groups), 22)
        or reading.instants(segments, 19)
        or reading.instants(segments, 14)
        or [at for at in [read_instant(reading.message.header.sent_at, "MSH-7", reading.now)] if at]
    )
    if not found:
        raise missing(groups[0].obr.location(22), "报告时间", "when the report was issued")
    return max(found)


def read_collected_at(groups: list[OrderGroup], reading: Reading) -> datetime | None:
    """Read SPM-17, else OBR-7, else OBX-14: the earliest, so that nothing looks younger than it is."""
    specimens = [specimen for group in groups for specimen in group.specimens]
    found = (
        reading.instants(specimens, 17)
        or reading.instants((group.obr for group in groups), 7)
        or reading.instants(observations_of(groups), 14)
    )
    return min(found, default=None)


def read_resulted_at(groups: list[OrderGroup], reading: Reading) -> datetime | None:
    """Read the latest OBX-19, else OBR-22."""
    found = reading.instants(observations_of(groups), 19)
    return max(found or reading.instants((group.obr for group in groups), 22), default=None)


def read_received_at(group: OrderGroup, reading: Reading) -> datetime | None:
    """Read SPM-18, else OBR-14."""
    return next(iter(reading.instants(group.specimens, 18)), None) or reading.instant(group.obr, 14)


def read_encounter(message: Message) -> Encounter | None:
    """Read PV1-2 and the visit number PV1-19."""
    pv1 = message.first("PV1")
    if pv1 is None or not (pv1.text(2) or pv1.text(19)):
        return None
    kind = ENCOUNTERS.get(pv1.text(2).upper(), EncounterType.OTHER)
    return Encounter(type=kind, number=pv1.text(19) or None)


def read_requester(group: OrderGroup, message: Message) -> Responsible | None:
    """Read OBR-16, else ORC-12; the department from ORC-17, else the point of care PV1-3."""
    pv1 = message.first("PV1")
    department = (read_coded(group.orc.first(17)) if group.orc else None) or read_named_code(
        pv1.text(3) if pv1 else ""
    )
    if not group.obr.repetitions(16) and group.orc:
        return responsible(department, group.orc, 12)
    return responsible(department, group.obr, 16)


def read_performer(group: OrderGroup) -> Responsible | None:
    """Read the responsible observer and organisation of the first result (OBX-16, OBX-23), else OBR-34."""
    obx = next((o.obx for o in group.observations if o.obx.raw(5)), None)
    if obx is None:
        return responsible(None, group.obr, 34)
    department = read_named_code(obx.text(23))
    return responsible(department, obx, 16) if obx.repetitions(16) else responsible(department, group.obr, 34)


def responsible(department: Coded | None, segment: Segment, number: int) -> Responsible | None:
    practitioner = read_practitioner(segment.first(number))
    return (
        Responsible(department=department, practitioner=practitioner) if department or practitioner else None
    )


def read_specimen(group: OrderGroup) -> Specimen | None:
    """Read SPM-2 and SPM-4, else OBR-15."""
    if group.specimens:
        spm = group.specimens[0]
        kind = spm.first(4)
        specimen = Specimen(
            no=spm.text(2, 2) or spm.text(2, 1) or None,
            type_code=kind.first_of(1, 4) or None,
            type_name=display_text(kind) or None,
        )
    else:
        code, name = read_specimen_source(group.obr.first(15))
        specimen = Specimen(type_code=code, type_name=name)
    return specimen if specimen != Specimen() else None
