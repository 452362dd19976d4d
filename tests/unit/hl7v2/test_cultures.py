"""Cultures: organisms, drugs, figures; in the dialects of linking them."""

from decimal import Decimal

import pytest
from hl7v2_messages import ORDER, PATIENT, decode, message, result, with_field

from yijian.domains.results.values import Measure, Organism, UploadedReport

CULTURE = with_field(with_field(ORDER, 4, "MIC01^痰培养^L"), 24, "MB")
KPN = "OBX|1|CE|ORG^细菌鉴定^L|1|kpn^肺炎克雷伯菌^L||||||F"


def culture(*lines: str) -> UploadedReport:
    (report,) = decode(result(*lines, order=CULTURE)).reports
    return report


def drugs_of(organism: Organism) -> list[tuple[str, str | None]]:
    return [(tried.drug.code, tried.conclusion) for tried in organism.susceptibilities]


@pytest.mark.parametrize("sub_id", ["1", "1.1", "1-1", "1_3", "1.2.1", ""])
def test_a_drug_finds_its_organism_by_sub_id_or_place(sub_id: str) -> None:
    report = culture(KPN, f"OBX|2|ST|AMK^阿米卡星^L|{sub_id}|<=2|ug/ml|S<=16|S|||F")
    assert [drugs_of(organism) for organism in report.organisms] == [[("AMK", "S")]]
    assert [row.item.code for row in report.results] == ["ORG"]


def test_two_organisms_keep_their_drugs_apart() -> None:
    report = culture(
        KPN,
        KPN.replace("|1|kpn^肺炎克雷伯菌^L", "|2|eco^大肠埃希菌^L"),
        "OBX|3|ST|AMK^阿米卡星^L|1|<=2|ug/ml||S|||F",
        "OBX|4|ST|AMK^阿米卡星^L|2|>=64|ug/ml||R|||F",
    )
    assert [drugs_of(organism) for organism in report.organisms] == [[("AMK", "S")], [("AMK", "R")]]


def test_a_child_order_hangs_on_its_parent_result() -> None:
    child = "OBR|2|O2|F2|AST^药敏^L|||20261101080000|||||||||||||||20261101090000||MB|F|ORG^1||||^F1"
    (report,) = decode(
        message(
            PATIENT,
            CULTURE,
            KPN,
            child.replace("||||^F1", "|||O1^F1"),
            "OBX|1|SN|AMK^阿米卡星^L||<=^2|mg/L||S|||F",
        )
    ).reports
    assert report.report_no == "F1"
    assert drugs_of(report.organisms[0]) == [("AMK", "S")]
    assert report.organisms[0].susceptibilities[0].mic == Measure(
        value=Decimal(2), comparator="<=", unit="mg/L"
    )


def test_a_disc_has_a_zone_and_a_content() -> None:
    report = culture(KPN, "OBX|2|NM|AMK^阿米卡星^L|1|21|mm|15-16|S|||F||||||K-B纸片法 30ug")
    (tried,) = report.organisms[0].susceptibilities
    assert (tried.zone, tried.mic) == (Measure(value=Decimal(21), unit="mm"), None)
    assert (tried.disc_content, tried.breakpoints) == ("30ug", "15-16")


@pytest.mark.parametrize(
    ("printed", "zone", "mic"),
    [
        ("17mm", Measure(value=Decimal(17), unit="mm"), None),
        ("≤0.5 ug/mL", None, Measure(value=Decimal("0.5"), comparator="<=", unit="ug/mL")),
        (">=64 μg/ml(R)", None, Measure(value=Decimal(64), comparator=">=", unit="μg/ml")),
        ("0.5 S", None, Measure(value=Decimal("0.5"))),
        ("1/2", None, None),
    ],
)
def test_a_figure_is_read_with_what_is_printed_beside_it(
    printed: str, zone: Measure | None, mic: Measure | None
) -> None:
    report = culture(KPN, f"OBX|2|ST|AMK^阿米卡星^L|1|{printed}|||S|||F")
    (tried,) = report.organisms[0].susceptibilities
    assert (tried.value, tried.zone, tried.mic) == (printed, zone, mic)


def test_figure_and_conclusion_sent_apart_become_one() -> None:
    report = culture(
        KPN, "OBX|2|ST|AMK^阿米卡星^L|1|<=2|ug/ml|||||F", "OBX|3|CE|AMK^阿米卡星^L|1|S^敏感||||||F"
    )
    (tried,) = report.organisms[0].susceptibilities
    assert (tried.conclusion, tried.value) == ("S", "<=2")


@pytest.mark.parametrize(
    "word", ["无细菌生长", "培养5天无菌生长", "未检出致病菌", "正常咽部菌群", "No growth"]
)
def test_what_did_not_grow_is_a_row_and_no_organism(word: str) -> None:
    report = culture(f"OBX|1|ST|ORG^细菌鉴定^L|1|{word}||||||F")
    assert report.organisms == ()
    assert [row.value for row in report.results] == [word]


def test_withdrawn_drugs_are_left_out() -> None:
    report = culture(KPN, "OBX|2|ST|AMK^阿米卡星^L|1|<=2|ug/ml||S|||D")
    assert report.organisms[0].susceptibilities == ()


def test_a_flag_without_organism_stays_with_its_row() -> None:
    (report,) = decode(result("OBX|1|ST|X^某项^L||1|||R|||F")).reports
    assert (report.organisms, report.results[0].flag) == ((), "R")
