"""The only synchronous door to results: record and void reports, record orders, read."""

from yijian.domains.results.awaiting import IMAGE_WITHOUT_REPORT, ORDER_WITHOUT_REPORT, watch_awaited
from yijian.domains.results.documents import document_store
from yijian.domains.results.mending import UNMAPPED_CODE, UNMAPPED_UNIT
from yijian.domains.results.naming import list_unit_rows, name_unit
from yijian.domains.results.policy import may
from yijian.domains.results.queries import (
    fetch_candidates,
    find_document_key,
    find_person_of_report,
    get_report,
    get_report_state,
    list_message_ids,
    list_timeline,
    list_unmapped_rows,
)
from yijian.domains.results.services import (
    Incoming,
    as_ordered,
    cancel_report,
    complete_change,
    find_corrected_no,
    find_report_no,
    merge_change,
    move_person,
    on_code_mapped,
    on_person_moved,
    record_orders,
    record_report,
    record_reports,
    remap,
    remove_rows,
    unite_report_numbers,
    void_report,
)
from yijian.domains.results.values import ReportState

__all__ = [
    "IMAGE_WITHOUT_REPORT",
    "ORDER_WITHOUT_REPORT",
    "UNMAPPED_CODE",
    "UNMAPPED_UNIT",
    "Incoming",
    "ReportState",
    "as_ordered",
    "cancel_report",
    "complete_change",
    "document_store",
    "fetch_candidates",
    "find_corrected_no",
    "find_document_key",
    "find_person_of_report",
    "find_report_no",
    "get_report",
    "get_report_state",
    "list_message_ids",
    "list_timeline",
    "list_unit_rows",
    "list_unmapped_rows",
    "may",
    "merge_change",
    "move_person",
    "name_unit",
    "on_code_mapped",
    "on_person_moved",
    "record_orders",
    "record_report",
    "record_reports",
    "remap",
    "remove_rows",
    "unite_report_numbers",
    "void_report",
    "watch_awaited",
]
