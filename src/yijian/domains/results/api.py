"""The only synchronous door to results: record and void reports, record orders, read."""

from yijian.domains.results.documents import document_store
from yijian.domains.results.mending import UNMAPPED_CODE, UNMAPPED_UNIT
from yijian.domains.results.policy import may
from yijian.domains.results.queries import (
    fetch_candidates,
    find_document_key,
    find_person_of_report,
    get_report,
    get_report_state,
    list_timeline,
    list_unmapped_rows,
)
from yijian.domains.results.services import (
    Incoming,
    move_person,
    on_code_mapped,
    on_person_moved,
    record_orders,
    record_report,
    record_reports,
    remap,
    void_report,
)
from yijian.domains.results.values import ReportState

__all__ = [
    "UNMAPPED_CODE",
    "UNMAPPED_UNIT",
    "Incoming",
    "ReportState",
    "document_store",
    "fetch_candidates",
    "find_document_key",
    "find_person_of_report",
    "get_report",
    "get_report_state",
    "list_timeline",
    "list_unmapped_rows",
    "may",
    "move_person",
    "on_code_mapped",
    "on_person_moved",
    "record_orders",
    "record_report",
    "record_reports",
    "remap",
    "void_report",
]
