"""The patients a visitor should meet: one for every way a question can end, with its trial. Pure.

Times keep days of margin inside every window, so that a story stays true for days after it was sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from yijian.demo.calendar import Calendar
from yijian.demo.events import Event, OrderCheck, Sent
from yijian.demo.issuing import Visit, issue_exam, issue_rows
from yijian.demo.laboratory import OtherUnit, Package, printed_row
from yijian.demo.people import Names, Resident, SexName
from yijian.demo.tables import find_institution
from yijian.domains.identity.values import EncounterType
from yijian.domains.recognition.values import Outcome
from yijian.domains.results.values import ImageStatus, LabResult, ReportStatus, Specimen, UploadedReport

__all__ = ["Story", "Trial", "make_stories"]

CHUYUAN, CHUZE, MINGDE, RIVERSIDE = "42010601", "42010602", "42010201", "42010203"
NANWANG, JIANGXIA, TOWNSHIP, MULAN = "42011101", "42011501", "42011513", "42011601"
XILING, SANJIANG, YILING, YIDU = "42050201", "42050301", "42050601", "42058101"
OUTPATIENT = EncounterType.OUTPATIENT
SERUM = Specimen(type_code="SER", type_name="血清")
WHOLE_BLOOD = Specimen(type_code="BLD", type_name="全血")
CAPILLARY = Specimen(type_code="BLDC", type_name="末梢血")
CITRATE = Specimen(type_name="枸橼酸钠血浆")
DIMER_UNITS = OtherUnit("ng/mL DDU", 0, 230, 0)
CONSENT = {"basis": "patient_consent", "scope": "all", "given_by": "本人"}
GUARDIAN = {"basis": "guardian_consent", "scope": "all", "given_by": "父亲"}

Values = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Trial:
    """A question to put to the system, and what it answers."""

    institution_code: str
    items: tuple[str, ...]
    expect: Outcome
    encounter_type: EncounterType = OUTPATIENT
    authorisation: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One patient, what happened, and the trial. `groundwork` must be settled before the events are sent."""

    code: str
    text: str
    resident: Resident
    trial: Trial
    events: tuple[Event, ...] = ()
    groundwork: tuple[Event, ...] = ()
    checks: tuple[OrderCheck, ...] = field(default=())


class Teller:
    """Makes the people and the reports of the stories; numbers carry the moment they were told."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._names = Names(Random("stories"))
        self._count = 0

    def person(self, name: str, sex: SexName, born: date, home: str) -> Resident:
        number = self._names.resident_id(home, born, sex)
        if number is None:
            raise ValueError(f"give {name} another birth date: the demo's numbers of that day are used up")
        return Resident(number, name, sex, born, home, self._names.phone())

    def visit(self, institution_code: str, resident: Resident, days_ago: int, department: str) -> Visit:
        at = self.calendar.at(days_ago, 8, 30)
        self._count += 1
        number = f"VS{self.calendar.now:%y%m%d%H%M%S}{self._count:03d}"
        return Visit(find_institution(institution_code), resident, at, OUTPATIENT, number, department)

    def laboratory(
        self,
        visit: Visit,
        name: str,
        values: Values,
        specimen: Specimen = SERUM,
        units: dict[str, OtherUnit] | None = None,
    ) -> Sent:
        """Return a report of exactly these values."""
        package = Package("STORY", name, tuple(values), specimen)
        rows = tuple(self._rows(visit, values, units or {}))
        times = (
            visit.at + timedelta(minutes=30),
            visit.at + timedelta(hours=1),
            visit.at + timedelta(hours=3),
        )
        report = issue_rows(visit, package, visit.number.replace("VS", "LS"), rows, times)
        return Sent(visit.institution, report)

    def _rows(self, visit: Visit, values: Values, units: dict[str, OtherUnit]) -> Iterator[LabResult]:
        for sort, (code, value) in enumerate(values.items(), start=1):
            yield printed_row(
                visit.institution, visit.resident, code, value, sort=sort, other=units.get(code)
            )

    def exam(self, visit: Visit, item_code: str) -> Sent:
        report_no = visit.number.replace("VS", "ES")
        report = issue_exam(visit, item_code, report_no, Random("story"), image=ImageStatus.AVAILABLE)
        return Sent(visit.institution, report)


def make_stories(calendar: Calendar) -> list[Story]:
    """Return all stories as told on the calendar's day."""
    teller = Teller(calendar)
    return [tell(teller) for tell in TALES]


