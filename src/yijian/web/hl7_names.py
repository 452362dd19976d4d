"""What segments and fields of HL7 v2 are called, of the segments met here: Chinese and English (v2.5.1)."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["SEGMENTS", "SegmentName"]


class SegmentName(NamedTuple):
    """A segment's name in both languages, and those of its fields by number."""

    zh: str
    en: str
    fields: Mapping[int, tuple[str, str]]


TABLE = """
MSH 消息头/Message header
1 字段分隔符/Field separator; 2 编码字符/Encoding characters; 3 发送应用/Sending application
4 发送机构/Sending facility; 5 接收应用/Receiving application; 6 接收机构/Receiving facility
7 消息时间/Date and time of message; 8 安全/Security; 9 消息类型/Message type
10 消息控制号/Message control ID; 11 处理标识/Processing ID; 12 版本/Version ID; 13 序号/Sequence number
15 接收应答条件/Accept acknowledgment type; 16 应用应答条件/Application acknowledgment type
17 国家/Country code; 18 字符集/Character set; 19 主要语言/Principal language
21 消息规范/Message profile identifier
EVN 事件/Event type
1 事件代码/Event type code; 2 记录时间/Recorded date and time; 4 事件原因/Event reason; 5 操作者/Operator
6 事件发生时间/Event occurred; 7 发生机构/Event facility
PID 患者标识/Patient identification
1 序号/Set ID; 2 患者号（旧）/Patient ID; 3 患者标识列表/Patient identifier list
4 其他患者号/Alternate patient ID; 5 姓名/Patient name; 6 母亲姓氏/Mother's maiden name
7 出生日期/Date of birth; 8 性别/Administrative sex; 9 别名/Patient alias; 10 民族/Race
11 住址/Patient address; 13 家庭电话/Phone number, home; 14 单位电话/Phone number, business
15 语言/Primary language; 16 婚姻状况/Marital status; 18 账号/Patient account number
19 身份证号（旧）/SSN number; 21 母亲标识/Mother's identifier; 22 族群/Ethnic group; 28 国籍/Nationality
29 死亡时间/Death date and time; 30 死亡标志/Death indicator
PD1 患者附加信息/Patient additional demographic
3 主要医疗机构/Primary facility; 4 主治医师/Primary care provider
NK1 联系人/Next of kin
1 序号/Set ID; 2 姓名/Name; 3 关系/Relationship; 4 住址/Address; 5 电话/Phone number
7 联系角色/Contact role
PV1 就诊/Patient visit
1 序号/Set ID; 2 就诊类型/Patient class; 3 科室床位/Assigned patient location; 4 入院类型/Admission type
7 主治医师/Attending doctor; 8 转诊医师/Referring doctor; 10 医疗服务/Hospital service
17 收治医师/Admitting doctor; 18 患者类型/Patient type; 19 就诊号/Visit number
44 入院时间/Admit date and time; 45 出院时间/Discharge date and time
PV2 就诊附加信息/Patient visit, additional
3 入院原因/Admit reason; 8 预计入院时间/Expected admit date and time
MRG 合并/Merge patient information
1 原患者标识/Prior patient identifier list; 7 原姓名/Prior patient name
ORC 医嘱公共信息/Common order
1 医嘱控制/Order control; 2 申请单号/Placer order number; 3 执行方单号/Filler order number
4 申请组号/Placer group number; 5 医嘱状态/Order status; 7 数量时间/Quantity and timing
9 操作时间/Transaction time; 10 录入者/Entered by; 11 核对者/Verified by; 12 申请医师/Ordering provider
15 生效时间/Order effective time; 16 控制原因/Order control code reason; 17 录入科室/Entering organization
21 申请机构/Ordering facility name
OBR 检验检查申请/Observation request
1 序号/Set ID; 2 申请单号/Placer order number; 3 报告单号/Filler order number
4 项目/Universal service identifier; 5 优先级/Priority; 6 申请时间/Requested date and time
7 采集或检查时间/Observation date and time; 8 采集结束/Observation end; 9 采集量/Collection volume
10 采集者/Collector; 11 标本处理/Specimen action code; 13 临床信息/Relevant clinical information
14 标本接收时间/Specimen received; 15 标本来源/Specimen source; 16 申请医师/Ordering provider
18 申请方字段 1/Placer field 1; 20 执行方字段 1/Filler field 1
22 报告时间/Results reported or status changed; 24 诊断部门/Diagnostic service section
25 结果状态/Result status; 27 数量时间/Quantity and timing; 31 检查原因/Reason for study
32 审核医师/Principal result interpreter; 33 助理医师/Assistant result interpreter; 34 技师/Technician
35 录入员/Transcriptionist; 44 操作代码/Procedure code; 45 操作修饰/Procedure code modifier
46 申请方补充/Placer supplemental information
OBX 结果/Observation
1 序号/Set ID; 2 值类型/Value type; 3 项目代码/Observation identifier; 4 子标识/Observation sub-ID
5 结果值/Observation value; 6 单位/Units; 7 参考区间/Reference range; 8 异常标志/Abnormal flags
9 概率/Probability; 10 异常性质/Nature of abnormal test; 11 结果状态/Observation result status
12 参考区间生效日/Effective date of range; 13 用户访问控制/User defined access checks
14 观察时间/Date and time of the observation; 15 执行者/Producer's ID; 16 责任人/Responsible observer
17 方法/Observation method; 18 仪器/Equipment instance identifier
19 分析时间/Date and time of the analysis; 23 执行机构/Performing organization; 25 负责人/Medical director
NTE 备注/Notes and comments
1 序号/Set ID; 2 来源/Source of comment; 3 备注/Comment; 4 备注类型/Comment type
SPM 标本/Specimen
1 序号/Set ID; 2 标本号/Specimen ID; 3 母标本号/Specimen parent IDs; 4 标本类型/Specimen type
5 类型修饰/Specimen type modifier; 6 添加剂/Specimen additives; 7 采集方法/Specimen collection method
8 采集部位/Specimen source site; 11 标本作用/Specimen role; 12 采集量/Collection amount
14 描述/Specimen description; 17 采集时间/Specimen collection date and time
18 接收时间/Specimen received date and time; 21 拒收原因/Specimen reject reason
24 标本状态/Specimen condition
TQ1 数量时间/Timing and quantity
1 序号/Set ID; 2 数量/Quantity; 3 重复/Repeat pattern; 7 开始时间/Start; 8 结束时间/End; 9 优先级/Priority
TXA 文档头/Transcription document header
1 序号/Set ID; 2 文档类型/Document type; 3 内容格式/Document content presentation
4 活动时间/Activity date and time; 5 主要活动者/Primary activity provider
6 产生时间/Origination date and time; 7 转录时间/Transcription date and time
8 编辑时间/Edit date and time; 9 作者/Originator; 11 转录者/Transcriptionist
12 文档唯一号/Unique document number; 13 父文档号/Parent document number; 14 申请单号/Placer order number
15 执行方单号/Filler order number; 16 文件名/Unique document file name
17 完成状态/Document completion status; 18 保密级别/Document confidentiality status
19 可用状态/Document availability status; 22 审核者/Authentication person
FT1 费用/Financial transaction
1 序号/Set ID; 2 交易号/Transaction ID; 3 批次/Transaction batch ID; 4 交易时间/Transaction date
5 入账时间/Transaction posting date; 6 交易类型/Transaction type; 7 收费项目/Transaction code
10 数量/Quantity; 11 金额/Amount, extended; 12 单价/Amount, unit; 13 科室/Department code
20 执行者/Performed by; 21 开单者/Ordered by; 22 单位成本/Unit cost; 23 申请单号/Filler order number
25 操作代码/Procedure code
DG1 诊断/Diagnosis
1 序号/Set ID; 2 编码方法/Diagnosis coding method; 3 诊断代码/Diagnosis code; 4 描述/Description
6 类型/Diagnosis type
AL1 过敏/Allergy information
2 类型/Allergen type; 3 过敏原/Allergen code; 4 严重程度/Severity; 5 反应/Reaction
IPC 影像过程/Imaging procedure control
1 检查号/Accession identifier; 2 申请过程/Requested procedure ID; 3 检查实例 UID/Study instance UID
4 计划步骤/Scheduled procedure step ID; 5 设备类型/Modality
MSA 应答/Message acknowledgment
1 应答代码/Acknowledgment code; 2 原消息控制号/Message control ID; 3 文本/Text message
6 错误条件/Error condition
ERR 错误/Error
1 错误位置（旧）/Error code and location; 2 错误位置/Error location; 3 错误代码/HL7 error code
4 严重程度/Severity; 5 应用错误代码/Application error code; 7 诊断信息/Diagnostic information
8 用户提示/User message
FHS 文件头/File header
3 发送应用/File sending application; 4 发送机构/File sending facility; 7 时间/File creation
11 控制号/File control ID
BHS 批头/Batch header
3 发送应用/Batch sending application; 4 发送机构/Batch sending facility; 7 时间/Batch creation
11 控制号/Batch control ID
BTS 批尾/Batch trailer
1 消息数/Batch message count
FTS 文件尾/File trailer
1 批数/File batch count
"""
OF_THE_SENDER = SegmentName("发送方自定义段", "Segment of the sender's own", {})


def _read(table: str) -> dict[str, SegmentName]:
    """Read the table: a line that begins with a segment's three letters, then its fields."""
    segments: dict[str, SegmentName] = {}
    fields: dict[int, tuple[str, str]] = {}
    for line in table.strip().splitlines():
        if line[:3].isalnum() and line[0].isalpha():
            fields = {}
            zh, en = line[4:].split("/")
            segments[line[:3]] = SegmentName(zh, en, fields)
            continue
        for entry in line.split("; "):
            number, _, names = entry.partition(" ")
            zh, en = names.split("/")
            fields[int(number)] = (zh, en)
    return segments


SEGMENTS: Mapping[str, SegmentName] = _read(TABLE) | {"ZXX": OF_THE_SENDER}
"""By their three letters; `ZXX` stands for every Z segment."""
