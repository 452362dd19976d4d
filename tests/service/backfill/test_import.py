"""An institution's past from files: every entry accounted for, once, whatever interrupts."""

import csv
import gzip
import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.flow.processing import deliver
from tests.service.region import CITY, lab_report, make_region, patient, resident_id
from yijian.domains.results.api import document_store
from yijian.domains.results.models import OrderFact, Report, ReportVersion, Result
from yijian.domains.terminology.api import confirm_code
from yijian.foundation.backfill import api as backfill
from yijian.foundation.backfill.models import BackfillBatch, BackfillFile
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.inbox.models import InboxMessage
from yijian.gateways.backfill import importing
from yijian.gateways.backfill.codec import Kind
from yijian.gateways.backfill.files import find_files
from yijian.gateways.backfill.importing import Imported, Job, import_file
from yijian.kit.ids import member_of

pytestmark = pytest.mark.django_db

HEADER = (
    "报告号,身份证号,姓名,性别,出生日期,采集时间,报告时间,标本代码,"
    "编码体系,项目代码,项目名称,结果,单位,参考范围"
)


def run(path: Path, kind: Kind = Kind.REPORTS, *, check: bool = False) -> Imported:
    return import_file(path, Job(kind, CITY, check=check), lambda _progress, _length: None)


def counts(imported: Imported) -> tuple[int, int, int, int]:
    found = imported.progress.counts
    return found.recorded, found.duplicate, found.waiting, found.refused


def row(report_no: str, *values: str, number: str | None = None, item: str = "K", result: str = "4.1") -> str:
    person = ("张伟", "男", "1985-03-16", "2016/3/1 8:00", "2016-03-01 09:30", "SER")
    cells = (
        report_no,
        number or resident_id(),
        *person,
        "目录",
        item,
        "钾",
        result,
        "mmol/L",
        "3.5-5.3",
    )
    return ",".join(values or cells)


def ndjson(path: Path, *documents: dict[str, Any] | str) -> Path:
    lines = (each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in documents)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def notes(imported: Imported) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(imported.account.notes.read_text("utf-8-sig"))))


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def test_records_ndjson_once_and_says_so_the_second_time(tmp_path: Path) -> None:
    twice = lab_report("A2")
    path = ndjson(tmp_path / "2016.ndjson", lab_report("A1"), twice, "", twice)
    first = run(path)
    assert counts(first) == (2, 1, 0, 0)
    assert not first.before
    again = run(path)
    assert counts(again) == (2, 1, 0, 0)
    assert again.before
    assert Report.objects.count() == 2
    assert set(ReportVersion.objects.values_list("source", flat=True)) == {"import"}


def test_same_content_under_another_name_is_the_same_file(tmp_path: Path) -> None:
    run(ndjson(tmp_path / "a.ndjson", lab_report("A1")))
    (tmp_path / "b.ndjson").write_bytes((tmp_path / "a.ndjson").read_bytes())
    assert run(tmp_path / "b.ndjson").before


def test_refused_lines_are_named_and_can_be_corrected_and_imported_again(tmp_path: Path) -> None:
    wrong = lab_report("A2")
    del wrong["reported_at"]
    imported = run(ndjson(tmp_path / "x.ndjson", lab_report("A1"), wrong, "{broken", lab_report("A3")))
    assert counts(imported) == (2, 0, 0, 2)
    told = notes(imported)
    assert [(each["行"], each["报告号或医嘱号"], each["字段"]) for each in told] == [
        ("2", "A2", "reported_at"),
        ("3", "", ""),
    ]
    assert imported.account.refused is not None
    left = imported.account.refused.read_text().splitlines()
    assert left == [json.dumps(wrong, ensure_ascii=False), "{broken"]
    assert counts(run(ndjson(tmp_path / "again.ndjson", lab_report("A2")))) == (1, 0, 0, 0)