def _recognised(t: Teller) -> Story:
    who = t.person("周慧兰", "female", date(1966, 5, 12), "420502")
    sent = t.laboratory(t.visit(XILING, who, 2, "内分泌科"), "糖化血红蛋白", {"HbA1c": 6.9}, WHOLE_BLOOD)
    text = "两天前在宜昌西陵中心医院查过糖化血红蛋白(全国HR);在武汉就诊时应当互认。"
    return Story("recognised", text, who, Trial(MINGDE, ("HbA1c",), Outcome.RECOGNISE), (sent,))


BLOOD_COUNT: Values = {
    "WBC": 6.2,
    "RBC": 4.78,
    "Hb": 146.0,
    "Hct": 43.6,
    "MCV": 91.2,
    "MCH": 30.5,
    "MCHC": 335.0,
    "PLT": 228.0,
}


def _panel(t: Teller) -> Story:
    who = t.person("陈国庆", "male", date(1971, 10, 1), "420115")
    sent = t.laboratory(t.visit(CHUZE, who, 1, "普外科"), "血细胞分析", BLOOD_COUNT, WHOLE_BLOOD)
    text = "昨天在湖北省楚泽人民医院查过血常规;回到江夏区,整组八项均应互认。"
    return Story("recognised", text, who, Trial(JIANGXIA, ("CBC",), Outcome.RECOGNISE), (sent,))


def _imaging(t: Teller) -> Story:
    who = t.person("何正大", "male", date(1952, 2, 17), "420581")
    sent = t.exam(t.visit(CHUYUAN, who, 4, "呼吸内科"), "IMG-CT-CHEST-PLAIN")
    text = "四天前在楚源大学附属第一医院做过胸部CT,影像可在线调阅;宜都的医师可以互认影像。"
    trial = Trial(YIDU, ("IMG-CT-CHEST-PLAIN",), Outcome.RECOGNISE)
    return Story("recognised", text, who, trial, (sent,))


def _consortium(t: Teller) -> Story:
    who = t.person("吴桂芳", "female", date(1959, 8, 30), "420115")
    sent = t.laboratory(t.visit(TOWNSHIP, who, 1, "全科"), "肾功能", {"Cre": 61.4, "Urea": 5.3})
    text = "昨天在本医共体的卫生院查过肌酐;卫生院没有互认标识,但医共体内部全部项目互认。"
    return Story("recognised", text, who, Trial(JIANGXIA, ("Cre",), Outcome.RECOGNISE), (sent,))


def _expired(t: Teller) -> Story:
    who = t.person("刘建萍", "female", date(1968, 3, 4), "420111")
    sent = t.laboratory(t.visit(CHUZE, who, 120, "内分泌科"), "葡萄糖", {"Glu": 5.9})
    text = "四个月前查过血糖,早已超过互认时限。"
    return Story("expired", text, who, Trial(MINGDE, ("Glu",), Outcome.NOT_RECOGNISABLE), (sent,))


def _right_lapsed(t: Teller) -> Story:
    who = t.person("覃秋菊", "female", date(1979, 9, 9), "420503")
    sent = t.laboratory(t.visit(SANJIANG, who, 1, "内分泌科"), "促甲状腺激素", {"TSH": 2.31})
    text = "昨天在宜昌市三江医院查过促甲状腺激素,但该院此项目的互认资格三周多前因室间质评不合格被撤销。"
    return Story("right_lapsed", text, who, Trial(XILING, ("TSH",), Outcome.NOT_RECOGNISABLE), (sent,))


def _direction(t: Teller) -> Story:
    who = t.person("向明山", "male", date(1963, 6, 21), "420581")
    sent = t.laboratory(t.visit(YIDU, who, 1, "心血管内科"), "电解质", {"K": 4.12, "Na": 141.0, "Cl": 103.0})
    text = "昨天在宜都的二级医院查过血钾(鄂HR);全省协议不含上级认下级,武汉的三级医院可酌情采用。"
    return Story("direction", text, who, Trial(CHUYUAN, ("K",), Outcome.MAY_RECOGNISE), (sent,))


