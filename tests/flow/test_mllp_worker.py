"""From the socket to the record: once, in order, whatever happens to the worker."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.flow.conftest import Register
from tests.flow.messages import adt, oru
from tests.flow.mllp import Engine, RunningListener, code_of, field
from tests.flow.processing import deliver, wait_until_left, work_off, worker
from yijian.config.worker import PROCESSORS
from yijian.domains.identity.models import Person
from yijian.domains.results.models import Report, ReportVersion, Result
from yijian.domains.terminology.services import confirm_code, load_catalogue
from yijian.foundation.inbox.api import keep_json
from yijian.foundation.inbox.models import InboxMessage, WorkItem
from yijian.foundation.inbox.services import ABANDONED_AFTER, take_over_abandoned
from yijian.kit.clock import now

PATIENTS, VERSIONS, LINES = 80, 5, 4
LIFE = ["P", "P", "F", "C", "C"]
"""A report's life: every version differs from the one before."""


@pytest.fixture(autouse=True)
def _catalogue(committed_db: None) -> None:
    load_catalogue()


def states() -> Counter[tuple[str, str]]:
    return Counter(InboxMessage.objects.values_list("state", "reason_code"))


def send_lives(port: int) -> None:
    """Send five versions of a report for each patient, over four connections."""

    def send(line: int) -> None:
        with Engine(port) as engine:
            for version in range(VERSIONS):
                for patient in range(line, PATIENTS, LINES):
                    message = oru(
                        f"{patient}-{version}",
                        report_no=f"R{patient}",
                        patient_no=f"P{patient}",
                        value=f"4.{version}",
                        status=LIFE[version],
                        minutes=version,
                    )
                    assert code_of(engine.send(message)) == "AA"

    threads = [threading.Thread(target=send, args=(line,)) for line in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert InboxMessage.objects.count() == PATIENTS * VERSIONS


def assert_every_life_once_and_in_order() -> None:
    assert states() == {("recorded", ""): PATIENTS * VERSIONS}
    assert Report.objects.count() == PATIENTS
    for report in Report.objects.all():
        versions = ReportVersion.objects.filter(report_id=report.report_id).order_by("version")
        assert [v.status for v in versions] == [
            "preliminary",
            "preliminary",
            "final",
            "corrected",
            "corrected",
        ]
        values = Result.objects.filter(report_id=report.report_id).order_by("version")
        assert [row.value for row in values] == ["4.0", "4.1", "4.2", "4.3", "4.4"]


def test_killed_worker_leaves_everything_done_once_and_in_order(
    listener: RunningListener, register: Register, database_url: str
) -> None:
    register("H001")
    send_lives(listener.port)
    for left in (PATIENTS * 4, PATIENTS * 2):
        with worker(database_url) as process:
            wait_until_left(left)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert InboxMessage.objects.filter(state="received").exists(), "it was to be killed in the middle"
    with worker(database_url) as process:
        wait_until_left(0)
        process.terminate()
        assert process.wait() == 0
    assert_every_life_once_and_in_order()


def test_two_workers_share_the_lanes(
    listener: RunningListener, register: Register, database_url: str
) -> None:
    register("H001")
    with worker(database_url), worker(database_url):
        send_lives(listener.port)
        wait_until_left(0)
    assert_every_life_once_and_in_order()


def test_repeated_message_is_recorded_once(engine: Engine) -> None:
    first = engine.send(oru("1"))
    work_off()
    assert engine.send(oru("1")) == first
    work_off()
    assert ReportVersion.objects.count() == 1
    assert states() == {("recorded", ""): 1}


def test_report_names_message_it_came_by(engine: Engine) -> None:
    engine.send(oru("1"))
    work_off()
    version = ReportVersion.objects.get()
    assert version.message_id == InboxMessage.objects.get().message_id
    assert version.source == "hl7"


def test_unmapped_code_waits_for_a_person(engine: Engine) -> None:
    engine.send(oru("1").replace("2823-3^钾^LN".encode(), "K01^钾^L".encode()))
    work_off()
    message = InboxMessage.objects.get()
    assert message.state == "waiting"
    assert WorkItem.objects.get(message_id=message.message_id).resolved_at is None
    assert Result.objects.get().item_code == ""


def test_waiting_message_is_recorded_once_its_code_is_mapped(engine: Engine) -> None:
    engine.send(oru("1").replace("2823-3^钾^LN".encode(), "K01^钾^L".encode()))
    work_off()
    confirm_code("H001", "K01", "K", author="tester")
    deliver()
    assert InboxMessage.objects.get().state == "recorded"
    assert Result.objects.get().item_code == "K"


def test_upload_that_lost_its_process_is_recorded_by_the_worker(committed_db: None) -> None:
    body = {
        "report_no": "R1",
        "kind": "lab",
        "status": "final",
        "patient": {"identifiers": [{"type": "local", "value": "P1"}], "name": "李雷"},
        "reported_at": "2026-03-02T09:00:00+08:00",
        "collected_at": "2026-03-02T08:00:00+08:00",
        "results": [{"item": {"system": "item", "code": "K"}, "value": "4.1", "unit": "mmol/L"}],
    }
    long_ago = now() - 2 * ABANDONED_AFTER
    message_id = keep_json("H001", json.dumps(body).encode(), "report", at=long_ago)
    take_over_abandoned(PROCESSORS, now=now())
    work_off()
    assert InboxMessage.objects.get(message_id=message_id).state == "recorded"
    assert Result.objects.get().item_code == "K"


def test_what_results_would_refuse_is_refused_at_the_door(engine: Engine) -> None:
    answer = engine.send(oru("1", report_no="R" * 200))
    assert (code_of(answer), field(answer, "ERR", 3)[:3]) == ("AE", "102")
    assert "report_no" in field(answer, "ERR", 7)


def test_patient_registered_by_adt_is_the_report_s_patient(engine: Engine) -> None:
    assert code_of(engine.send(adt("1", event="A04"))) == "AA"
    assert code_of(engine.send(oru("2"))) == "AA"
    work_off()
    assert states() == {("recorded", ""): 2}
    assert Report.objects.get().person_id == Person.objects.get().person_id


def test_cancelled_report_is_voided_and_so_is_one_that_never_came(engine: Engine) -> None:
    engine.send(oru("1", report_no="R1"))
    engine.send(oru("2", report_no="R1", status="X", minutes=5))
    engine.send(oru("3", report_no="R9", status="X", minutes=5))
    work_off()
    assert set(Report.objects.values_list("report_no", "current_version")) == {("R1", 1), ("R9", 0)}
    assert not Report.objects.filter(voided_at=None).exists()
    assert InboxMessage.objects.filter(state="recorded").count() == 3


def test_cancellation_that_repeats_the_first_time_voids_the_correction(engine: Engine) -> None:
    engine.send(oru("1", report_no="R1"))
    engine.send(oru("2", report_no="R1", value="4.9", status="C", minutes=30))
    cancellation = oru("3", report_no="R1", status="X", minutes=60)
    obr_22 = b"|||||||20260302090000|||X"
    assert obr_22 in cancellation
    engine.send(cancellation.replace(obr_22, b"|||||||20260302080000|||X"))
    work_off()
    assert Report.objects.get().voided_at is not None
    assert states() == {("recorded", ""): 3}


def test_second_cancellation_is_recorded_and_changes_nothing(engine: Engine) -> None:
    engine.send(oru("1", report_no="R1"))
    for minutes in (5, 9):
        engine.send(oru(f"X{minutes}", report_no="R1", status="X", minutes=minutes))
    work_off()
    assert states() == {("recorded", ""): 3}


def test_refusal_after_the_answer_says_in_chinese_what_to_do(engine: Engine) -> None:
    engine.send(oru("1", report_no="R1"))
    engine.send(oru("2", report_no="R1", status="X", minutes=5))
    engine.send(oru("3", report_no="R1", value="4.9", status="C", minutes=9))
    work_off()
    refused = InboxMessage.objects.get(control_id="3")
    assert (refused.state, refused.reason_code) == ("refused", "report.voided")
    assert refused.reason_text == "此报告此前已作废，本消息未入库：请以新的报告单号（OBR-3）重新发出。"


def test_guessed_character_set_is_a_work_item_of_the_sender(engine: Engine) -> None:
    for number in ("1", "2"):
        raw = oru(number, charset="", name="王珅").decode().encode("gb18030")
        assert code_of(engine.send(raw)) == "AA"
    work_off()
    item = WorkItem.objects.get(kind="encoding.guessed")
    assert item.subject == "H001"
    assert Person.objects.get().name == "王珅"


@pytest.fixture
def enhanced(engine: Engine, database_url: str) -> Iterator[Engine]:
    with worker(database_url):
        yield engine


def test_application_acknowledgement_follows_processing(enhanced: Engine) -> None:
    assert code_of(enhanced.send(oru("1", accept="AL", application="AL"))) == "CA"
    later = enhanced.read()
    assert (code_of(later), field(later, "MSA", 2)) == ("AA", "1")


def test_application_acknowledgement_without_commit(enhanced: Engine) -> None:
    later = enhanced.send(oru("1", accept="NE", application="AL"))
    assert (code_of(later), field(later, "MSA", 2)) == ("AA", "1")


def test_application_acknowledgement_on_error_tells_the_reason(enhanced: Engine) -> None:
    assert code_of(enhanced.send(oru("1", accept="AL", application="ER"))) == "CA"
    void_then_correct(enhanced)
    later = enhanced.read()
    assert (code_of(later), field(later, "MSA", 2)) == ("AE", "4")
    assert field(later, "ERR", 3)


def void_then_correct(engine: Engine) -> None:
    """Withdraw a report, then send it again under the same number, which is refused."""
    assert code_of(engine.send(oru("2", report_no="R2"))) == "AA"
    assert code_of(engine.send(oru("3", report_no="R2", status="X", minutes=5))) == "AA"
    again = oru("4", report_no="R2", status="C", minutes=9, accept="AL", application="ER")
    assert code_of(engine.send(again)) == "CA"