def test_account_is_for_its_owner_alone(tmp_path: Path) -> None:
    imported = run(ndjson(tmp_path / "x.ndjson", "{broken"))
    refused = imported.account.refused
    assert refused is not None
    assert {each.stat().st_mode & 0o077 for each in (imported.account.notes, refused)} == {0}


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("gb18030", "\t"), ("utf-8-sig", ";")],
)
def test_reads_tables_as_spreadsheets_write_them(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "\r\n".join([HEADER, row("A1"), row("A1", item="Glu", result="5.2"), "", row("A2"), ""])
    path = tmp_path / "x.csv"
    path.write_bytes(text.replace(",", delimiter).encode(encoding))
    assert counts(run(path)) == (2, 0, 0, 0)
    assert sorted(Result.objects.values_list("item_code", flat=True)) == ["Glu", "K", "K"]
    version = ReportVersion.objects.first()
    assert version is not None
    assert version.effective_at == datetime(2016, 3, 1, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "expected"), [("1", (1, 0, 0, 0)), ("9", (1, 0, 0, 0)), ("2", (0, 0, 1, 0))]
)
def test_takes_sexes_as_the_national_standard_codes_them(
    tmp_path: Path, code: str, expected: tuple[int, ...]
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{HEADER}\n{row('A1').replace('男', code)}\n")
    assert counts(run(path)) == expected, "the resident number says male"


def test_takes_english_headings_quotes_line_breaks_and_excels_text_formulas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "report_no,resident_id,name,examined_at,reported_at,item_system,item_code,findings,impression\n"
        f'"=""0001""",{resident_id()},张伟,2016-03-01 08:00,2016-03-01 10:00,item,IMG-CT-HEAD,'
        '"两肺纹理\n清晰，""未见"",异常",未见异常\n'
    )
    imported = run(path)
    assert sum(counts(imported)) == 1, notes(imported)
    body = ReportVersion.objects.get().body
    assert body["exam"]["findings"] == '两肺纹理\n清晰，"未见",异常'
    assert Report.objects.get().report_no == "0001"


def test_faults_of_a_table_name_row_and_column(tmp_path: Path) -> None:
    rounded = row("A1", number="4.20116E+17")
    late = row("A2").replace("2016-03-01 09:30", "2016-13-01 09:30")
    short = "A3,只有,三列"
    absent = row("A4").replace("2016-03-01 09:30", "")
    path = tmp_path / "x.csv"
    path.write_text("\n".join([HEADER, rounded, late, short, absent, row("A5")]))
    imported = run(path)
    assert counts(imported) == (1, 0, 0, 4)
    fields = [each["字段"] for each in notes(imported)]
    assert fields[:3] == ["第 2 行 身份证号", "第 3 行 报告时间", "第 4–4 行"]
    assert imported.account.refused is not None
    assert imported.account.refused.read_text("utf-8-sig").splitlines() == [
        HEADER,
        rounded,
        late,
        short,
        absent,
    ]


def test_rows_of_a_report_that_are_apart_are_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n".join([HEADER, row("A1"), row("A2"), row("A1", item="Glu")]))
    imported = run(path)
    assert counts(imported) == (1, 0, 0, 2)
    assert {each["代码"] for each in notes(imported)} == {"table.scattered"}
    assert Report.objects.get().report_no == "A2"