def _specimen(t: Teller) -> Story:
    who = t.person("邹先秀", "female", date(1950, 12, 3), "420506")
    sent = t.laboratory(t.visit(YILING, who, 1, "内分泌科"), "末梢血葡萄糖", {"Glu": 7.4}, CAPILLARY)
    text = "昨天测的是末梢血(指尖血)葡萄糖;现在要开的是静脉血葡萄糖,标本不同。"
    return Story("specimen", text, who, Trial(XILING, ("Glu",), Outcome.NOT_RECOGNISABLE), (sent,))


def _unit_converted(t: Teller) -> Story:
    who = t.person("诸葛思远", "male", date(1992, 4, 18), "420102")
    sent = t.laboratory(t.visit(RIVERSIDE, who, 2, "国际门诊"), "葡萄糖", {"Glu": 5.6})
    text = "两天前在武汉滨江国际医院查过血糖,以 mg/dL 报告;平台换算为 mmol/L 后可以互认。"
    return Story("unit_converted", text, who, Trial(CHUYUAN, ("Glu",), Outcome.RECOGNISE), (sent,))


def _unit_not_comparable(t: Teller) -> Story:
    who = t.person("欧阳静雯", "female", date(1987, 7, 26), "420102")
    visit = t.visit(RIVERSIDE, who, 1, "血管外科")
    sent = t.laboratory(visit, "D-二聚体", {"DD": 186.0}, CITRATE, {"DD": DIMER_UNITS})
    text = "昨天的D-二聚体以DDU报告,而互认项目为FEU,两者不能换算。"
    trial = Trial(CHUYUAN, ("DD",), Outcome.NOT_RECOGNISABLE)
    return Story("unit_not_comparable", text, who, trial, (sent,))


def _preliminary(t: Teller) -> Story:
    who = t.person("彭志刚", "male", date(1981, 1, 15), "420106")
    sent = t.laboratory(t.visit(CHUZE, who, 1, "感染科"), "乙型肝炎病毒核酸定量", {"HBVDNA": 1860.0})
    early = msgspec.structs.replace(sent.report, status=ReportStatus.PRELIMINARY)
    text = "昨天的乙肝病毒核酸定量仍是初步报告,尚未审核。"
    trial = Trial(MINGDE, ("HBVDNA",), Outcome.NOT_RECOGNISABLE)
    return Story("preliminary", text, who, trial, (Sent(sent.institution, early),))


def _corrected(t: Teller) -> Story:
    who = t.person("熊永红", "male", date(1969, 11, 8), "420502")
    sent = t.laboratory(t.visit(XILING, who, 6, "心血管内科"), "血脂", {"TC": 5.48, "LDL": 3.36})
    checked = t.visit(MINGDE, who, 4, "心血管内科")
    check = OrderCheck(
        checked.institution,
        who,
        checked.at,
        OUTPATIENT,
        checked.number,
        ("LDL",),
        department="心血管内科",
        practitioner="童立新",
        decision="accept",
    )
    corrected = Sent(sent.institution, _corrected_value(t, sent.report, "3.86"))
    text = "低密度脂蛋白已被武汉市明德医院采纳,之后原医院更正了结果:采纳方有待办,新的询问给出更正后的版本。"
    return Story(
        *("corrected", text, who, Trial(MINGDE, ("LDL",), Outcome.RECOGNISE)),
        events=(sent, corrected),
        checks=(check,),
    )


def _corrected_value(t: Teller, report: UploadedReport, value: str) -> UploadedReport:
    *others, low_density = report.results
    row = msgspec.structs.replace(low_density, value=value, flag="H", comment="更正:复查后修改")
    at = t.calendar.at(1, 15)
    return msgspec.structs.replace(
        report, status=ReportStatus.CORRECTED, reported_at=at, results=(*others, row)
    )


def _emergency(t: Teller) -> Story:
    who = t.person("韩卫东", "male", date(1957, 4, 2), "420106")
    sent = t.laboratory(t.visit(CHUZE, who, 1, "心血管内科"), "电解质", {"K": 4.36, "Na": 139.0})
    text = "昨天查过血钾,今天急诊就诊:结果可供参考,不妨碍急诊复查。"
    trial = Trial(MINGDE, ("K",), Outcome.MAY_RECOGNISE, EncounterType.EMERGENCY)
    return Story("emergency", text, who, trial, (sent,))


