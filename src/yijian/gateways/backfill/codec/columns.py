"""The columns of tables: their Chinese and English names, and where each value goes in the document."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from yijian.kit.clock import CHINA
from yijian.kit.errors import FieldError

from .entry import Kind, refused

__all__ = ["COLUMNS", "Column", "Value", "cleaned", "read_header"]

Value = str | bool | tuple[str, ...]

MOMENT = re.compile(
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
    r"(?:[ T]*(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
EXPONENT = re.compile(r"\d(?:\.\d+)?[Ee]\+\d+")
TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
"""How Excel is told to leave a number's zeros alone."""


def plain(text: str) -> str:
    return text


def number(text: str) -> str:
    """Refuse what a spreadsheet has rounded: 4.20116E+17 is nobody's number any more."""
    if EXPONENT.fullmatch(text):
        raise ValueError("被电子表格改成了科学计数法：请把此列设为文本后重新导出")
    return text


def instant(text: str) -> str:
    """Read a time; one without zone is China's."""
    found = MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("不是时间：写作 2016-03-01 08:30")
    year, month, day, hour, minute, second, zone = found.groups()
    if hour is None:
        raise ValueError("缺少时刻：写作 2016-03-01 08:30")
    try:
        at = datetime(*map(int, (year, month, day, hour, minute, second or "0")), tzinfo=CHINA)  # type: ignore[misc, arg-type]
    except ValueError:
        raise ValueError("不是日历上的时间") from None
    if zone is None:
        return at.isoformat()
    offset = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{at.replace(tzinfo=None).isoformat()}{offset}"


def day(text: str) -> str:
    found = MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("不是日期：写作 1985-03-16")
    year, month, day_of_month = map(int, found.groups()[:3])
    try:
        return datetime(year, month, day_of_month, tzinfo=CHINA).date().isoformat()
    except ValueError:
        raise ValueError("不是日历上的日期") from None


