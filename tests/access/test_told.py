"""Every page that reads a patient's data tells of it: who, at which institution, whose, on which basis."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.calls import PAGE_CALLS, Call
from tests.access.objects import ABROAD, HOME, PDF, World, make_world
from tests.access.table import SERVICES, TABLE, Whose
from tests.access.test_reach import somebody
from tests.access.test_services import call, token
from tests.service.region import CITY, patient, resident_id
from yijian.domains.results import api as results
from yijian.domains.results.models import Report, ReportVersion
from yijian.foundation.accounts.api import register_client
from yijian.foundation.accounts.models import Role
from yijian.foundation.accounts.values import SCOPES
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def _of_patient(name: str = "person_id") -> Callable[[World], Call]:
    return lambda world: Call("GET", {name: world.person_id})


def _report(world: World, **more: UUID) -> Call:
    report = Report.objects.get(institution_code=CITY)
    ReportVersion.objects.filter(report_id=report.report_id).update(
        document_key=results.document_store().put(PDF, "application/pdf")
    )
    return Call("GET", {"report_id": report.report_id} | more)


def _message(world: World) -> Call:
    made = [{"kind": "report", "id": str(world.of[HOME].report_id), "version": 1}]
    InboxMessage.objects.filter(message_id=world.of[HOME].message_id).update(made=made)
    return PAGE_CALLS["inbox-message"](world.of[HOME])


READS: dict[str, Callable[[World], Call]] = {
    "patient-search": lambda world: Call("POST", form={"query": resident_id(), "basis": "emergency"}),
    "timeline": _of_patient(),
    "authorise": _of_patient(),
    "signed-form": lambda world: PAGE_CALLS["signed-form"](world.of[HOME]),
    "break-glass": lambda world: Call(
        "POST", {"person_id": world.person_id}, {"category": "rescue", "reason": "抢救中，无法等候"}
    ),
    "openings": lambda world: Call("GET"),
    "my": lambda world: Call("GET"),
    "my-looks": lambda world: Call("GET"),
    "my-reused": lambda world: Call("GET"),
    "my-will": lambda world: Call("GET"),
    "report-rows": lambda world: _report(world, person_id=world.person_id),
    "reuse": _of_patient(),
    "why": lambda world: PAGE_CALLS["why"](world.of[HOME]),
    "why-imagine": _of_patient(),
    "reuse-cite": lambda world: PAGE_CALLS["reuse-cite"](world.of[HOME]),
    "report": _report,
    "report-document": _report,
    "follow-ups": lambda world: Call("GET"),
    "inbox-message": _message,
    "identity-reviews": lambda world: Call("GET"),
}


def bases(role: Role, name: str) -> set[str]:
    """Return on which legal bases a role looks; a consent that stands is one."""
    if role is Role.PATIENT:
        return {"self"}
    if role is not Role.CLINICIAN:
        return {"operation"}
    return {"emergency"} if name == "patient-search" else {"treatment", "patient_consent", "break_glass"}


def reader(role: Role, world: World) -> Client:
    if role is not Role.PATIENT:
        return somebody(role)
    client = Client()
    client.force_login(world.patient)
    return client


def test_every_page_that_reads_is_tried() -> None:
    assert {name for name, page in TABLE.items() if page.reads} == set(READS)
    touching = {name for name, page in TABLE.items() if page.whose in (Whose.IN_CARE, Whose.ONESELF)}
    assert touching - set(READS) == ONLY_CHANGE


ONLY_CHANGE = {"authorise-code", "authorise-object", "my-code", "my-withdraw", "my-object", "my-lift"}
"""They change a patient's will and show nothing that the page they lead to does not tell."""


@pytest.mark.parametrize("name", READS)
def test_leaves_one_entry_of_who_whose_and_why(name: str, world: World) -> None:
    for role in sorted(TABLE[name].admits or ()):
        last = AuditEntry.objects.count()
        client = reader(role, world)

        answer = READS[name](world).by(client, name)

        assert answer.status_code in {200, 302}, (name, role, answer.status_code)
        mine = AuditEntry.objects.filter(entry_id__gt=last, person_id=world.person_id)
        told = [(each.action, each.institution_code) for each in mine]
        expected = (TABLE[name].reads, "" if role is Role.PATIENT else HOME)
        assert expected in told, (name, role, told)
        assert {each.action for each in mine} == {TABLE[name].reads}, (name, role, told)
        assert {each.legal_basis for each in mine} <= bases(role, name), (name, role)
        assert {each.actor for each in mine} == {client_name(role, world)}


def client_name(role: Role, world: World) -> str:
    return world.patient.username if role is Role.PATIENT else f"{role}-{HOME}"


def test_reading_what_may_be_cited_is_told(world: World) -> None:
    register_client("his", HOME, "his", SCOPES)
    asked: dict[str, Any] = {"patient": patient(), "encounter": {"type": "outpatient", "number": "V1"}}

    call("/api/v1/recognition/citable", token("recognition.decide"), asked)

    entry = AuditEntry.objects.get(action="recognition.citable")
    assert (entry.actor, entry.institution_code, entry.person_id) == ("his", HOME, world.person_id)
    assert "/api/v1/recognition/citable" in SERVICES


# The patient's own page


@pytest.mark.parametrize("name", ["my-withdraw", "my-lift"])
def test_patients_touch_no_will_but_their_own(name: str, world: World) -> None:
    others = {"my-withdraw": ("consent_id", world.others_consent)}
    field, value = others.get(name, ("objection_id", world.others_objection))
    client = reader(Role.PATIENT, world)

    assert client.post(reverse(name, kwargs={field: value})).status_code == 404


def test_an_account_bound_to_nobody_sees_nobody(world: World) -> None:
    client = somebody(Role.PATIENT)

    for name in ("my", "my-looks", "my-reused", "my-will"):
        assert client.get(reverse(name)).status_code == 404


def test_a_wrong_code_is_told_as_a_refusal(world: World) -> None:
    kwargs = {"person_id": world.person_id}

    answer = somebody(Role.CLINICIAN).post(reverse("authorise-code", kwargs=kwargs), {"code": "00000000"})

    assert answer.status_code == 422
    told = AuditEntry.objects.filter(action__startswith="web.authorisation").values_list("action", flat=True)
    assert list(told) == ["web.authorisation_refused"]


def test_no_institution_of_another_province_is_watched(world: World) -> None:
    shown = somebody(Role.SUPERVISOR).get(reverse("openings")).content.decode()

    assert str(world.of[HOME].opening_id) in shown
    assert str(world.of[ABROAD].opening_id) not in shown
