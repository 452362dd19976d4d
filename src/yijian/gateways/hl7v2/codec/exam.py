"""Imaging, ECG, endoscopy and pathology reports carried in ORU^R01."""

import re

from yijian.domains.results.values import ExamItem, ExamPart, Image, ImageStatus

from .attachments import is_embedded
from .coding import read_alternates, read_item
from .notes import Notes
from .row import note_left_out, note_pointer, read_comment
from .segment import Composite, Segment, remembering
from .structure import Observation, OrderGroup
from .tables import EXAM_SECTIONS, LABORATORY_SECTIONS, SIDES
from .value import POINTERS, PROSE, is_uid, read_value

__all__ = ["is_exam", "names_section", "read_exam"]

FINDINGS = frozenset({"FIND", "FINDING", "FINDINGS", "GDT", "59776-5", "18782-3"})
IMPRESSION = frozenset({"IMP", "IMPRESSION", "19005-8"})
NARRATIVE = frozenset({"18748-4"})
STUDY_UID = frozenset({"UID", "STUDYINSTANCEUID", "STUDYUID", "113014", "110180"})
"""OBX-3: local codes in use, HL7's suffixes GDT and IMP (§7.2.4), LOINC and DCM codes."""
DOCUMENT_ADDRESS = re.compile(r"\.(?:pdf|docx?|txt)(?:$|[?#])", re.I)


def is_exam(groups: list[OrderGroup]) -> bool:
    """Tell an examination from a laboratory report: by OBR-24, else by what the OBX say they are."""
    sections = {group.obr.text(24).upper() for group in groups}
    if sections & (EXAM_SECTIONS | LABORATORY_SECTIONS):
        return bool(sections & EXAM_SECTIONS)
    return any(is_exam_mark(observation.obx) for group in groups for observation in group.observations)


def is_exam_mark(obx: Segment) -> bool:
    codes = codes_of(obx.first(3))
    prose = obx.text(2).upper() in PROSE
    return bool(codes & (STUDY_UID | NARRATIVE)) or (prose and bool(codes & (FINDINGS | IMPRESSION)))


@remembering
def codes_of(field: Composite) -> frozenset[str]:
    """Return the identifiers of OBX-3: both codings and the suffix after `&`."""
    found = (field.text(1), field.text(1, 2), field.text(4))
    return frozenset(code.upper().replace(" ", "") for code in found if code)


def names_section(obx: Segment) -> bool:
    """Tell whether OBX-3 names a part of the report, or where its images are, and nothing examined."""
    sections = FINDINGS | IMPRESSION | NARRATIVE | STUDY_UID
    return obx.text(2).upper() in POINTERS or bool(codes_of(obx.first(3)) & sections)


def read_exam(groups: list[OrderGroup], notes: Notes) -> ExamPart:
    """Gather an examination: impression and findings as paragraphs, links to the images, the items done.

    What is neither (measurements, recommendations, notes) joins the findings as `name：value unit`.
    """
    findings: list[str] = []
    impression: list[str] = []
    uids: dict[str, None] = {}
    viewers: list[str] = []
    for observation in (o for group in groups for o in group.observations):
        obx = observation.obx
        pointer = obx.text(5)
        if is_embedded(observation):
            continue
        if is_uid(pointer):
            if (
                codes_of(obx.first(3)) & STUDY_UID
                or obx.text(3, 2).replace(" ", "").upper() == "STUDYINSTANCEUID"
            ):
                uids[pointer] = None
        elif obx.text(2).upper() == "RP":
            viewers.extend([pointer] if points_to_images(obx, notes) else [])
        else:
            paragraph = read_paragraph(observation, notes)
            (impression if codes_of(obx.first(3)) & IMPRESSION else findings).extend(paragraph)
    findings.extend(filter(None, (read_comment(group.notes) for group in groups)))
    return ExamPart(
        items=tuple(read_exam_item(group.obr) for group in groups),
        findings="\n".join(findings) or None,
        impression="\n".join(impression) or None,
        clinical_diagnosis=read_reason(groups[0].obr),
        accession_no=read_accession(groups[0]),
        study_uids=tuple(uids),
        image=Image(status=ImageStatus.AVAILABLE, viewer_url=viewers[0]) if viewers else Image(),
    )


def points_to_images(obx: Segment, notes: Notes) -> bool:
    """Tell whether an RP leads to images; a link to a printed report shows none."""
    value = obx.first(5)
    kinds = {value.text(3).upper(), value.text(4).upper()}
    if kinds & {"PDF", "X-PDF"} or DOCUMENT_ADDRESS.search(value.text(1)):
        note_pointer(obx, notes)
        return False
    return re.match(r"https?://", value.text(1)) is not None


def read_paragraph(observation: Observation, notes: Notes) -> list[str]:
    """Return one OBX as text lines, its notes after it; none where it holds nothing."""
    obx = observation.obx
    form, value = observation.form, read_value(obx).text
    if not value or form.status in ("withdrawn", "pending"):
        note_left_out(obx, form.status, notes)
        return []
    item = form.item
    known = codes_of(obx.first(3)) & (FINDINGS | IMPRESSION | NARRATIVE)
    label = "" if known or item is None else f"{item.name or item.code}："
    lines = [f"{label}{value} {form.unit}" if form.unit else f"{label}{value}"]
    comment = read_comment(observation.notes)
    return [*lines, comment] if comment else lines


def read_exam_item(obr: Segment) -> ExamItem:
    """Read OBR-4, with body site (OBR-15.4, .1) and side (OBR-15.5, else the modifiers OBR-45, OBR-46)."""
    item = read_item(obr.first(4))
    source = obr.first(15)
    side = source.text(5) or obr.text(46) or obr.text(45)
    return ExamItem(
        system=item.system if item else "local",
        code=item.code if item else "",
        name=item.name if item else None,
        body_site=site_of(source) or None,
        laterality=SIDES.get(side.upper()),
        alternates=read_alternates(obr.first(4)),
    )


def site_of(source: Composite) -> str:
    return source.text(4, 2) or source.text(4) or source.text(1, 2) or source.text(1)


def read_reason(obr: Segment) -> str | None:
    """Read OBR-31 (reason for study), else OBR-13 (relevant clinical information)."""
    return obr.first(31).first_of(2, 1) or obr.first(13).whole().strip() or None


def read_accession(group: OrderGroup) -> str | None:
    """Read the accession number: IPC-1, else OBR-18 (IHE), else OBR-20."""
    imaging = group.imaging.text(1) if group.imaging else ""
    return imaging or group.obr.text(18) or group.obr.text(20) or None
