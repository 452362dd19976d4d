"""Who recognises what: agreements, HR rights, suspensions and methods of the region, as rows. Pure.

The national baseline is 国卫医发〔2022〕6号. The provincial windows are those a university hospital of the
province publishes (30, 60 and 7 days); those of cities and
consortia are invented in the spirit of 国卫医政发〔2024〕37号.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from random import Random
from typing import Any

from yijian.demo.calendar import Calendar
from yijian.demo.tables import Institution, list_consortia, list_providers
from yijian.domains.terminology.catalogue import load_items
from yijian.domains.terminology.values import Comparability, Kind

__all__ = ["agreement_rows", "assay_rows", "right_rows", "suspension_rows"]

BOTH_WAYS = ["same", "down", "up"]
NOT_UPWARD = ["same", "down"]
MEASURES = "《医疗机构检查检验结果互认管理办法》(国卫医发〔2022〕6号)"
GUIDANCE = "《关于进一步推进医疗机构检查检验结果互认的指导意见》(国卫医政发〔2024〕37号)"
HUBEI = "省级互认项目及参考时限:30天、60天、7天(公开的院级公示);方向与标识范围为演示设定"
INVENTED = "演示设定"

MONTH = "TP Alb Fer Glu TC TG HDL LDL ApoA1 ApoB TBil DBil"
TWO_MONTHS = "HbA1c"
WEEK = "K Na Cl Ca Mg Fe TIBC P Li"

NATIONAL = (
    "WBC RBC Hb PLT Hct MCV MCH MCHC K Na Cl Ca P TP Alb TC TG Cre Urea UA Glu ALT AST GGT LDH CK HDL LDL"
    " HbA1c Amy ALP TBil DBil HBsAg HBsAb AntiHCV AntiHIV AntiTP AFP CEA TPSA TSH T3 FT3 FT4 T4 IgG IgM IgA"
    " C3 C4 PT APTT Fib TT IMG-DX-CHEST IMG-DX-CHEST-PA-LAT IMG-CT-CHEST-PLAIN IMG-CT-HEAD-PLAIN"
)
CORE = (
    "WBC RBC Hb PLT Hct MCV MCH MCHC K Na Cl Ca P Mg TP Alb TBil DBil ALT AST ALP GGT PA CHE TBA Cre Urea UA"
    " CysC Glu HbA1c TC TG HDL LDL ApoA1 ApoB CRP HBsAg HBsAb HBeAg HBeAb HBcAb"
)
BASIC = "WBC RBC Hb PLT Hct MCV MCH MCHC K Na Cl Glu Cre Urea ALT AST TC TG"

PLATFORMS = ("电化学发光-A", "化学发光微粒子-B", "化学发光-C")
"""Method classes of immunoassays; results of one class compare."""


@cache
def laboratory_codes() -> tuple[str, ...]:
    return tuple(i.code for i in load_items() if i.kind is Kind.LAB and not i.negative_list)


@cache
def exam_codes() -> tuple[str, ...]:
    return tuple(i.code for i in load_items() if i.kind is Kind.EXAM and not i.negative_list)


def _agreement(code: str, version: int, scope: tuple[str, str], since: date, **terms: Any) -> dict[str, Any]:
    defaults = {"accepted_marks": [], "directions": BOTH_WAYS, "clock": "collection", "name_en": code}
    kind, scope_code = scope
    return (
        defaults
        | terms
        | {
            "code": code,
            "version": version,
            "scope_kind": kind,
            "scope_code": scope_code,
            "effective_from": since,
        }
    )


def _agreements(calendar: Calendar) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each version of an agreement with its windows."""
    yield (
        _agreement(
            *("CN-2022-6", 1, ("nation", "CN"), date(2022, 3, 1)),
            name_zh="全国检查检验结果互认",
            name_en="National recognition",
            accepted_marks=["nation"],
            source=MEASURES,
        ),
        [],
    )
    yield from _provincial(calendar)
    yield from _municipal()
    yield (
        _agreement(
            *("JJJL", 1, ("alliance", "JJJL"), date(2023, 1, 1)),
            name_zh="京津冀鲁检验检查结果互认",
            name_en="Beijing-Tianjin-Hebei-Shandong recognition",
            accepted_marks=["nation", "alliance"],
            source="京津冀鲁临床检验结果互认项目(2023-2024)",
        ),
        [],
    )
    for consortium in list_consortia():
        yield (
            _agreement(
                *(consortium.code, 1, ("consortium", consortium.code), date(2025, 1, 1)),
                name_zh=f"{consortium.name_zh}内部互认",
                name_en=f"{consortium.name_en}: within",
                mark_required=False,
                source=f"{GUIDANCE}:紧密型医联体内部全部项目互认",
            ),
            [],
        )


