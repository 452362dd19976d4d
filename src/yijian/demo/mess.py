"""What a region's inbox sees besides good messages: wrong encodings, strange codes, doubtful people.

Pure and seeded. Every mishap is made of a report that the year really has, so it looks like its sender's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import msgspec

from yijian.demo.events import Answer, Message, Mishap, Sent
from yijian.demo.hl7 import control_id_of, write_message
from yijian.demo.people import Names
from yijian.domains.identity.values import IdentifierType, PatientDescription
from yijian.domains.results.values import LabResult, ReportKind, UploadedReport

__all__ = ["make_mess"]

Change = Callable[[UploadedReport, Random], UploadedReport]

DOOR_SHARE, REPORT_SHARE = 0.008, 0.008
"""Of all messages: those the door refuses or doubts, and those whose content is doubtful."""
STRANGE_UNITS = {"mmol/L": "mmoI/L", "U/L": "单位/升", "g/L": "g／L.", "10^9/L": "×10E9"}
"""A capital i for an l, words, an untidy sign, a power written by hand."""
PLACEHOLDERS = ("000000000000000000", "111111111111111111", "无")
OTHER_TYPES = ("DFT^P03", "SIU^S12", "ORU^R30")


def make_mess(events: Sequence[Message], random: Random) -> list[Message]:
    """Return the mishaps of a year, each soon after the report it is made of."""
    good = [event for event in events if isinstance(event, Sent)]
    spoken = [event for event in good if event.institution.route == "mllp"]
    drawn = [event for event in good if event.report.kind is ReportKind.LAB and event.report.results]
    if not spoken or not drawn:
        return []
    at_the_door = random.sample(spoken, int(len(spoken) * DOOR_SHARE))
    in_content = random.sample(drawn, int(len(drawn) * REPORT_SHARE))
    mishaps: list[Message] = [_at_the_door(event, random) for event in at_the_door]
    return mishaps + [_in_content(event, random) for event in in_content]


def _at_the_door(event: Sent, random: Random) -> Mishap:
    spoil = random.choice(SPOILED)
    return spoil(event, f"{event.institution.code}-Z{random.randrange(10**9):09d}")


def _mishap(event: Sent, raw: bytes, control_id: str, answer: Answer) -> Mishap:
    at = event.at + timedelta(minutes=1)
    return Mishap(event.institution, at, control_id, raw, answer)


def _wrong_charset(event: Sent, control_id: str) -> Mishap:
    """Declare UTF-8 over other bytes, as after an update that nobody tested."""
    told = msgspec.structs.replace(event.institution, charset="UTF-8")
    text = write_message(replace(event, institution=told), control_id).decode()
    return _mishap(event, text.encode("gb18030"), control_id, "AE")


def _no_charset(event: Sent, control_id: str) -> Mishap:
    """Declare nothing over GB18030: taken, and doubted unless the sender is known for it."""
    told = msgspec.structs.replace(event.institution, charset="GBK")
    return _mishap(event, write_message(replace(event, institution=told), control_id), control_id, "AA")


def _no_patient(event: Sent, control_id: str) -> Mishap:
    lines = write_message(event, control_id).split(b"\r")
    return _mishap(event, b"\r".join(lines[:1] + lines[2:]), control_id, "AE")


def _other_type(event: Sent, control_id: str) -> Mishap:
    kind = OTHER_TYPES[len(event.report.report_no) % len(OTHER_TYPES)].encode()
    raw = write_message(event, control_id).replace(b"ORU^R01^ORU_R01", kind, 1)
    return _mishap(event, raw, control_id, "AR")


def _unknown_sender(event: Sent, control_id: str) -> Mishap:
    """Name a facility that is not registered: an instrument past the interface engine."""
    facility = event.institution.code.encode()
    raw = write_message(event, control_id).replace(b"|" + facility + b"|", b"|" + facility + b"-LAB2|", 1)
    return _mishap(event, raw, control_id, "AR")


def _cut_off(event: Sent, control_id: str) -> Mishap:
    """Break off in the first row, as a full disk does on the sender's side."""
    head, row, _ = write_message(event, control_id).partition(b"\rOBX|1|")
    return _mishap(event, head + row + b"NM", control_id, "AE")


