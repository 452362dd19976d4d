"""Who recognises what: agreements, options, HR rights, suspensions and methods of the region, as rows. Pure.

Agreements and options stand in `data/agreements.toml`, in the format of published rules (`domains.sharing`).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from yijian.demo.calendar import Calendar
from yijian.demo.tables import ConsortiumRow, Institution, list_consortia, list_providers
from yijian.domains.sharing.published import PublishedRules, read_rules
from yijian.domains.sharing.rows import agreement_row, options_row, party_row, window_row
from yijian.domains.sharing.values import Agreement, Scope, ScopeKind
from yijian.domains.terminology.catalogue import load_items
from yijian.domains.terminology.values import Comparability, Kind

__all__ = ["agreement_rows", "assay_rows", "right_rows", "suspension_rows"]

INVENTED = "演示设定"

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


def _agreements(calendar: Calendar) -> Iterator[Agreement]:
    """Yield what the file says: new provincial rules during the year, and one agreement per consortium."""
    for agreement in _rules().agreements:
        if agreement.code == "CONSORTIUM":
            yield from (_within(consortium, agreement) for consortium in list_consortia())
        elif (agreement.code, agreement.version) == ("HB", 2):
            yield replace(agreement, effective_from=calendar.new_rules_on)
        else:
            yield agreement


def _within(consortium: ConsortiumRow, pattern: Agreement) -> Agreement:
    return replace(
        pattern,
        code=consortium.code,
        scope=Scope(ScopeKind.CONSORTIUM, consortium.code),
        name_zh=f"{consortium.name_zh}{pattern.name_zh}",
        name_en=f"{consortium.name_en}: {pattern.name_en}",
    )


@cache
def _rules() -> PublishedRules:
    text = (files("yijian.demo") / "data" / "agreements.toml").read_text(encoding="utf-8")
    return read_rules(text, "demo")


def agreement_rows(calendar: Calendar) -> dict[str, list[dict[str, Any]]]:
    """Return agreements, their parties and their windows, and what the region settled besides.

    An agreement follows its parts: once it stands there signed, it gains none.
    """
    numbered = list(enumerate(_agreements(calendar), start=1))
    return {
        "sharing.AgreementMember": [
            party_row(party) | {"agreement_id": number} for number, each in numbered for party in each.parties
        ],
        "sharing.AgreementWindow": [
            window_row(window) | {"agreement_id": number}
            for number, each in numbered
            for window in each.windows
        ],
        "sharing.Agreement": [agreement_row(each) | {"id": number} for number, each in numbered],
        "sharing.RegionOptions": [options_row(each) for each in _rules().options],
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
    yield row("item", 30, 30, "全省更换检测方法,暂停互认", item_id="ESR", region_id="42")
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