@pytest.mark.parametrize("other", ['"钾', '钾"'])
def test_a_stray_quote_swallows_no_row_in_silence(tmp_path: Path, other: str) -> None:
    path = tmp_path / "x.csv"
    stray = row("A2").replace("钾", '"钾')
    text = [HEADER, row("A1"), stray, row("A3"), row("A4").replace("钾", other), row("A5")]
    path.write_text("\n".join(text))
    imported = run(path)
    accounted = sum(int(each["至行"]) - int(each["行"]) + 1 for each in notes(imported))
    assert (accounted, imported.progress.counts.recorded) == (3, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfeA\x00", "UTF-16"),
        (b"\xff\xff\xff,1\n", "GB18030"),
        (b"", "标题行"),
        ("报告号,身高\n".encode(), "身高"),
        ("报告号,报告编号\n".encode(), "出现两次"),
        (HEADER.replace("报告号,", "").encode(), "缺少列：报告号。"),
        (HEADER.replace("采集时间,", "").encode(), "缺少列：采集时间 或 检查时间 或 检验时间。"),
        (HEADER.replace("身份证号,", "").encode(), "缺少列：身份证号 或 患者号 或 护照号。"),
        (f"{HEADER}\r{HEADER}\r".encode(), "行尾"),
    ],
)
def test_refuses_a_table_nobody_can_read(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(CannotGoOn, match=said):
        run(path)
    assert not BackfillFile.objects.exists()


def test_reads_directories_and_packed_files_and_passes_over_its_own_accounts(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "b.ndjson.gz", "wt") as packed:
        packed.write(json.dumps(lab_report("B1")) + "\n")
    ndjson(tmp_path / "a.ndjson", "{broken")
    for path in find_files([tmp_path]):
        run(path)
    assert [path.name for path in find_files([tmp_path])] == ["a.ndjson", "b.ndjson.gz"]
    assert Report.objects.get().report_no == "B1"


def test_damaged_packed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.ndjson.gz"
    path.write_bytes(gzip.compress(json.dumps(lab_report("B1")).encode())[:-9])
    with pytest.raises(CannotGoOn, match="damaged"):
        run(path)


def test_check_records_nothing_and_tells_the_same(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "x.ndjson", lab_report("A1"), "{broken")
    checked = run(path, check=True)
    assert counts(checked) == (1, 0, 0, 1)
    assert len(notes(checked)) == 1
    assert not Report.objects.exists()
    assert not BackfillFile.objects.exists()
    assert counts(run(path)) == (1, 0, 0, 1)


def test_what_waits_lies_in_the_inbox_until_it_is_mended(tmp_path: Path) -> None:
    local = lab_report("A1")
    local["results"] = [{**local["results"][0], "item": {"system": "local", "code": "0123", "name": "钾"}}]  # type: ignore[index]
    imported = run(ndjson(tmp_path / "x.ndjson", local, lab_report("A2")))
    assert counts(imported) == (1, 0, 1, 0)
    assert [each["字段"] for each in notes(imported)] == ["unmapped_code"]
    waiting = InboxMessage.objects.get()
    assert (waiting.protocol, waiting.state) == ("import", "waiting")
    confirm_code(CITY, "0123", "K", author="tester")
    deliver()
    waiting.refresh_from_db()
    assert waiting.state == "recorded"
    assert not Result.objects.filter(item_code="").exists()


def test_a_report_leads_to_its_place_in_the_archived_file(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "x.ndjson", lab_report("A1"), lab_report("A2"))
    run(path)
    batch_id, place = member_of(ReportVersion.objects.get(body__report_no="A2").message_id)  # type: ignore[arg-type]
    batch = BackfillBatch.objects.get(batch_id=batch_id)
    file = BackfillFile.objects.get(file_id=batch.file_id)
    archived = b"".join(backfill.read_archived(document_store(), file.manifest_key))
    assert archived == path.read_bytes()
    assert json.loads(archived[batch.position :].splitlines()[place])["report_no"] == "A2"


def test_archive_is_sealed(tmp_path: Path) -> None:
    run(ndjson(tmp_path / "x.ndjson", lab_report("A1")))
    manifest = document_store().get(BackfillFile.objects.get().manifest_key)
    assert b"sha256" not in manifest


def test_orders_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    number = resident_id()
    path.write_text(
        "医嘱号,状态,发生时间,身份证号,姓名,编码体系,项目代码,价格\n"
        f"O1,开立,2016-03-01 08:00,{number},张伟,目录,K,12.00\n"
        f"O1,收费,2016-03-01 08:05,{number},张伟,目录,K,12.00\n"
        f"O1,开立,2016-03-01 08:00,{number},张伟,目录,K,12.00\n"
        f"O2,开立,2016-03-01 08:00,{number},张伟,目录,K,-1\n"
        f"O3,撤回,2016-03-01 08:00,{number},张伟,目录,K,1\n"
    )
    imported = run(path, Kind.ORDERS)
    assert counts(imported) == (2, 1, 0, 2)
    assert [each["字段"] for each in notes(imported)] == ["第 5 行 价格", "第 6 行 状态"]
    assert OrderFact.objects.count() == 2


def test_matches_a_past_name_of_the_same_number(tmp_path: Path) -> None:
    """A name changed in ten years is a doubt for a person to settle, never a lost report."""
    run(ndjson(tmp_path / "now.ndjson", lab_report("A1")))
    old = lab_report("A0", hours_ago=24 * 365 * 10, patient=patient(name="张卫"))
    imported = run(ndjson(tmp_path / "old.ndjson", old))
    assert sum(counts(imported)) == 1
    assert imported.progress.counts.refused == 0
    assert Report.objects.filter(report_no="A0").exists()


def test_stopped_between_batches_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ENTRIES", 2)
    path = ndjson(tmp_path / "x.ndjson", *(lab_report(f"A{index}") for index in range(7)))

    def stop_after_two(progress: backfill.FileProgress, _length: int) -> None:
        if progress.counts.recorded >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(path, Job(Kind.REPORTS, CITY), stop_after_two)
    assert Report.objects.count() == 4
    assert counts(run(path)) == (7, 0, 0, 0)


IMPORT = (
    "import django; django.setup();"
    "from yijian.gateways.backfill import importing; importing.BATCH_ENTRIES = 5;"
    "from yijian.config.cli import main; main()"
)


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    documents: list[dict[str, Any] | str] = [lab_report(f"A{index}") for index in range(300)]
    documents[77] = "{broken"
    path = ndjson(tmp_path / "x.ndjson", *documents)
    environment = os.environ | {"YIJIAN_DATABASE_URL": database_url}
    command = [sys.executable, "-c", IMPORT, "import", "reports", str(path), "--institution", CITY]
    pick = random.Random(7)  # noqa: S311 - moments to kill at
    for _ in range(4):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        before = Report.objects.count()
        deadline = time.monotonic() + 60
        while Report.objects.count() < before + 20 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(pick.uniform(0.001, 0.02))
        process.kill()
        process.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "299 recorded, 0 duplicate, 0 waiting, 1 refused" in done.stdout
    assert Report.objects.count() == 299
    assert ReportVersion.objects.count() == 299
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "already imported" in again.stdout