def _provincial(calendar: Calendar) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    terms: dict[str, Any] = {"name_zh": "湖北省检查检验结果互认", "name_en": "Hubei recognition"}
    marks = ["nation", "province"]
    scope = ("province", "42")
    yield (
        _agreement(
            *("HB", 1, scope, date(2024, 1, 1)),
            **terms,
            accepted_marks=marks,
            directions=["same"],
            clock="report",
            source=f"{INVENTED}:只限同级的前一版",
        ),
        _item_windows({MONTH: 14, TWO_MONTHS: 30, WEEK: 3}),
    )
    yield (
        _agreement(
            *("HB", 2, scope, calendar.new_rules_on),
            **terms,
            accepted_marks=marks,
            directions=NOT_UPWARD,
            source=HUBEI,
        ),
        _item_windows({MONTH: 30, TWO_MONTHS: 60, WEEK: 7}),
    )


def _municipal() -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    yield (
        _agreement(
            *("WH", 1, ("city", "4201"), date(2024, 7, 1)),
            name_zh="武汉市检查检验结果互认",
            name_en="Wuhan recognition",
            directions=BOTH_WAYS,
            upward_within="county",
            clock="report",
            source=f"{INVENTED};武汉HR 仅限市内",
        ),
        [
            {"category": "lab", "care_setting": "inpatient", "hours": 7 * 24},
            {"category": "lab", "care_setting": "emergency", "hours": 24},
            {"category": "imaging", "care_setting": "outpatient", "hours": 30 * 24},
            {"category": "imaging", "care_setting": "inpatient", "hours": 14 * 24},
            {"category": "ultrasound", "hours": 14 * 24},
        ],
    )
    yield (
        _agreement(
            *("YC", 1, ("city", "4205"), date(2024, 10, 1)),
            name_zh="宜昌市检查检验结果互认",
            name_en="Yichang recognition",
            directions=NOT_UPWARD,
            source=INVENTED,
        ),
        [{"category": "lab", "care_setting": "inpatient", "hours": 5 * 24}],
    )


def _item_windows(days_of: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"item_id": code, "hours": days * 24} for codes, days in days_of.items() for code in codes.split()
    ]


def agreement_rows(calendar: Calendar) -> dict[str, list[dict[str, Any]]]:
    """Return agreements, their parties and their windows; the province names its region as party."""
    agreements: list[dict[str, Any]] = []
    windows: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for number, (agreement, its_windows) in enumerate(_agreements(calendar), start=1):
        agreements.append(agreement | {"id": number})
        windows += [window | {"agreement_id": number} for window in its_windows]
        if agreement["scope_kind"] in ("province", "city"):
            members.append({"agreement_id": number, "region_id": agreement["scope_code"]})
    return {
        "sharing.Agreement": agreements,
        "sharing.AgreementMember": members,
        "sharing.AgreementWindow": windows,
    }


SCOPES = {
    "nation": ("nation", "CN", "全国HR", "国家级室间质评连续两次合格,室内质控变异系数达标"),
    "province": ("province", "42", "鄂HR", "省级室间质评与现场评价合格"),
    "wuhan": ("city", "4201", "武汉HR", "武汉市临床检验质控中心评价合格"),
    "yichang": ("city", "4205", "宜昌HR", "宜昌市临床检验质控中心评价合格"),
    "alliance": ("alliance", "JJJL", "京津冀HR", "京津冀鲁区域性室间质评合格"),
}