def one_of(words: Mapping[str, str], others: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """Read a word in Chinese, or of the `others`, as the contract's code; a code of the contract passes."""
    codes = {**words, **(others or {}), **{code: code for code in words.values()}}

    def read(text: str) -> str:
        code = codes.get(text.casefold())
        if code is None:
            raise ValueError(f"只能是 {'、'.join(words)}")
        return code

    return read


def flag(text: str) -> bool:
    return one_of({"是": "1", "否": "0", "y": "1", "n": "0", "true": "1", "false": "0"})(text) == "1"


def several(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[;；,\s]+", text) if part)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its names, the path of its value, whether each row has its own, and how it is read.

    Only a column of `prose` holds line breaks.
    """

    path: str
    names: tuple[str, ...]
    read: Callable[[str], Value] = plain
    per_row: bool = False
    prose: bool = False


KINDS = one_of({"检验": "lab", "检查": "exam"})
STATUSES = one_of({"初步": "preliminary", "正式": "final", "更正": "corrected"})
GB_SEXES = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}
"""GB/T 2261.1; 9 is not stated."""
SEXES = one_of({"男": "male", "女": "female", "其他": "other", "未知": "unknown"}, GB_SEXES)
ENCOUNTERS = one_of(
    {"门诊": "outpatient", "急诊": "emergency", "住院": "inpatient", "体检": "checkup", "其他": "other"}
)
ORDER_STATES = one_of({"开立": "placed", "执行": "executed", "取消": "cancelled", "收费": "charged"})
SIDES = one_of({"左": "left", "右": "right", "双侧": "both"})
CONTRASTS = one_of({"平扫": "plain", "增强": "enhanced", "平扫+增强": "both"})
IMAGES = one_of({"有": "available", "无": "none", "不详": "unknown"})
RESULT_KINDS = one_of({"数值": "number", "定性": "qualitative", "文本": "text"})
SYSTEMS = one_of({"目录": "item", "行标": "wst886", "loinc": "loinc", "院内": "local"})

PATIENT = (
    Column("patient.resident_id", ("resident_id", "身份证号", "公民身份号码", "身份证件号码"), number),
    Column("patient.local", ("patient_no", "患者号", "病历号", "门诊号", "住院号"), number),
    Column("patient.passport", ("passport", "护照号"), number),
    Column("patient.name", ("name", "姓名", "患者姓名")),
    Column("patient.sex", ("sex", "性别"), SEXES),
    Column("patient.birth_date", ("birth_date", "出生日期"), day),
    Column("patient.phone", ("phone", "电话", "联系电话"), number),
    Column("encounter.type", ("encounter_type", "就诊类型", "就诊类别"), ENCOUNTERS),
    Column("encounter.number", ("encounter_no", "就诊号"), number),
)
REPORT = (
    Column("report_no", ("report_no", "报告号", "报告编号", "报告单号"), number),
    Column("kind", ("kind", "报告类别"), KINDS),
    Column("status", ("status", "报告状态", "状态"), STATUSES),
    Column("order_no", ("order_no", "医嘱号", "申请单号"), number),
    Column("category.code", ("category_code", "报告分类代码")),
    Column("category.name", ("category_name", "报告分类")),
    *PATIENT,
    Column("requested_by.department.name", ("department", "开单科室", "申请科室")),
    Column("requested_by.practitioner.name", ("requester", "开单医生", "申请医生")),
    Column("performed_by.practitioner.name", ("performer", "检验者", "检查者")),
    Column("reviewed_by.practitioner.name", ("reviewer", "审核者")),
    Column("ordered_at", ("ordered_at", "开单时间", "申请时间"), instant),
    Column("collected_at", ("collected_at", "采集时间", "采样时间"), instant),
    Column("received_at", ("received_at", "接收时间"), instant),
    Column("examined_at", ("examined_at", "检查时间"), instant),
    Column("resulted_at", ("resulted_at", "检验时间", "检测时间"), instant),
    Column("reported_at", ("reported_at", "报告时间"), instant),
    Column("specimen.no", ("specimen_no", "标本号", "条码号"), number),
    Column("specimen.type_code", ("specimen_code", "标本代码")),
    Column("specimen.type_name", ("specimen_name", "标本", "标本类型", "标本名称")),
    Column("exam.findings", ("findings", "检查所见"), prose=True),
    Column("exam.impression", ("impression", "检查结论", "检查提示"), prose=True),
    Column("exam.clinical_diagnosis", ("clinical_diagnosis", "临床诊断"), prose=True),
    Column("exam.accession_no", ("accession_no", "检查号"), number),
    Column("exam.study_uids", ("study_uids", "影像UID"), several),
    Column("exam.image.status", ("image_status", "影像"), IMAGES),
    Column("exam.image.viewer_url", ("viewer_url", "影像地址")),
    Column("item.system", ("item_system", "编码体系"), SYSTEMS, per_row=True),
    Column("item.code", ("item_code", "项目代码", "项目编码"), number, per_row=True),
    Column("item.name", ("item_name", "项目名称", "项目"), per_row=True),
    Column("row_id", ("row_id", "行号"), per_row=True),
    Column("kind", ("result_kind", "结果类型"), RESULT_KINDS, per_row=True),
    Column("value", ("value", "结果", "结果值"), per_row=True, prose=True),
    Column("unit", ("unit", "单位", "计量单位"), per_row=True),
    Column("reference_range", ("reference_range", "参考范围", "参考值"), per_row=True, prose=True),
    Column("flag", ("flag", "异常标志", "标志"), per_row=True),
    Column("critical", ("critical", "危急值"), flag, per_row=True),
    Column("method", ("method", "检验方法", "方法"), per_row=True),
    Column("instrument", ("instrument", "仪器"), per_row=True),
    Column("run_no", ("run_no", "分析批号"), per_row=True),
    Column("comment", ("comment", "备注"), per_row=True, prose=True),
    Column("body_site", ("body_site", "检查部位", "部位"), per_row=True),
    Column("laterality", ("laterality", "侧别"), SIDES, per_row=True),
    Column("contrast", ("contrast", "增强方式"), CONTRASTS, per_row=True),
)
ORDER = (
    Column("order_no", ("order_no", "医嘱号", "申请单号"), number),
    Column("state", ("state", "医嘱状态", "状态"), ORDER_STATES),
    Column("occurred_at", ("occurred_at", "发生时间", "时间"), instant),
    *PATIENT,
    Column("department.code", ("department_code", "科室代码")),
    Column("department.name", ("department", "科室", "开单科室")),
    Column("practitioner.id", ("practitioner_id", "医生工号")),
    Column("practitioner.name", ("practitioner", "医生", "开单医生")),
    Column("item.system", ("item_system", "编码体系"), SYSTEMS),
    Column("item.code", ("item_code", "项目代码", "项目编码"), number),
    Column("item.name", ("item_name", "项目名称", "项目")),
    Column("price", ("price", "价格", "金额")),
)
COLUMNS: Mapping[Kind, tuple[Column, ...]] = {Kind.REPORTS: REPORT, Kind.ORDERS: ORDER}
WHOSE = ("patient.resident_id", "patient.local", "patient.passport")
REQUIRED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.REPORTS: (
        ("report_no",),
        ("reported_at",),
        ("collected_at", "examined_at", "resulted_at"),
        WHOSE,
        ("item.code",),
    ),
    Kind.ORDERS: (("order_no",), ("state",), ("occurred_at",), WHOSE, ("item.code",)),
}
"""Of each group one column at least: without it no row of a table can be recorded."""


def read_header(cells: list[str], kind: Kind) -> tuple[Column, ...]:
    """Return the column under each heading, by that name; refuse one that is none or twice, and a lack."""
    known = {name.casefold(): column for column in COLUMNS[kind] for name in column.names}
    found: list[Column] = []
    for heading in (cell.strip() or "(空)" for cell in cells):
        column = known.get(heading.casefold())
        if column is None:
            remedy = FieldError(heading, "删去此列，或改为文档所列的列名")
            raise refused("table.column_unknown", f"不认识的列：{heading}。", remedy)
        named = replace(column, names=(heading,))
        if any((each.path, each.per_row) == (named.path, named.per_row) for each in found):
            remedy = FieldError(heading, "只留一列")
            raise refused("table.column_twice", f"列 {heading} 出现两次。", remedy)
        found.append(named)
    check_required({column.path for column in found}, kind)
    return tuple(found)


def check_required(paths: set[str], kind: Kind) -> None:
    """Refuse a table that lacks a column without which none of its rows can be recorded."""
    chinese = {column.path: column.names[1] for column in COLUMNS[kind]}
    lacking = [
        " 或 ".join(chinese[path] for path in group) for group in REQUIRED[kind] if not paths & {*group}
    ]
    if lacking:
        named = "、".join(lacking)
        raise refused("table.column_missing", f"缺少列：{named}。", FieldError(named, "补上后再导入"))


def cleaned(cell: str) -> str:
    """Return a cell without what a spreadsheet puts around it."""
    text = cell.strip()
    formula = TEXT_FORMULA.fullmatch(text)
    return formula[1].strip() if formula else text
