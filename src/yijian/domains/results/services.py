"""Writes of reports: recorded as immutable versions, voided without deleting."""

from yijian.domains.results.cancelling import cancel_report
from yijian.domains.results.merging import complete_change, merge_change, remove_rows
from yijian.domains.results.moving import move_person, on_person_moved
from yijian.domains.results.numbering import find_corrected_no, find_report_no, unite_report_numbers
from yijian.domains.results.ordering import as_ordered, record_orders
from yijian.domains.results.recording import Incoming, record_report, record_reports
from yijian.domains.results.remapping import on_code_mapped, remap
from yijian.domains.results.voiding import void_report

__all__ = [
    "Incoming",
    "as_ordered",
    "cancel_report",
    "complete_change",
    "find_corrected_no",
    "find_report_no",
    "merge_change",
    "move_person",
    "on_code_mapped",
    "on_person_moved",
    "record_orders",
    "record_report",
    "record_reports",
    "remap",
    "remove_rows",
    "unite_report_numbers",
    "void_report",
]