def _earned(institution: Institution) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (scope, item codes) of the marks an institution has earned."""
    city = "wuhan" if institution.region.startswith("4201") else "yichang"
    laboratory, exams = laboratory_codes(), exam_codes()
    match institution.rights:
        case "national":
            yield "nation", tuple(NATIONAL.split())
            yield "province", (*laboratory, *exams)
        case "provincial":
            yield "province", tuple(CORE.split()) + tuple(c for c in laboratory if c not in CORE.split())[:80]
            yield city, (*laboratory, *exams)
        case "city":
            yield "province", tuple(CORE.split())
            yield city, (*laboratory[:120], *exams)
        case "basic":
            yield city, tuple(BASIC.split())
        case "laboratory":
            yield "province", laboratory
        case "imaging":
            yield "province", exams
        case "alliance":
            yield "nation", tuple(NATIONAL.split())[:28]
            yield "alliance", (*laboratory, *exams)


LOST = {("42050301", code): 26 for code in ("TSH", "T3", "T4", "FT3", "FT4", "LDH", "HBDH", "CK")}
"""(institution, item) → days since the right was withdrawn after a failed external assessment."""
RUN_OUT = {("42052801", code): 40 for code in ("Cre", "Urea", "UA", "CysC")}
"""… since its period ran out and was not renewed."""


def right_rows(calendar: Calendar) -> Iterator[dict[str, Any]]:
    """Yield the HR rights: two years and a half, some ended early, some not renewed."""
    since = calendar.day(600).replace(day=1)
    for institution in list_providers():
        for scope, codes in _earned(institution):
            kind, scope_code, label, evidence = SCOPES[scope]
            for code in dict.fromkeys(codes):
                yield {
                    "institution_id": institution.code,
                    "item_id": code,
                    "scope_kind": kind,
                    "scope_code": scope_code,
                    "label": label,
                    "valid_from": since,
                    "evidence": f"{since.year}年度{evidence}",
                } | _period(institution.code, code, calendar)


def _period(institution_code: str, item_code: str, calendar: Calendar) -> dict[str, Any]:
    lost, run_out = LOST.get((institution_code, item_code)), RUN_OUT.get((institution_code, item_code))
    until = calendar.day(run_out) if run_out else calendar.day(-480)
    ended = {"ended_on": calendar.day(lost), "end_reason": "室间质评不合格,资格撤销"} if lost else {}
    return {"valid_until": until, **ended}


def suspension_rows(calendar: Calendar) -> Iterator[dict[str, Any]]:
    """Yield what takes away: doubt, suspended item, negative list, suspended laboratory."""

    def row(kind: str, starts: int, raised: int, reason: str, **what: Any) -> dict[str, Any]:
        starts_at, raised_at = _midnight(calendar, starts), _midnight(calendar, raised)
        return {
            "kind": kind,
            "starts_at": starts_at,
            "raised_at": raised_at,
            "reason": reason,
            "source": INVENTED,
        } | what

    yield row(
        *("quality", 75, 60, "ALT 试剂批次偏差,该期间结果存疑"),
        institution_id="42011101",
        item_id="ALT",
        ends_at=_midnight(calendar, 62),
    )
    yield row("item", 30, 30, "全省更换检测方法,暂停互认", item_id="ESR")
    yield row("negative_list", 200, 200, "变化快,不列入互认", item_id="PCT")
    yield row(
        *("institution", 110, 110, "室内质控连续失控,暂停资格"),
        institution_id="42011601",
        item_id="APTT",
        ends_at=_midnight(calendar, 70),
    )


def _midnight(calendar: Calendar, days_ago: int) -> datetime:
    return calendar.at(days_ago, 0)


def assay_rows() -> Iterator[dict[str, Any]]:
    """Yield the method class of each institution's method-dependent items: large ones share a platform."""
    dependent = [item.code for item in load_items() if item.comparability is Comparability.METHOD]
    for institution in list_providers():
        if institution.kind in ("township", "community", "imaging"):
            continue
        random = Random(f"platform {institution.code}")
        national = institution.rights in ("national", "laboratory")
        platform = PLATFORMS[0] if national else random.choice(PLATFORMS)
        for code in dependent:
            yield {
                "institution_id": institution.code,
                "item_id": code,
                "method_class": platform,
                "valid_from": date(2023, 1, 1),
            }
