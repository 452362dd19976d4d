"""One real object of every kind, at each of three institutions: refusals must not come from missing ids."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from tests.service.region import CITY, COUNTY, SINCE, TOWN, lab_report, make_region, order_check, upload
from tests.service.region import patient as described
from tests.service.web.desk import local_row, receive
from yijian.domains.consent import api as consent
from yijian.domains.consent.models import PatientAccount
from yijian.domains.consent.values import Category, ObjectionKind, Way
from yijian.domains.identity.models import IdentityReview
from yijian.domains.institutions.models import Campus, Institution, Region
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.models import FollowUp
from yijian.domains.recognition.values import DecisionSubmission, MatchRequest
from yijian.domains.results import api as results
from yijian.domains.results.models import Report
from yijian.domains.sharing.models import Right
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.inbox import api as inbox
from yijian.foundation.inbox.models import Alarm, SenderHealth
from yijian.foundation.inbox.work_items import open_work_item
from yijian.foundation.outbound.models import Delivery, Endpoint
from yijian.foundation.outbound.secrets import give_secret
from yijian.kit.clock import now
from yijian.kit.ids import member_of, new_id
from yijian.web.tickets import Ticket

__all__ = ["ABROAD", "HOME", "LOCAL_CODE", "NEIGHBOUR", "Objects", "World", "make_world"]

HOME, NEIGHBOUR, ABROAD = COUNTY, TOWN, "ABROAD"
"""The user's own institution; another of the same region; one of another province."""
LOCAL_CODE = "XYZ"
PDF = b"%PDF-1.4\n%%EOF\n"


@dataclass(frozen=True)
class Objects:
    """What one institution has: of its own, and of the patient in its care."""

    institution: str
    person_id: UUID
    report_id: UUID
    report_no: str
    consent_id: UUID
    objection_id: UUID
    opening_id: UUID
    match_id: UUID
    open_item: UUID
    """Of the match, not decided on."""
    accepted_item: UUID
    ticket: str
    accepted_ticket: str
    follow_up_id: UUID
    message_id: UUID
    replay_id: UUID
    endpoint_id: UUID
    alarm_id: UUID
    review_id: UUID


@dataclass(frozen=True)
class World:
    """The objects by institution, and a patient with an account, beside another one."""

    of: dict[str, Objects]
    person_id: UUID
    patient: User
    others_consent: UUID
    others_objection: UUID


def make_world() -> World:
    """Make everything through the domains' own doors; a row is written only where no door makes one alone."""
    make_region()
    _make_another_province()
    person_id = _record(CITY, f"{CITY}-1", results=[_row("K", "4.1", "mmol/L"), _row("Glu", "5.2", "mmol/L")])
    of = {code: _make_objects(code, person_id) for code in (HOME, NEIGHBOUR, ABROAD)}
    patient = User.objects.create_user("patient-one", role=Role.PATIENT)
    PatientAccount.objects.create(user=patient, person_id=person_id)
    other = _record(HOME, "other-1", patient=described("420116197704040029", "王芳", birth_date="1977-04-04"))
    consent_id = _consent(other, HOME)
    objection = consent.record_objection(other, ObjectionKind.EVERYTHING, by="patient-two", at=now())
    return World(of, person_id, patient, consent_id, objection)


def _make_another_province() -> None:
    nation = Region.objects.get(code="CN")
    region = Region.objects.create(
        code="32", name_zh="江苏省", name_en="Jiangsu", kind="province", parent=nation, mark_label="苏HR"
    )
    institution = Institution.objects.create(
        code=ABROAD,
        name_zh="省外医院",
        region=region,
        level=3,
        kind="hospital",
        ownership="public",
        active_from=SINCE,
    )
    Campus.objects.create(institution=institution, code="main", name_zh="本部", main=True)
    Right.objects.create(
        institution_id=CITY,
        item_id="K",
        scope_kind="nation",
        scope_code="CN",
        label="全国HR",
        valid_from=SINCE,
        valid_until=now().date() + timedelta(days=999),
        evidence="测试",
    )


def _row(code: str, value: str, unit: str) -> dict[str, object]:
    item = {"system": "item", "code": code, "name": code}
    return {"item": item, "kind": "number", "value": value, "unit": unit, "flag": "N"}


def _record(institution: str, report_no: str, **changes: object) -> UUID:
    outcome = results.record_report(
        upload(lab_report(report_no, **changes)),
        institution_code=institution,
        source="json",
        message_id=None,
        at=now(),
    )
    return Report.objects.get(report_id=outcome.report_id).person_id