def _reused_number(event: Sent, _control_id: str) -> Mishap:
    """Send other content under a number that has been used: an interface engine after its restart."""
    control_id = control_id_of(event)
    later = msgspec.structs.replace(event.report, reported_at=event.at + timedelta(minutes=1))
    return _mishap(event, write_message(replace(event, report=later), control_id), control_id, "AE")


SPOILED = (
    _wrong_charset,
    _wrong_charset,
    _no_charset,
    _no_patient,
    _other_type,
    _unknown_sender,
    _cut_off,
    _reused_number,
)


def _in_content(event: Sent, random: Random) -> Sent:
    """Return another report of the same day with something about it that a person has to look at."""
    change = random.choice(DOUBTFUL)
    another = msgspec.structs.replace(
        event.report,
        report_no=f"{event.report.report_no}-2",
        order_no=f"{event.report.order_no}-2",
        reported_at=event.report.reported_at + timedelta(minutes=2),
    )
    return Sent(event.institution, change(another, random))


def _strange_code(report: UploadedReport, random: Random) -> UploadedReport:
    """Print a code of the new analyser that nobody has mapped."""
    first, *others = report.results
    item = msgspec.structs.replace(first.item, system="local", code=f"NEW{random.randrange(12):02d}")
    return msgspec.structs.replace(report, results=(msgspec.structs.replace(first, item=item), *others))


def _strange_unit(report: UploadedReport, random: Random) -> UploadedReport:
    def printed(row: LabResult) -> LabResult:
        return msgspec.structs.replace(row, unit=STRANGE_UNITS.get(row.unit or "", row.unit))

    return msgspec.structs.replace(report, results=tuple(map(printed, report.results)))


def _borrowed_card(report: UploadedReport, random: Random) -> UploadedReport:
    """Come with a relative's card: the number of one person under the name of another."""
    patient, names = report.patient, Names(random)
    sex = "male" if patient.sex == "male" else "female"
    born = patient.birth_date
    name = names.surname() + names.given("female" if sex == "male" else "male", born) if born else "不详"
    return _described(report, msgspec.structs.replace(patient, name=name))


def _mistyped_number(report: UploadedReport, random: Random) -> UploadedReport:
    """Type one digit of the number wrong: the check digit shows it."""
    place = random.randrange(6, 14)

    def typed(number: str) -> str:
        return f"{number[:place]}{(int(number[place]) + 1) % 10}{number[place + 1 :]}"

    return _described(report, _with_numbers(report.patient, typed))


def _placeholder(report: UploadedReport, random: Random) -> UploadedReport:
    """Fill the number's field with something that is no number."""
    filler = random.choice(PLACEHOLDERS)
    return _described(report, _with_numbers(report.patient, lambda _: filler))


def _with_numbers(patient: PatientDescription, change: Callable[[str], str]) -> PatientDescription:
    numbers = tuple(
        msgspec.structs.replace(each, value=change(each.value))
        if each.type is IdentifierType.RESIDENT_ID
        else each
        for each in patient.identifiers
    )
    return msgspec.structs.replace(patient, identifiers=numbers)


def _described(report: UploadedReport, patient: PatientDescription) -> UploadedReport:
    return msgspec.structs.replace(report, patient=patient)


DOUBTFUL: tuple[Change, ...] = (
    _strange_code,
    _strange_code,
    _strange_unit,
    _borrowed_card,
    _mistyped_number,
    _placeholder,
)


def expected_refusals(events: Sequence[Message]) -> Iterator[str]:
    """Yield the control ids of what the door must refuse."""
    return (each.control_id for each in events if isinstance(each, Mishap) and each.answer != "AA")
