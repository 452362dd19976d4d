"""What the pages promise without a browser: nothing disclosed, nothing forged, everything recorded."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec
import pytest
from django.test import Client
from django.urls import reverse

from tests.browser.small_region import (
    BLOOD_COUNT,
    PATIENT,
    RECEIVER,
    RESIDENT_ID,
    SOURCE,
    SmallRegion,
    record_lab,
)
from yijian.config.subscriptions import SUBSCRIPTIONS
from yijian.domains.consent.api import record_objection
from yijian.domains.consent.values import ObjectionKind
from yijian.domains.identity.api import describe_person, record_patient
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.models import Citation, Decision
from yijian.domains.recognition.values import (
    DecisionKind,
    DecisionSubmission,
    MatchRequest,
    RequestedItem,
    SubmittedDecision,
)
from yijian.domains.results import api as results
from yijian.domains.results.values import Encounter, EncounterType, ReportStatus, TimelineEntry
from yijian.foundation.accounts.models import User
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.outbox.delivery import Delivery
from yijian.kit.clock import now
from yijian.web.citation import citation_text
from yijian.web.reports import read_page
from yijian.web.tickets import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician(region: SmallRegion) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="clinician"))
    return client


def order(client: Client, person_id: UUID, *codes: str, **circumstances: str) -> str:
    entered = {"item": codes, "encounter": "outpatient", "purpose": "diagnosis"}
    return client.post(reverse("reuse", args=[person_id]), entered | circumstances).content.decode()


def accept(person_id: UUID, code: str) -> dict[str, object]:
    """Match and accept through the domain; return the answered item."""
    request = MatchRequest(
        patient=describe_person(person_id),
        encounter=Encounter(type=EncounterType.OUTPATIENT),
        items=(RequestedItem(system="item", code=code),),
    )
    matched = recognition.match_order(
        RECEIVER, request, channel="web", actor="clinician", at=now(), view=recognition.View()
    )
    item = matched.document["items"][0]
    assert matched.match_id
    submission = DecisionSubmission(
        match_id=matched.match_id,
        decided_at=now(),
        items=(
            SubmittedDecision(
                match_item_id=UUID(item["candidate"]["match_item_id"]), decision=DecisionKind.ACCEPT
            ),
        ),
    )
    recognition.record_decisions(RECEIVER, submission, channel="web", actor="clinician", at=now())
    return dict(item)


@pytest.mark.parametrize("query", [RESIDENT_ID, RESIDENT_ID.lower(), " 赵建国 "])
def test_finds_a_patient_by_number_or_full_name_and_records_why(clinician: Client, query: str) -> None:
    page = clinician.post(reverse("patient-search"), {"query": query, "basis": "consultation"})

    assert "赵建国" in page.content.decode()
    assert RESIDENT_ID not in page.content.decode().replace(f'value="{RESIDENT_ID}"', "")
    entry = AuditEntry.objects.filter(action="web.patient_found").get()
    assert (entry.actor, entry.institution_code, entry.legal_basis) == ("clinician", RECEIVER, "consultation")
    assert RESIDENT_ID not in str(entry.detail)


def test_says_that_nobody_was_found(clinician: Client) -> None:
    page = clinician.post(reverse("patient-search"), {"query": "查无此人", "basis": "treatment"})

    assert "没有找到这位患者" in page.content.decode()


def test_does_not_search_by_address(clinician: Client) -> None:
    page = clinician.get(reverse("patient-search"), {"query": RESIDENT_ID})

    assert "赵建国" not in page.content.decode()


def test_every_reading_of_a_record_is_audited(clinician: Client, region: SmallRegion) -> None:
    clinician.get(reverse("timeline", args=[region.person_id]))
    clinician.get(reverse("report", args=[region.blood_count]))
    clinician.get(reverse("report-rows", args=[region.person_id, region.chest]))

    seen = AuditEntry.objects.filter(person_id=region.person_id, actor="clinician")
    assert list(seen.order_by("entry_id").values_list("action", flat=True)) == [
        "web.timeline",
        "web.report",
        "web.report",
    ]
    assert all(seen.values_list("trace_id", flat=True))


def test_hidden_report_looks_like_none(clinician: Client, region: SmallRegion) -> None:
    hidden = clinician.get(reverse("report", args=[region.sensitive]))
    absent = clinician.get(reverse("report", args=[uuid4()]))

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content


def test_ordering_a_sensitive_item_answers_nothing_without_consent(
    clinician: Client, region: SmallRegion
) -> None:
    assert "没有可用的既往结果" in order(clinician, region.person_id, "AntiHIV")
    clinician.post(reverse("authorise", args=[region.person_id]), {"way": "spoken", "scope": "all"})
    assert "没有可用的既往结果" not in order(clinician, region.person_id, "AntiHIV")


def test_guardian_must_be_named(clinician: Client, region: SmallRegion) -> None:
    page = clinician.post(
        reverse("authorise", args=[region.person_id]),
        {"way": "guardian", "scope": "all", "relation": "parent"},
    )

    assert (page.status_code, "请填写监护人姓名" in page.content.decode()) == (422, True)


def test_an_order_needs_an_item(clinician: Client, region: SmallRegion) -> None:
    assert "请至少选择一个项目" in order(clinician, region.person_id)


@pytest.mark.parametrize(
    ("circumstances", "code"),
    [
        ({"encounter": "emergency"}, "4"),
        ({"purpose": "preoperative"}, "3"),
        ({"purpose": "transfusion"}, "3"),
        ({"purpose": "forensic"}, "5"),
    ],
)
def test_circumstances_suggest_the_legal_situation(
    clinician: Client, region: SmallRegion, circumstances: dict[str, str], code: str
) -> None:
    page = order(clinician, region.person_id, "HbA1c", **circumstances)

    assert f'name="code" value="{code}" required checked' in page


@pytest.mark.parametrize("name", ["reuse-accept", "reuse-cite", "reuse-view", "reuse-accept-all"])
def test_forged_ticket_leads_nowhere(clinician: Client, name: str) -> None:
    assert clinician.post(reverse(name), {"ticket": "forged"}).status_code == 404


def test_another_institutions_match_is_unknown(clinician: Client, region: SmallRegion) -> None:
    item = accept(region.person_id, "HbA1c")
    match_item = UUID(item["candidate"]["match_item_id"])  # type: ignore[index]
    User.objects.filter(username="clinician").update(institution_code=SOURCE)
    ticket = Ticket(
        region.person_id, UUID(int=match_item.int >> 12 << 12), "outpatient", "diagnosis", item
    ).seal()

    assert clinician.post(reverse("reuse-cite"), {"ticket": ticket}).status_code == 404


def test_what_the_patient_refuses_since_is_cited_no_more(clinician: Client, region: SmallRegion) -> None:
    item = accept(region.person_id, "HbA1c")
    match_item = UUID(item["candidate"]["match_item_id"])  # type: ignore[index]
    ticket = Ticket(
        region.person_id, UUID(int=match_item.int >> 12 << 12), "outpatient", "diagnosis", item
    ).seal()
    record_objection(region.person_id, ObjectionKind.EVERYTHING, by="patient", at=now())

    page = clinician.post(reverse("reuse-cite"), {"ticket": ticket})

    assert (page.status_code, Citation.objects.count()) == (422, 0)
    assert "患者不再允许查看" in page.content.decode()
    assert "7.1" not in page.content.decode()


def test_what_the_patient_refuses_since_is_accepted_no_more_yet_declined(
    clinician: Client, region: SmallRegion
) -> None:
    page = order(clinician, region.person_id, "HbA1c")
    ticket = page.split('name="ticket"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    record_objection(region.person_id, ObjectionKind.EVERYTHING, by="patient", at=now())

    answer = clinician.post(reverse("reuse-accept"), {"ticket": ticket})

    assert (answer.status_code, Decision.objects.count()) == (422, 0)
    assert "患者不再允许查看" in answer.content.decode()
    clinician.post(reverse("reuse-decline"), {"ticket": ticket, "code": "1"})
    assert Decision.objects.get().decision == "decline"


def test_decision_after_a_correction_is_refused_with_its_reason(
    clinician: Client, region: SmallRegion
) -> None:
    page = order(clinician, region.person_id, "CBC")
    ticket = page.split('name="ticket"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    corrected = tuple((*row[:2], "7.7", *row[3:]) for row in BLOOD_COUNT)
    record_lab(
        "R-0001",
        "血常规",
        corrected,
        now() - timedelta(hours=20),
        "全血",
        "blood",
        reported_at=now(),
        status=ReportStatus.CORRECTED,
    )

    answer = clinician.post(reverse("reuse-accept"), {"ticket": ticket})

    assert answer.status_code == 422
    assert "来源报告已更正" in answer.content.decode()


def test_follow_up_waits_in_the_header_until_closed(clinician: Client, region: SmallRegion) -> None:
    accept(region.person_id, "HbA1c")
    results.void_report(SOURCE, "R-0005", now(), "标本错误", at=now())
    Delivery(SUBSCRIPTIONS).deliver_batch()

    page = clinician.get(reverse("follow-ups")).content.decode()
    assert '<span class="count">1</span>' in page
    assert "标本错误" in page

    (task,) = recognition.list_follow_ups(RECEIVER)
    clinician.post(reverse("follow-up-close", args=[task.person_id, task.follow_up_id]))
    assert "没有待处理的任务" in clinician.get(reverse("follow-ups")).content.decode()


def test_citation_names_source_mark_times_and_every_value(region: SmallRegion) -> None:
    text = citation_text(accept(region.person_id, "CBC"))

    assert "江汉省人民医院 (鄂HR)" in text
    assert "血红蛋白 112 g/L [L] （参考 130-175）" in text
    assert text.count("（参考") == len(BLOOD_COUNT)


@pytest.mark.parametrize("size", range(1, 9))
def test_pages_of_the_timeline_lose_no_report(region: SmallRegion, size: int) -> None:
    """Also where several reports are of one instant, as from one needle."""
    moment = now() - timedelta(hours=30)
    for number in range(3):
        record_lab(f"S-{number}", "同时", (("Glu", "葡萄糖", "5", "mmol/L", "", "N"),), moment)
    whole = results.list_timeline(region.person_id, shows_sensitive=True)

    seen: list[TimelineEntry] = []
    before: datetime | None = None
    while not seen or before:
        since = partial(results.list_timeline, region.person_id, before=before, shows_sensitive=True)
        page = read_page(lambda limit, since=since: since(limit=limit), size)  # type: ignore[misc]
        seen += page.entries
        before = page.before

    assert [entry.report_id for entry in seen] == [entry.report_id for entry in whole]


def test_pdf_is_handed_out_as_it_came(clinician: Client, region: SmallRegion) -> None:
    kept = record_lab(
        "P-1",
        "带原件",
        (("Glu", "葡萄糖", "5", "mmol/L", "", "N"),),
        now() - timedelta(hours=3),
        pdf=b"%PDF-1.4 printed",
    )

    answer = clinician.get(reverse("report-document", args=[kept.report]))

    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.4 printed", "application/pdf")
    assert clinician.get(reverse("report-document", args=[region.blood_count])).status_code == 404


def test_form_from_another_site_is_refused_in_words(region: SmallRegion) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("sign-in"), {"username": "clinician"})

    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_disputed_number_is_shown_as_such_and_recognises_nothing(
    clinician: Client, region: SmallRegion
) -> None:
    somebody_else = msgspec.structs.replace(PATIENT, name="钱建国")
    record_patient(somebody_else, SOURCE, message_id=None, at=now())

    assert "身份待核对" in clinician.get(reverse("timeline", args=[region.person_id])).content.decode()
    page = order(clinician, region.person_id, "HbA1c")
    assert "患者身份存疑" in page
    assert "可互认" not in page