def _make_objects(institution: str, person_id: UUID) -> Objects:
    report_no = f"{institution}-1"
    _record(institution, report_no, pdf=None, results=[local_row(LOCAL_CODE, "未知项目")])
    report = Report.objects.get(institution_code=institution, report_no=report_no)
    match_id, tickets = _match(institution, person_id)
    accepted, undecided = tickets
    follow_up = _follow_up(institution, person_id, accepted, report.report_id)
    message_id = receive(institution=institution)
    open_work_item(institution, "unmapped_unit", "unit1", at=now())
    return Objects(
        institution,
        person_id,
        report.report_id,
        report_no,
        _consent(person_id, institution),
        _objection(person_id, institution),
        _opening(person_id, institution),
        match_id,
        undecided.match_item_id,
        accepted.match_item_id,
        undecided.seal(),
        accepted.seal(),
        follow_up.follow_up_id,
        message_id,
        inbox.begin_replay("100", institution_code=institution, by="tester", at=now()),
        _endpoint(institution).endpoint_id,
        _alarm(institution).alarm_id,
        _review(institution).review_id,
    )


def _match(institution: str, person_id: UUID) -> tuple[UUID, list[Ticket]]:
    """Ask for two items, and accept the first."""
    asked = msgspec.convert(order_check("K", "Glu"), MatchRequest)
    answer = recognition.match_order(
        institution, asked, channel="web", actor="tester", at=now(), view=recognition.View()
    ).document
    match_id = UUID(answer["match_id"])
    made = [Ticket.of(person_id, match_id, "outpatient", "diagnosis", item) for item in answer["items"]]
    tickets = [ticket for ticket in made if ticket is not None]
    decided = {"match_item_id": str(tickets[0].match_item_id), "decision": "accept"}
    submission = {"match_id": str(match_id), "decided_at": now().isoformat(), "items": [decided]}
    recognition.record_decisions(
        institution,
        msgspec.convert(submission, DecisionSubmission),
        channel="web",
        actor="tester",
        at=now(),
    )
    return match_id, tickets


def _follow_up(institution: str, person_id: UUID, ticket: Ticket, report_id: UUID) -> FollowUp:
    match_id, sequence = member_of(ticket.match_item_id)
    return FollowUp.objects.create(
        person_id=person_id,
        follow_up_id=new_id(),
        institution_code=institution,
        kind="report_corrected",
        match_id=match_id,
        sequence=sequence,
        report_id=report_id,
        old_version=1,
        new_version=2,
        opened_at=now(),
    )


def _recorder(institution: str) -> consent.Recorder:
    options = consent.options_of(institution, now())
    assert options is not None
    return consent.Recorder("tester", institution, options)


def _objection(person_id: UUID, institution: str) -> UUID:
    """Have a patient refuse, on paper, somebody who looks at nothing here."""
    return consent.record_objection(
        person_id,
        ObjectionKind.INSTITUTION,
        by="tester",
        at=now(),
        institution_code="NOWHERE",
        paper=consent.Paper(institution, "P-1"),
    )


def _consent(person_id: UUID, institution: str) -> UUID:
    given = consent.Given(way=Way.SIGNED_FORM, scope="all", institution_code=institution, document=PDF)
    return consent.record_consent(person_id, None, given, _recorder(institution), at=now())


def _opening(person_id: UUID, institution: str) -> UUID:
    made = consent.break_glass(
        person_id, Category.UNCONSCIOUS, "昏迷，家属未到", _recorder(institution), at=now()
    )
    return made.opening_id


def _endpoint(institution: str) -> Endpoint:
    endpoint = Endpoint(
        name=institution,
        institution_code=institution,
        kind="webhook",
        address="https://his.example.org/",
        events=[],
    )
    give_secret(endpoint)
    endpoint.save()
    Delivery.objects.create(
        delivery_id=new_id(),
        endpoint_id=endpoint.endpoint_id,
        event="recognition.decided",
        subject=f"{institution}|R1",
        payload="{}",
        created_at=now(),
        queued_at=now(),
        state="parked",
    )
    return endpoint


def _alarm(institution: str) -> Alarm:
    SenderHealth.objects.create(
        institution_code=institution, protocol="hl7", facility=institution, measured_at=now(), last_at=now()
    )
    return Alarm.objects.create(
        alarm_id=new_id(),
        institution_code=institution,
        protocol="hl7",
        facility=institution,
        kind="silent",
        measured={"minutes": 90, "limit": 60},
        opened_at=now(),
    )


def _review(institution: str) -> IdentityReview:
    """Let the institution describe somebody else under the patient's number."""
    stranger = described(name=f"李{institution}", birth_date="1985-03-17")
    _record(institution, f"{institution}-9", patient=stranger)
    return IdentityReview.objects.get(institution_code=institution)
