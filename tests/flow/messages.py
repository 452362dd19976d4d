"""Messages of an invented laboratory."""

from datetime import datetime, timedelta

BASE = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001 - printed as HL7 prints local time


def oru(
    control_id: str,
    *,
    facility: str = "H001",
    report_no: str | None = None,
    patient_no: str = "P1",
    name: str = "李雷",
    value: str = "4.1",
    status: str = "F",
    accept: str = "",
    application: str = "",
    minutes: int = 0,
    charset: str = "UNICODE UTF-8",
    resident_id: str = "",
) -> bytes:
    """Return a laboratory report of one potassium."""
    at = (BASE + timedelta(minutes=minutes)).strftime("%Y%m%d%H%M%S")
    authority = facility.replace("^", "&")
    identifiers = f"{patient_no}^^^{authority}^MR" + (f"~{resident_id}^^^^NNCHN" if resident_id else "")
    filler = report_no or f"R{control_id}"
    acknowledge = f"{accept}|{application}"
    segments = [
        f"MSH|^~\\&|LIS|{facility}|YIJIAN|R|{at}||ORU^R01^ORU_R01|{control_id}|P|2.5.1|||{acknowledge}||{charset}",
        f"PID|1||{identifiers}||{name}^^^^^^L||19850316|M",
        f"OBR|1|ORD{control_id}|{filler}|CHEM^生化^L|||{at}|||||||{at}||||||||{at}|||{status}",
        f"OBX|1|NM|2823-3^钾^LN||{value}|mmol/L|3.5-5.3|N|||{status}|||{at}",
    ]
    return ("\r".join(segments) + "\r").encode("gb18030" if "GB" in charset else "utf-8")


def adt(
    control_id: str, *, facility: str = "H001", event: str = "A08", patient_no: str = "P1", name: str = "李雷"
) -> bytes:
    """Return a registration or an update of a patient."""
    segments = [
        f"MSH|^~\\&|HIS|{facility}|Y|R|20260302080000||ADT^{event}|{control_id}|P|2.5.1||||||UTF-8",
        f"EVN|{event}|20260302080000",
        f"PID|1||{patient_no}^^^{facility}^MR||{name}^^^^^^L||19850316|M",
        "PV1|1|O",
    ]
    return ("\r".join(segments) + "\r").encode()