def _identity_uncertain(t: Teller) -> Story:
    holder = t.person("王建国", "male", date(1960, 10, 16), "420116")
    other = Resident(holder.resident_id, "李志强", "male", holder.birth_date, "420116", holder.phone)
    first = t.laboratory(t.visit(CHUYUAN, holder, 9, "肾内科"), "肾功能", {"Cre": 88.0})
    second = t.laboratory(t.visit(MULAN, other, 1, "肾内科"), "肾功能", {"Cre": 143.0})
    text = "两家医院在同一身份证号下报来不同姓名的人;核对之前平台不下结论。"
    trial = Trial(MINGDE, ("Cre",), Outcome.UNAVAILABLE)
    return Story("identity_uncertain", text, other, trial, (second,), (first,))


def _sensitive(name: str, sex: SexName, born: date, text: str, trial: Trial) -> Callable[[Teller], Story]:
    def tell(t: Teller) -> Story:
        who = t.person(name, sex, born, "420106")
        sent = t.laboratory(t.visit(CHUYUAN, who, 3, "皮肤科"), "感染标志物", {"AntiHIV": "阴性(-)"})
        return Story("sensitive", text, who, trial, (sent,))

    return tell


HIV = ("AntiHIV",)
_sensitive_without = _sensitive(
    *("孔令云", "female", date(1994, 6, 6)),
    "三天前查过HIV抗体;未经患者授权,如同从未查过。",
    Trial(MINGDE, HIV, Outcome.NONE),
)
_sensitive_with = _sensitive(
    *("龚博文", "male", date(1991, 2, 20)),
    "三天前查过HIV抗体(阴性);患者本人授权后可以互认。",
    Trial(MINGDE, HIV, Outcome.RECOGNISE, authorisation=CONSENT),
)


def _sensitive_child(t: Teller) -> Story:
    text = "九岁患儿三天前查过HIV抗体(阴性);监护人写明关系并授权后可以互认。"
    trial = Trial(MINGDE, HIV, Outcome.RECOGNISE, authorisation=GUARDIAN)
    return _sensitive("万一诺", "female", date(2018, 5, 1), text, trial)(t)


def _critical(t: Teller) -> Story:
    who = t.person("谭长庚", "male", date(1948, 7, 7), "420503")
    sent = t.laboratory(t.visit(XILING, who, 1, "肾内科"), "电解质", {"K": 6.87, "Na": 136.0})
    text = "昨天血钾6.87 mmol/L,达到危急值:突出显示,建议复查。"
    return Story("critical", text, who, Trial(SANJIANG, ("K",), Outcome.MAY_RECOGNISE), (sent,))


def _nothing(t: Teller) -> Story:
    who = t.person("袁紫涵", "female", date(1999, 5, 25), "420111")
    sent = t.laboratory(t.visit(NANWANG, who, 5, "呼吸内科"), "C反应蛋白", {"CRP": 3.2})
    text = "只查过C反应蛋白;甲状腺功能没有可用的既往结果。"
    return Story("nothing", text, who, Trial(CHUYUAN, ("TSH",), Outcome.NONE), (sent,))


TALES: tuple[Callable[[Teller], Story], ...] = (
    _recognised,
    _panel,
    _imaging,
    _consortium,
    _expired,
    _right_lapsed,
    _direction,
    _specimen,
    _unit_converted,
    _unit_not_comparable,
    _preliminary,
    _corrected,
    _emergency,
    _identity_uncertain,
    _sensitive_without,
    _sensitive_with,
    _sensitive_child,
    _critical,
    _nothing,
)
"""In the order in which the hand-over file lists them."""


def match_request(story: Story) -> dict[str, Any]:
    """Return the trial as a hospital would ask it (contract §5)."""
    who, trial = story.resident, story.trial
    request: dict[str, Any] = {
        "patient": {
            "identifiers": [{"type": "resident_id", "value": who.resident_id}],
            "name": who.name,
            "sex": who.sex,
            "birth_date": who.birth_date.isoformat(),
        },
        "encounter": {"type": trial.encounter_type.value, "number": "TRY"},
        "purpose": "diagnosis",
        "items": [{"system": "item", "code": code} for code in trial.items],
    }
    return request | ({"authorisation": trial.authorisation} if trial.authorisation else {})
